"""Sums over iterations: the closed form is the sum."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphcost.dims import bind, ceil_div, symbol
from graphcost.dims.series import power_sum, sum_over
from graphcost.errors import DimError

K, T, N = symbol("k", least=0), symbol("T"), symbol("N")


@given(st.integers(0, 6), st.integers(0, 30))
def test_power_sums(power: int, trips: int) -> None:
    assert power_sum(power, trips) == sum(k**power for k in range(trips))


@given(st.lists(st.integers(-3, 3), min_size=3, max_size=3), st.integers(0, 12))
def test_polynomials_have_a_closed_form_in_the_trips(coefficients: list[int], trips: int) -> None:
    a, b, c = coefficients
    total = sum_over(a * K * K * N + b * K + c, "k", T, {})
    assert bind(total, {"T": trips, "N": 5}) == sum(a * k * k * 5 + b * k + c for k in range(trips))


def test_what_does_not_vary_is_multiplied() -> None:
    assert sum_over(N + 1, "k", T, {}) == (N + 1) * T


def test_growing_sizes_are_filled_in_first() -> None:
    size = symbol("size(cache:0,1)")
    total = sum_over(2 * size, "k", 4, {"size(cache:0,1)": N + 3 * K})
    assert total == sum(2 * (N + 3 * k) for k in range(4))


def test_other_formulas_are_added_up_one_by_one() -> None:
    assert sum_over(ceil_div(K + 1, 2), "k", 5, {}) == 1 + 1 + 2 + 2 + 3
    with pytest.raises(DimError, match="no closed form"):
        sum_over(ceil_div(K + 1, 2), "k", T, {})
