"""Shape arithmetic against TensorFlow's kernels and shape functions, and on symbols."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from kernel_oracle import Call, call, prove, tensors

from graphcost.dims import symbol
from graphcost_rules.shape_ops import RULES

pytestmark = pytest.mark.tensorflow

H, W, C = (symbol(name) for name in "HWC")


@st.composite
def reshapes(draw: st.DrawFn) -> Call:
    tensor = draw(tensors())
    target = list(draw(st.permutations(tensor.shape))) + draw(st.lists(st.just(1), max_size=2))
    if target and tensor.size and draw(st.booleans()):
        target[draw(st.integers(0, len(target) - 1))] = -1
    return call("Reshape", tensor, target)


@st.composite
def expansions(draw: st.DrawFn) -> Call:
    tensor = draw(tensors())
    return call("ExpandDims", tensor, draw(st.integers(-tensor.ndim - 1, tensor.ndim)))


@st.composite
def squeezes(draw: st.DrawFn) -> Call:
    tensor = draw(tensors(most_rank=4, most=2))
    ones = [axis for axis, size in enumerate(tensor.shape) if size == 1]
    axes = draw(st.lists(st.sampled_from(ones), unique=True)) if ones else []
    return call("Squeeze", tensor, axis=[axis - tensor.ndim if draw(st.booleans()) else axis for axis in axes])


CALLS = {
    "Shape": tensors().map(lambda tensor: call("Shape", tensor)),
    "ShapeN": st.lists(tensors(), min_size=1, max_size=3).map(lambda t: call("ShapeN", *t, lists={"input": len(t)})),
    "Size": tensors().map(lambda tensor: call("Size", tensor)),
    "Rank": tensors().map(lambda tensor: call("Rank", tensor)),
    "Reshape": reshapes(),
    "ExpandDims": expansions(),
    "Squeeze": squeezes(),
    "Fill": st.lists(st.integers(0, 3), max_size=3).map(lambda shape: call("Fill", shape, 7)),
    "EnsureShape": tensors().map(lambda tensor: call("EnsureShape", tensor, shape=tensor.shape)),
}


@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_agrees_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls)
