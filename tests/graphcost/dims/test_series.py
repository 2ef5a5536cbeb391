"""Sums over iterations: the closed form is the sum."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from graphcost.dims import Dim, as_int, bind, ceil_div, dim_max, dim_min, floor_div, symbol, symbols
from graphcost.dims.binding import MAX_ADDED
from graphcost.dims.expr import MAX_DEPTH
from graphcost.dims.series import power_sum, sum_over

K, T, N, M, OUTER = symbol("k", least=0), symbol("T"), symbol("N"), symbol("M"), symbol("i", least=0)


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


def test_few_numbers_are_added_up_one_by_one() -> None:
    assert sum_over(ceil_div(K + 1, 2), "k", 5, {}) == 1 + 1 + 2 + 2 + 3
    assert sum_over(N * dim_max(K * K, 5), "k", 4, {}) == N * (5 + 5 + 5 + 9)


def lines() -> st.SearchStrategy[Dim]:
    numbers = st.integers(-3, 3)
    return st.builds(lambda a, b, c: a * K + b * N + c, numbers, numbers, numbers)


def formulas() -> st.SearchStrategy[Dim]:
    """What loops in loops cost: lines, their extrema, quotients and products."""

    def deeper(inner: st.SearchStrategy[Dim]) -> st.SearchStrategy[Dim]:
        return st.one_of(
            st.builds(dim_max, inner, lines()),
            st.builds(dim_min, inner, lines()),
            st.builds(floor_div, inner, st.sampled_from([2, 3])),
            st.builds(lambda a, b: a + b, inner, lines()),
            st.builds(lambda a, b: a * b, inner, lines()),
        )

    return st.recursive(lines(), deeper, max_leaves=4)


@settings(deadline=None)
@given(formulas(), st.integers(1, 7), st.integers(1, 5))
def test_the_sum_of_a_formula_is_what_adding_up_gives(dim: Dim, trips: int, n: int) -> None:
    total = sum_over(dim, "k", T, {})
    assert symbols(total) <= {"T", "N"}
    assert bind(total, {"T": trips, "N": n}) == sum(as_int(bind(dim, {"k": k, "N": n})) for k in range(trips))


def test_a_triangle_has_a_closed_form() -> None:
    """for i in range(n): for j in range(i, n), and for j in range(n - 2*i), and for j in range(i, n, 2)."""
    assert str(sum_over(dim_max(0, N - K), "k", N, {})) == "N^2 - floor((N^2 - N)/2)"
    for term in (dim_max(0, N - 2 * K), dim_max(0, ceil_div(N - K, 2))):
        assert "sum(" not in str(sum_over(term, "k", N, {}))


def test_triangles_in_triangles_have_a_closed_form() -> None:
    """for i in range(n): for j in range(i, n): for k in range(j, n): n*(n + 1)*(n + 2)/6 in all."""
    inner = dim_max(0, N - OUTER - K)
    middle = sum_over(inner, "k", dim_max(0, N - OUTER), {})
    total = sum_over(middle, "i", N, {})
    assert "sum(" not in str(total)
    assert [bind(total, {"N": n}) for n in range(1, 9)] == [n * (n + 1) * (n + 2) // 6 for n in range(1, 9)]


def test_what_has_no_closed_form_is_added_up_when_it_is_bound() -> None:
    total = sum_over(2 * M * dim_max(0, N - K * K), "k", T, {})
    assert str(total) == "2*M*sum(max(-k^2 + N,0),k<T)"
    assert symbols(total) == {"M", "N", "T"}
    partly = bind(total, {"T": 3, "M": 5})
    assert symbols(partly) == {"N"}
    assert bind(partly, {"N": 2}) == 10 * (2 + 1)


def test_a_sum_of_too_many_terms_stays_open_under_a_name() -> None:
    total = sum_over(dim_max(0, N - K * K * K), "k", T, {})
    bound = bind(total, {"T": MAX_ADDED + 1, "N": 3})
    (name,) = symbols(bound)
    assert name == str(bound)
    assert bind(bound, {name: 7}) == 7


def test_what_cannot_be_summed_is_a_symbol_and_no_error() -> None:
    """Too deep a formula, and a division by zero."""
    deep: Dim = K
    for _ in range(MAX_DEPTH):
        deep = floor_div(deep + 1, N)
    assert str(sum_over(floor_div(5, K), "k", 3, {})) == "sum(k)"
    assert str(sum_over(deep, "k", T, {})) == "sum(k)"
    total = sum_over(floor_div(N, K), "k", T, {})
    assert symbols(bind(total, {"T": 3, "N": 5})) == {"sum(floor(5/k),k<3)"}
