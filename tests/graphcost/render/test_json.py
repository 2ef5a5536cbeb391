"""The text of the report as JSON."""

from __future__ import annotations

import json

from sample_reports import line, make_report, perceptron, residual_net

from graphcost.ops.cost import Cost
from graphcost.render.json import render
from graphcost.render.view import View
from graphcost.report.serialize import to_dict


def test_it_holds_what_the_report_does() -> None:
    for report in (perceptron(), residual_net()):
        assert json.loads(render(report)) == json.loads(json.dumps(to_dict(report)))


def test_a_view_changes_nothing() -> None:
    report = residual_net()
    assert render(report, View("node", 1, 1)) == render(report) == render(report, None)


def test_each_member_and_each_entry_of_a_list_is_a_line() -> None:
    report = make_report(line("a", cost=Cost(add=1)), line("b"))
    first, *members, last = render(report).splitlines()
    assert (first, last) == ("{", "}")
    assert render(report).endswith("}\n")
    keys = [text for text in members if text.startswith(' "')]
    assert [
        json.loads("{" + text.rstrip("[,") + ("[]" if text.endswith("[") else "") + "}").popitem()[0] for text in keys
    ] == list(to_dict(report))
    start = members.index(next(text for text in keys if text.startswith(' "nodes"') or text.endswith("[")))
    assert members[start + 1].startswith("  {")
    nothing = [key for key, value in to_dict(report).items() if value == []]
    assert nothing
    assert all(f' "{key}": []' in [text.rstrip(",") for text in members] for key in nothing)


def test_what_is_not_printable_is_escaped() -> None:
    text = render(make_report(line("net/\x1b[31m卷\u202e")))
    assert text.isascii()
    assert r"net/\u001b[31m\u5377\u202e" in text
