"""Pad, PadV2, MirrorPad and its gradient against TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_oracle import Call, call, numbered, prove
from optional_tensorflow import tf
from single_op import apply

from graphcost import Shape, Value
from graphcost_rules.padding import RULES


@st.composite
def pads(draw: st.DrawFn, kind: str) -> Call:
    shape = draw(st.lists(st.integers(1, 4), max_size=3))
    attrs, most = {}, [3] * len(shape)
    if kind.startswith("MirrorPad"):
        attrs["mode"] = draw(st.sampled_from(["REFLECT", "SYMMETRIC"]))
        most = [size - (attrs["mode"] == "REFLECT") for size in shape]
    paddings = [[draw(st.integers(0, m)), draw(st.integers(0, m))] for m in most]
    table = np.asarray(paddings, dtype=np.int32).reshape(len(shape), 2)
    if kind == "MirrorPadGrad":
        shape = [size + sum(added) for size, added in zip(shape, paddings, strict=True)]
    inputs = [numbered(shape), table] + ([9] if kind == "PadV2" else [])
    return call(kind, *inputs, **attrs)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["Pad", "PadV2", "MirrorPad"])
def test_agrees_with_tensorflow(kind: str) -> None:
    prove(RULES, pads(kind), examples=60)


@pytest.mark.tensorflow
def test_the_gradient_of_mirroring_agrees_with_tensorflow() -> None:
    prove(RULES, pads("MirrorPadGrad"), has_value=False)


def folded(tally: Tally, rows: np.ndarray, before: int, after: int, edge: int) -> np.ndarray:
    """The rows without their margins, each of which is added to the row that it mirrors."""
    size = len(rows) - before - after
    result = rows[before : before + size].copy()
    mirrors = [(i, before - i - 1 + edge) for i in range(before)]
    mirrors += [(before + size + i, size - 1 - edge - i) for i in range(after)]
    for source, target in mirrors:
        for place in np.ndindex(rows.shape[1:]):
            result[(target, *place)] = tally.add(result[(target, *place)], rows[(source, *place)])
    return result


@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(case=pads("MirrorPadGrad"))
def test_the_gradient_of_mirroring_adds_each_margin_once(case: Call) -> None:
    rows, table, tally = case.inputs[0].array.astype(np.float32), case.inputs[1].array, Tally()
    kernel = tf.raw_ops.MirrorPadGrad(input=rows, paddings=table, mode=case.attrs["mode"])
    edge, result = int(case.attrs["mode"] == "REFLECT"), rows
    for axis, (before, after) in enumerate(table.tolist()):
        result = np.moveaxis(folded(tally, np.moveaxis(result, axis, 0), before, after, edge), 0, axis)
    tally.gives(result, kernel)
    outcome = apply(RULES, "MirrorPadGrad", Shape(*rows.shape), Value(table.shape, tuple(table.ravel().tolist())))
    tally.proves("MirrorPadGrad", outcome.cost)
