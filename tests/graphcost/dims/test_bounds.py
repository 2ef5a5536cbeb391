"""Bounds: what is shown must hold, and what shape arithmetic needs must be shown."""

from __future__ import annotations

import pytest
from drawn_formulas import Drawn, Numbers, formulas, many, numbers
from hypothesis import given
from hypothesis import strategies as st

from graphcost.dims import Dim, bind, ceil_div, dim_max, dim_min, floor_div, is_at_least, least_value, symbol
from graphcost.dims.bounds import MAX_DEGREE

N, H, W = symbol("N"), symbol("H"), symbol("W")
COUNT = symbol("nnz", least=0)
SHIFT = symbol("shift", least=-1)
VALUE = symbol("v", least=None)
FOUR, EIGHT = symbol("four", least=4), symbol("eight", least=8)
FIVE = symbol("five", least=5)


@pytest.mark.parametrize(
    ("dim", "least"),
    [
        (4, 4),
        (-4, -4),
        (H, 1),
        (3 * H - 7, -4),
        (H * W - 1, 0),
        (H * W - H, 0),
        (H * W - H - W, -1),
        (FIVE * FIVE - 3 * FIVE, 10),
        (FIVE * COUNT + 2, 2),
        (COUNT * H - 1, -1),
        # Of a symbol that may be negative nothing is shown, whatever its least value.
        (SHIFT + 3, None),
        (VALUE, None),
        (VALUE * VALUE, 0),
        (VALUE * VALUE * H + 1, 1),
        (VALUE**3, None),
        (2 - H, None),
        (H - W, None),
    ],
)
def test_the_bound_of_a_polynomial(dim: Dim, least: int | None) -> None:
    assert least_value(dim) == least


@pytest.mark.parametrize(
    ("dim", "least"),
    [
        # What flooring takes away: H // 2 is 0 for H = 1, and (H + 2) // 3 may be 2/3 below its fraction.
        (floor_div(H, 2), 0),
        (floor_div(H, 3), 0),
        (floor_div(H + 2, 3), 1),
        (floor_div(FIVE, 3), 1),
        (floor_div(FIVE + 1, 3), 2),
        (W * floor_div(FIVE, 3), 1),
        (3 * floor_div(FIVE, 3), 3),
        (3 * floor_div(H + 4, 3), 3),
        # What is subtracted loses nothing by flooring.
        (H - 2 * floor_div(H, 2), 0),
        (H - floor_div(H, 2), 1),
        (FIVE - floor_div(FIVE, 2), 3),
        (FOUR * EIGHT - floor_div(FOUR, 2) * floor_div(EIGHT, 2), 24),
        (2 * ceil_div(H, 2) - H, 0),
        (2 * W * ceil_div(H, 2) - W * H, 0),
        (ceil_div(H, 2) * ceil_div(W, 2), 1),
        (floor_div(FIVE, 2) * floor_div(FIVE, 3), 2),
        # The sign of what stands beside a quotient decides which way flooring goes.
        (VALUE * floor_div(H, 2), None),
        (VALUE * VALUE * floor_div(H, 2) + 1, 1),
        (2 * VALUE * floor_div(H, 2) - VALUE * H + VALUE, None),
        (2 * SHIFT * floor_div(H, 2) - SHIFT * H + SHIFT, None),
        (2 * COUNT * floor_div(H, 2) - COUNT * H + COUNT, 0),
        (floor_div(VALUE, 2), None),
        (floor_div(VALUE, 2) ** 2, 0),
        # Of a quotient of formulas no more is shown than that it isn't negative.
        (floor_div(H, W), 0),
        (floor_div(COUNT, W) + 2, 2),
        (floor_div(H, COUNT), None),
        (floor_div(VALUE, W), None),
    ],
)
def test_the_bound_of_quotients(dim: Dim, least: int | None) -> None:
    assert least_value(dim) == least


def test_only_formulas_of_a_usual_degree_are_bounded() -> None:
    assert least_value(H**MAX_DEGREE) == 1
    assert least_value(H ** (MAX_DEGREE + 1)) is None
    assert least_value(H ** (MAX_DEGREE - 1) * floor_div(W, 2)) is not None
    assert least_value(H**MAX_DEGREE * floor_div(W, 2)) is None


def test_a_bound_of_least_value_is_the_edge() -> None:
    assert is_at_least(H, 1)
    assert not is_at_least(H, 2)
    assert is_at_least(7, 7)
    assert not is_at_least(7, 8)
    assert not is_at_least(VALUE, -(10**9))
    assert is_at_least(N * H - 1, 0)
    assert not is_at_least(H - 2, 0)


def test_rounding_up_never_loses() -> None:
    assert is_at_least(2 * ceil_div(H, 2) - H, 0)
    assert is_at_least(H - 2 * floor_div(H, 2), 0)
    assert dim_max(2 * ceil_div(H, 2) - H, 0) == 2 * ceil_div(H, 2) - H


@many
@given(formulas, numbers)
def test_no_value_is_below_the_bound(drawn: Drawn, values: Numbers) -> None:
    number = drawn.number(values)
    least = least_value(drawn.dim)
    assert least is None or least <= number


@many
@given(formulas, formulas, numbers)
def test_what_is_shown_of_two_formulas_holds(a: Drawn, b: Drawn, values: Numbers) -> None:
    difference = a.number(values) - b.number(values)
    for bound in (0, 1):
        assert not is_at_least(a.dim - b.dim, bound) or difference >= bound


COEFFICIENTS = st.lists(st.integers(-5, 5), min_size=4, max_size=4)


@many
@given(COEFFICIENTS, st.integers(1, 6), st.sampled_from(["max", "min"]), st.integers(1, 9), st.integers(1, 9))
def test_sums_of_quotients_keep_to_their_bound(
    coefficients: list[int], divisor: int, kind: str, h: int, w: int
) -> None:
    a, b, c, d = coefficients
    other = (dim_max if kind == "max" else dim_min)(H, d * W + b)
    formula = a * floor_div(H + b, divisor) * W + c * ceil_div(W, divisor) + d * other * ceil_div(H, 2) + b
    least = least_value(formula)
    assert least is None or least <= bind(formula, {"H": h, "W": w})
