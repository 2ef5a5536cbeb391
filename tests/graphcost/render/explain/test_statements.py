"""Statements under headings, in each form."""

from __future__ import annotations

import csv
from io import StringIO

from graphcost.render.explain.statements import Statement, as_csv, as_markdown, as_table, listed

STATEMENTS = [Statement("rule", "one *multiply-add*"), *listed("inputs", ["x: =1", "y"])]


def test_only_the_first_of_many_has_the_heading() -> None:
    assert [each.heading for each in STATEMENTS] == ["rule", "inputs", ""]
    assert list(listed("none", [])) == []


def test_a_table_is_aligned_and_wrapped() -> None:
    text = as_table("title", [Statement("a heading", "word " * 12), Statement("", "last")], 40)
    first, _, *lines = text.splitlines()
    assert first == "title"
    assert lines[0].startswith("a heading  word")
    assert all(line.startswith(" " * 11) for line in lines[1:])
    assert max(map(len, lines)) <= 40
    assert lines[-1] == " " * 11 + "last"
    assert as_table("title", [], 40) == "title\n\n"


def test_where_headings_leave_no_room_twenty_characters_are_kept() -> None:
    lines = as_table("t", [Statement("h" * 40, "a word or two and more")], 40).splitlines()
    assert lines[2] == "h" * 40 + "  a word or two and"


def test_markdown_is_escaped() -> None:
    assert as_markdown("a*b", STATEMENTS).splitlines() == [
        "**a\\*b**",
        "",
        "- **rule**: one \\*multiply-add\\*",
        "- **inputs**: x: =1",
        "  - y",
    ]


def test_every_row_of_a_spreadsheet_has_its_heading() -> None:
    rows = list(csv.reader(StringIO(as_csv([*STATEMENTS, Statement("formula", "=SUM(A1)")]))))
    assert [row[0] for row in rows] == ["what", "rule", "inputs", "inputs", "formula"]
    assert not rows[-1][1].startswith("=")
