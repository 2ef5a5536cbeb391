"""Polynomials: one form for equal formulas, division without remainder, text in a fixed order, limits."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from drawn_formulas import Drawn, Numbers, formulas, numbers, rounded_up_log2, some
from hypothesis import given

from graphcost.dims import Dim, Shape, ceil_div, dim_max, floor_div, format_dim, product, symbol
from graphcost.dims.expr import terms_of
from graphcost.dims.polynomial import MAX_POWER, MAX_PRINTED_BITS, MAX_PRINTED_TERMS, MAX_TERMS
from graphcost.errors import DimError

N, H, W, X = symbol("N"), symbol("H"), symbol("W"), symbol("x[1]")


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (7, "7"),
        (-7, "-7"),
        (98304 * N * X + 2 * N * N, "98304*N*x[1] + 2*N^2"),
        (2 * N * N + 98304 * X * N, "98304*N*x[1] + 2*N^2"),
        (-H + 2, "-H + 2"),
        (N - 1, "N - 1"),
        (H - 3 * N - 5, "H - 3*N - 5"),
        (1 + H + H * H + H * N * W, "H*N*W + H^2 + H + 1"),
        (ceil_div(H, 2), "ceil(H/2)"),
        (ceil_div(H * N, 2), "ceil((H*N)/2)"),
        (ceil_div(H + N, 2), "ceil((H + N)/2)"),
        (floor_div(3 * H, 4), "floor((3*H)/4)"),
        (floor_div(H + 3, 5), "floor((H + 3)/5)"),
        (floor_div(H, X), "floor(H/x[1])"),
        (floor_div(H, X + 1), "floor(H/(x[1] + 1))"),
        (floor_div(-5, H), "floor(-5/H)"),
        (floor_div(H**2, W), "floor(H^2/W)"),
        (dim_max(H, N), "max(H,N)"),
    ],
)
def test_formulas(dim: Dim, text: str) -> None:
    assert format_dim(dim) == text


@some
@given(formulas, numbers)
def test_the_text_means_what_the_formula_is(drawn: Drawn, values: Numbers) -> None:
    number = drawn.number(values)
    functions = {"floor": math.floor, "ceil": math.ceil, "max": max, "min": min, "log2": rounded_up_log2}
    read = {name: Fraction(value) for name, value in values.items()}
    try:
        assert eval(format_dim(drawn.dim).replace("^", "**"), {**functions, **read}) == number
    except ZeroDivisionError as error:
        pytest.fail(f"the text divides by zero where the formula doesn't: {error}")


@some
@given(formulas, formulas)
def test_equal_formulas_print_equally_and_others_differently(a: Drawn, b: Drawn) -> None:
    assert (format_dim(a.dim) == format_dim(b.dim)) == (a.dim == b.dim)
    assert format_dim(a.dim + b.dim) == format_dim(b.dim + a.dim)
    assert format_dim(a.dim * b.dim) == format_dim(b.dim * a.dim)
    assert format_dim(a.dim + 1) != format_dim(a.dim)


def test_absurd_numbers_are_described() -> None:
    assert format_dim(2**62) == str(2**62)
    assert format_dim(2**20_000) == "(about 2^20001)"
    assert format_dim(2**MAX_PRINTED_BITS - 1) == str(2**MAX_PRINTED_BITS - 1)
    assert format_dim(2**MAX_PRINTED_BITS) == f"(about 2^{MAX_PRINTED_BITS + 1})"
    assert "about" in str(Shape(2**20_000, N))


def test_endless_formulas_are_described() -> None:
    square = _long_sum("a", MAX_PRINTED_TERMS // 100) * _long_sum("b", 100)
    assert format_dim(square).startswith("a0*b0 + ")
    assert format_dim(square + 1) == f"(a formula of {MAX_PRINTED_TERMS + 1} terms)"


def test_the_number_of_terms_is_limited() -> None:
    longest = _long_sum("a", MAX_TERMS // 250) * _long_sum("b", 250)
    assert len(terms_of(longest + 1)) == MAX_TERMS + 1
    with pytest.raises(DimError, match=f"more than {MAX_TERMS} terms"):
        longest * (N + 1)
    with pytest.raises(DimError, match=f"more than {MAX_TERMS} terms"):
        _long_sum("a", MAX_TERMS // 250 + 1) * _long_sum("b", 250)


def test_powers_are_limited() -> None:
    highest = product([N] * MAX_POWER)
    assert format_dim(highest) == f"N^{MAX_POWER}"
    with pytest.raises(DimError, match=f"a power above {MAX_POWER}"):
        highest * N


def test_division_without_remainder() -> None:
    assert floor_div((N - H) * (N + H) * 3, N - H) == 3 * N + 3 * H
    assert floor_div((2 * N + 1) * (H * H - H + 2), H * H - H + 2) == 2 * N + 1
    assert floor_div(2 * H * (W + 1), 4 * W + 4) != floor_div(H * (W + 1), W + 1)
    assert floor_div((H + 1) * (H - 1), H + 1) == H - 1
    assert floor_div(H * H * N, H * N) == H
    assert floor_div(0, H) == 0


def test_a_short_dividend_is_not_divided_into_a_long_quotient() -> None:
    assert floor_div(H**4 - 1, H - 1) == H**3 + H**2 + H + 1
    assert str(floor_div(H**5 - 1, H - 1)) == "floor((H^5 - 1)/(H - 1))"


def _long_sum(letter: str, length: int) -> Dim:
    return sum((symbol(f"{letter}{i}") for i in range(1, length)), start=symbol(f"{letter}0"))
