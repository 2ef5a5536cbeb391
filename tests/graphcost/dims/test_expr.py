"""Polynomials: equal formulas have equal forms, and arithmetic on symbols is arithmetic on numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphcost.dims import Dim, Expr, bind, ceil_div, dim_max, dim_min, dim_sum, floor_div, product, symbol
from graphcost.errors import DimError

N, H, W = symbol("N"), symbol("H"), symbol("W")


def test_a_sum_that_cancels_is_a_plain_int() -> None:
    assert (N + 3) - N == 3
    assert isinstance((N + 3) - N, int)
    assert N - N == 0
    assert 0 * N == 0


def test_order_of_arithmetic_does_not_matter() -> None:
    assert (N + 1) * (H - 1) == N * H - N + H - 1
    assert hash(N * H + 2) == hash(2 + H * N)
    assert N * N == N**2


def test_numbers_are_not_symbols() -> None:
    assert N != 1
    assert N != "N"
    assert bool(N)


def test_modulo_and_floor_division_fit_together() -> None:
    assert (H // 7) * 7 + H % 7 == H
    assert 7 - H % 7 == 7 - (H - 7 * (H // 7))


def test_the_depth_of_a_formula_is_limited() -> None:
    with pytest.raises(DimError, match="deep"):
        _repeated(lambda size: floor_div(size + 1, W))


def test_parts_that_double_at_each_level_are_limited() -> None:
    with pytest.raises(DimError, match="symbols"):
        _repeated(lambda size: dim_max(floor_div(3 * size + 1, 2), W * size - 7))


def _repeated(step: Callable[[Dim], Dim]) -> Dim:
    size: Dim = H
    for _ in range(200):
        size = step(size)
    return size


def test_the_number_of_terms_is_limited() -> None:
    total = sum((symbol(f"s{i}") for i in range(400)), start=N)
    with pytest.raises(DimError, match="terms"):
        product([total, total, total])


Step = tuple[str, int]
steps = st.lists(
    st.tuples(st.sampled_from(["+", "-", "*", "//", "ceil", "%", "max", "min"]), st.integers(1, 9)), max_size=6
)


def _apply(size: Dim, step: Step) -> Dim:
    operation, k = step
    table = {
        "+": lambda: size + k,
        "-": lambda: size - k,
        "*": lambda: size * k,
        "//": lambda: floor_div(size, k),
        "ceil": lambda: ceil_div(size, k),
        "%": lambda: size % k,
        "max": lambda: dim_max(size, k),
        "min": lambda: dim_min(size, k * 3),
    }
    return table[operation]()


@given(steps, st.integers(1, 60))
def test_binding_commutes_with_arithmetic(operations: list[Step], number: int) -> None:
    symbolic: Dim = H
    numeric: Dim = number
    for step in operations:
        symbolic, numeric = _apply(symbolic, step), _apply(numeric, step)
    assert bind(symbolic, {"H": number}) == numeric
    assert isinstance(bind(symbolic, {"H": number}), int)


@given(st.lists(st.integers(-4, 4), min_size=4, max_size=4), st.integers(1, 9), st.integers(1, 9))
def test_products_of_two_symbols(coefficients: list[int], n: int, h: int) -> None:
    a, b, c, d = coefficients
    formula = (a * N + b) * (c * H + d) + N * H
    assert bind(formula, {"N": n, "H": h}) == (a * n + b) * (c * h + d) + n * h


def test_expressions_print_as_formulas() -> None:
    assert repr(N) == "N"
    assert isinstance(N, Expr)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), max_size=6))
def test_a_long_sum_is_a_sum(pairs: list[tuple[int, int]]) -> None:
    dims = [a * N + b * H + a * b for a, b in pairs]
    assert dim_sum(dims) == sum(dims, start=0)
