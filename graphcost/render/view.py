"""What of a report a table shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """What to show. `depth` cuts scopes, None where it fits; `top` keeps the most expensive rows, 0 keeps all."""

    by: str = "scope"
    depth: int | None = None
    top: int | None = None
