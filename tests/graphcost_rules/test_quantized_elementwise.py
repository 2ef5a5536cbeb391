"""Layers on quantized numbers against TensorFlow's kernels and counted naive algorithms."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from counting import Tally
from open_sizes import assert_same_when_bound
from optional_tensorflow import tf
from partial_shapes import assert_knows_as_much
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.quantized_elementwise import RULES

SCALAR = Shape()
LOW, HIGH = -1.0, 1.0
STEP = 1 / 255
"""A kernel's own roundings may move a result by a step."""


def quantized(items: Any, dtype: Any = None) -> Any:
    return tf.cast(tf.constant(items), tf.quint8 if dtype is None else dtype)


def dequantized(result: Any) -> Any:
    """The floats that the 32 bits of a kernel's output stand for."""
    bits, low, high = (tf.cast(result[i], tf.float64) for i in range(3))
    return bits * (high - low) / 2**32


def affine(t: Tally, q: float, low: float, high: float) -> float:
    return t.add(t.mul(q, (high - low) / 255), low)


def rounded(t: Tally, x: float) -> float:
    t.counts["compare"] += 1
    return math.floor(x + 0.5)


def clamp(t: Tally, x: float, low: float, high: float) -> float:
    return t.min(t.max(x, low), high)


def requantized(t: Tally, q: float, old: tuple[float, float], new: tuple[float, float]) -> float:
    scale = 255 / (new[1] - new[0])
    inside = clamp(t, affine(t, q, *old), *new)
    return rounded(t, t.add(t.mul(inside, scale), -new[0] * scale))


def test_sums_cost_what_the_naive_algorithm_counts() -> None:
    tally, x, y = Tally(), [0, 128, 255], [10, 20, 30]
    left, right = [affine(tally, q, -1.0, 1.0) for q in x], [affine(tally, q, 0.0, 2.0) for q in y]
    total = [tally.add(a, b) for a, b in zip(left, right, strict=True)]
    ranges = {"min_x": -1.0, "max_x": 1.0, "min_y": 0.0, "max_y": 2.0}
    kernel = tf.raw_ops.QuantizedAdd(x=quantized(x), y=quantized(y), **ranges, Toutput=tf.qint32)
    tally.gives(total, dequantized(kernel), tolerance=0.02)
    outcome = apply(RULES, "QuantizedAdd", Shape(3), Shape(3), *[SCALAR] * 4)
    assert outcome.shapes == (Shape(3), SCALAR, SCALAR)
    tally.proves("QuantizedAdd", outcome.cost)


def test_products_cost_what_the_naive_algorithm_counts() -> None:
    tally, x, y = Tally(), [0, 128, 255], [10, 20, 30]
    left, right = [tally.sub(q, 128) for q in x], [tally.sub(q, 0) for q in y]
    products = [tally.mul(a, b) for a, b in zip(left, right, strict=True)]
    ranges = {"min_x": -1.0, "max_x": 1.0, "min_y": 0.0, "max_y": 2.0}
    kernel = tf.raw_ops.QuantizedMul(x=quantized(x), y=quantized(y), **ranges, Toutput=tf.qint32)
    tally.gives(products, tf.cast(kernel[0], tf.int32))
    tally.proves("QuantizedMul", apply(RULES, "QuantizedMul", Shape(3), Shape(3), *[SCALAR] * 4).cost)


def test_biases_cost_what_the_naive_algorithm_counts() -> None:
    tally, x, b = Tally(), [[0, 128, 255], [7, 8, 9]], [10, 20, 30]
    biases = [affine(tally, q, 0.0, 2.0) for q in b]
    total = [[tally.add(affine(tally, q, -1.0, 1.0), c) for q, c in zip(row, biases, strict=True)] for row in x]
    ranges = {"min_input": -1.0, "max_input": 1.0, "min_bias": 0.0, "max_bias": 2.0}
    kernel = tf.raw_ops.QuantizedBiasAdd(input=quantized(x), bias=quantized(b), **ranges, out_type=tf.qint32)
    tally.gives(total, dequantized(kernel), tolerance=0.02)
    outcome = apply(RULES, "QuantizedBiasAdd", Shape(2, 3), Shape(3), *[SCALAR] * 4)
    tally.proves("QuantizedBiasAdd", outcome.cost)


def test_rectifiers_cost_what_the_naive_algorithm_counts() -> None:
    items, zero, six = [0, 128, 255], 128, 205
    for kind, naive in {
        "QuantizedRelu": lambda t, q: t.max(q, zero),
        "QuantizedRelu6": lambda t, q: clamp(t, q, zero, six),
    }.items():
        tally = Tally()
        result = [naive(tally, q) for q in items]
        kernel = getattr(tf.raw_ops, kind)(
            features=quantized(items), min_features=-10.0, max_features=10.0, out_type=tf.quint8
        )
        tally.gives(result, tf.cast(kernel[0], tf.int32))
        tally.proves(kind, apply(RULES, kind, Shape(3), SCALAR, SCALAR).cost)


def test_a_rectifier_with_a_limit_clamps() -> None:
    """TensorFlow has no kernel of it."""
    tally, items = Tally(), [0, 128, 255]
    tally.agrees([clamp(tally, q, 128, 205) for q in items], np.clip(items, 128, 205))
    tally.proves("QuantizedReluX", apply(RULES, "QuantizedReluX", Shape(3), *[SCALAR] * 3).cost)


@pytest.mark.parametrize(("ksize", "stride"), [(2, 2), (3, 1)])
def test_pooling_costs_what_the_naive_algorithm_counts(ksize: int, stride: int) -> None:
    image = np.arange(2 * 5 * 4).reshape(1, 5, 4, 2) * 3 % 101
    attrs = {"ksize": [1, ksize, ksize, 1], "strides": [1, stride, stride, 1], "padding": "VALID"}

    def greatest(t: Tally, taps: list[float]) -> float:
        most = taps[0]
        for tap in taps[1:]:
            most = t.max(most, tap)
        return most

    def mean(t: Tally, taps: list[float]) -> float:
        return t.div(t.sum(taps), len(taps))

    naives: dict[str, Callable[[Tally, list[float]], float]] = {"QuantizedMaxPool": greatest, "QuantizedAvgPool": mean}
    for kind, naive in naives.items():
        tally = Tally()
        kernel = getattr(tf.raw_ops, kind)(input=quantized(image), min_input=LOW, max_input=HIGH, **attrs)
        output = tf.cast(kernel[0], tf.int32).numpy()
        ours = np.zeros((1, *((size - ksize) // stride + 1 for size in (5, 4)), 2))
        for row, column, channel in itertools.product(*(range(size) for size in ours.shape[1:])):
            top, left = row * stride, column * stride
            taps = image[0, top : top + ksize, left : left + ksize, channel].ravel().tolist()
            ours[0, row, column, channel] = naive(tally, taps)
        # The kernel rounds a mean half up.
        tally.gives(np.floor(ours + 0.5), output)
        given = {**attrs, "padding": b"VALID"}
        outcome = apply(RULES, kind, Shape(1, 5, 4, 2), SCALAR, SCALAR, **given)
        assert outcome.shapes[0] == Shape(*ours.shape)
        tally.proves(kind, outcome.cost)


def test_joining_requantizes() -> None:
    tally = Tally()
    result = [requantized(tally, q, (-1.0, 1.0), (-1.0, 2.0)) for q in (0, 128)]
    result.append(requantized(tally, 255, (0.0, 2.0), (-1.0, 2.0)))
    kernel = tf.raw_ops.QuantizedConcat(
        concat_dim=0, values=[quantized([0, 128]), quantized([255])], input_mins=[-1.0, 0.0], input_maxes=[1.0, 2.0]
    )
    tally.gives(np.divide(result, 255), tf.cast(kernel[0], tf.int32) / 255, tolerance=STEP)
    outcome = apply(RULES, "QuantizedConcat", 0, Shape(2), Shape(1), *[SCALAR] * 4, N=2)
    assert outcome.shapes == (Shape(3), SCALAR, SCALAR)
    tally.proves("QuantizedConcat", outcome.cost)
    assert apply(RULES, "QuantizedConcatV2", Shape(2), Shape(1), 0, *[SCALAR] * 4, N=2) == outcome


@pytest.mark.parametrize("is_given", [False, True])
def test_instance_norms_cost_what_the_naive_algorithm_counts(is_given: bool) -> None:
    image, tally = np.arange(2 * 8).reshape(1, 2, 4, 2) * 15, Tally()
    attrs = {"output_range_given": is_given, "given_y_min": -2.0, "given_y_max": 2.0, "variance_epsilon": 1e-5}
    kernel = tf.raw_ops.QuantizedInstanceNorm(x=quantized(image), x_min=-1.0, x_max=1.0, **attrs)
    normal = np.zeros(image.shape)
    for channel in range(2):
        xs = [affine(tally, q, -1.0, 1.0) for q in image[..., channel].ravel()]
        mean = tally.div(tally.sum(xs), len(xs))
        differences = [tally.sub(x, mean) for x in xs]
        variance = tally.div(tally.sum([tally.mul(d, d) for d in differences]), len(xs))
        scale = tally.rsqrt(tally.add(variance, 1e-5))
        normal[..., channel].flat = [tally.mul(d, scale) for d in differences]
    low, high = -2.0, 2.0
    if not is_given:
        low = high = normal.flat[0]
        for item in list(normal.flat)[1:]:
            low, high = tally.min(low, item), tally.max(high, item)
    steps = 255 / (high - low)
    bits = [rounded(tally, tally.add(tally.mul(clamp(tally, x, low, high), steps), -low * steps)) for x in normal.flat]
    theirs = tf.cast(kernel[0], tf.int32).numpy()
    tally.gives(np.reshape(bits, image.shape) / 255, theirs / 255, tolerance=STEP)
    outcome = apply(RULES, "QuantizedInstanceNorm", Shape(1, 2, 4, 2), SCALAR, SCALAR, **attrs)
    tally.proves("QuantizedInstanceNorm", outcome.cost)


@pytest.mark.tensorflow
def test_batch_norms_cost_what_the_naive_algorithm_counts() -> None:
    image, tally = np.arange(8).reshape(1, 2, 2, 2) * 20, Tally()
    vectors = {"m": [10, 20], "v": [100, 200], "beta": [10, 20], "gamma": [100, 20]}
    given: dict[str, Any] = {"t": quantized(image), "t_min": -1.0, "t_max": 1.0}
    for name, bits in vectors.items():
        given.update({name: quantized(bits), f"{name}_min": 0.0, f"{name}_max": 1.0})
    attrs = {"variance_epsilon": 0.01, "scale_after_normalization": True}
    kernel = tf.raw_ops.QuantizedBatchNormWithGlobalNormalization(**given, out_type=tf.qint32, **attrs)
    result = np.zeros(image.shape)
    low, high = (float(bound) for bound in kernel[1:])
    for channel in range(2):
        mean, variance, beta, gamma = (affine(tally, bits[channel], 0.0, 1.0) for bits in vectors.values())
        k = tally.mul(gamma, tally.rsqrt(tally.add(variance, 0.01)))
        offset = tally.sub(beta, tally.mul(mean, k))
        for place in np.ndindex(1, 2, 2):
            y = tally.add(tally.mul(affine(tally, image[(*place, channel)], -1.0, 1.0), k), offset)
            result[(*place, channel)] = rounded(tally, tally.add(tally.mul(y, 2**32 / (high - low)), 0.0))
    # The kernel rounds its scales and offsets to integers too.
    tally.gives(result / 1000, tf.cast(kernel[0], tf.float64) / 1000, tolerance=0.01)
    operands = [Shape(1, 2, 2, 2), SCALAR, SCALAR, *[Shape(2), SCALAR, SCALAR] * 4]
    outcome = apply(RULES, "QuantizedBatchNormWithGlobalNormalization", *operands, **attrs)
    tally.proves("QuantizedBatchNormWithGlobalNormalization", outcome.cost)


def test_resizing_interpolates_three_times() -> None:
    image = np.arange(4).reshape(1, 2, 2, 1) * 20
    kernel = tf.raw_ops.QuantizedResizeBilinear(images=quantized(image), size=[3, 3], min=LOW, max=HIGH)
    tally = Tally()

    def between(a: float, b: float, t: float) -> float:
        return tally.add(a, tally.mul(tally.sub(b, a), t))

    ours = np.zeros((1, 3, 3, 1))
    for row, column in np.ndindex(3, 3):
        y, x = row * 2 / 3, column * 2 / 3
        top, left, bottom, right = int(y), int(x), min(int(y) + 1, 1), min(int(x) + 1, 1)
        rows = [between(image[0, r, left, 0], image[0, r, right, 0], x - left) for r in (top, bottom)]
        ours[0, row, column, 0] = between(*rows, y - top)
    tally.gives(np.rint(ours), tf.cast(kernel[0], tf.int32))
    outcome = apply(RULES, "QuantizedResizeBilinear", Shape(1, 2, 2, 1), [3, 3], SCALAR, SCALAR)
    assert outcome.shapes[0] == Shape(1, 3, 3, 1)
    tally.proves("QuantizedResizeBilinear", outcome.cost)


@pytest.mark.tensorflow
@pytest.mark.parametrize("shape", [(None, 4, 5, 2), (1, None, None, None), (2, 4, 4, 2), None])
def test_shapes_agree_with_tensorflow(shape: tuple[int | None, ...] | None) -> None:
    image, floating = (tf.quint8, shape), (tf.float32, ())
    pool = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
    ends = {"min_input": floating, "max_input": floating}
    of_x = {"min_x": floating, "max_x": floating, "min_y": floating, "max_y": floating}
    for kind in ("QuantizedAdd", "QuantizedMul"):
        assert_knows_as_much(RULES, kind, {"x": image, "y": (tf.quint8, (2,)), **of_x}, Toutput=tf.qint32)
        assert_knows_as_much(RULES, kind, {"x": image, "y": (tf.quint8, (4, 1, None)), **of_x}, Toutput=tf.qint32)
    for kind in ("QuantizedMaxPool", "QuantizedAvgPool"):
        assert_knows_as_much(RULES, kind, {"input": image, **ends}, **pool)
    ends = {"min_features": floating, "max_features": floating}
    assert_knows_as_much(RULES, "QuantizedRelu", {"features": image, **ends}, out_type=tf.quint8)
    operands = {"images": image, "size": [7, 9], "min": floating, "max": floating}
    assert_knows_as_much(RULES, "QuantizedResizeBilinear", operands)
    assert_knows_as_much(RULES, "QuantizedInstanceNorm", {"x": image, "x_min": floating, "x_max": floating})
    operands = {"tensor": image, "shape": [-1, 4], "input_min": floating, "input_max": floating}
    assert_knows_as_much(RULES, "QuantizedReshape", operands)
    joined = {"concat_dim": 3, "values": [image, image], "input_mins": [floating] * 2, "input_maxes": [floating] * 2}
    assert_knows_as_much(RULES, "QuantizedConcat", joined)
    biased = {"input": image, "bias": (tf.quint8, (None,)), "min_input": floating, "max_input": floating}
    biased.update(min_bias=floating, max_bias=floating)
    assert_knows_as_much(RULES, "QuantizedBiasAdd", biased, out_type=tf.qint32)


def test_symbols_bind_to_the_same() -> None:
    image = Shape(3, 6, 5, 2)
    pool: dict[str, Any] = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 1, 1], "padding": b"SAME"}
    assert_same_when_bound(RULES, "QuantizedAdd", image, image, *[SCALAR] * 4)
    assert_same_when_bound(RULES, "QuantizedAvgPool", image, SCALAR, SCALAR, **pool)
    assert_same_when_bound(RULES, "QuantizedInstanceNorm", image, SCALAR, SCALAR)
    assert_same_when_bound(RULES, "QuantizedConcat", 0, image, image, *[SCALAR] * 4, N=2)


def test_operands_that_do_not_fit_are_refused() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "QuantizedBiasAdd", Shape(2, 3), Shape(4), *[SCALAR] * 4)
    for count in (0, 3, 10**12):
        with pytest.raises(RuleError, match="operands"):
            apply(RULES, "QuantizedConcat", 0, Shape(2), Shape(1), *[SCALAR] * 4, N=count)
    with pytest.raises(RuleError):
        apply(RULES, "QuantizedMaxPool", Shape(1, 4, 4, 1), SCALAR, SCALAR, ksize=[2, 2], strides=[1] * 4)
