"""Symbols, extrema and logarithms."""

from __future__ import annotations

import pytest
from drawn_formulas import Drawn, Numbers, formulas, numbers, rounded_up_log2, some
from hypothesis import given

from graphcost.dims import Symbol, bind, dim_max, dim_min, floor_div, least_value, log2_ceil, symbol, symbols
from graphcost.dims.atoms import extremum
from graphcost.dims.expr import weight_of
from graphcost.errors import DimError

N, H, W = symbol("N"), symbol("H"), symbol("W")
COUNT = symbol("nnz", least=0)
VALUE = symbol("v", least=None)
FIVE = symbol("five", least=5)


def test_sizes_are_at_least_one() -> None:
    assert dim_max(0, H) == H
    assert dim_max(1, H) == H
    assert dim_min(1, H) == 1
    assert Symbol("H").least == 1
    assert least_value(H) == 1


def test_counts_are_at_least_zero_and_values_unbounded() -> None:
    assert dim_max(0, COUNT) == COUNT
    assert dim_max(1, COUNT) != COUNT
    assert dim_max(0, VALUE) != VALUE


def test_symbols_of_one_name_differ_in_what_is_known_of_them() -> None:
    assert symbol("H") == H
    assert symbol("H", least=0) != H


def test_extrema_flatten_and_drop_what_never_wins() -> None:
    assert dim_max(H, W, 3) == dim_max(3, dim_max(W, H))
    assert dim_max(H, H + 2) == dim_max(H + 2, H) == H + 2
    assert dim_min(H, H + 2, 5) == dim_min(5, H)
    assert dim_max(H, W, H + W) == H + W
    assert dim_max(H, H) == H
    assert str(dim_max(H, W, 3)) == "max(3,H,W)"


def test_only_a_lone_extremum_of_the_same_kind_is_flattened() -> None:
    assert str(dim_min(dim_max(H, W), N)) == "min(N,max(H,W))"
    assert str(dim_max(2 * dim_max(H, W), N)) == "max(2*max(H,W),N)"
    assert str(dim_max(dim_max(H, W) ** 2, N)) == "max(N,max(H,W)^2)"
    assert str(dim_max(N * dim_max(H, W), 9)) == "max(9,N*max(H,W))"
    assert str(dim_max(dim_max(H, W) - 5, N)) == "max(N,max(H,W) - 5)"


def test_the_extremum_of_nothing_is_an_error() -> None:
    with pytest.raises(DimError, match=r"min\(\) of nothing"):
        extremum("min", [])


def test_a_greatest_is_bounded_by_its_best_operand_a_least_by_its_worst() -> None:
    assert least_value(dim_max(H, VALUE)) == 1
    assert least_value(dim_max(FIVE, W)) == 5
    assert least_value(dim_max(VALUE, -VALUE)) is None
    assert least_value(dim_min(FIVE, W)) == 1
    assert least_value(dim_min(H, VALUE)) is None
    assert least_value(dim_min(FIVE - 1, 3 * W)) == 3


def test_a_logarithm_is_not_negative() -> None:
    assert dim_max(0, log2_ceil(H)) == log2_ceil(H)
    assert least_value(log2_ceil(VALUE)) == 0


def test_logarithms_count_halvings() -> None:
    assert [log2_ceil(n) for n in (-3, 0, 1, 2, 3, 4, 5, 8, 9)] == [0, 0, 0, 1, 2, 2, 3, 3, 4]
    formula = N * log2_ceil(H + 1)
    assert str(formula) == "N*log2(H + 1)"
    assert bind(formula, {"N": 3, "H": 8}) == 12
    assert symbols(formula) == {"H", "N"}


def test_the_depth_of_a_formula_counts_its_functions() -> None:
    assert H.depth == (H * W + 1).depth == 0
    assert floor_div(H, W).depth == dim_max(H, W).depth == log2_ceil(H).depth == 1
    assert dim_max(floor_div(H, 2), W).depth == 2
    assert log2_ceil(floor_div(W, dim_max(H, W) + 1)).depth == 3
    assert (H + dim_max(floor_div(H, 2), W)).depth == 2


def test_the_weight_of_a_formula_counts_its_symbols_and_functions() -> None:
    assert weight_of(H * W + 1) == 2
    assert weight_of(floor_div(H + W, 2)) == weight_of(dim_max(H, W)) == 3
    assert weight_of(log2_ceil(H)) == 2
    assert weight_of(floor_div(H, W) + dim_max(log2_ceil(H + 1), W)) == 7


@some
@given(formulas, formulas, formulas, numbers)
def test_extrema_are_those_of_numbers(a: Drawn, b: Drawn, c: Drawn, values: Numbers) -> None:
    known = [drawn.number(values) for drawn in (a, b, c)]
    try:
        greatest, least = dim_max(a.dim, b.dim, c.dim), dim_min(a.dim, b.dim, c.dim)
    except DimError:
        return
    assert bind(greatest, values) == max(known)
    assert bind(least, values) == min(known)


@some
@given(formulas, numbers)
def test_logarithms_are_those_of_numbers(drawn: Drawn, values: Numbers) -> None:
    number = drawn.number(values)
    assert bind(log2_ceil(drawn.dim), values) == rounded_up_log2(number)
