"""Which columns a table has, and what stands in its cells."""

from __future__ import annotations

import pytest
from sample_reports import N, line, make_report

from graphcost.dims import Shape
from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.render.columns import cells, columns
from graphcost.render.table_row import TableRow
from graphcost.render.view import View
from graphcost.report import Line, Report, add_up_rows


def headings(report: Report, by: str = "op") -> list[str]:
    return [column.heading for column in columns(report, View(by, None, None))]


def shown(report: Report, entry: TableRow, by: str = "op") -> dict[str, str]:
    shown = columns(report, View(by, None, None))
    return dict(zip([column.heading for column in shown], cells(entry, shown), strict=True))


def whole(report: Report) -> TableRow:
    return TableRow("all", add_up_rows("all", report.by_op()))


def node(report: Report, which: Line) -> TableRow:
    (row,) = make_report(which).by_op()
    return TableRow(which.node, row, line=which)


def test_a_node_has_its_operation_and_its_output() -> None:
    known = line("a", "Conv2D", cost=Cost(mac=2), output=Shape(N, 3))
    report = make_report(known)
    assert "nodes" in headings(report)
    assert headings(report, "node")[:2] == ["op", "output"]
    found = shown(report, node(report, known), "node")
    assert (found["op"], found["output"]) == ("Conv2D", "Nx3")


def test_runs_are_shown_where_something_runs_more_than_once() -> None:
    once, often = line("a", cost=Cost(add=1)), line("b", cost=Cost(add=2), count=2)
    assert "runs" not in headings(make_report(once), "node")
    report = make_report(once, often)
    assert shown(report, node(report, often), "node")["runs"] == "2"


@pytest.mark.parametrize(("integers", "is_shown"), [(0, False), (1, False), (2, True)])
def test_integers_are_shown_where_they_are_more_than_a_hundredth(integers: int, is_shown: bool) -> None:
    report = make_report(line("a", cost=Cost(add=100)), line("b", integer=Cost(add=integers)))
    assert ("int ops" in headings(report)) is is_shown


def test_shares_are_of_integers_where_there_are_no_flops() -> None:
    first, second = line("a", integer=Cost(add=30)), line("b", integer=Cost(add=10))
    report = make_report(first, second)
    assert shown(report, node(report, first))["%"] == "75.0"


def test_what_is_not_known_is_no_zero() -> None:
    known, odd = line("a", cost=Cost(add=5)), line("b", status=Status.NO_RULE)
    report = make_report(known, odd)
    assert shown(report, whole(report))["FLOPs"] == "≥ 5"
    found = shown(report, node(report, odd), "node")
    assert (found["FLOPs"], found["%"]) == ("no rule", "")
    alone = make_report(odd)
    assert shown(alone, whole(alone))["FLOPs"] == "?"
