"""Division: nested floors collapse, exact quotients are polynomials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphcost.dims import bind, ceil_div, floor_div, symbol
from graphcost.errors import DimError

N, H, W = symbol("N"), symbol("H"), symbol("W")


def test_sizes_along_different_paths_get_one_form() -> None:
    assert ceil_div(ceil_div(H, 2), 2) == ceil_div(H, 4)
    assert floor_div(H + 1, 2) == ceil_div(H, 2)
    padding = (2 - H % 2) % 2
    assert floor_div(H + padding, 2) == ceil_div(H, 2)
    assert floor_div(floor_div(H - 1, 2) - 1, 2) == floor_div(H - 3, 4)


def test_what_a_reshape_divides_comes_out_exact() -> None:
    assert floor_div(N * H * W * 3, H * W) == 3 * N
    assert floor_div((H + 2) * (W + 1) * N, H + 2) == N * W + N
    assert floor_div(N * ceil_div(H, 2) * 5, ceil_div(H, 2)) == 5 * N


def test_what_does_not_divide_stays_a_floor() -> None:
    assert str(floor_div(H, W)) == "floor(H/W)"
    assert bind(floor_div(H, W), {"H": 7, "W": 2}) == 3


def test_a_smaller_numerator_gives_nothing() -> None:
    assert floor_div(H, H + 1) == 0


def test_common_factors_are_cancelled() -> None:
    assert floor_div(6 * H + 3, 9) == floor_div(2 * H + 1, 3)


def test_division_by_zero_is_an_error() -> None:
    with pytest.raises(DimError, match="zero"):
        floor_div(H, 0)
    with pytest.raises(DimError, match="zero"):
        floor_div(4, 0)


@given(st.integers(-20, 20), st.integers(-50, 50), st.integers(-9, 9).filter(bool), st.integers(1, 40))
def test_signs_and_remainders_are_python_s(coefficient: int, constant: int, divisor: int, number: int) -> None:
    quotient = floor_div(coefficient * H + constant, divisor)
    assert bind(quotient, {"H": number}) == (coefficient * number + constant) // divisor
    rounded_up = ceil_div(coefficient * H + constant, divisor)
    assert bind(rounded_up, {"H": number}) == -(-(coefficient * number + constant) // divisor)
