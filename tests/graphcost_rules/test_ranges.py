"""Range and LinSpace against TensorFlow, a counted naive algorithm, and on symbols."""

from __future__ import annotations

import numpy as np
import pytest
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_oracle import call, prove
from optional_tensorflow import tf
from single_op import apply

from graphcost import Cost, RuleError, Shape, Value, bind, ceil_div
from graphcost.dims import symbol
from graphcost_rules.ranges import RULES

N = symbol("N")
STEPS = st.integers(-4, 4).filter(bool)


def bounded(start: int, count: int, step: int) -> tuple[int, int, int]:
    """Bounds that TensorFlow takes: the limit is on the side to which the step leads."""
    return start, start + count * step + (step // abs(step)) * (abs(step) // 2), step


RANGES = st.builds(bounded, st.integers(-5, 5), st.integers(0, 5), STEPS)


@pytest.mark.tensorflow
def test_integers_agree_with_tensorflow() -> None:
    prove(RULES, RANGES.map(lambda bounds: call("Range", *bounds)), examples=60)


@pytest.mark.tensorflow
def test_floats_agree_with_tensorflow() -> None:
    calls = RANGES.map(lambda bounds: call("Range", *(np.float32(bound * 0.5) for bound in bounds)))
    prove(RULES, calls, has_value=False)


@pytest.mark.tensorflow
def test_linear_spaces_agree_with_tensorflow() -> None:
    prove(RULES, st.integers(1, 6).map(lambda count: call("LinSpace", 1.5, 3.5, count)), has_value=False)


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(bounds=RANGES)
def test_every_number_but_the_first_costs_an_addition(bounds: tuple[int, int, int]) -> None:
    start, limit, step = bounds
    tally, count = Tally(), len(range(start, limit, step))
    numbers = [float(start)] * min(count, 1)
    while len(numbers) < count:
        numbers.append(tally.add(numbers[-1], step))
    tally.gives(numbers, tf.raw_ops.Range(start=start, limit=limit, delta=step))
    tally.proves("Range", apply(RULES, "Range", *bounds).cost)


@pytest.mark.parametrize("count", [2, 3, 7])
def test_a_linear_space_costs_what_the_naive_algorithm_counts(count: int) -> None:
    tally, start, stop = Tally(), 1.5, 4.0
    step = tally.div(tally.sub(stop, start), count - 1)
    inner = [tally.add(start, tally.mul(step, i)) for i in range(1, count - 1)]
    tally.gives([start, *inner, stop], tf.raw_ops.LinSpace(start=start, stop=stop, num=count))
    tally.proves("LinSpace", apply(RULES, "LinSpace", Shape(), Shape(), count).cost)


def test_a_symbolic_limit_gives_a_symbolic_count() -> None:
    outcome = apply(RULES, "Range", 0, Value.scalar(N), 2)
    assert outcome.shapes == (Shape(ceil_div(N, 2)),)
    assert isinstance(outcome.cost, Cost)
    assert bind(outcome.cost.add, {"N": 5}) == apply(RULES, "Range", 0, 5, 2).cost.add
    assert apply(RULES, "Range", Value.scalar(N), 0, -1).shapes == (Shape(N),)


@pytest.mark.tensorflow
@pytest.mark.parametrize("step", [-3.0, -1.0, 1.0, 2.0])
def test_sizes_that_were_cast_to_floats_are_counted(step: float) -> None:
    """As positions from the newest to the oldest: range(kept + n, -n, -1.0)."""
    start, limit = (N + 3, -N) if step < 0 else (-N, N + 3)
    (shape,) = apply(RULES, "Range", Value.scalar(start), Value.scalar(limit), Value.scalar(step)).shapes
    for n in range(1, 6):
        numbers = [np.float32(bind(bound, {"N": n})) for bound in (start, limit)]
        assert bind(shape[0], {"N": n}) == tf.range(*numbers, step).shape[0]


def test_steps_of_a_fraction_leave_the_count_open() -> None:
    (shape,) = apply(RULES, "Range", 0, Value.scalar(N), Value.scalar(0.5)).shapes
    assert str(shape[0]).startswith("size(")


def test_symbolic_numbers_are_known_where_their_count_is() -> None:
    outcome = apply(RULES, "Range", Value.scalar(N), Value.scalar(N + 3), 1)
    assert outcome.values == (Value.vector([N, N + 1, N + 2]),)


@pytest.mark.parametrize("delta", [Value.scalar(0), Value.scalar(0.0)])
def test_a_delta_of_zero_is_refused(delta: Value) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "Range", 0, 3, delta)


def test_an_endless_range_is_refused_or_open() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "Range", Value.scalar(0.0), Value.scalar(1e308), Value.scalar(1e-308))
    assert not apply(RULES, "Range", Value.scalar(0.0), Value.scalar(float("nan")), 1).shapes[0].is_static
