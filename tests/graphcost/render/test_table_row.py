"""A row of a table is that of a scope or an operation unless it says more."""

from __future__ import annotations

from sample_reports import line, make_report

from graphcost.dims import Shape
from graphcost.ops.cost import Cost
from graphcost.render.table import render
from graphcost.render.table_row import TableRow
from graphcost.render.view import View


def test_a_row_is_of_no_single_node_and_not_indented_unless_it_says_so() -> None:
    one = line("net/a", "Relu", cost=Cost(compare=4), output=Shape(4))
    report = make_report(one, line("net/b/c"), line("net/d/e"))
    (scope, *_) = report.by_scope(1)
    entry = TableRow("net", scope)
    assert (entry.indent, entry.line) == (0, None)
    scopes, nodes = (render(report, View(by)).splitlines() for by in ("scope", "node"))
    assert [text.partition("  ")[0] for text in scopes if text.lstrip().startswith("net")] == ["net"]
    assert not any("Relu" in text for text in scopes)
    assert any(text.startswith("net/a") and "Relu" in text for text in nodes)
