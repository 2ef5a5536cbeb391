"""Colours against TensorFlow's kernels and counted naive algorithms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from counting import Tally
from single_op import apply

from graphcost import Cost, RuleError, Shape, bind
from graphcost.dims import symbol
from graphcost_rules.image import RULES

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.tensorflow

from hypothesis import strategies as st  # noqa: E402
from kernel_oracle import call, prove  # noqa: E402

PIXELS = np.asarray(
    [[0.8, 0.3, 0.1], [0.2, 0.9, 0.4], [0.1, 0.3, 0.7], [0.5, 0.5, 0.5], [0, 0, 0], [0.9, 0.1, 0.6]], dtype=np.float32
)


def clamp(tally: Tally, x: float, low: float = 0, high: float = 1) -> float:
    return tally.min(tally.max(x, low), high)


def to_hsv(tally: Tally, r: float, g: float, b: float) -> tuple[float, float, float]:
    value = tally.max(tally.max(r, g), b)
    span = tally.sub(value, tally.min(tally.min(r, g), b))
    saturation = tally.div(span, value if tally.less(0, value) else 1)
    divisor = span if tally.less(0, span) else 1
    is_red, is_green = not tally.less(r, value), not tally.less(g, value)
    difference, offset = ((g, b), 0) if is_red else ((b, r), 2) if is_green else ((r, g), 4)
    hue = tally.mul(tally.add(tally.div(tally.sub(*difference), divisor), offset), 1 / 6)
    return tally.add(hue, 1 if tally.less(hue, 0) else 0), saturation, value


def to_rgb(tally: Tally, h: float, s: float, v: float) -> tuple[float, ...]:
    six, rest = tally.mul(h, 6), tally.sub(1, s)

    def distance(a: float) -> float:
        tally.counts["add"] += 1
        return abs(tally.sub(six, a))

    parts = tally.sub(distance(3), 1), tally.sub(2, distance(2)), tally.sub(2, distance(4))
    return tuple(tally.mul(tally.add(rest, tally.mul(s, clamp(tally, part))), v) for part in parts)


def saturated(tally: Tally, *rgb: float) -> tuple[float, ...]:
    h, s, v = to_hsv(tally, *rgb)
    return to_rgb(tally, h, clamp(tally, tally.mul(s, 0.7)), v)


def turned(tally: Tally, *rgb: float) -> tuple[float, ...]:
    h, s, v = to_hsv(tally, *rgb)
    moved = tally.add(h, 0.3)
    whole = 1 if not tally.less(moved, 1) else 0
    return to_rgb(tally, tally.sub(moved, whole), s, v)


CONVERSIONS: dict[str, tuple[Callable[..., tuple[float, ...]], Callable[[np.ndarray], np.ndarray]]] = {
    "RGBToHSV": (to_hsv, lambda pixels: tf.image.rgb_to_hsv(pixels)),
    "HSVToRGB": (to_rgb, lambda pixels: tf.image.hsv_to_rgb(pixels)),
    "AdjustSaturation": (saturated, lambda pixels: tf.raw_ops.AdjustSaturation(images=pixels, scale=0.7)),
    "AdjustHue": (turned, lambda pixels: tf.raw_ops.AdjustHue(images=pixels, delta=0.3)),
}


@pytest.mark.parametrize("kind", CONVERSIONS)
def test_colours_cost_what_the_naive_algorithm_counts(kind: str) -> None:
    naive, kernel = CONVERSIONS[kind]
    tally, batch = Tally(), PIXELS.reshape(1, 2, 3, 3)
    result = [naive(tally, *map(float, pixel)) for pixel in PIXELS]
    assert np.allclose(np.asarray(result).reshape(batch.shape), kernel(batch), atol=1e-4)
    outcome = apply(RULES, kind, Shape(*batch.shape), Shape())
    assert outcome.shapes == (Shape(*batch.shape),)
    assert outcome.cost == tally.cost


def test_contrast_costs_what_the_naive_algorithm_counts() -> None:
    tally, batch = Tally(), PIXELS.reshape(1, 2, 3, 3)
    result = np.zeros_like(batch)
    for c in range(3):
        channel = [float(x) for x in batch[0, :, :, c].ravel()]
        mean = tally.div(tally.sum(channel), len(channel))
        moved = [tally.add(tally.mul(tally.sub(x, mean), 1.4), mean) for x in channel]
        result[0, :, :, c] = np.asarray(moved).reshape(2, 3)
    assert np.allclose(result, tf.raw_ops.AdjustContrastv2(images=batch, contrast_factor=1.4), atol=1e-5)
    assert apply(RULES, "AdjustContrastv2", Shape(*batch.shape), Shape()).cost == tally.cost


def test_symbolic_images_bound_later_cost_the_same() -> None:
    n = symbol("N")
    for kind in ("RGBToHSV", "AdjustContrastv2"):
        cost = apply(RULES, kind, Shape(n, 4, 5, 3), Shape()).cost
        assert isinstance(cost, Cost)
        assert cost.bind({"N": 7}) == apply(RULES, kind, Shape(7, 4, 5, 3), Shape()).cost
        assert bind(cost.mac, {}) == 0


def test_colours_have_three_channels() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "RGBToHSV", Shape(2, 4))


def test_glimpses_agree_with_tensorflow() -> None:
    images, offsets = np.zeros([2, 6, 6, 3], dtype=np.float32), np.zeros([2, 2], dtype=np.float32)
    prove(RULES, st.just(call("ExtractGlimpse", images, [4, 5], offsets)), has_value=False)


def test_scaling_is_open_in_its_taps() -> None:
    scaled = apply(RULES, "ScaleAndTranslate", Shape(2, 5, 6, 3), [4, 7], Shape(2), Shape(2))
    back = apply(RULES, "ScaleAndTranslateGrad", Shape(2, 4, 7, 3), Shape(2, 5, 6, 3), Shape(2), Shape(2))
    assert (scaled.shapes, back.shapes) == ((Shape(2, 4, 7, 3),), (Shape(2, 5, 6, 3),))
    assert isinstance(scaled.cost, Cost)
    assert str(scaled.cost.mul) == "taps(node)"
    assert back.cost == scaled.cost
