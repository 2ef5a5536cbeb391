"""Pack, Concat, ConcatOffset and Tile against TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest
from counted import floats
from counting import Tally
from hypothesis import strategies as st
from internal_ops import run
from kernel_oracle import Call, call, numbered, prove
from optional_tensorflow import tf
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.joining import RULES

SHAPES = st.lists(st.integers(1, 3), max_size=3)


@st.composite
def packs(draw: st.DrawFn) -> Call:
    shape, count = draw(SHAPES), draw(st.integers(1, 3))
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    return call("Pack", *(numbered(shape) + i for i in range(count)), lists={"values": count}, axis=axis)


@st.composite
def concatenations(draw: st.DrawFn, kind: str) -> Call:
    shape = draw(SHAPES.filter(bool))
    axis = draw(st.integers(0, len(shape) - 1))
    sizes = draw(st.lists(st.integers(0, 3), min_size=2, max_size=3))
    operands = [numbered([*shape[:axis], size, *shape[axis + 1 :]]) for size in sizes]
    place = draw(st.sampled_from([axis, axis - len(shape)]))
    inputs = [place, *operands] if kind == "Concat" else [*operands, place]
    return call(kind, *inputs, lists={"values": len(sizes)})


@st.composite
def offsets(draw: st.DrawFn) -> Call:
    shape = draw(SHAPES.filter(bool))
    axis = draw(st.integers(0, len(shape) - 1))
    sizes = draw(st.lists(st.integers(0, 3), min_size=2, max_size=3))
    shapes = [[*shape[:axis], size, *shape[axis + 1 :]] for size in sizes]
    return call("ConcatOffset", axis, *shapes, lists={"shape": len(sizes)})


@st.composite
def tiles(draw: st.DrawFn) -> Call:
    shape = draw(SHAPES)
    return call("Tile", numbered(shape), [draw(st.integers(0, 3)) for _ in shape])


CALLS = {
    "Pack": packs(),
    "Concat": concatenations("Concat"),
    "ConcatV2": concatenations("ConcatV2"),
    "ConcatOffset": offsets(),
    "Tile": tiles(),
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_agrees_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, examples=60)


def test_the_gradient_of_a_tile_adds_the_tiles_up():
    tally, x = Tally(), floats(1, 4, 6)
    tiles = [[[float(x[i, j]) for i in (row, row + 2) for j in (c, c + 2, c + 4)] for c in (0, 1)] for row in (0, 1)]
    # The kernel is registered for an attribute that the operation lacks.
    kernel = run("TileGrad", [x, np.array([2, 3], np.int32)], Tmultiples=tf.int32)
    tally.gives([[tally.sum(tile) for tile in row] for row in tiles], kernel)
    outcome = apply(RULES, "TileGrad", Shape(4, 6), [2, 3])
    assert outcome.shapes == (Shape(2, 2),)
    tally.proves("TileGrad", outcome.cost)
    with pytest.raises(RuleError):
        apply(RULES, "TileGrad", Shape(4, 6), [0, 3])
