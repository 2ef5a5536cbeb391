"""Quantized convolutions and products against TensorFlow's kernels, shape functions and loops that count themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from convolutions import Convolution, convolutions, convolve
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from node_defs import op_def
from open_sizes import assert_same_when_bound
from optional_tensorflow import tf
from quantized_forms import prove_form
from single_op import apply

from graphcost import RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.quantized_contractions import FORMS, RULES

RANGE: dict[str, float] = {"low": 0.0, "high": 255.0}
"""Under this range the quantized numbers are the numbers themselves."""

CONVS = [rule.op for rule in RULES if "Conv2D" in rule.op]
MATMULS = [rule.op for rule in RULES if "MatMul" in rule.op]
PER_CHANNEL = [kind for kind in CONVS if kind not in ("QuantizedConv2D", "QuantizedConv2DAndRequantize")]
SAME: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": b"SAME"}

some = settings(max_examples=15, derandomize=True, deadline=None, database=None)


def small(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 6, shape).astype(np.uint8)


def quantized(array: np.ndarray) -> tf.Tensor:
    return tf.bitcast(tf.constant(array), tf.quint8)


@some
@given(convolutions(paddings=("SAME", "VALID"), groups=False, equal_strides=True, dilated=False))
def test_convolutions_cost_what_the_loops_count(conv: Convolution) -> None:
    image, filters, tally = small(conv.image, 1), small(conv.filters, 2), Tally()
    counted = convolve(tally, conv, image, filters)
    result = tf.raw_ops.QuantizedConv2D(
        input=quantized(image),
        filter=quantized(filters),
        min_input=RANGE["low"],
        max_input=RANGE["high"],
        min_filter=RANGE["low"],
        max_filter=RANGE["high"],
        **conv.attrs(),
    )
    tally.gives(counted, tf.bitcast(result[0], tf.int32))
    attrs = {**conv.attrs(), "padding": conv.padding.encode()}
    outcome = apply(RULES, "QuantizedConv2D", Shape(*conv.image), Shape(*conv.filters), *[Shape()] * 4, **attrs)
    assert outcome.shapes == (Shape(*counted.shape), Shape(), Shape())
    tally.proves("QuantizedConv2D", outcome.cost)


@some
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.booleans(), st.booleans())
def test_products_cost_what_the_loops_count(rows: int, inner: int, columns: int, a_turns: bool, b_turns: bool) -> None:
    a, b = small((rows, inner), 1), small((inner, columns), 2)
    tally, counted = Tally(), np.zeros((rows, columns))
    for row, column, k in np.ndindex(rows, columns, inner):
        counted[row, column] = tally.mac(counted[row, column], a[row, k], b[k, column])
    stored_a, stored_b = np.array(a.T if a_turns else a), np.array(b.T if b_turns else b)
    turned = {"transpose_a": a_turns, "transpose_b": b_turns}
    result = tf.raw_ops.QuantizedMatMul(
        a=quantized(stored_a),
        b=quantized(stored_b),
        min_a=RANGE["low"],
        max_a=RANGE["high"],
        min_b=RANGE["low"],
        max_b=RANGE["high"],
        **turned,
    )
    tally.gives(counted, tf.bitcast(result[0], tf.int32))
    operands = Shape(*stored_a.shape), Shape(*stored_b.shape), *[Shape()] * 4
    outcome = apply(RULES, "QuantizedMatMul", *operands, **turned)
    assert outcome.shapes == (Shape(*counted.shape), Shape(), Shape())
    tally.proves("QuantizedMatMul", outcome.cost)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", [*CONVS, *MATMULS])
def test_shapes_are_tensorflows(kind: str) -> None:
    """Every output that TensorFlow's shape function knows is known, and equal."""
    batch = symbol("N")
    filters = (4, 5) if kind in MATMULS else (3, 3, 4, 2)
    image = (None, 4) if kind in MATMULS else (None, 9, 8, 4)
    for bounds in [(), (2,)] if kind in PER_CHANNEL else [()]:
        inferred, count = infer(kind, image, filters, bounds)
        shapes = dict.fromkeys(range(count), Shape())
        opened = Shape(*(batch if size is None else size for size in image))
        operands = [opened, Shape(*filters), *list(shapes.values())[2:]]
        first = 5 if "WithBias" in kind else 4
        operands[first : first + 2] = [Shape(*bounds)] * 2
        attrs = {} if kind in MATMULS else {"strides": [1, 2, 2, 1], "padding": b"SAME"}
        ours = apply(RULES, kind, *operands, **attrs).shapes
        assert len(ours) == len(inferred)
        for shape, known in zip(ours, inferred, strict=True):
            if known.rank is None:
                continue
            assert shape is not None
            assert [dim if isinstance(dim, int) else None for dim in shape] == known.as_list()


def infer(
    kind: str, image: tuple[int | None, ...], filters: tuple[int, ...], bounds: tuple[int, ...]
) -> tuple[list[tf.TensorShape], int]:
    """TensorFlow's shapes of the outputs, and the number of inputs."""
    definition = op_def(kind)
    shapes = {"input": image, "filter": filters, "a": image, "b": filters, "min_filter": bounds, "max_filter": bounds}
    shapes |= {"bias": (filters[-1],), "summand": None}
    signed = {"filter", "b"} if "WithBias" in kind else set()
    with tf.Graph().as_default():
        arguments = {}
        for argument in definition.input_arg:
            dtype = argument.type or (tf.qint8 if argument.name in signed else tf.quint8)
            if argument.name in ("bias", "summand", "min_summand", "max_summand"):
                dtype = tf.quint8 if argument.name == "summand" and argument.type_attr else tf.float32
            arguments[argument.name] = tf.compat.v1.placeholder(dtype, shapes.get(argument.name, ()))
        attrs = {} if kind in MATMULS else {"strides": [1, 2, 2, 1], "padding": "SAME"}
        if kind.endswith("AndDequantize"):
            attrs["Toutput"] = tf.float32
        outputs = getattr(tf.raw_ops, kind)(**arguments, **attrs)
    return [output.shape for output in (outputs if isinstance(outputs, tuple) else [outputs])], len(arguments)


@pytest.mark.parametrize(("name", "steps"), [(name, steps) for _, name, steps in FORMS])
def test_each_step_adds_its_work(name: str, steps: tuple[str, ...]) -> None:
    prove_form(RULES, name + "".join(steps), steps)


def test_open_sizes_are_counted_like_known_ones() -> None:
    operands = Shape(1, 8, 8, 3), Shape(3, 3, 3, 4), *[Shape()] * 5
    assert_same_when_bound(RULES, "QuantizedConv2DWithBiasAndReluAndRequantize", *operands, **SAME)


def test_a_list_of_paddings_overrules_the_padding() -> None:
    operands = Shape(1, 9, 9, 3), Shape(3, 3, 3, 4), *[Shape()] * 5
    strides = {"strides": [1, 2, 2, 1], "padding": b"SAME"}
    outcome = apply(RULES, "QuantizedConv2DWithBias", *operands, padding_list=[0, 0, 2, 2, 3, 3, 0, 0], **strides)
    assert outcome.shapes[0] == Shape(1, 6, 7, 4)


def test_hostile_attributes_are_refused() -> None:
    operands = Shape(1, 9, 9, 3), Shape(3, 3, 3, 4), *[Shape()] * 4
    for attrs in ({"strides": [0, 0, 0, 0]}, {"padding_list": [1, 2, 3, 4]}, {"padding": 7}):
        with pytest.raises(RuleError):
            apply(RULES, "QuantizedConv2D", *operands, **{**SAME, **attrs})
