from __future__ import annotations

import pytest
from sample_reports import line, make_report

from graphcost.report.ids import unique_ids


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        ("", ()),
        ("a b c", ("a", "b", "c")),
        ("a b a a b", ("a", "b", "a #2", "a #3", "b #2")),
    ],
)
def test_the_first_keeps_its_name_and_the_others_are_numbered(names: str, ids: tuple[str, ...]) -> None:
    assert unique_ids(names.split()) == ids


def test_a_node_whose_name_looks_like_an_id_keeps_it() -> None:
    assert unique_ids(["a", "a", "a #2", "a", "a #2"]) == ("a", "a #3", "a #2", "a #4", "a #2 #2")


def test_many_of_one_name_take_no_longer_than_they_are_many() -> None:
    assert unique_ids(["a"] * 100_000)[-1] == "a #100000"


def test_the_lines_of_a_report_have_ids() -> None:
    report = make_report(line("a"), line("b"), line("a"))
    assert report.line_ids == ("a", "b", "a #2")
    assert [entry["id"] for entry in report.to_dict()["lines"]] == ["a", "b", "a #2"]
    assert [entry["node"] for entry in report.to_dict()["lines"]] == ["a", "b", "a"]
