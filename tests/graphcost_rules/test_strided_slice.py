"""StridedSlice against TensorFlow, with every mask, and on symbolic sizes."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from kernel_oracle import Call, call, numbered, prove
from single_op import apply

from graphcost import Fact, Shape
from graphcost_rules.strided_slice import RULES

pytestmark = pytest.mark.tensorflow

MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


@st.composite
def strided_slices(draw: st.DrawFn) -> Call:
    """Slices of up to three axes, with new axes and at most one ellipsis among them."""
    shape = draw(st.lists(st.integers(1, 5), max_size=3))
    sliced = draw(st.integers(0, len(shape)))
    entries = ["axis"] * sliced + draw(st.lists(st.just("new"), max_size=2)) + draw(st.sampled_from([[], ["ellipsis"]]))
    entries = draw(st.permutations(entries))
    masks = dict.fromkeys(MASKS, 0)
    rows = []
    for i, entry in enumerate(entries):
        rows.append(draw(st.tuples(st.integers(-7, 7), st.integers(-7, 7), st.sampled_from([-3, -2, -1, 1, 1, 2, 3]))))
        masks["begin_mask"] |= draw(st.sampled_from([0, 1])) << i
        masks["end_mask"] |= draw(st.sampled_from([0, 1])) << i
        if entry != "axis":
            masks[f"{entry}_axis_mask" if entry == "new" else "ellipsis_mask"] |= 1 << i
        elif "ellipsis" not in entries[:i] and draw(st.sampled_from([False, False, True])):
            size = shape[entries[:i].count("axis")]
            rows[-1] = (draw(st.integers(-size, size - 1)), rows[-1][1], 1)
            masks["shrink_axis_mask"] |= 1 << i
    columns = [[row[k] for row in rows] for k in range(3)]
    return call("StridedSlice", numbered(shape), *columns, **masks)


def test_agrees_with_tensorflow() -> None:
    prove(RULES, strided_slices(), examples=300)


def test_an_assignment_gives_nothing() -> None:
    bounds = [[0], [2], [1]]
    assert apply(RULES, "ResourceStridedSliceAssign", Fact("resource", Shape()), *bounds, Shape(2)).shapes == ()
