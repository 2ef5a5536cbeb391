"""One row of a table."""

from __future__ import annotations

from dataclasses import dataclass

from graphcost.report import Line, Row


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: indented by `indent`; `line` where it is a single node."""

    label: str
    row: Row
    indent: int = 0
    line: Line | None = None
