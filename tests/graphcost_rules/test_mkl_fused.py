from __future__ import annotations

import math

import pytest

pytest.importorskip("tensorflow")

import numpy as np
import tensorflow as tf
from counted import floats
from counting import Tally
from shape_function import constant, prove_shapes, rule_shapes, tensor
from single_op import apply

from graphcost import Cost, RuleError, Shape, Value
from graphcost_rules.mkl_fused import RULES

pytestmark = pytest.mark.tensorflow

IMAGE, FILTERS, BYTES, SCALAR = tensor(2, 8, 8, 3), tensor(3, 3, 3, 5), tensor(8, dtype="uint8"), tensor()
CONV = {"strides": [1, 1, 1, 1], "padding": "VALID"}
ONE_ROUND = constant([[0, 0], [1, 1], [1, 1], [0, 0]])


def normalized(t, row, scale, offset, epsilon):
    mean = t.div(t.sum(row), len(row))
    centred = [t.sub(x, mean) for x in row]
    variance = t.div(t.sum([t.mul(x, x) for x in centred]), len(row))
    inverse = t.rsqrt(t.add(variance, epsilon))
    triples = zip(centred, scale, offset, strict=True)
    return [t.add(t.mul(t.mul(x, inverse), g), b) for x, g, b in triples]


def test_a_layer_norm_takes_mean_and_variance_of_each_row():
    x, scale, offset = floats(1, 3, 5), floats(2, 5), floats(3, 5)
    tally = Tally()
    ours = [normalized(tally, row, scale.tolist(), offset.tolist(), 0.001) for row in x.tolist()]
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    np.testing.assert_allclose(ours, (x - mean) / np.sqrt(variance + 0.001) * scale + offset, rtol=1e-4, atol=1e-5)
    assert apply(RULES, "_MklLayerNorm", Shape(3, 5), Shape(5), Shape(5)).cost == tally.cost


def test_an_instance_norm_takes_them_over_the_axes_that_are_named():
    tally = Tally()
    x = floats(1, 2, 3, 4, 5)
    for image in np.moveaxis(x, -1, 1).reshape(10, 12).tolist():
        row = normalized(tally, image, [1.0] * 12, [0.0] * 12, 1e-4)
        assert np.mean(row) == pytest.approx(0, abs=1e-5)
    operands = (Shape(2, 3, 4, 5), Shape(5), Shape(5))
    plain = apply(RULES, "_MklFusedInstanceNorm", *operands, reduction_axes=[1, 2]).cost
    assert plain == tally.cost
    fused = apply(RULES, "_MklFusedInstanceNorm", *operands, reduction_axes=[1, 2], fused_ops=[b"Relu"]).cost
    assert fused == plain + Cost(compare=120)


@pytest.mark.parametrize(
    ("kind", "gate", "reference"),
    [
        ("_MklSwish", lambda t, x: t.call(lambda v: 1 / (1 + math.exp(-v)), x), tf.nn.swish),
        (
            "_MklFusedMish",
            lambda t, x: t.call(math.tanh, t.call(math.log1p, t.call(math.exp, x))),
            lambda x: x * tf.tanh(tf.nn.softplus(x)),
        ),
    ],
)
def test_gates_multiply(kind, gate, reference):
    tally, x = Tally(), floats(1, 7)
    np.testing.assert_allclose([tally.mul(v, gate(tally, v)) for v in x.tolist()], reference(x), rtol=1e-4)
    assert apply(RULES, kind, Shape(7)).cost == tally.cost


def test_a_bias_is_added_to_each_output():
    attrs = {"strides": [1, 1, 1, 1], "padding": b"VALID"}
    outcome = apply(RULES, "_MklNativeConv2DWithBias", Shape(2, 8, 8, 3), Shape(3, 3, 3, 5), Shape(5), **attrs)
    outputs = 2 * 6 * 6 * 5
    assert outcome.cost == Cost(mac=outputs * 27, add=outputs)


def test_the_bias_s_gradient_is_a_sum():
    gradient = floats(1, 2, 6, 6, 5)
    tally = Tally()
    sums = [tally.sum(channel) for channel in gradient.reshape(-1, 5).T.tolist()]
    np.testing.assert_allclose(sums, tf.raw_ops.BiasAddGrad(out_backprop=gradient), rtol=1e-4)
    attrs = {"strides": [1, 1, 1, 1], "padding": b"VALID"}
    operands = (Shape(2, 8, 8, 3), [3, 3, 3, 5], Shape(2, 6, 6, 5))
    outcome = apply(RULES, "_MklNativeConv2DBackpropFilterWithBias", *operands, **attrs)
    assert outcome.shapes == (Shape(3, 3, 3, 5), Shape(5))
    assert outcome.cost == tally.cost + Cost(mac=gradient.size * 27)


def test_padding_comes_before_the_convolution():
    """TensorFlow's shape function leaves the padding out; the kernel doesn't."""
    known = rule_shapes(RULES, "_MklNativePadWithConv2D", [IMAGE, FILTERS, ONE_ROUND], **CONV)
    padded = tf.pad(tf.zeros([2, 8, 8, 3]), ONE_ROUND.value)
    assert known == [Shape(*tf.nn.conv2d(padded, tf.zeros([3, 3, 3, 5]), 1, "VALID").shape)]
    (open_padding,) = rule_shapes(
        RULES, "_MklNativePadWithConv2D", [IMAGE, FILTERS, tensor(4, 2, dtype="int32")], **CONV
    )
    assert open_padding is not None
    assert (open_padding[0], open_padding[3]) == (2, 5)
    attrs = {"strides": [1, 1, 1, 1], "padding": b"VALID", "num_args": 1, "fused_ops": [b"BiasAdd"]}
    operands = (Shape(2, 8, 8, 3), Shape(3, 3, 3, 5), Shape(5))
    paddings = Value((4, 2), (0, 0, 1, 1, 1, 1, 0, 0))
    outcome = apply(RULES, "_MklNativePadWithFusedConv2D", *operands, paddings, **attrs)
    assert outcome.shapes == (Shape(2, 8, 8, 5),)
    assert outcome.cost == Cost(mac=640 * 27, add=640)


QUANTIZED = [tensor(2, 8, 8, 3, dtype="quint8"), tensor(3, 3, 3, 5, dtype="qint8"), tensor(5)]
TYPES = {"Tinput": tf.quint8, "Tfilter": tf.qint8, "Tbias": tf.float32, "Tsummand": tf.qint32}
RANGES = {"Thost_outputs": [tf.float32, tf.float32]}


@pytest.mark.parametrize(
    ("kind", "inputs", "lists", "attrs"),
    [
        ("_MklConv2DWithBias", [IMAGE, FILTERS, tensor(5), *[BYTES] * 3], {}, CONV),
        ("_MklNativeConv2DWithBias", [IMAGE, FILTERS, tensor(5)], {}, CONV),
        ("__MklDummyConv2DWithBias", [IMAGE, FILTERS, tensor(5)], {}, CONV),
        ("_MklLayerNorm", [tensor(2, 8), tensor(8), tensor(8)], {}, {}),
        ("_MklFusedInstanceNorm", [IMAGE, tensor(3), tensor(3)], {}, {"reduction_axes": [1, 2]}),
        ("_MklSwish", [IMAGE], {}, {}),
        ("_MklFusedMish", [IMAGE], {}, {}),
        (
            "_FusedQuantizedConv2D",
            [*QUANTIZED, *[SCALAR] * 6],
            {"device_inputs": 3, "host_inputs": 6},
            {
                **CONV,
                **TYPES,
                **RANGES,
                "fused_ops": ["BiasAdd", "Requantize"],
                "out_type": tf.qint8,
                "Tdevice_outputs": [tf.qint8],
            },
        ),
        (
            "_FusedQuantizedConv2D",
            [*QUANTIZED, *[SCALAR] * 4],
            {"device_inputs": 3, "host_inputs": 4},
            {
                **CONV,
                **TYPES,
                **RANGES,
                "fused_ops": ["BiasAdd"],
                "out_type": tf.qint32,
                "Tdevice_outputs": [tf.qint32],
            },
        ),
        (
            "_QuantizedMatMul",
            [tensor(2, 8, dtype="quint8"), tensor(8, 3, dtype="qint8"), tensor(3), *[SCALAR] * 4],
            {"device_inputs": 3, "host_inputs": 4},
            {
                "fused_ops": ["BiasAdd", "Dequantize"],
                "Tdevice_outputs": [tf.float32],
                "T1": tf.quint8,
                "T2": tf.qint8,
                "Thost_outputs": [],
            },
        ),
        (
            "_QuantizedMaxPool3D",
            [tensor(2, 8, 8, 8, 3, dtype="quint8"), SCALAR, SCALAR],
            {},
            {"ksize": [1, 2, 2, 2, 1], "strides": [1, 2, 2, 2, 1], "padding": "VALID"},
        ),
    ],
)
def test_partly_known_shapes_know_what_tensorflow_knows(kind, inputs, lists, attrs):
    prove_shapes(RULES, kind, inputs, lists, **attrs)


def test_fused_quantized_steps_are_counted():
    attrs = {"fused_ops": [b"BiasAdd", b"Dequantize"]}
    cost = apply(RULES, "_QuantizedMatMul", Shape(2, 8), Shape(8, 3), Shape(3), **attrs).cost
    assert cost == Cost(mac=48, add=6, mul=6)


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("_MklFusedInstanceNorm", (Shape(2, 3),), {"reduction_axes": [2]}),
        ("_QuantizedMatMul", (Shape(2, 8), Shape(8, 3)), {"fused_ops": [b"Sort"]}),
        ("_QuantizedMatMul", (Shape(2, 8), Shape(8, 3)), {"fused_ops": [3]}),
        ("_MklNativePadWithConv2D", (Shape(2, 8, 8, 3), Shape(3, 3, 3, 5), Shape(2, 2)), {}),
        ("_MklNativePadWithFusedConv2D", (Shape(2, 8, 8, 3), Shape(3, 3, 3, 5)), {"num_args": 7}),
    ],
)
def test_hostile_nodes_are_refused(kind, operands, attrs):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **{"strides": [1, 1, 1, 1], "padding": b"VALID", **attrs})
