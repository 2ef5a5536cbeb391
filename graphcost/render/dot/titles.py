"""What stands on the boxes of loops, branches and other bodies that run more than once."""

from __future__ import annotations

from graphcost.dims import Dim
from graphcost.evaluate import Binder, Guard
from graphcost.ir.node import Node
from graphcost.render.numbers import human
from graphcost.report import Loop, Report

FORMULA_LIMIT = 40


def loop_title(name: str, binder: Binder, loop: Loop | None, report: Report) -> str:
    """`while, 50 times`; `loop` is what the report says of it."""
    bound = "at most " if loop is not None and loop.source == "at most" else ""
    return f"{name}, {bound}{times_text(binder.trips, report)}"


def times_text(times: Dim, report: Report) -> str:
    """`50 times`."""
    return f"{human(report.value(times), FORMULA_LIMIT)} times"


def branch_title(name: str, node: Node, guard: Guard) -> str:
    """`cond, if is_training`, or `switch, by index` where the predicate is an index."""
    return f"{name}, {'by' if _is_case(node) else 'if'} {human(guard.predicate, FORMULA_LIMIT)}"


def alternative_title(node: Node, guard: Guard, is_counted: bool) -> str:
    """Which of the branches; a report counts the most expensive way alone."""
    word = f"branch {guard.value}" if _is_case(node) else ("else", "then")[guard.value]
    return word if is_counted else f"{word}, not counted"


def _is_case(node: Node) -> bool:
    return "branches" in node.attrs
