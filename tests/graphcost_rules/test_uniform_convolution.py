"""Convolutions of uniformly quantized tensors against TensorFlow's kernels and counted naive loops."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from counted import floats
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from open_sizes import assert_same_when_bound
from optional_tensorflow import tf
from partial_shapes import assert_knows_as_much
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.uniform_convolution import RULES

BYTE, WORD = (-128, 127), (-(2**31), 2**31 - 1)
SCALARS = [Shape()] * 6
SCALES = {"lhs_scales": 0.2, "lhs_zero_points": 1, "rhs_scales": 0.1, "rhs_zero_points": 3}
RESULT = {"output_scales": 0.3, "output_zero_points": 2}


def limits(name: str, ends: tuple[int, int]) -> dict[str, int]:
    return {f"{name}_quantization_min_val": ends[0], f"{name}_quantization_max_val": ends[1]}


LIMITS = {**limits("lhs", BYTE), **limits("rhs", BYTE), **limits("output", WORD)}


def rounded(t: Tally, x: float) -> float:
    t.counts["compare"] += 1
    return float(np.floor(x + 0.5))


@st.composite
def convolutions(draw: st.DrawFn) -> dict[str, Any]:
    """A 1-D image [batch, features, size], filters [outputs, features of a group, taps], and attributes."""
    batch_groups = draw(st.sampled_from([1, 1, 2]))
    feature_groups = draw(st.sampled_from([1, 2])) if batch_groups == 1 else 1
    features, taps = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    outputs = 2 * draw(st.integers(1, 2))
    return {
        "image": (batch_groups * draw(st.integers(1, 2)), features * feature_groups, draw(st.integers(5, 7))),
        "filters": (outputs, features, taps),
        "window_strides": [draw(st.integers(1, 2))],
        "lhs_dilation": [draw(st.integers(1, 2))],
        "rhs_dilation": [draw(st.integers(1, 2))],
        "explicit_padding": [draw(st.integers(0, 2)), draw(st.integers(0, 2))],
        "batch_group_count": batch_groups,
        "feature_group_count": feature_groups,
    }


def convolve(t: Tally, image: np.ndarray, filters: np.ndarray, drawn: dict[str, Any]) -> np.ndarray:
    """Zero points are taken off first; holes and padding are multiplied as zeros."""
    batches, feature_groups = drawn["batch_group_count"], drawn["feature_group_count"]
    left = np.vectorize(lambda q: t.sub(q, 1), otypes=[float])(image)
    right = np.vectorize(lambda q: t.sub(q, 3), otypes=[float])(filters)
    stretch, dilation = drawn["lhs_dilation"][0], drawn["rhs_dilation"][0]
    spread = np.zeros((*image.shape[:2], (image.shape[2] - 1) * stretch + 1))
    spread[:, :, ::stretch] = left
    padded = np.pad(spread, [(0, 0), (0, 0), tuple(drawn["explicit_padding"])])
    outputs, features, taps = filters.shape
    per_batch = image.shape[0] // batches
    reach = (taps - 1) * dilation + 1
    starts = range(0, padded.shape[2] - reach + 1, drawn["window_strides"][0])
    total = np.zeros((per_batch, outputs, len(starts)))
    for n, out, place in np.ndindex(total.shape):
        row = n + per_batch * (out // (outputs // batches))
        first = (out // (outputs // feature_groups)) * features
        for feature, tap in itertools.product(range(features), range(taps)):
            value = padded[row, first + feature, starts[place] + tap * dilation]
            total[n, out, place] = t.mac(total[n, out, place], value, right[out, feature, tap])
    return total


@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(convolutions())
def test_convolutions_cost_what_the_naive_loops_count(drawn: dict[str, Any]) -> None:
    rng, tally = np.random.default_rng(1), Tally()
    image, filters = (rng.integers(-9, 9, drawn[name]) for name in ("image", "filters"))
    attrs = {name: value for name, value in drawn.items() if name not in ("image", "filters")}
    lhs, rhs = (tf.cast(array, tf.qint8) for array in (image, filters))
    kernel = tf.raw_ops.UniformQuantizedConvolution(
        lhs=lhs, rhs=rhs, **SCALES, **RESULT, Tout=tf.qint32, padding="EXPLICIT", **attrs, **LIMITS
    )
    total = convolve(tally, image, filters, drawn)
    ours = [
        tally.min(tally.max(tally.add(rounded(tally, tally.mul(acc, 0.2 * 0.1 / 0.3)), 2), WORD[0]), WORD[1])
        for acc in total.ravel()
    ]
    tally.gives(np.reshape(ours, total.shape), tf.cast(kernel, tf.int32))
    shapes = Shape(*image.shape), Shape(*filters.shape)
    outcome = apply(RULES, "UniformQuantizedConvolution", *shapes, *SCALARS, padding=b"EXPLICIT", **attrs)
    assert outcome.shapes == (Shape(*total.shape),)
    tally.proves("UniformQuantizedConvolution", outcome.cost)


def test_hybrid_convolutions_quantize_the_image_first() -> None:
    image, filters, tally = floats(1, 1, 2, 5), np.arange(12).reshape(2, 2, 3) - 5, Tally()
    items = image.ravel().tolist()
    low = high = items[0]
    for item in items[1:]:
        low, high = tally.min(low, item), tally.max(high, item)
    scale = (high - low) / 255
    zero = round(-128 - low / scale)

    def quantized(x: float) -> float:
        whole = rounded(tally, tally.add(tally.mul(x, 1 / scale), zero))
        return tally.sub(tally.min(tally.max(whole, -128), 127), zero)

    bits = np.array([quantized(x) for x in items]).reshape(image.shape)
    right = np.vectorize(lambda q: tally.sub(q, 3), otypes=[float])(filters)
    ours = np.zeros((1, 2, 3))
    for _, out, place in np.ndindex(ours.shape):
        total = 0.0
        for feature, tap in np.ndindex(2, 3):
            total = tally.mac(total, bits[0, feature, place + tap], right[out, feature, tap])
        ours[0, out, place] = tally.mul(total, scale * 0.1)
    kernel = tf.raw_ops.UniformQuantizedConvolutionHybrid(
        lhs=image,
        rhs=tf.cast(filters, tf.qint8),
        rhs_scales=0.1,
        rhs_zero_points=3,
        Tout=tf.float32,
        padding="VALID",
        **limits("rhs", BYTE),
    )
    tally.gives(ours, kernel, tolerance=0.01)
    shapes = Shape(1, 2, 5), Shape(2, 2, 3)
    outcome = apply(RULES, "UniformQuantizedConvolutionHybrid", *shapes, *SCALARS[:2], padding=b"VALID")
    tally.proves("UniformQuantizedConvolutionHybrid", outcome.cost)


CHANNELS_LAST = bytes([8, 0, 16, 3, 26, 2, 1, 2, 32, 2, 40, 3, 50, 2, 0, 1, 56, 0, 64, 3, 74, 2, 1, 2])
"""Dimension numbers: image b01f, filters 01io, output b01f."""


def scales() -> dict[str, Any]:
    names = [f"{side}_{what}" for side in ("lhs", "rhs", "output") for what in ("scales", "zero_points")]
    return dict(zip(names, [(tf.float32, ()), (tf.int32, ())] * 3, strict=True))


@pytest.mark.tensorflow
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("size", [(2, 9, 8, 4), (None, 9, None, 4)])
def test_shapes_agree_with_tensorflow(padding: str, size: tuple[int | None, ...]) -> None:
    common = {"Tout": tf.qint32, "padding": padding, "window_strides": [2, 1], "rhs_dilation": [1, 2], **LIMITS}
    operands = {"lhs": (tf.qint8, size), "rhs": (tf.qint8, (3, 2, 4, 6)), **scales()}
    assert_knows_as_much(RULES, "UniformQuantizedConvolution", operands, dimension_numbers=CHANNELS_LAST, **common)
    first = (size[0], size[3], size[1], size[2])
    operands = {"lhs": (tf.qint8, first), "rhs": (tf.qint8, (6, 4, 3, 2)), **scales()}
    assert_knows_as_much(RULES, "UniformQuantizedConvolution", operands, **common)


def test_symbols_bind_to_the_same() -> None:
    operands = Shape(2, 3, 9), Shape(4, 3, 2), *SCALARS
    attrs: dict[str, Any] = {"padding": b"VALID", "window_strides": [2], "lhs_dilation": [2]}
    for kind in ("UniformQuantizedConvolution", "UniformQuantizedConvolutionHybrid"):
        assert_same_when_bound(RULES, kind, *operands, **attrs)


@pytest.mark.parametrize(
    "hostile",
    [
        {"dimension_numbers": b"\x08"},
        {"dimension_numbers": b"\x0d\x00\x00\x00\x00"},
        {"dimension_numbers": b"\x08\xff\xff\xff\xff\xff\xff\x7f"},
        {"dimension_numbers": b"\x1a\xff\xff\x7f"},
        {"dimension_numbers": b"\x08\x00\x10\x00"},
        {"dimension_numbers": 7},
        {"window_strides": [0]},
        {"lhs_dilation": [1, 1, 1]},
        {"feature_group_count": 0},
        {"padding": b"FULL"},
        {"padding": b"EXPLICIT"},
    ],
)
def test_hostile_attributes_are_refused(hostile: dict[str, Any]) -> None:
    attrs: dict[str, Any] = {"padding": b"VALID", **hostile}
    with pytest.raises(RuleError):
        apply(RULES, "UniformQuantizedConvolution", Shape(2, 3, 9), Shape(4, 3, 2), *SCALARS, **attrs)
