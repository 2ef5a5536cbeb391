"""Rows added up."""

from __future__ import annotations

from sample_reports import line, make_report

from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.report import add_up_rows


def test_what_is_added_up_is_what_one_row_of_all_lines_has() -> None:
    report = make_report(
        line("a/x", "Conv2D", cost=Cost(mac=3, add=1), params=5),
        line("b/y", "Cast", integer=Cost(add=7)),
        line("b/z", "Odd", status=Status.NO_RULE),
    )
    total = add_up_rows("all", report.by_scope())
    assert (total.name, total.nodes, total.uncosted) == ("all", 3, 1)
    assert (total.work.flops, total.work.macs, total.work.int_ops) == (7, 3, 7)
    assert dict(total.amounts) == {"params": 5, "param_bytes": 20}


def test_nothing_adds_up_to_nothing() -> None:
    nothing = add_up_rows("none", [])
    assert (nothing.nodes, nothing.work.flops, dict(nothing.amounts)) == (0, 0, {})
