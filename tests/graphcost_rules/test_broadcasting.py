"""BroadcastTo, BroadcastArgs and BroadcastGradientArgs against TensorFlow, and on symbols."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from kernel_oracle import Call, call, numbered, prove
from single_op import apply

from graphcost import RuleError, Shape, Value
from graphcost.dims import symbol
from graphcost_rules.broadcasting import RULES

N, H = symbol("N"), symbol("H")


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Two shapes that can be broadcast."""
    whole = draw(st.lists(st.integers(1, 3), max_size=3))
    shapes = [[size if draw(st.booleans()) else 1 for size in whole][draw(st.integers(0, len(whole))) :] for _ in "ab"]
    return shapes[0], shapes[1]


@st.composite
def broadcasts(draw: st.DrawFn) -> Call:
    target = draw(st.lists(st.integers(1, 3), max_size=3))
    own = [size if draw(st.booleans()) else 1 for size in target][draw(st.integers(0, len(target))) :]
    return call("BroadcastTo", numbered(own), target)


@pytest.mark.tensorflow
def test_broadcast_to_agrees_with_tensorflow() -> None:
    prove(RULES, broadcasts(), examples=60)


@pytest.mark.tensorflow
def test_broadcast_args_agree_with_tensorflow() -> None:
    prove(RULES, pairs().map(lambda pair: call("BroadcastArgs", *pair)), examples=60)


@pytest.mark.tensorflow
def test_gradient_args_agree_with_tensorflow() -> None:
    """A size that is known by a symbol only is taken not to be 1, so that symbols stand for 2 and more here."""
    calls = pairs().map(lambda pair: call("BroadcastGradientArgs", *pair))
    prove(RULES, calls, least_named=2, examples=60)


def test_equal_symbols_need_no_reduction() -> None:
    shape, bias = Value.vector([N, H, 8]), Value.vector([8])
    assert apply(RULES, "BroadcastGradientArgs", shape, bias).values == (Value.vector([]), Value.vector([0, 1]))
    assert apply(RULES, "BroadcastGradientArgs", shape, shape).values == (Value.vector([]), Value.vector([]))


def test_different_symbols_leave_the_reduction_open() -> None:
    outcome = apply(RULES, "BroadcastGradientArgs", Value.vector([N]), Value.vector([H]))
    assert outcome.values == ()
    assert [shape and shape.is_static for shape in outcome.shapes] == [False, False]


def test_symbols_are_broadcast() -> None:
    assert apply(RULES, "BroadcastArgs", Value.vector([N, 1]), Value.vector([1, H])).values == (Value.vector([N, H]),)
    assert apply(RULES, "BroadcastTo", Shape(1, 8), Value.vector([N, 8])).shapes == (Shape(N, 8),)


@pytest.mark.parametrize("kind", ["BroadcastTo", "BroadcastArgs", "BroadcastGradientArgs"])
def test_sizes_that_do_not_fit_are_refused(kind: str) -> None:
    with pytest.raises(RuleError):
        apply(RULES, kind, Shape(3) if kind == "BroadcastTo" else [3], [2])
