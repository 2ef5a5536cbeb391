"""What is shown where nothing is asked for."""

from __future__ import annotations

from sample_reports import line, make_report, residual_net

from graphcost.ops.cost import Cost
from graphcost.render.table import render
from graphcost.render.view import View


def test_scopes_are_shown_as_deep_and_as_many_as_can_be_read() -> None:
    many = make_report(*(line(f"scope{i}/op", cost=Cost(add=i)) for i in range(100)))
    assert render(many, View()) == render(many, View("scope", depth=None, top=None))
    assert "the most expensive 30 of 100 scopes" in render(many, View())
    deep = residual_net()
    assert "cut at depth" not in render(deep, View())
    assert "cut at depth 1 of" in render(deep, View(depth=1))
    assert render(many, View(top=0)).count("scope") > 100
