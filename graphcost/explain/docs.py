"""What rules say of themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from graphcost.ops.cost import Free
from graphcost.ops.rule import Rule


def first_paragraph(function: Callable[..., Any] | None) -> str:
    """The first paragraph of a function's docstring on one line; empty where it has none."""
    text = inspect.getdoc(function) if function is not None else None
    return " ".join((text or "").split("\n\n")[0].split())


def algorithm(rule: Rule | None) -> str:
    """What the cost rule says that it counts, or why the operation is free."""
    if rule is None or rule.cost is None:
        return ""
    return f"free: {rule.cost}" if isinstance(rule.cost, Free) else first_paragraph(rule.cost)
