"""Binding: numbers and formulas for symbols."""

from __future__ import annotations

import pytest

from graphcost.dims import as_int, bind, ceil_div, dim_max, log2_ceil, symbol, symbols
from graphcost.errors import UnboundSymbolError

N, H = symbol("N"), symbol("H")


def test_some_symbols_may_stay_open() -> None:
    assert bind(N * H + 1, {"N": 4}) == 4 * H + 1
    assert bind(N * ceil_div(H, 2), {"H": 5}) == 3 * N


def test_formulas_can_stand_for_symbols() -> None:
    assert bind(ceil_div(H, 2), {"H": 2 * N}) == N
    assert bind(dim_max(H, N), {"H": N + 1}) == N + 1


def test_symbols_are_found_inside_divisions_and_extrema() -> None:
    assert symbols(ceil_div(H, 2) + dim_max(N, 7)) == {"H", "N"}
    assert symbols(5) == frozenset()


def test_a_formula_is_no_number() -> None:
    assert as_int(7) == 7
    with pytest.raises(UnboundSymbolError, match="until H, N is bound"):
        as_int(N * H)


def test_logarithms_count_halvings() -> None:
    assert [log2_ceil(n) for n in (0, 1, 2, 3, 4, 5, 8, 9)] == [0, 0, 1, 2, 2, 3, 3, 4]
    formula = N * log2_ceil(H + 1)
    assert str(formula) == "N*log2(H + 1)"
    assert bind(formula, {"N": 3, "H": 8}) == 12
    assert symbols(formula) == {"H", "N"}
    assert dim_max(0, log2_ceil(H)) == log2_ceil(H)
