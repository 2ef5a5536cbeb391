"""Tables of explanations: columns, signs, and quantities for JSON."""

from __future__ import annotations

import pytest

from graphcost.dims import Dim, symbol
from graphcost.render.explain.grid import FORMULA_WIDTH, Grid, aligned, digits, markdown_table, quantity, signed

GRID = Grid(("why", "what", "count"), [("a reason", "x", "1"), ("  inner|part", "long text", "20,000")], numbers=2)


def test_texts_go_left_and_numbers_right() -> None:
    assert list(aligned(GRID, 80)) == [
        "why           what        count",
        "─" * 31,
        "a reason      x               1",
        "  inner|part  long text  20,000",
    ]


def test_the_first_column_gives_room() -> None:
    lines = list(aligned(Grid(("name", "n"), [("x" * 90, "1")], numbers=1), 40))
    assert [len(line) for line in lines[1:]] == [40, 40]
    assert "…" in lines[2]


def test_it_keeps_twenty_characters() -> None:
    (_, _, line) = aligned(Grid(("name", "n"), [("x" * 90, "1" * 40)], numbers=1), 40)
    assert len(line) == 20 + 2 + 40


def test_markdown_keeps_the_indent_and_escapes() -> None:
    assert list(markdown_table(GRID)) == [
        "| why | what | count |",
        "| :-- | :-- | --: |",
        "| a reason | x | 1 |",
        "| &emsp;inner\\|part | long text | 20,000 |",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(1234, "+1,234"), (0, "0"), (-1234, "-1,234"), (2 * symbol("N"), "2*N"), (-symbol("N"), "-N")]
)
def test_signs(value: Dim, text: str) -> None:
    assert signed(value) == text


def test_a_long_formula_is_cut_and_a_number_is_not() -> None:
    assert len(digits(sum((symbol(f"name{i}") for i in range(20)), start=0))) <= FORMULA_WIDTH
    assert digits(10**40).replace(",", "") == str(10**40)


def test_for_json_a_formula_stands_beside_nothing() -> None:
    assert quantity("flops", 5) == {"flops": 5}
    assert quantity("flops", 2 * symbol("N")) == {"flops": None, "flops_formula": "2*N"}
    huge = quantity("flops", 1 << 100_000)
    assert huge["flops"] is None
    assert huge["flops_formula"]
