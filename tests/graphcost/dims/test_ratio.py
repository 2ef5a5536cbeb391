"""Shares of sizes add up exactly, and are rounded when somebody says so."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphcost.dims import Dim, bind, symbol
from graphcost.dims.ratio import Ratio, as_quotient, quotient, round_up
from graphcost.errors import AnswerError

N, M = symbol("N"), symbol("M")
THIRD = Fraction(1, 3)

fractions = st.fractions(min_value=-5, max_value=5, max_denominator=12)


def number(amount: object, n: int, m: int) -> Fraction:
    """The amount where N is n and M is m."""
    over = as_quotient(amount)
    assert over is not None
    numerator = bind(over[0], {"N": n, "M": m})
    assert isinstance(numerator, int)
    return Fraction(numerator, over[1])


@given(fractions, fractions, st.integers(-5, 5), st.integers(1, 50), st.integers(1, 50))
def test_it_reckons_as_fractions_do(a: Fraction, b: Fraction, c: int, n: int, m: int) -> None:
    amount = (a * N + b) * 3 - (b - M * a) + c * (N * b) * M - N
    assert number(amount, n, m) == (a * n + b) * 3 - (b - m * a) + c * (n * b) * m - n


@given(st.fractions(min_value=0, max_value=5, max_denominator=12), st.integers(1, 50), st.integers(1, 9))
def test_it_is_rounded_once(a: Fraction, n: int, by: int) -> None:
    amount = a * (N + 1)
    over = as_quotient(amount)
    assert over is not None
    exact = a * (n + 1)
    assert bind(round_up(*over), {"N": n}) == ceil(exact)
    assert bind(amount // by, {"N": n}) == exact // by  # type: ignore[operator]
    if isinstance(amount, Ratio):
        assert (bind(ceil(amount), {"N": n}), bind(floor(amount), {"N": n})) == (ceil(exact), floor(exact))


def test_what_is_whole_is_a_size_again() -> None:
    assert THIRD * N * 3 == N
    assert THIRD * (3 * N + 6) == N + 2
    assert (THIRD * N - THIRD * N, quotient(6, 3), quotient(7, 3)) == (0, 2, Fraction(7, 3))


def test_equal_shares_are_equal() -> None:
    assert THIRD * N == Fraction(2, 6) * N == N * THIRD
    assert hash(THIRD * N) == hash(N * THIRD)
    assert THIRD * N != THIRD * M
    assert repr(-(THIRD * N + 1)) == "(-N - 3)/3"


@pytest.mark.parametrize("reckon", [lambda: N * 0.5, lambda: 0.5 * N, lambda: N + 0.5, lambda: N - 0.5, lambda: N / 2])
def test_floats_are_refused_with_what_to_do(reckon) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(AnswerError, match="use // or Fraction"):
        reckon()


@pytest.mark.parametrize("other", [None, "x", 0.5])
def test_what_is_no_amount_is_none(other: object) -> None:
    assert as_quotient(other) is None
    with pytest.raises(TypeError):
        THIRD * N + other  # type: ignore[operator]


def test_a_size_stays_as_it_is() -> None:
    sizes: tuple[Dim, ...] = (7, N)
    assert [as_quotient(size) for size in sizes] == [(7, 1), (N, 1)]
