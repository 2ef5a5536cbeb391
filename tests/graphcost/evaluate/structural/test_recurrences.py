"""Recurrences: the closed form is what the iterations give one after another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphcost.dims import Dim, bind, dim_max, dim_min, symbol
from graphcost.evaluate.structural.recurrences import State, solved

INDEX, V, N = symbol("i", least=None), symbol("v", least=None), symbol("N")
NUMBERS = st.integers(-6, 6)


def counter(start: int, step: Dim) -> State:
    return State("i", INDEX, start, INDEX + step)


def values_of(states: list[State], name: str, trips: int, **bindings: int) -> list[int]:
    """The state's value at the start of each iteration and after the last, by going through them."""
    now = {state.name: bind(state.start, bindings) for state in states if state.start is not None}
    values = []
    for _ in range(trips + 1):
        values.append(now[name])
        now = {state.name: bind(bind(state.end, now), bindings) for state in states if state.end is not None}
    return [int(str(value)) for value in values]


def assert_solved(states: list[State], name: str, **bindings: int) -> None:
    formula = solved(states, "k")[name]
    derived = [bind(bind(formula, {"k": k}), bindings) for k in range(8)]
    assert derived == values_of(states, name, 7, **bindings), formula


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.integers(-3, 3))
def test_what_only_grows_to_an_index_is_the_greatest_so_far(
    first: int, step: int, start: int, offset: int, factor: int
) -> None:
    """As a list does that is written at factor*i + offset."""
    assert_solved([counter(first, step), State("v", V, start, dim_max(V, factor * INDEX + offset))], "v")
    assert_solved([counter(first, step), State("v", V, start, dim_min(V, factor * INDEX + offset, INDEX))], "v")


@given(NUMBERS, st.integers(0, 3), NUMBERS)
def test_what_grows_up_to_a_limit_stays_there(start: int, step: int, limit: int) -> None:
    """As a cache does that keeps the last entries."""
    assert_solved([State("v", V, start, dim_min(V + step, limit))], "v")
    assert_solved([State("v", V, start, dim_max(V - step, limit))], "v")


def test_an_unknown_slope_reaches_its_greatest_at_either_end() -> None:
    for slope in (1, 3):
        assert_solved([counter(4, N - 2), State("v", V, 0, dim_max(V, INDEX))], "v", N=slope)


@given(NUMBERS, NUMBERS)
def test_a_step_by_a_counter_is_summed(start: int, first: int) -> None:
    assert_solved([counter(first, 1), State("v", V, start, V + 2 * INDEX + 1)], "v")


@given(NUMBERS, NUMBERS, NUMBERS)
def test_what_is_made_anew_in_each_iteration_is_that_of_the_one_before(start: int, first: int, step: int) -> None:
    assert_solved([State("v", V, start, 5)], "v")
    assert_solved([counter(first, step), State("v", V, start, INDEX * INDEX + N)], "v", N=3)


@pytest.mark.parametrize(
    "end",
    [
        2 * V,
        dim_max(V + 1, 5),
        dim_max(V, INDEX * INDEX),
        dim_min(V + INDEX, 5),
        dim_min(2 * V, 5),
        symbol("u", least=None),
        None,
    ],
)
def test_what_has_no_such_form_is_left_open(end: Dim | None) -> None:
    states = [counter(0, 1), State("v", V, 1, end), State("u", symbol("u", least=None), None, 3)]
    assert set(solved(states, "k")) == {"i"}
