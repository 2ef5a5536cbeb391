"""Dilation against TensorFlow's kernels and shape functions, and against loops that count themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from convolutions import Convolution, convolutions, numbers
from counting import Tally
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from kernel_oracle import Call, call, prove
from open_sizes import assert_same_when_bound
from optional_tensorflow import tf
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.morphology import RULES

Place = tuple[int, ...]

LOWEST = np.finfo(np.float32).min

DRAWN = convolutions(paddings=("SAME", "VALID"), depthwise=True)


def filters_of(conv: Convolution) -> tuple[int, ...]:
    return (*conv.filters[:2], conv.image[-1])


def gradient_of(conv: Convolution) -> tuple[int, ...]:
    return (*conv.output[:-1], conv.image[-1])


def forward(conv: Convolution) -> Call:
    return call("Dilation2D", numbers(conv.image, 1), numbers(filters_of(conv), 2), **conv.attrs(dilations="rates"))


def backward(kind: str) -> st.SearchStrategy[Call]:
    def of(conv: Convolution) -> Call:
        shapes = conv.image, filters_of(conv), gradient_of(conv)
        arrays = [numbers(shape, seed) for seed, shape in enumerate(shapes)]
        return call(kind, *arrays, **conv.attrs(dilations="rates"))

    return DRAWN.map(of)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "calls",
    [DRAWN.map(forward), backward("Dilation2DBackpropInput"), backward("Dilation2DBackpropFilter")],
    ids=["forward", "by input", "by filter"],
)
def test_shapes_are_tensorflows(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, has_value=False, examples=25)


@settings(max_examples=25, derandomize=True, deadline=None, database=None)
@given(DRAWN)
def test_dilations_cost_what_the_loops_count(conv: Convolution) -> None:
    image, filters, gradient = numbers(conv.image, 1), numbers(filters_of(conv), 2), numbers(gradient_of(conv), 3)
    attrs = conv.attrs(dilations="rates")
    asked = {**attrs, "padding": conv.padding.encode()}
    shapes = Shape(*image.shape), Shape(*filters.shape), Shape(*gradient.shape)

    tally = Tally()
    kernel = tf.raw_ops.Dilation2D(input=image, filter=filters, **attrs)
    result = np.empty(gradient.shape)
    for out, greatest, _, _ in dilated(tally, conv, image, filters):
        result[out] = greatest
    assume(result.min() > LOWEST)  # Where a window lies in padding altogether, it has no tap for the gradient.
    tally.gives(result, kernel, tolerance=1e-5)
    tally.proves("Dilation2D", apply(RULES, "Dilation2D", *shapes[:2], **asked).cost)
    assert_same_when_bound(RULES, "Dilation2D", *shapes[:2], **asked)

    tally = Tally()
    by_input, by_filter = np.zeros([size + 20 for size in image.shape]), np.zeros(filters.shape)
    for out, _, pixel, tap in dilated(tally, conv, image, filters):
        by_input[pixel] = tally.add(by_input[pixel], gradient[out])
        by_filter[tap] += gradient[out]
    before = [0, *(first for first, _ in conv.paddings()), 0]
    cropped = by_input[tuple(slice(first, first + size) for first, size in zip(before, image.shape, strict=True))]
    for kind, counted in (("Input", cropped), ("Filter", by_filter)):
        name = f"Dilation2DBackprop{kind}"
        kernel = getattr(tf.raw_ops, name)(input=image, filter=filters, out_backprop=gradient, **attrs)
        tally.gives(counted, kernel, tolerance=1e-5)
        tally.proves(name, apply(RULES, name, *shapes, **asked).cost)


def dilated(
    tally: Tally, conv: Convolution, image: np.ndarray, filters: np.ndarray
) -> Iterator[tuple[Place, float, Place, Place]]:
    """Each output element's place, its value, and the place in the padded image and the tap where it comes from."""
    padded = np.pad(image, [(0, 0), *conv.paddings(), (0, 0)], constant_values=LOWEST)
    for out in np.ndindex((*conv.output[:-1], conv.image[-1])):
        best: tuple[float, Place, Place] | None = None
        for tap in np.ndindex(filters.shape[:2]):
            moves = zip(out[1:3], conv.strides, tap, conv.dilations, strict=True)
            pixel = (out[0], *(o * stride + t * dilation for o, stride, t, dilation in moves), out[3])
            total = tally.add(padded[pixel], filters[(*tap, out[3])])
            if best is None or tally.less(best[0], total):
                best = total, pixel, (*tap, out[3])
        assert best is not None
        yield out, *best


@pytest.mark.parametrize(
    "attrs",
    [
        {"rates": [1, 0, 1, 1]},
        {"rates": [1, 1, 1]},
        {"strides": [1, -1, 1, 1]},
        {"strides": None},
        {"padding": b"FULL"},
        {"padding": b"VALID", "rates": [1, 9, 1, 1]},
    ],
)
def test_hostile_attributes_are_refused(attrs: dict[str, Any]) -> None:
    legal: dict[str, Any] = {"strides": [1, 1, 1, 1], "rates": [1, 1, 1, 1], "padding": b"SAME"}
    with pytest.raises(RuleError):
        apply(RULES, "Dilation2D", Shape(1, 8, 8, 3), Shape(3, 3, 3), **{**legal, **attrs})


def test_channels_must_match() -> None:
    with pytest.raises(RuleError):
        apply(
            RULES,
            "Dilation2D",
            Shape(1, 8, 8, 3),
            Shape(3, 3, 4),
            strides=[1, 1, 1, 1],
            rates=[1, 1, 1, 1],
            padding=b"SAME",
        )
