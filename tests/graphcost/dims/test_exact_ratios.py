"""Exact quotients: what a number divides whatever the symbols are, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphcost.dims import as_int, bind, floor_div, symbol
from graphcost.dims.exact_ratios import over_one_denominator

A, B = symbol("a", least=None), symbol("b", least=None)
NUMBERS = st.integers(-9, 9)


@given(NUMBERS, NUMBERS)
def test_exact_quotients_are_written_over_one_denominator(a: int, b: int) -> None:
    dim = 5 * floor_div(A * A + A, 2) * B + floor_div(A * A * A - A, 6) + 7
    found = over_one_denominator(dim)
    assert found is not None
    numerator, denominator = found
    assert "floor" not in str(numerator)
    values = {"a": a, "b": b}
    assert as_int(bind(numerator, values)) == denominator * as_int(bind(dim, values))


def test_what_leaves_a_remainder_stays() -> None:
    assert over_one_denominator(floor_div(A * A, 2)) is None
    assert over_one_denominator(A + B) is None
    assert over_one_denominator(3) is None
    numerator, denominator = over_one_denominator(floor_div(A * A + A, 2) + floor_div(A, 2)) or (0, 0)
    assert (str(numerator), denominator) == ("a^2 + a + 2*floor(a/2)", 2)
