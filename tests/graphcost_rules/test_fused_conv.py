"""Fused convolutions and matrix products against TensorFlow's kernels and against loops that count themselves."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from single_op import apply

from graphcost import Cost, Fact, RuleError, Shape, Value
from graphcost_rules.fused_conv import RULES
from graphcost_rules.matmul import RULES as MATMUL

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.tensorflow

from convolutions import Convolution, convolutions, convolve, numbers  # noqa: E402
from counting import Tally  # noqa: E402
from internal_ops import run  # noqa: E402
from kernel_oracle import Call, call, prove  # noqa: E402
from open_sizes import assert_same_when_bound  # noqa: E402

SLOPE = 0.2
EPSILON = 1e-4
SAME_3X3: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": b"SAME"}


def relu6(tally: Tally, x: float) -> float:
    return tally.min(tally.max(x, 0.0), 6.0)


def leaky_relu(tally: Tally, x: float) -> float:
    return tally.max(x, tally.mul(x, SLOPE))


def elu(tally: Tally, x: float) -> float:
    negative = tally.sub(tally.call(math.exp, x), 1.0)
    return negative if tally.less(x, 0.0) else x


def sigmoid(tally: Tally, x: float) -> float:
    return tally.call(lambda y: 1 / (1 + math.exp(-y)), x)


def gelu_exact(tally: Tally, x: float) -> float:
    inside = tally.call(math.erf, tally.mul(x, math.sqrt(0.5)))
    return tally.mul(tally.mul(x, 0.5), tally.add(1.0, inside))


def gelu_approximate(tally: Tally, x: float) -> float:
    cube = tally.mul(tally.mul(tally.mul(x, x), x), 0.044715)
    inside = tally.call(math.tanh, tally.mul(tally.add(x, cube), math.sqrt(2 / math.pi)))
    return tally.mul(tally.mul(x, 0.5), tally.add(1.0, inside))


Activation = Callable[[Tally, float], float]

ACTIVATIONS: dict[str, Activation] = {
    "Relu": lambda tally, x: tally.max(x, 0.0),
    "Relu6": relu6,
    "LeakyRelu": leaky_relu,
    "Elu": elu,
    "Sigmoid": sigmoid,
    "Tanh": lambda tally, x: tally.call(math.tanh, x),
}
CONVOLVED = [None, "Relu", "Relu6", "Elu", "LeakyRelu"]
"""What TensorFlow's fused convolution can end with on the CPU; its fused matrix product knows the others."""

GELUS: dict[str, Activation] = {"GeluExact": gelu_exact, "GeluApproximate": gelu_approximate}

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
    return each(x, lambda value, _: {**ACTIVATIONS, **GELUS}[name](tally, value))


@pytest.mark.parametrize("activation", CONVOLVED)
def test_bias_and_activation_cost_what_the_loops_count(activation: str | None) -> None:
    fused = ["BiasAdd"] + ([activation] if activation else [])

    @some
    @given(convolutions(paddings=("SAME", "VALID"), groups=False))
    def check(conv: Convolution) -> None:
        tally, bias = Tally(), numbers(conv.filters[-1:], 3)
        counted = biased(tally, convolved(tally, conv), bias)
        counted = activated(tally, counted, activation) if activation else counted
        check_fused(conv, fused, [bias], counted, tally.cost)

    check()


@pytest.mark.parametrize("activation", CONVOLVED)
def test_batch_norm_costs_what_the_loops_count(activation: str | None) -> None:
    fused = ["FusedBatchNorm"] + ([activation] if activation else [])

    @some
    @given(convolutions(paddings=("SAME", "VALID"), groups=False))
    def check(conv: Convolution) -> None:
        tally, channels = Tally(), conv.filters[-1:]
        scale, offset, mean = (numbers(channels, seed) for seed in (3, 4, 5))
        variance = np.abs(numbers(channels, 6)) + np.float32(0.5)
        arguments = [scale, offset, mean, variance]
        counted = normalized(tally, convolved(tally, conv), *arguments)
        counted = activated(tally, counted, activation) if activation else counted
        check_fused(conv, fused, arguments, counted, tally.cost)

    check()


def convolved(tally: Tally, conv: Convolution) -> np.ndarray:
    return convolve(tally, conv, numbers(conv.image, 1), numbers(conv.filters, 2))


def check_fused(
    conv: Convolution, fused: list[str], arguments: list[np.ndarray], counted: np.ndarray, cost: Cost
) -> None:
    inputs = [numbers(conv.image, 1), numbers(conv.filters, 2), *arguments]
    typed = {"num_args": len(arguments), "TArgs": [tf.float32] * len(arguments)}
    numeric = {"epsilon": EPSILON, "leakyrelu_alpha": SLOPE}
    kernel = run("_FusedConv2D", inputs, fused_ops=fused, **typed, **numeric, **conv.attrs())
    assert counted == pytest.approx(kernel, abs=1e-3)
    attrs = {**conv.attrs(), "padding": conv.padding.encode(), "fused_ops": [name.encode() for name in fused]}
    operands = Shape(*conv.image), Shape(*conv.filters), *(Shape(*array.shape) for array in arguments)
    outcome = apply(RULES, "_FusedConv2D", *operands, **attrs)
    assert outcome.shapes == (Shape(*kernel.shape),)
    assert outcome.cost == cost
    assert_same_when_bound(RULES, "_FusedConv2D", *operands, **attrs)


@pytest.mark.parametrize("activation", [None, *ACTIVATIONS, *GELUS])
def test_fused_matmul_costs_what_the_loops_count(activation: str | None) -> None:
    fused = ["BiasAdd"] + ([activation] if activation else [])
    a, b, bias = numbers((3, 4), 1), numbers((4, 2), 2), numbers((2,), 3)
    tally, counted = Tally(), np.zeros((3, 2))
    for row, column, k in product(range(3), range(2), range(4)):
        counted[row, column] = tally.mac(counted[row, column], a[row, k], b[k, column])
    counted = biased(tally, counted, bias)
    counted = activated(tally, counted, activation) if activation else counted
    kernel = run("_FusedMatMul", [a, b, bias], num_args=1, fused_ops=fused, leakyrelu_alpha=SLOPE)
    assert counted == pytest.approx(kernel, abs=1e-3)
    names = [name.encode() for name in fused]
    assert apply(MATMUL, "_FusedMatMul", Shape(3, 4), Shape(4, 2), Shape(2), fused_ops=names).cost == tally.cost


def test_fused_batch_matmul_adds_its_functions() -> None:
    outcome = apply(MATMUL, "_FusedBatchMatMulV2", Shape(5, 3, 4), Shape(4, 2), Shape(2), fused_ops=[b"Mul", b"Add"])
    assert outcome.shapes == (Shape(5, 3, 2),)
    assert outcome.cost == Cost(mac=5 * 3 * 4 * 2, mul=30, add=30)


@pytest.mark.parametrize("kind", ["_FusedDepthwiseConv2dNative", "FusedDepthwiseConv2dNative"])
def test_fused_depthwise(kind: str) -> None:
    operands = Shape(2, 8, 8, 3), Shape(3, 3, 3, 2), Shape(6)
    outcome = apply(RULES, kind, *operands, fused_ops=[b"BiasAdd", b"Relu6"], **SAME_3X3)
    elements = 2 * 8 * 8 * 6
    assert outcome.shapes == (Shape(2, 8, 8, 6),)
    assert outcome.cost == Cost(mac=elements * 9, add=elements, compare=2 * elements)


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


def test_three_spatial_axes() -> None:
    operands = Shape(1, 4, 4, 4, 2), Shape(2, 2, 2, 2, 3), Shape(3)
    attrs = {"strides": [1] * 5, "padding": b"SAME", "fused_ops": [b"BiasAdd"]}
    assert apply(RULES, "_FusedConv3D", *operands, **attrs).cost == Cost(mac=64 * 3 * 16, add=64 * 3)


@pytest.mark.parametrize("side", [Shape(1, 8, 8, 5), Shape(0)])
def test_bias_activation_scales_and_adds(side: Shape) -> None:
    """activation(convolution * a + side * b + bias), element by element."""
    scalar = Shape()
    operands = Shape(1, 8, 8, 2), Shape(3, 3, 2, 5), Shape(5), side, scalar, scalar
    elements = 8 * 8 * 5
    outcome = apply(RULES, "FusedConv2DBiasActivation", *operands, activation_mode=b"Relu", **SAME_3X3)
    work = Cost(mac=elements * 18, mul=elements + side.size, add=elements + side.size)
    assert outcome.shapes == (Shape(1, 8, 8, 5),)
    assert outcome.cost == work + Cost(compare=elements)
    assert apply(RULES, "FusedConv2DBiasActivation", *operands, activation_mode=b"None", **SAME_3X3).cost == work


@st.composite
def padded_convolutions(draw: st.DrawFn, *, resized: bool) -> Call:
    conv = draw(convolutions(paddings=("SAME", "VALID"), groups=False, dilated=False, equal_strides=True))
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
    assert counted == pytest.approx(kernel.numpy(), abs=1e-4)
    operands = [Shape(*image.shape), *(value_of(array) for array in others), Shape(*filters.shape)]
    attrs = {**drawn.attrs, "padding": drawn.attrs["padding"].encode(), "mode": b"SYMMETRIC"}
    assert apply(RULES, drawn.kind, *operands, **attrs).cost == tally.cost
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
