"""The shapes of string operations against TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from kernel_oracle import Call, call, prove
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.strings import RULES

SHAPES = st.lists(st.integers(1, 3), max_size=3)


def texts(shape: list[int]) -> np.ndarray:
    return np.full(shape, b"12", dtype=object)


@st.composite
def joins(draw: st.DrawFn) -> Call:
    shape = draw(SHAPES)
    count = draw(st.integers(1, 3))
    operands = [texts(draw(st.sampled_from([shape, []]))) for _ in range(count)]
    return call("StringJoin", *operands, lists={"inputs": count})


@st.composite
def reductions(draw: st.DrawFn) -> Call:
    shape = draw(SHAPES.filter(bool))
    axes = draw(st.lists(st.integers(0, len(shape) - 1), unique=True, min_size=1))
    return call("ReduceJoin", texts(shape), axes, keep_dims=draw(st.booleans()))


def unary(kind: str, **attrs: object) -> st.SearchStrategy[Call]:
    return SHAPES.map(lambda shape: call(kind, texts(shape), **attrs))


FIXED = {
    "StringLength": unary("StringLength"),
    "StringToNumber": unary("StringToNumber"),
    "StringToHashBucketFast": unary("StringToHashBucketFast", num_buckets=7),
    "StaticRegexReplace": unary("StaticRegexReplace", pattern="1", rewrite="2"),
    "Substr": SHAPES.map(lambda shape: call("Substr", texts(shape), 0, 1)),
    "StringJoin": joins(),
    "ReduceJoin": reductions(),
}
OPEN = {
    "StringSplitV2": st.just(call("StringSplitV2", texts([3]), texts([]))),
    "UnsortedSegmentJoin": st.just(call("UnsortedSegmentJoin", texts([3, 2]), [0, 1, 1], 2)),
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("calls", FIXED.values(), ids=FIXED)
def test_shapes_agree_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, has_value=False, examples=20)


@pytest.mark.tensorflow
@pytest.mark.parametrize("calls", OPEN.values(), ids=OPEN)
def test_known_sizes_agree_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, has_shape=False, examples=20)


def test_operands_of_different_shapes_are_refused() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "StringJoin", Shape(2), Shape(3))
