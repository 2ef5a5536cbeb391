"""Transpose, Reverse, Roll and their like against TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest
from counting import Tally
from hypothesis import strategies as st
from kernel_oracle import Call, call, prove, tensors
from optional_tensorflow import tf
from single_op import apply

from graphcost import Fact, Shape
from graphcost_rules.reordering import RULES


@st.composite
def transposes(draw: st.DrawFn, kind: str) -> Call:
    tensor = draw(tensors())
    order = draw(st.permutations(range(tensor.ndim)))
    return call(kind, tensor, list(order))


@st.composite
def reversals(draw: st.DrawFn) -> Call:
    tensor = draw(tensors())
    axes = draw(st.lists(st.integers(0, tensor.ndim - 1), unique=True)) if tensor.ndim else []
    return call("ReverseV2", tensor, [draw(st.sampled_from([axis, axis - tensor.ndim])) for axis in axes])


@st.composite
def flagged_reversals(draw: st.DrawFn) -> Call:
    tensor = draw(tensors(least=1, least_rank=1))
    return call("Reverse", tensor, np.asarray([draw(st.booleans()) for _ in tensor.shape]))


@st.composite
def rolls(draw: st.DrawFn) -> Call:
    tensor = draw(tensors(least_rank=1))
    axes = draw(st.lists(st.integers(0, tensor.ndim - 1), max_size=3))
    return call("Roll", tensor, [draw(st.integers(-5, 5)) for _ in axes], axes)


@st.composite
def reversed_sequences(draw: st.DrawFn) -> Call:
    tensor = draw(tensors(least=1, least_rank=2))
    batch, sequence, *_ = draw(st.permutations(range(tensor.ndim)))
    lengths = [draw(st.integers(0, tensor.shape[sequence])) for _ in range(tensor.shape[batch])]
    return call("ReverseSequence", tensor, lengths, seq_dim=sequence, batch_dim=batch)


FORMATS = {"src_format": "NHWC", "dst_format": "NCHW"}
CALLS = {
    "Transpose": transposes("Transpose"),
    "ReverseV2": reversals(),
    "Reverse": flagged_reversals(),
    "Roll": rolls(),
    "InvertPermutation": st.permutations(range(4)).map(lambda order: call("InvertPermutation", list(order))),
    "DataFormatDimMap": st.integers(-4, 3).map(lambda axis: call("DataFormatDimMap", axis, **FORMATS)),
    "DataFormatVecPermute": st.permutations(range(4)).map(lambda v: call("DataFormatVecPermute", list(v), **FORMATS)),
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_agrees_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls)


@pytest.mark.tensorflow
@pytest.mark.parametrize("calls", [transposes("ConjugateTranspose"), reversed_sequences()])
def test_shapes_agree_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, has_value=False)


def test_conjugates_change_the_sign_of_each_imaginary_part() -> None:
    tally = Tally()
    x = np.arange(6).reshape(2, 3) + 1j * np.arange(6, 12).reshape(2, 3)
    ours = [[complex(value.real, tally.sub(0, value.imag)) for value in column] for column in x.T]
    tally.gives(ours, tf.raw_ops.ConjugateTranspose(x=x, perm=[1, 0]))
    given = Fact("complex128", Shape(2, 3))
    tally.proves("ConjugateTranspose", apply(RULES, "ConjugateTranspose", given, [1, 0], T="complex128").cost)
