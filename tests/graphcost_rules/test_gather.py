"""Gather, GatherNd and OneHot against TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from kernel_oracle import Call, call, check_kernel, numbered, prove, tensors
from single_op import apply

from graphcost import Fact, Shape
from graphcost.dims import symbol
from graphcost_rules.gather import RULES


def below(draw: st.DrawFn, limit: int, shape: list[int]) -> np.ndarray:
    items = [draw(st.integers(0, limit - 1)) for _ in range(int(np.prod(shape)))]
    return np.asarray(items, dtype=np.int32).reshape(shape)


@st.composite
def gathers(draw: st.DrawFn) -> Call:
    params = draw(tensors(least=1, least_rank=1))
    indices = below(draw, params.shape[0], draw(st.lists(st.integers(0, 3), max_size=2)))
    return call("Gather", params, indices)


@st.composite
def gathers_v2(draw: st.DrawFn) -> Call:
    params = draw(tensors(least=1, least_rank=1))
    axis = draw(st.integers(0, params.ndim - 1))
    batch = draw(st.integers(0, axis))
    own = draw(st.lists(st.integers(0, 3), max_size=2))
    indices = below(draw, params.shape[axis], [*params.shape[:batch], *own])
    return call("GatherV2", params, indices, axis - params.ndim if draw(st.booleans()) else axis, batch_dims=batch)


@st.composite
def gathers_nd(draw: st.DrawFn) -> Call:
    params = draw(tensors(least=1, least_rank=1))
    depth = draw(st.integers(0, params.ndim))
    lead = draw(st.lists(st.integers(1, 3), max_size=2))
    columns = [below(draw, params.shape[axis], lead) for axis in range(depth)]
    indices = np.stack(columns, axis=-1) if columns else np.zeros([*lead, 0], dtype=np.int32)
    return call("GatherNd", params, indices)


@st.composite
def one_hots(draw: st.DrawFn) -> Call:
    indices = draw(tensors(most_rank=2))
    axis = draw(st.integers(-1, indices.ndim))
    return call("OneHot", indices - 1, draw(st.integers(0, 4)), 7, 2, axis=axis)


CALLS = {"Gather": gathers(), "GatherV2": gathers_v2(), "GatherNd": gathers_nd(), "OneHot": one_hots()}


@pytest.mark.tensorflow
@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_agrees_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, examples=60)


@pytest.mark.tensorflow
def test_batch_axes_may_count_from_the_end() -> None:
    """TensorFlow's shape function mistakes the rank for an unknown axis here, so that only the kernel is asked."""
    check_kernel(RULES, call("GatherV2", numbered([2, 3, 4]), [[0, 2], [1, 1]], 1, batch_dims=-1))


def test_a_variable_is_gathered_by_what_it_holds() -> None:
    rows = symbol("rows")
    table = Fact("resource", Shape(), element=Fact("float32", Shape(1000, 64)))
    assert apply(RULES, "ResourceGather", table, Shape(rows, 3)).shapes == (Shape(rows, 3, 64),)
    assert apply(RULES, "ResourceGatherNd", table, Shape(rows, 2)).shapes == (Shape(rows),)


def test_batch_axes_of_a_variable_are_shared() -> None:
    table = Fact("resource", Shape(), element=Fact("float32", Shape(8, 1000, 64)))
    assert apply(RULES, "ResourceGather", table, Shape(8, 3), batch_dims=1).shapes == (Shape(8, 3, 64),)
