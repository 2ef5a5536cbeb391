from __future__ import annotations

import math

import numpy as np
import pytest
from counted import floats
from counting import Tally
from data_dependent import merge_sorted
from optional_tensorflow import need_tensorflow, tensorflow_module, tf
from shape_function import constant, prove_shapes, tensor
from single_op import apply

from graphcost import Cost, RuleError, Shape, Value
from graphcost.dims import symbol
from graphcost_rules.conv_backprop import RULES as CONV_BACKPROP
from graphcost_rules.xla import RULES

gen_xla_ops = tensorflow_module("tensorflow.compiler.tf2xla.ops.gen_xla_ops")
xla_data_pb2 = tensorflow_module("tensorflow.compiler.xla.xla_data_pb2")


BATCHED = xla_data_pb2.DotDimensionNumbers(
    lhs_contracting_dimensions=[1],
    rhs_contracting_dimensions=[2],
    lhs_batch_dimensions=[0],
    rhs_batch_dimensions=[0],
).SerializeToString()
CHANNELS_LAST = xla_data_pb2.ConvolutionDimensionNumbers(
    input_batch_dimension=0,
    input_feature_dimension=3,
    input_spatial_dimensions=[1, 2],
    kernel_input_feature_dimension=2,
    kernel_output_feature_dimension=3,
    kernel_spatial_dimensions=[0, 1],
    output_batch_dimension=0,
    output_feature_dimension=3,
    output_spatial_dimensions=[1, 2],
).SerializeToString()
DOT = {"dimension_numbers": BATCHED, "precision_config": ""}
CONV = {"dimension_numbers": CHANNELS_LAST, "precision_config": ""}
PADDING = Value((2, 2), (1, 1, 0, 1))


def wrapper(kind):
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind)
    return getattr(gen_xla_ops, words.lstrip("_"))


def compiled(kind, tensors, constants=None, **attrs):
    """What the kernel computes, which is one for compiled graphs alone."""

    @tf.function(jit_compile=True)
    def run(given):
        return wrapper(kind)(**given, **(constants or {}), **attrs)

    return run(tensors)


@pytest.mark.tensorflow
@pytest.mark.parametrize("version", ["", "V2"])
def test_a_product_multiplies_along_what_is_contracted(version):
    a, b = floats(1, 2, 4, 3), floats(2, 2, 5, 4)
    tally, out = Tally(), np.zeros((2, 3, 5))
    for batch, i, j in np.ndindex(2, 3, 5):
        for k in range(4):
            out[batch, i, j] = tally.mac(out[batch, i, j], float(a[batch, k, i]), float(b[batch, j, k]))
    kind = f"XlaDot{version}"
    more = {"preferred_element_type": tf.float32} if version else {}
    tally.gives(out, compiled(kind, {"lhs": a, "rhs": b}, **DOT, **more))
    outcome = apply(RULES, kind, Shape(2, 4, 3), Shape(2, 5, 4), **DOT)
    assert outcome.shapes == (Shape(2, 3, 5),)
    tally.proves(kind, outcome.cost)


@pytest.mark.tensorflow
@pytest.mark.parametrize("version", ["", "V2"])
def test_a_convolution_has_windows_in_a_dilated_and_padded_image(version):
    image, kernel = floats(1, 1, 5, 4, 2), floats(2, 2, 3, 2, 3)
    stride, spread, dilation = (2, 1), (2, 1), (1, 1)
    dilated = np.zeros((1, 9, 4, 2), np.float32)
    dilated[:, ::2] = image
    padded = np.pad(dilated, ((0, 0), (1, 1), (0, 1), (0, 0)))
    rows, columns = range(0, padded.shape[1] - 1, 2), range(padded.shape[2] - 2)
    tally, out = Tally(), np.zeros((1, len(rows), len(columns), 3))
    for (y, top), (x, left), channel in (
        (row, column, c) for row in enumerate(rows) for column in enumerate(columns) for c in range(3)
    ):
        for i, j, k in np.ndindex(2, 3, 2):
            value = float(padded[0, top + i, left + j, k])
            out[0, y, x, channel] = tally.mac(out[0, y, x, channel], value, float(kernel[i, j, k, channel]))
    operands = (Shape(1, 5, 4, 2), Shape(2, 3, 2, 3), list(stride), PADDING, list(spread), list(dilation), 1)
    kind = f"XlaConv{version}"
    constants = {
        "window_strides": list(stride),
        "padding": [[1, 1], [0, 1]],
        "lhs_dilation": list(spread),
        "rhs_dilation": list(dilation),
        "feature_group_count": 1,
    }
    more = {"preferred_element_type": tf.float32, "batch_group_count": 1} if version else {}
    tally.gives(out, compiled(kind, {"lhs": image, "rhs": kernel}, constants, **CONV, **more))
    outcome = apply(RULES, kind, *operands, **CONV)
    assert outcome.shapes == (Shape(*out.shape),)
    tally.proves(kind, outcome.cost)


@pytest.mark.tensorflow
def test_an_open_batch_stays_open():
    n = symbol("N")
    operands = (Shape(n, 8, 8, 2), Shape(3, 3, 2, 4), [1, 1], Value((2, 2), (1, 1, 1, 1)), [1, 1], [1, 1], 1)
    outcome = apply(RULES, "XlaConv", *operands, **CONV)
    assert outcome.shapes == (Shape(n, 8, 8, 4),)
    assert outcome.cost == Cost(mac=n * 64 * 4 * 18)


def test_lines_are_merge_sorted():
    keys, values, tally = floats(1, 3, 5), floats(2, 3, 5), Tally()
    lines = [[*zip(*line, strict=True)] for line in zip(keys.tolist(), values.tolist(), strict=True)]
    pairs = np.array([merge_sorted(tally, line) for line in lines])
    tally.gives(pairs[..., 0], compiled("XlaSort", {"input": keys}))
    tally.proves("XlaSort", apply(RULES, "XlaSort", Shape(3, 5)).cost)
    theirs = compiled("XlaKeyValueSort", {"keys": keys, "values": values})
    tally.gives(pairs[..., 0], theirs[0])
    tally.gives(pairs[..., 1], theirs[1])
    tally.proves("XlaKeyValueSort", apply(RULES, "XlaKeyValueSort", Shape(3, 5), Shape(3, 5)).cost)


def test_a_reduced_precision_rounds_each_number():
    x, tally, ours = floats(1, 7), Tally(), []
    for value in x.tolist():
        mantissa, exponent = math.frexp(value)
        tally.counts["compare"] += 1
        ours.append(math.ldexp(round(mantissa * 2**5), exponent - 5))
    attrs = {"exponent_bits": 8, "mantissa_bits": 4}
    tally.gives(ours, compiled("XlaReducePrecision", {"operand": x}, **attrs), tolerance=1e-6)
    tally.proves("XlaReducePrecision", apply(RULES, "XlaReducePrecision", Shape(7), **attrs).cost)


def test_decompositions_are_thin():
    assert apply(RULES, "XlaSvd", Shape(2, 5, 3)).shapes == (Shape(2, 3), Shape(2, 5, 3), Shape(2, 3, 3))
    assert apply(RULES, "XlaSelfAdjointEig", Shape(2, 4, 4)).shapes == (Shape(2, 4), Shape(2, 4, 4))


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs", "attrs"),
    [
        ("XlaDot", [tensor(2, 4, 3), tensor(2, 5, 4)], DOT),
        (
            "XlaConv",
            [
                tensor(1, 5, 4, 2),
                tensor(2, 3, 2, 3),
                constant([2, 1]),
                constant([[1, 1], [0, 1]]),
                constant([2, 1]),
                constant([1, 1]),
                constant(1),
            ],
            CONV,
        ),
        ("XlaSort", [tensor(3, 5)], {}),
        ("XlaKeyValueSort", [tensor(3, 5), tensor(3, 5)], {}),
        ("XlaReducePrecision", [tensor(3, 5)], {"exponent_bits": 5, "mantissa_bits": 10}),
        ("XlaSvd", [tensor(3, 5)], {"max_iter": 10, "epsilon": 0.1, "precision_config": ""}),
        ("XlaSelfAdjointEig", [tensor(5, 5)], {"max_iter": 10, "epsilon": 0.1, "lower": True}),
    ],
)
def test_partly_known_shapes_know_what_tensorflow_knows(kind, inputs, attrs):
    prove_shapes(RULES, kind, inputs, **attrs)


OPERANDS = (Shape(1, 5, 4, 2), Shape(2, 3, 2, 3))


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("XlaDot", (Shape(2, 4, 3), Shape(2, 5, 3)), DOT),
        ("XlaDot", (Shape(2, 4), Shape(2, 4)), DOT),
        ("XlaDot", (Shape(2), Shape(2)), {"dimension_numbers": b"\xff" * 30}),
        ("XlaDot", (Shape(2), Shape(2)), {"dimension_numbers": b"\n\x7f\x01"}),
        ("XlaDot", (Shape(2), Shape(2)), {"dimension_numbers": b"\r123"}),
        ("XlaDot", (Shape(2), Shape(2)), {"dimension_numbers": 3}),
        ("XlaDot", (Shape(2), Shape(2)), {"dimension_numbers": b"\n\x02\x00\x00"}),
        ("XlaConv", (*OPERANDS, [0, 1], PADDING, [1, 1], [1, 1], 1), CONV),
        ("XlaConv", (*OPERANDS, [1, 1, 1], PADDING, [1, 1], [1, 1], 1), CONV),
        ("XlaConv", (*OPERANDS, [1, 1], PADDING, [1, 1], [9, 1], 1), CONV),
        ("XlaConv", (*OPERANDS, [1, 1], PADDING, [1, 1], [1, 1], 1), {"dimension_numbers": b""}),
        ("XlaSelfAdjointEig", (Shape(4, 5),), {}),
    ],
)
def test_hostile_nodes_are_refused(kind, operands, attrs):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **attrs)


@pytest.mark.parametrize(("size", "stride", "window"), [(4, 2, 3), (5, 3, 3), (3, 2, 1), (6, 4, 5)])
def test_a_transposed_convolution_multiplies_no_inserted_zeros(size, stride, window):
    """It costs what TensorFlow's operation for the same costs, which steps over the image instead of dilating it."""
    need_tensorflow()  # it makes the message of the axes
    image, kernel, full = Shape(2, size, 7, 4), Shape(window, 3, 4, 6), (size - 1) * stride + window
    margins = (window - 1, window - 1, 1, 1)
    dilated = apply(RULES, "XlaConv", image, kernel, [1, 1], Value((2, 2), margins), [stride, 1], [1, 1], 1, **CONV)
    strided = apply(
        CONV_BACKPROP,
        "Conv2DBackpropInput",
        [2, full, 7, 6],
        Shape(window, 3, 6, 4),
        image,
        strides=[1, stride, 1, 1],
        padding=b"EXPLICIT",
        explicit_paddings=[0, 0, 0, 0, 1, 1, 0, 0],
    )
    assert dilated.shapes == strided.shapes == (Shape(2, full, 7, 6),)
    assert dilated.cost == strided.cost
