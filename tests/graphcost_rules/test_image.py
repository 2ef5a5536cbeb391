"""Colours against TensorFlow's kernels and counted naive algorithms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from counted import ask, flat, floats, ints, prove_count
from counting import Tally
from data_dependent import prove_opaque
from hypothesis import strategies as st
from internal_ops import run
from kernel_oracle import call, prove
from optional_tensorflow import tf
from single_op import apply

from graphcost import Cost, RuleError, Shape, bind
from graphcost.dims import symbol
from graphcost_rules.image import RULES

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


CONVERSIONS: dict[str, tuple[Callable[..., tuple[float, ...]], dict[str, float]]] = {
    "RGBToHSV": (to_hsv, {}),
    "HSVToRGB": (to_rgb, {}),
    "AdjustSaturation": (saturated, {"scale": 0.7}),
    "AdjustHue": (turned, {"delta": 0.3}),
}


@pytest.mark.parametrize("kind", CONVERSIONS)
def test_colours_cost_what_the_naive_algorithm_counts(kind: str) -> None:
    naive, arguments = CONVERSIONS[kind]
    tally, batch = Tally(), PIXELS.reshape(1, 2, 3, 3)
    result = [naive(tally, *map(float, pixel)) for pixel in PIXELS]
    kernel = getattr(tf.raw_ops, kind)(images=batch, **arguments)
    tally.gives(np.asarray(result).reshape(batch.shape), kernel)
    outcome = apply(RULES, kind, Shape(*batch.shape), Shape())
    assert outcome.shapes == (Shape(*batch.shape),)
    tally.proves(kind, outcome.cost)


def contrasted(tally: Tally, batch: np.ndarray, finish: Callable[[float], float]) -> np.ndarray:
    result = np.zeros_like(batch)
    for c in range(3):
        channel = [float(x) for x in batch[0, :, :, c].ravel()]
        mean = tally.div(tally.sum(channel), len(channel))
        moved = [finish(tally.add(tally.mul(tally.sub(x, mean), 1.4), mean)) for x in channel]
        result[0, :, :, c] = np.asarray(moved).reshape(batch.shape[1:3])
    return result


def test_contrast_costs_what_the_naive_algorithm_counts() -> None:
    tally, batch = Tally(), PIXELS.reshape(1, 2, 3, 3)
    ours = contrasted(tally, batch, lambda x: x)
    tally.gives(ours, tf.raw_ops.AdjustContrastv2(images=batch, contrast_factor=1.4))
    tally.proves("AdjustContrastv2", apply(RULES, "AdjustContrastv2", Shape(*batch.shape), Shape()).cost)


def test_the_old_contrast_is_clamped() -> None:
    tally, batch = Tally(), PIXELS.reshape(1, 2, 3, 3)
    ours = contrasted(tally, batch, lambda x: clamp(tally, x, 0.1, 0.8))
    tally.gives(ours, run("AdjustContrast", [batch, *map(np.float32, (1.4, 0.1, 0.8))]))
    tally.proves("AdjustContrast", apply(RULES, "AdjustContrast", Shape(*batch.shape), *[Shape()] * 3).cost)


def projected(tally: Tally, image: np.ndarray, transform: Sequence[float], size: Sequence[int], way: str) -> np.ndarray:
    """Each point of the output comes from one of the input; outside of that is 0."""
    t, result = tally, np.zeros((*size, image.shape[-1]))

    def at(y: int, x: int, channel: int) -> float:
        inside = 0 <= y < image.shape[0] and 0 <= x < image.shape[1]
        return float(image[y, x, channel]) if inside else 0.0

    def along(x: int, y: int, first: int, last: float) -> float:
        return t.add(t.add(t.mul(transform[first], x), t.mul(transform[first + 1], y)), last)

    def rounded(function: Callable[[float], float], x: float) -> int:
        t.counts["compare"] += 1
        return int(function(x))

    for y, x in np.ndindex(*size):
        divisor = along(x, y, 6, 1.0)
        t.counts["compare"] += 1
        from_x, from_y = (t.div(along(x, y, first, transform[first + 2]), divisor) for first in (0, 3))
        if way == "NEAREST":
            row, column = rounded(np.rint, from_y), rounded(np.rint, from_x)
            result[y, x] = [at(row, column, c) for c in range(image.shape[-1])]
            continue
        top, left = rounded(np.floor, from_y), rounded(np.floor, from_x)
        bottom, right = int(t.add(top, 1)), int(t.add(left, 1))
        up, down = t.sub(from_y, top), t.sub(bottom, from_y)
        before, after = t.sub(from_x, left), t.sub(right, from_x)
        for c in range(image.shape[-1]):
            ends = [t.add(t.mul(after, at(row, left, c)), t.mul(before, at(row, right, c))) for row in (top, bottom)]
            result[y, x, c] = t.add(t.mul(down, ends[0]), t.mul(up, ends[1]))
    return result


@pytest.mark.parametrize("way", ["NEAREST", "BILINEAR"])
@pytest.mark.parametrize("kind", ["ImageProjectiveTransformV2", "ImageProjectiveTransformV3"])
def test_each_projected_point_is_taken_back_to_the_input(kind: str, way: str) -> None:
    images = floats(1, 2, 4, 5, 3)
    transforms = np.float32([[0.8, 0.1, 0.3, -0.2, 0.9, 0.4, 0.01, 0.02], [1.3, 0, -0.6, 0.2, 1, 0, 0, -0.03]])

    def naive(tally: Tally, images: np.ndarray, transforms: np.ndarray, size: np.ndarray, *_: Any) -> list[np.ndarray]:
        pairs = zip(images, transforms.tolist(), strict=True)
        return [np.stack([projected(tally, image, transform, size, way) for image, transform in pairs])]

    given = {"images": images, "transforms": transforms, "output_shape": ints(3, 6)}
    fill = {"fill_value": np.float32(0)} if kind.endswith("V3") else {}
    prove_count(RULES, kind, given | fill, naive, is_open=False, interpolation=way)


def weights(old: int, new: int, scale: float, move: float) -> np.ndarray:
    """How much of each old pixel is in each new one: a triangle about where it comes from, as wide as the scale."""
    width = max(1 / scale, 1.0)
    table = np.zeros((new, old))
    for place in range(new):
        centre = (place + 0.5 - move) / scale
        if 0 <= centre <= old:
            table[place] = np.maximum(1 - np.abs(np.arange(old) + 0.5 - centre) / width, 0)
            table[place] /= table[place].sum()
    return table


def resampled(tally: Tally, images: np.ndarray, tables: Sequence[np.ndarray]) -> np.ndarray:
    """First along the rows, then along the columns."""
    result = images.astype(float)
    for axis, table in enumerate(tables, start=1):
        lines = np.moveaxis(result, axis, -1)
        sums = np.zeros((*lines.shape[:-1], len(table)))
        for place in np.ndindex(sums.shape):
            for tap in np.flatnonzero(table[place[-1]]):
                sums[place] = tally.add(sums[place], tally.mul(lines[(*place[:-1], tap)], table[place[-1], tap]))
        result = np.moveaxis(sums, -1, axis)
    return result


@pytest.mark.parametrize("scale", [(0.5, 0.7), (1.5, 2.0), (0.6, 1.7)])
@pytest.mark.parametrize("is_gradient", [False, True])
def test_scaling_takes_its_taps(is_gradient: bool, scale: tuple[float, float]) -> None:
    old, new, move = (6, 7), (4, 9), (0.5, -0.3)
    images, outputs = floats(1, 2, *old, 3), floats(2, 2, *new, 3)
    tables = [weights(*pair) for pair in zip(old, new, scale, move, strict=True)]
    geometry = {"scale": np.float32(scale), "translation": np.float32(move)}
    used = [np.count_nonzero(table) for table in tables]
    if is_gradient:
        kind, shape, operands = "ScaleAndTranslateGrad", old, {"grads": outputs, "original_image": images}
        taps = 2 * 3 * (used[0] * new[1] + used[1] * old[0])
    else:
        kind, shape, operands = "ScaleAndTranslate", new, {"images": images, "size": ints(*new)}
        taps = 2 * 3 * (used[0] * old[1] + used[1] * new[0])

    def naive(tally: Tally, *_: np.ndarray) -> list[np.ndarray]:
        if is_gradient:
            return [resampled(tally, outputs, [table.T for table in tables])]
        return [resampled(tally, images, tables)]

    prove_opaque(RULES, kind, operands | geometry, naive, {"taps": taps}, kernel_type="triangle", antialias=True)
    shapes, _ = ask(RULES, kind, flat(operands | geometry), {})
    assert shapes == [Shape(2, *shape, 3)]


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


@pytest.mark.tensorflow
def test_glimpses_agree_with_tensorflow() -> None:
    images, offsets = np.zeros([2, 6, 6, 3], dtype=np.float32), np.zeros([2, 2], dtype=np.float32)
    prove(RULES, st.just(call("ExtractGlimpse", images, [4, 5], offsets)), has_value=False)
