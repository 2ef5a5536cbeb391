"""Bounds: what is shown must hold, and what shape arithmetic needs must be shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphcost.dims import bind, ceil_div, dim_max, dim_min, floor_div, is_at_least, least_value, symbol

N, H, W = symbol("N"), symbol("H"), symbol("W")
COUNT = symbol("nnz", least=0)
VALUE = symbol("v", least=None)


def test_sizes_are_at_least_one() -> None:
    assert dim_max(0, H) == H
    assert dim_max(1, H) == H
    assert is_at_least(N * H - 1, 0)
    assert not is_at_least(H - 2, 0)


def test_counts_are_at_least_zero_and_values_unbounded() -> None:
    assert dim_max(0, COUNT) == COUNT
    assert dim_max(1, COUNT) != COUNT
    assert least_value(VALUE) is None


def test_rounding_up_never_loses() -> None:
    assert is_at_least(2 * ceil_div(H, 2) - H, 0)
    assert is_at_least(H - 2 * floor_div(H, 2), 0)
    assert dim_max(2 * ceil_div(H, 2) - H, 0) == 2 * ceil_div(H, 2) - H


def test_extrema_flatten_and_drop_what_never_wins() -> None:
    assert dim_max(H, W, 3) == dim_max(3, dim_max(W, H))
    assert dim_max(H, H + 2) == H + 2
    assert dim_min(H, H + 2, 5) == dim_min(5, H)
    assert str(dim_max(H, W, 3)) == "max(3,H,W)"


@given(st.lists(st.integers(-5, 5), min_size=3, max_size=3), st.integers(1, 6), st.integers(1, 20), st.integers(1, 20))
def test_a_bound_that_is_shown_holds(coefficients: list[int], divisor: int, h: int, w: int) -> None:
    a, b, c = coefficients
    formula = a * floor_div(H + b, divisor) * W + c * ceil_div(W, divisor) + b
    least = least_value(formula)
    assert least is None or least <= bind(formula, {"H": h, "W": w})
