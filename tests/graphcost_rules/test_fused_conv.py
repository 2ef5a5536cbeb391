"""Fused convolutions and matrix products against TensorFlow's kernels and against loops that count themselves."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from activations import ACTIVATIONS, SLOPE
from convolutions import Convolution, convolutions, convolve, numbers
from counting import Tally
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from internal_ops import run
from kernel_oracle import Call, call, prove
from open_sizes import assert_same_when_bound
from optional_tensorflow import tf
from single_op import apply

from graphcost import Cost, Fact, RuleError, Shape, Value
from graphcost_rules.fused_conv import RULES
from graphcost_rules.matmul import RULES as MATMUL

EPSILON = 1e-4
SAME_3X3: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": b"SAME"}


CONVOLVED = [None, "Relu", "Relu6", "Elu", "LeakyRelu"]
"""What TensorFlow's fused convolutions can end with on the CPU, depthwise ones but the last; the fused matrix product
knows the others."""

some = settings(max_examples=5, derandomize=True, deadline=None, database=None)


def biased(tally: Tally, x: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return each(x, lambda value, channel: tally.add(value, bias[channel]))


def normalized(tally: Tally, x: np.ndarray, *statistics: np.ndarray) -> np.ndarray:
    scale, offset, mean, variance = statistics
    factors, terms = [], []
    for channel in range(x.shape[-1]):
        factors.append(tally.mul(scale[channel], tally.rsqrt(tally.add(variance[channel], EPSILON))))
        terms.append(tally.sub(offset[channel], tally.mul(mean[channel], factors[-1])))
    return each(x, lambda value, channel: tally.add(tally.mul(value, factors[channel]), terms[channel]))


def each(x: np.ndarray, function: Callable[[float, int], float]) -> np.ndarray:
    result = np.empty(x.shape)
    for place in np.ndindex(x.shape):
        result[place] = function(float(x[place]), place[-1])
    return result


def activated(tally: Tally, x: np.ndarray, name: str) -> np.ndarray:
    return each(x, lambda value, _: ACTIVATIONS[name](tally, value))


FLAT = convolutions(paddings=("SAME", "VALID"), groups=False)
DEPTHWISE = convolutions(paddings=("SAME", "VALID"), depthwise=True, equal_strides=True)
CUBES = convolutions(spatial=3, paddings=("SAME", "VALID"), groups=False, dilated=False)
# TensorFlow's kernels read the wrong columns where there is one channel and a stride over columns.
FLAT, CUBES = (convs.filter(lambda conv: conv.image[-1] > 1 or conv.strides[-1] == 1) for convs in (FLAT, CUBES))
FUSED = {
    "_FusedConv2D": FLAT,
    "_MklNativeFusedConv2D": FLAT,
    "_FusedConv3D": CUBES,
    "_MklNativeFusedConv3D": CUBES,
    "_FusedDepthwiseConv2dNative": DEPTHWISE,
    "_MklNativeFusedDepthwiseConv2dNative": DEPTHWISE,
    "FusedDepthwiseConv2dNative": DEPTHWISE,
}


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "activation"),
    [pair for pair in product(FUSED, CONVOLVED) if "Depthwise" not in pair[0] or pair[1] != "LeakyRelu"],
)
def test_bias_and_activation_cost_what_the_loops_count(kind: str, activation: str | None) -> None:
    fused = ["BiasAdd"] + ([activation] if activation else [])

    @some
    @given(FUSED[kind])
    def check(conv: Convolution) -> None:
        tally, bias = Tally(), numbers(conv.filters[-1:], 3)
        counted = biased(tally, convolved(tally, conv), bias)
        counted = activated(tally, counted, activation) if activation else counted
        check_fused(kind, conv, fused, [bias], counted, tally)

    check()


@pytest.mark.tensorflow
@pytest.mark.parametrize("activation", CONVOLVED)
def test_batch_norm_costs_what_the_loops_count(activation: str | None) -> None:
    fused = ["FusedBatchNorm"] + ([activation] if activation else [])

    @some
    @given(FLAT)
    def check(conv: Convolution) -> None:
        tally, channels = Tally(), conv.filters[-1:]
        scale, offset, mean = (numbers(channels, seed) for seed in (3, 4, 5))
        variance = np.abs(numbers(channels, 6)) + np.float32(0.5)
        arguments = [scale, offset, mean, variance]
        counted = normalized(tally, convolved(tally, conv), *arguments)
        counted = activated(tally, counted, activation) if activation else counted
        check_fused("_FusedConv2D", conv, fused, arguments, counted, tally)

    check()


def convolved(tally: Tally, conv: Convolution) -> np.ndarray:
    return convolve(tally, conv, numbers(conv.image, 1), numbers(conv.filters, 2))


def check_fused(
    kind: str, conv: Convolution, fused: list[str], arguments: list[np.ndarray], counted: np.ndarray, tally: Tally
) -> None:
    filter_shape = conv.depthwise_filters if "Depthwise" in kind else conv.filters
    inputs = [numbers(conv.image, 1), numbers(conv.filters, 2).reshape(filter_shape), *arguments]
    # The operation without an underscore is one of TensorFlow Lite's converter; TensorFlow only has the other's kernel.
    has_kernel = kind != "FusedDepthwiseConv2dNative"
    ran = kind if has_kernel else f"_{kind}"
    kernel = run(ran, inputs, fused_ops=fused, **attributes(ran, len(arguments)), **conv.attrs())
    (tally.gives if has_kernel else tally.agrees)(counted, kernel, tolerance=1e-3)
    attrs = {**conv.attrs(), "padding": conv.padding.encode(), "fused_ops": [name.encode() for name in fused]}
    operands = Shape(*conv.image), Shape(*filter_shape), *(Shape(*array.shape) for array in arguments)
    outcome = apply(RULES, kind, *operands, **attrs)
    assert outcome.shapes == (Shape(*kernel.shape),)
    tally.proves(kind, outcome.cost)
    assert_same_when_bound(RULES, kind, *operands, **attrs)


def attributes(kind: str, arguments: int) -> dict[str, Any]:
    given: dict[str, Any] = {"num_args": arguments, "leakyrelu_alpha": SLOPE}
    if "Conv2D" in kind:
        given |= {"TArgs": [tf.float32] * arguments, "epsilon": EPSILON}
    return given | ({"_kernel": "MklNameChangeOp"} if "Mkl" in kind else {})


@pytest.mark.parametrize("kind", ["_FusedMatMul", "_MklNativeFusedMatMul"])
@pytest.mark.parametrize("activation", [None, *ACTIVATIONS])
def test_fused_matmul_costs_what_the_loops_count(kind: str, activation: str | None) -> None:
    fused = ["BiasAdd"] + ([activation] if activation else [])
    a, b, bias = numbers((3, 4), 1), numbers((4, 2), 2), numbers((2,), 3)
    tally = Tally()
    counted = biased(tally, multiplied(tally, a, b), bias)
    counted = activated(tally, counted, activation) if activation else counted
    tally.gives(counted, run(kind, [a, b, bias], fused_ops=fused, **attributes(kind, 1)), tolerance=1e-3)
    names = [name.encode() for name in fused]
    tally.proves(kind, apply(MATMUL, kind, Shape(3, 4), Shape(4, 2), Shape(2), fused_ops=names).cost)


def multiplied(tally: Tally, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    result = np.zeros((len(a), b.shape[1]))
    for row, column, k in product(*map(range, (len(a), b.shape[1], len(b)))):
        result[row, column] = tally.mac(result[row, column], a[row, k], b[k, column])
    return result


def test_fused_batch_matmul_scales_and_adds() -> None:
    x, y, summand = numbers((1, 5, 3, 4), 1), numbers((1, 5, 4, 2), 2), numbers((1, 5, 3, 2), 3)
    scale, tally = np.float32(0.5), Tally()
    products = np.stack([multiplied(tally, *pair) for pair in zip(x[0], y[0], strict=True)])[np.newaxis]
    counted = np.zeros(products.shape)
    for place in np.ndindex(counted.shape):
        counted[place] = tally.add(tally.mul(products[place], scale), summand[place])
    fused = ["Mul", "Add"]
    tally.gives(counted, run("_MklFusedBatchMatMulV2", [x, y, scale, summand], num_args=2, fused_ops=fused))
    operands = Shape(*x.shape), Shape(*y.shape), Shape(), Shape(*summand.shape)
    for kind in ("_FusedBatchMatMulV2", "_MklFusedBatchMatMulV2"):
        outcome = apply(MATMUL, kind, *operands, fused_ops=[name.encode() for name in fused])
        assert outcome.shapes == (Shape(1, 5, 3, 2),)
        tally.proves(kind, outcome.cost)


def test_channels_first_batch_norm_counts_channels() -> None:
    operands = Shape(2, 3, 8, 8), Shape(3, 3, 3, 5), *[Shape(5)] * 4
    outcome = apply(RULES, "_FusedConv2D", *operands, data_format=b"NCHW", fused_ops=[b"FusedBatchNorm"], **SAME_3X3)
    elements = 2 * 5 * 8 * 8
    assert outcome.cost == Cost(mac=elements * 27, mul=elements + 2 * 5, add=elements + 2 * 5, sqrt=5)


def test_filters_may_have_their_outputs_first() -> None:
    operands = Shape(1, 8, 8, 2), Shape(5, 2, 3, 4), Shape(5)
    outcome = apply(RULES, "_FusedConv2D", *operands, filter_format=b"OIHW", **SAME_3X3)
    assert outcome.shapes == (Shape(1, 8, 8, 5),)
    assert outcome.cost == Cost(mac=8 * 8 * 5 * 2 * 3 * 4)


@pytest.mark.parametrize("mode", ["Relu", "None"])
@pytest.mark.parametrize("has_side", [False, True])
def test_bias_activation_scales_and_adds(has_side: bool, mode: str) -> None:
    """activation(convolution * a + side * b + bias), element by element."""
    conv = Convolution((1, 4, 5, 2), (3, 3, 2, 5), (1, 1), (1, 1), "SAME")
    side = numbers(conv.output if has_side else (0,), 3)
    bias, tally = numbers((5,), 4), Tally()

    def element(place: tuple[int, ...]) -> float:
        total = tally.mul(convolution[place], 0.5)
        total = tally.add(total, tally.mul(side[place], 2.0)) if has_side else total
        total = tally.add(total, bias[place[-1]])
        return tally.max(total, 0.0) if mode == "Relu" else total

    convolution = convolved(tally, conv)
    counted = np.array([element(place) for place in np.ndindex(conv.output)]).reshape(conv.output)
    plain = tf.nn.conv2d(numbers(conv.image, 1), numbers(conv.filters, 2), 1, "SAME") * 0.5 + bias
    sums = plain + side * 2.0 if has_side else plain
    tally.agrees(counted, tf.nn.relu(sums) if mode == "Relu" else sums)
    operands = [Shape(*shape) for shape in (conv.image, conv.filters, bias.shape, side.shape, (), ())]
    outcome = apply(RULES, "FusedConv2DBiasActivation", *operands, activation_mode=mode.encode(), **SAME_3X3)
    assert outcome.shapes == (Shape(*conv.output),)
    tally.proves("FusedConv2DBiasActivation", outcome.cost)


@st.composite
def padded_convolutions(draw: st.DrawFn, *, resized: bool) -> Call:
    conv = draw(convolutions(paddings=("SAME", "VALID"), groups=False, dilated=False, equal_strides=True))
    # TensorFlow's kernel shifts windows that have gaps between them.
    assume(conv.padding == "VALID" or max(conv.strides) <= min(conv.extents))
    pads = [draw(st.integers(0, 1)) for _ in range(4)]
    paddings = [[0, 0], pads[:2], pads[2:], [0, 0]]
    attrs = {**conv.attrs(), "mode": "SYMMETRIC"}
    del attrs["dilations"]
    # Of a batch, TensorFlow's kernel answers with the first image's result for each.
    image, filters = numbers((1, *conv.image[1:]), 1), numbers(conv.filters, 2)
    if not resized:
        return call("FusedPadConv2D", image, paddings, filters, **attrs)
    size = [draw(st.integers(extent, extent + 3)) for extent in conv.extents]
    return call("FusedResizeAndPadConv2D", image, size, paddings, filters, **attrs)


@pytest.mark.tensorflow
@pytest.mark.parametrize("resized", [False, True])
def test_padded_shapes_are_tensorflows(resized: bool) -> None:
    prove(RULES, padded_convolutions(resized=resized), has_value=False, examples=25)


@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(st.booleans().flatmap(lambda resized: padded_convolutions(resized=resized)))
def test_padded_convolutions_cost_what_the_loops_count(drawn: Call) -> None:
    image, *others, filters = (given.array for given in drawn.inputs)
    tally = Tally()
    resized = image if len(others) == 1 else resize(tally, image, *others[0])
    padded = np.pad(resized, others[-1].tolist(), mode="symmetric")
    conv = Convolution(padded.shape, filters.shape, tuple(drawn.attrs["strides"][1:3]), (1, 1), drawn.attrs["padding"])
    counted = convolve(tally, conv, padded, filters)
    names = ("input", "size", "paddings", "filter") if len(others) > 1 else ("input", "paddings", "filter")
    arrays = [given.array for given in drawn.inputs]
    kernel = getattr(tf.raw_ops, drawn.kind)(**dict(zip(names, arrays, strict=True)), **drawn.attrs)
    tally.gives(counted, kernel)
    operands = [Shape(*image.shape), *(value_of(array) for array in others), Shape(*filters.shape)]
    attrs = {**drawn.attrs, "padding": drawn.attrs["padding"].encode(), "mode": b"SYMMETRIC"}
    tally.proves(drawn.kind, apply(RULES, drawn.kind, *operands, **attrs).cost)
    assert_same_when_bound(RULES, drawn.kind, *operands, **attrs)


def value_of(array: np.ndarray) -> Any:
    return Value(array.shape, tuple(array.ravel().tolist()))


def resize(tally: Tally, image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear, corners not aligned."""
    batch, old_height, old_width, channels = image.shape
    result = np.empty((batch, height, width, channels))
    for place in np.ndindex(result.shape):
        b, y, x, c = place
        top, down = divmod(y * old_height / height, 1)
        left, across = divmod(x * old_width / width, 1)
        rows = [int(top), min(int(top) + 1, old_height - 1)]
        columns = [int(left), min(int(left) + 1, old_width - 1)]
        ends = [mixed(tally, image[b, row, columns[0], c], image[b, row, columns[1], c], across) for row in rows]
        result[place] = mixed(tally, *ends, down)
    return result


def mixed(tally: Tally, a: float, b: float, fraction: float) -> float:
    return tally.add(a, tally.mul(tally.sub(b, a), fraction))


def test_unknown_paddings_leave_the_channels() -> None:
    operands = Shape(2, 8, 8, 3), Fact("int32", Shape(4, 2)), Shape(3, 3, 3, 5)
    (shape,) = apply(RULES, "FusedPadConv2D", *operands, mode=b"REFLECT", **SAME_3X3).shapes
    assert shape is not None
    assert (shape[0], shape[3], shape.rank) == (2, 5, 4)


@pytest.mark.parametrize(
    "attrs",
    [
        {"fused_ops": [b"BiasAdd", b"Nonsense"]},
        {"fused_ops": [b"\xff"]},
        {"fused_ops": [1]},
        {"fused_ops": b"Relu"},
        {"filter_format": b"OIHW_VECT_I"},
        {"data_format": b"NCHW_VECT_C"},
        {"strides": [1, 0, 0, 1]},
    ],
)
def test_hostile_attributes_are_refused(attrs: dict[str, Any]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "_FusedConv2D", Shape(1, 8, 8, 3), Shape(3, 3, 3, 4), Shape(4), **{**SAME_3X3, **attrs})


@pytest.mark.parametrize("paddings", [[[1, 0], [0, 0], [0, 0], [0, 0]], [[0, 0], [0, 0], [0, 0], [0, 2]]])
def test_only_spatial_axes_are_padded(paddings: list[list[int]]) -> None:
    with pytest.raises(RuleError):
        apply(
            RULES,
            "FusedPadConv2D",
            Shape(1, 8, 8, 3),
            value_of(np.array(paddings)),
            Shape(3, 3, 3, 4),
            mode=b"REFLECT",
            **SAME_3X3,
        )
