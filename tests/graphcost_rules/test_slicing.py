"""Slice, Split, SplitV and Unpack against TensorFlow."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from kernel_oracle import Call, call, numbered, prove, tensors

from graphcost_rules.slicing import RULES

pytestmark = pytest.mark.tensorflow


@st.composite
def slices(draw: st.DrawFn) -> Call:
    shape = draw(st.lists(st.integers(0, 4), max_size=3))
    begin = [draw(st.integers(0, size)) for size in shape]
    size = [draw(st.integers(-1, whole - start)) for whole, start in zip(shape, begin, strict=True)]
    return call("Slice", numbered(shape), begin, size)


@st.composite
def splits(draw: st.DrawFn) -> Call:
    shape = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    axis, parts = draw(st.integers(0, len(shape) - 1)), draw(st.integers(1, 3))
    shape[axis] *= parts
    return call("Split", draw(st.sampled_from([axis, axis - len(shape)])), numbered(shape), num_split=parts)


@st.composite
def uneven_splits(draw: st.DrawFn) -> Call:
    shape = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    axis = draw(st.integers(0, len(shape) - 1))
    sizes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3).filter(any))
    shape[axis] = sum(sizes)
    if len(sizes) > 1 and draw(st.booleans()):
        sizes[draw(st.integers(0, len(sizes) - 1))] = -1
    place = draw(st.sampled_from([axis, axis - len(shape)]))
    return call("SplitV", numbered(shape), sizes, place, num_split=len(sizes))


@st.composite
def unpacks(draw: st.DrawFn) -> Call:
    tensor = draw(tensors(least=1, least_rank=1))
    axis = draw(st.integers(-tensor.ndim, tensor.ndim - 1))
    return call("Unpack", tensor, num=tensor.shape[axis], axis=axis)


CALLS = {"Slice": slices(), "Split": splits(), "SplitV": uneven_splits(), "Unpack": unpacks()}


@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_agrees_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, examples=60)
