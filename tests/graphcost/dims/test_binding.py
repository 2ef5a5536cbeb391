"""Binding: numbers and formulas for symbols."""

from __future__ import annotations

import pytest
from drawn_formulas import LEASTS, SYMBOLS, Drawn, Numbers, formulas, numbers, some
from hypothesis import assume, given
from hypothesis import strategies as st

from graphcost.dims import as_int, bind, ceil_div, dim_max, floor_div, log2_ceil, symbol, symbols
from graphcost.dims.atoms import summation
from graphcost.dims.binding import with_atoms
from graphcost.dims.expr import terms_of
from graphcost.errors import DimError, UnboundSymbolError

N, H = symbol("N"), symbol("H")


def test_some_symbols_may_stay_open() -> None:
    assert bind(N * H + 1, {"N": 4}) == 4 * H + 1
    assert bind(N * ceil_div(H, 2), {"H": 5}) == 3 * N


def test_formulas_can_stand_for_symbols() -> None:
    assert bind(ceil_div(H, 2), {"H": 2 * N}) == N
    assert bind(dim_max(H, N), {"H": N + 1}) == N + 1
    assert bind(H**3 - N, {"H": N + 1}) == (N + 1) ** 3 - N


def test_symbols_that_stand_for_each_other_change_places() -> None:
    assert bind(H - 2 * N, {"H": N, "N": H}) == N - 2 * H


def test_symbols_are_found_inside_divisions_and_extrema() -> None:
    assert symbols(ceil_div(H, 2) + dim_max(N, 7)) == {"H", "N"}
    assert symbols(floor_div(5, H) + log2_ceil(N)) == {"H", "N"}
    assert symbols(5) == frozenset()


def test_a_formula_is_no_number() -> None:
    assert as_int(7) == 7
    with pytest.raises(UnboundSymbolError, match="until H, N is bound"):
        as_int(N * H)


def test_a_divisor_that_becomes_zero_is_an_error() -> None:
    with pytest.raises(DimError, match="division of 7 by zero"):
        bind(floor_div(N + 3, H - 2), {"N": 4, "H": 2})
    with pytest.raises(DimError, match="division of 1 by zero"):
        bind(sum((floor_div(k, H - 2) for k in range(1, 9)), start=N), {"H": 2})


@some
@given(formulas)
def test_a_formula_without_the_symbol_stays(drawn: Drawn) -> None:
    assert bind(drawn.dim, {"absent": 3}) == drawn.dim
    assert bind(drawn.dim, SYMBOLS) == drawn.dim


@some
@given(formulas, numbers)
def test_binding_gives_the_number(drawn: Drawn, values: Numbers) -> None:
    number = drawn.number(values)
    assert bind(drawn.dim, values) == number
    assert isinstance(bind(drawn.dim, values), int)


@some
@given(formulas, numbers, st.sets(st.sampled_from(sorted(LEASTS))))
def test_binding_in_two_steps_is_binding(drawn: Drawn, values: Numbers, first: set[str]) -> None:
    number = drawn.number(values)
    partly = bind(drawn.dim, {name: values[name] for name in first})
    assert symbols(partly) <= symbols(drawn.dim) - first
    assert bind(partly, values) == number


@some
@given(formulas, formulas, numbers)
def test_a_formula_stands_for_its_value(drawn: Drawn, size: Drawn, values: Numbers) -> None:
    known = {**values, "H": size.number(values)}
    assume(known["H"] >= 1)
    number = drawn.number(known)
    try:
        filled_in = bind(drawn.dim, {"H": size.dim})
    except DimError:
        return
    assert bind(filled_in, values) == number


def test_the_counter_of_a_sum_is_its_own() -> None:
    """A sum's counter is no symbol of the formula, and a binding of that name doesn't reach it."""
    total = summation(symbol("k", least=0) * N, "k", symbol("T"))
    assert symbols(total) == {"N", "T"}
    assert bind(total, {"k": 7}) == total
    assert bind(total, {"N": 2, "T": 4}) == 2 * (0 + 1 + 2 + 3)
    assert bind(summation(N, "k", 5), {"N": 3}) == 15


def test_atoms_are_replaced_wherever_they_stand() -> None:
    greatest = dim_max(N, symbol("M"))
    (atom,) = (atom for monomial in terms_of(greatest) for atom, _ in monomial)
    assert with_atoms(greatest * 2 + floor_div(greatest + 1, 3) + N, {atom: 8}) == 16 + 3 + N
