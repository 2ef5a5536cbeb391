"""Blocks and patches against TensorFlow, and on symbolic images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from kernel_oracle import Call, call, numbered, prove

from graphcost.dims import symbol
from graphcost_rules.spatial import RULES

pytestmark = pytest.mark.tensorflow

N, H, W = (symbol(name) for name in "NHW")


@st.composite
def blocked(draw: st.DrawFn, kind: str) -> Call:
    axes = draw(st.integers(1, 3))
    blocks = [draw(st.integers(1, 3)) for _ in range(axes)]
    margins = [[draw(st.integers(0, 2)), draw(st.integers(0, 2))] for _ in range(axes)]
    inner = [draw(st.integers(2, 3)) for _ in range(axes)]
    tail = draw(st.lists(st.integers(1, 2), max_size=1))
    if kind == "SpaceToBatchND":
        padded = [size + sum(margin) for size, margin in zip(inner, margins, strict=True)]
        shape = [2, *(size + -whole % block for size, whole, block in zip(inner, padded, blocks, strict=True))]
    else:
        shape = [2 * int(np.prod(blocks)), *(size + 2 for size in inner)]
    return call(kind, numbered([*shape, *tail]), blocks, np.asarray(margins, dtype=np.int32))


@st.composite
def square_blocks(draw: st.DrawFn, kind: str) -> Call:
    block = draw(st.integers(2, 3))
    shape = [block * block, block * 2, block * 3, 2]
    margins = np.asarray([[block, 0], [0, draw(st.sampled_from([0, block]))]], dtype=np.int32)
    return call(kind, numbered(shape), margins, block_size=block)


@st.composite
def traded(draw: st.DrawFn, kind: str) -> Call:
    block = draw(st.integers(2, 3))
    shape = [draw(st.integers(1, 2)), 2 * block, block, 2 * block * block]
    return call(kind, numbered(shape), block_size=block)


@st.composite
def patches(draw: st.DrawFn) -> Call:
    pairs = st.integers(1, 2)
    attrs = {name: [1, draw(pairs), draw(pairs), 1] for name in ("ksizes", "strides", "rates")}
    return call(
        "ExtractImagePatches", numbered([2, 6, 5, 2]), padding=draw(st.sampled_from(["SAME", "VALID"])), **attrs
    )


@st.composite
def volume_patches(draw: st.DrawFn) -> Call:
    sizes = st.integers(1, 2)
    attrs = {name: [1, draw(sizes), draw(sizes), draw(sizes), 1] for name in ("ksizes", "strides")}
    return call(
        "ExtractVolumePatches", numbered([1, 4, 3, 5, 2]), padding=draw(st.sampled_from(["SAME", "VALID"])), **attrs
    )


CALLS = {
    "SpaceToBatchND": blocked("SpaceToBatchND"),
    "BatchToSpaceND": blocked("BatchToSpaceND"),
    "SpaceToBatch": square_blocks("SpaceToBatch"),
    "BatchToSpace": square_blocks("BatchToSpace"),
    "SpaceToDepth": traded("SpaceToDepth"),
    "DepthToSpace": traded("DepthToSpace"),
    "ExtractImagePatches": patches(),
    "ExtractVolumePatches": volume_patches(),
}


@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_agrees_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, has_value=False)
