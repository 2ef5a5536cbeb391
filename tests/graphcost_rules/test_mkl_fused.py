from __future__ import annotations

import math
from functools import reduce

import numpy as np
import pytest
from convolutions import Convolution, convolve, filter_gradient, numbers
from counted import floats
from counting import Tally
from onednn_ops import quantized
from onednn_ops import run as onednn
from optional_tensorflow import tf
from quantized_forms import contracted, kernel_inputs, operands
from shape_function import constant, prove_shapes, rule_shapes, tensor
from single_op import apply

from graphcost import Cost, RuleError, Shape, Value
from graphcost_rules.mkl_fused import RULES

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
    tally.gives(ours, onednn("_MklLayerNorm", [x, scale, offset], epsilon=0.001)[0])
    tally.proves("_MklLayerNorm", apply(RULES, "_MklLayerNorm", Shape(3, 5), Shape(5), Shape(5)).cost)


@pytest.mark.parametrize("fused", [[], ["Relu"]])
def test_an_instance_norm_takes_them_over_the_axes_that_are_named(fused):
    tally, scale, offset = Tally(), floats(2, 5), floats(3, 5)
    x, ours = floats(1, 2, 3, 4, 5), np.zeros((2, 3, 4, 5))
    for image, channel in np.ndindex(2, 5):
        elements, weights = (
            x[image, :, :, channel].ravel().tolist(),
            [[float(w[channel])] * 12 for w in (scale, offset)],
        )
        row = normalized(tally, elements, *weights, 1e-4)
        ours[image, :, :, channel].flat = [tally.max(item, 0.0) for item in row] if fused else row
    attrs = {"reduction_axes": [1, 2], "epsilon": 1e-4, **({"fused_ops": fused} if fused else {})}
    tally.gives(ours, onednn("_MklFusedInstanceNorm", [x, scale, offset], **attrs)[0])
    attrs["fused_ops"] = [name.encode() for name in fused]
    outcome = apply(RULES, "_MklFusedInstanceNorm", Shape(2, 3, 4, 5), Shape(5), Shape(5), **attrs)
    tally.proves("_MklFusedInstanceNorm", outcome.cost)


@pytest.mark.parametrize(
    ("kind", "gate"),
    [
        ("_MklSwish", lambda t, x: t.call(lambda v: 1 / (1 + math.exp(-v)), x)),
        ("_MklFusedMish", lambda t, x: t.call(math.tanh, t.call(math.log1p, t.call(math.exp, x)))),
    ],
)
def test_gates_multiply(kind, gate):
    tally, x = Tally(), floats(1, 7)
    tally.gives([tally.mul(v, gate(tally, v)) for v in x.tolist()], onednn(kind, [x])[0])
    tally.proves(kind, apply(RULES, kind, Shape(7)).cost)


PLAIN = Convolution((2, 6, 5, 3), (3, 2, 3, 4), (1, 1), (1, 1), "VALID")
PADDED = Convolution((2, 6, 5, 3), (3, 2, 3, 4), (1, 1), (1, 1), "EXPLICIT", ((1, 2), (0, 1)))
PADDINGS = np.array([[0, 0], [1, 2], [0, 1], [0, 0]], np.int32)
GIVEN = {"strides": [1, 1, 1, 1], "padding": b"VALID"}


def biased(t, output, bias):
    added = [t.add(float(x), float(b)) for x, b in zip(output.ravel(), np.resize(bias, output.size), strict=True)]
    return np.reshape(added, output.shape)


def test_a_bias_is_added_to_each_output():
    image, filters, bias, tally = numbers(PLAIN.image, 1), numbers(PLAIN.filters, 2), floats(3, 4), Tally()
    ours = biased(tally, convolve(tally, PLAIN, image, filters), bias)
    kind = "_MklNativeConv2DWithBias"
    tally.gives(ours, onednn(kind, [image, filters, bias], **CONV)[0])
    tally.proves(kind, apply(RULES, kind, Shape(*image.shape), Shape(*filters.shape), Shape(4), **GIVEN).cost)


def test_the_bias_s_gradient_is_a_sum():
    image, gradient, tally = numbers(PLAIN.image, 1), numbers(PLAIN.output, 2), Tally()
    kind, sizes = "_MklNativeConv2DBackpropFilterWithBias", np.array(PLAIN.filters, np.int32)
    theirs = onednn(kind, [image, sizes, gradient], **CONV)
    tally.gives(filter_gradient(tally, PLAIN, image, gradient), theirs[0])
    tally.gives([tally.sum(channel) for channel in gradient.reshape(-1, 4).T.tolist()], theirs[1])
    outcome = apply(RULES, kind, Shape(*image.shape), list(PLAIN.filters), Shape(*gradient.shape), **GIVEN)
    assert outcome.shapes == (Shape(*PLAIN.filters), Shape(4))
    tally.proves(kind, outcome.cost)


@pytest.mark.parametrize("fused", [None, ["BiasAdd"], ["BiasAdd", "Relu"]])
def test_a_padded_convolution_costs_what_the_loops_count(fused):
    image, filters, tally = numbers(PADDED.image, 1), numbers(PADDED.filters, 2), Tally()
    inputs, kind = [image, filters, PADDINGS], "_MklNativePadWithConv2D"
    ours, lists, more = convolve(tally, PADDED, image, filters), {}, {}
    if fused:
        bias, kind = floats(3, 4), "_MklNativePadWithFusedConv2D"
        ours, lists, more = biased(tally, ours, bias), {"args": 1}, {"fused_ops": fused}
        inputs.insert(2, bias)
    if fused and "Relu" in fused:
        ours = np.vectorize(lambda x: tally.max(x, 0.0), otypes=[float])(ours)
    tally.gives(ours, onednn(kind, inputs, lists, **CONV, **more)[0])
    operands = [
        Value(array.shape, tuple(array.ravel().tolist())) if array is PADDINGS else Shape(*array.shape)
        for array in inputs
    ]
    attrs = {"num_args": 1, "fused_ops": [name.encode() for name in fused]} if fused else {}
    outcome = apply(RULES, kind, *operands, **GIVEN, **attrs)
    assert outcome.shapes == (Shape(*PADDED.output),)
    tally.proves(kind, outcome.cost)


@pytest.mark.tensorflow
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


QUANTIZED = [tensor(2, 8, 8, 3, dtype="quint8"), tensor(3, 3, 3, 5, dtype="qint8"), tensor(5)]
TYPES = {"Tinput": tf.quint8, "Tfilter": tf.qint8, "Tbias": tf.float32, "Tsummand": tf.qint32}
RANGES = {"Thost_outputs": [tf.float32, tf.float32]}


@pytest.mark.tensorflow
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


QUANTIZED_CONV = {**CONV, "Tinput": tf.quint8, "Tfilter": tf.qint8, "is_filter_const": True}


def prove_fused(kind, fused, names, attrs):
    """Fails unless loops that count themselves give the numbers of oneDNN's kernel and the rule's counts."""
    tally, is_product = Tally(), "MatMul" in kind
    tensors = operands(names, is_depthwise="Depthwise" in kind)
    bounds = (0, 255) if is_product or "Relu" in fused else (-128, 127)
    ours = contracted(tally, tensors, fused, bounds)
    dtype = (tf.qint8 if bounds[0] else tf.quint8) if "Requantize" in fused else tf.qint32
    dtype = tf.float32 if "Dequantize" in fused else dtype
    ranges = [f"{end}_{of}" for of in names[:2] for end in ("min", "max")]
    ranges += ["min_freezed_output", "max_freezed_output"] * ("Requantize" in fused)
    own = (
        {"T1": tf.quint8, "T2": tf.qint8, "Tout": dtype, "is_weight_const": True}
        if is_product
        else {**QUANTIZED_CONV, "Tsummand": dtype, "out_type": dtype}
    )
    hosts = [] if dtype == tf.float32 else [tf.float32] * 2
    theirs, *_ = onednn(
        kind,
        kernel_inputs([*names, *ranges], tensors, bounds),
        {"device_inputs": len(names), "host_inputs": len(ranges)},
        fused_ops=fused,
        Tbias=tf.float32,
        Tdevice_outputs=[dtype],
        Thost_outputs=hosts,
        **own,
    )
    tally.gives(ours, theirs)
    shapes = [Shape(*tensor.shape) for tensor in tensors.values()]
    outcome = apply(RULES, kind, *shapes, fused_ops=[name.encode() for name in fused], **attrs)
    assert outcome.shapes[0] == Shape(*ours.shape)
    tally.proves(kind, outcome.cost)


FUNCTIONS = ("Relu", "Relu6", "LeakyRelu", "Elu", "Tanh", "Sigmoid", "GeluExact", "GeluApproximate")


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "fused",
    [
        ["BiasAdd"],
        ["BiasAdd", "Relu"],
        ["BiasAdd", "Dequantize"],
        ["BiasAdd", "Relu", "Requantize"],
        *(["BiasAdd", name, "Dequantize"] for name in FUNCTIONS),
    ],
    ids="".join,
)
def test_products_do_each_fused_step(fused):
    prove_fused("_QuantizedMatMul", fused, ["a", "b", "bias"], {})


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["_FusedQuantizedConv2D", "_FusedQuantizedDepthwiseConv2D"])
@pytest.mark.parametrize(
    "fused",
    [[], ["BiasAdd"], ["Relu"], ["BiasAdd", "Relu"], ["BiasAdd", "Requantize"], ["BiasAdd", "Relu", "Requantize"]],
    ids="".join,
)
def test_convolutions_do_each_fused_step(kind, fused):
    names = ["input", "filter", *["bias"] * ("BiasAdd" in fused)]
    prove_fused(kind, fused, names, GIVEN)


def test_summands_and_factors_add_their_work():
    """The kernels that take them abort in TensorFlow 2.21, or don't know them."""
    attrs = {"fused_ops": [b"BiasAdd", b"Mul", b"Add", b"Dequantize"]}
    cost = apply(RULES, "_QuantizedMatMul", Shape(2, 8), Shape(8, 3), Shape(3), **attrs).cost
    assert cost == Cost(mac=48, add=12, mul=12)


def test_windows_of_volumes_are_compared():
    volume = np.random.default_rng(1).integers(0, 200, (1, 4, 4, 4, 2)).astype(np.uint8)
    tally, ours = Tally(), np.zeros((1, 2, 2, 2, 2))
    for _, z, y, x, channel in np.ndindex(*ours.shape):
        window = volume[0, 2 * z : 2 * z + 2, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2, channel].ravel().tolist()
        ours[0, z, y, x, channel] = reduce(tally.max, window)
    attrs = {"ksize": [1, 2, 2, 2, 1], "strides": [1, 2, 2, 2, 1], "padding": "VALID"}
    ends = [np.array(end, np.float32) for end in (0, 255)]
    tally.gives(ours, onednn("_QuantizedMaxPool3D", [quantized(volume), *ends], **attrs)[0])
    outcome = apply(
        RULES, "_QuantizedMaxPool3D", Shape(*volume.shape), Shape(), Shape(), **{**attrs, "padding": b"VALID"}
    )
    assert outcome.shapes[0] == Shape(*ours.shape)
    tally.proves("_QuantizedMaxPool3D", outcome.cost)


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
