"""Fourier transforms against TensorFlow's kernels and a radix-2 algorithm that counts its butterflies."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np
import pytest
from counted import floats
from counting import Tally
from optional_tensorflow import tf
from partial_shapes import Operand, assert_knows_as_much
from single_op import apply

from graphcost import Cost, Fact, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.spectral import RULES


def fft(t: Tally, points: list[complex], sign: int = -1) -> list[complex]:
    if len(points) == 1:
        return points
    even, odd = fft(t, points[::2], sign), fft(t, points[1::2], sign)
    half = len(even)
    pairs = []
    for k in range(half):
        t.counts.update(mul=4, add=6)
        turned = cmath.exp(sign * 1j * math.pi * k / half) * odd[k]
        pairs.append((even[k] + turned, even[k] - turned))
    return [a for a, _ in pairs] + [b for _, b in pairs]


def along(t: Tally, x: np.ndarray, axis: int, sign: int = -1) -> np.ndarray:
    lines = np.moveaxis(x, axis, -1)
    result = [fft(t, line.tolist(), sign) for line in lines.reshape(-1, lines.shape[-1])]
    return np.moveaxis(np.reshape(result, lines.shape), -1, axis)


def forward(t: Tally, x: np.ndarray, axes: int) -> np.ndarray:
    for axis in range(1, axes + 1):
        x = along(t, x, -axis)
    return x


def inverse(t: Tally, x: np.ndarray, axes: int) -> np.ndarray:
    for axis in range(1, axes + 1):
        x = along(t, x, -axis, 1)
    count = math.prod(x.shape[-axes:])
    return np.reshape(scaled(t, x, 1 / count), x.shape)


def scaled(t: Tally, x: np.ndarray, by: float) -> list[complex]:
    return [complex(t.mul(z.real, by), t.mul(z.imag, by)) for z in x.ravel().tolist()]


def signal(axes: int) -> np.ndarray:
    shape = (3, 8, 4, 2)[: 1 + axes]
    return (floats(1, *shape) + 1j * floats(2, *shape)).astype(np.complex64)


SUFFIX = {1: "", 2: "2D", 3: "3D"}


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_complex_transforms_cost_what_the_naive_algorithm_counts(axes: int) -> None:
    x = signal(axes)
    for kind, naive in (("FFT", forward), ("IFFT", inverse)):
        tally = Tally()
        ours = naive(tally, x, axes)
        tally.gives(ours, getattr(tf.raw_ops, f"{kind}{SUFFIX[axes]}")(input=x))
        outcome = apply(RULES, f"{kind}{SUFFIX[axes]}", Shape(*x.shape))
        assert outcome.shapes == (Shape(*x.shape),)
        tally.proves(f"{kind}{SUFFIX[axes]}", outcome.cost)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_older_transforms_cost_the_same(axes: int) -> None:
    """Their kernels are for graphics processors alone: the numbers are numpy's."""
    x, along_last = signal(axes), tuple(range(-axes, 0))
    for kind, naive, theirs in (("BatchFFT", forward, np.fft.fftn), ("BatchIFFT", inverse, np.fft.ifftn)):
        tally = Tally()
        tally.agrees(naive(tally, x, axes), theirs(x, axes=along_last))
        outcome = apply(RULES, f"{kind}{SUFFIX[axes]}", Shape(*x.shape))
        assert outcome.shapes == (Shape(*x.shape),)
        tally.proves(f"{kind}{SUFFIX[axes]}", outcome.cost)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("last", [None, 2])
def test_real_transforms_cost_what_the_naive_algorithm_counts(axes: int, last: int | None) -> None:
    """Along the last axis first, then what is left along the others; back in the opposite order."""
    x, tally = signal(axes).real, Tally()
    lengths = [*x.shape[1:-1], last or x.shape[-1]]
    ours = along(tally, x[..., : lengths[-1]], -1)[..., : lengths[-1] // 2 + 1]
    for axis in range(2, axes + 1):
        ours = along(tally, ours, -axis)
    kernel = getattr(tf.raw_ops, f"RFFT{SUFFIX[axes]}")(input=x, fft_length=lengths)
    tally.gives(ours, kernel)
    outcome = apply(RULES, f"RFFT{SUFFIX[axes]}", Shape(*x.shape), lengths)
    assert outcome.shapes == (Shape(*ours.shape),)
    tally.proves(f"RFFT{SUFFIX[axes]}", outcome.cost)

    tally, spectrum = Tally(), ours
    for axis in range(2, axes + 1):
        spectrum = along(tally, spectrum, -axis, 1)
    mirrored = np.conj(spectrum[..., 1 : (lengths[-1] + 1) // 2][..., ::-1])
    whole = along(tally, np.concatenate([spectrum, mirrored], -1), -1, 1).real
    back = [tally.mul(value, 1 / math.prod(lengths)) for value in whole.ravel().tolist()]
    real = getattr(tf.raw_ops, f"IRFFT{SUFFIX[axes]}")(input=kernel, fft_length=lengths)
    tally.gives(np.reshape(back, whole.shape), real)
    outcome = apply(RULES, f"IRFFT{SUFFIX[axes]}", Shape(*ours.shape), lengths)
    assert outcome.shapes == (Shape(*whole.shape),)
    tally.proves(f"IRFFT{SUFFIX[axes]}", outcome.cost)


def test_other_lengths_have_the_stages_of_the_next_power_of_two() -> None:
    assert apply(RULES, "FFT", Shape(2, 6)).cost == Cost(mul=2 * 2 * 6 * 3, add=3 * 2 * 6 * 3)
    assert apply(RULES, "FFT", Shape(1)).cost == Cost()


LENGTHS, AXES = [8, 4], [0, 2]


def test_along_any_axes_there_is_a_transform_for_each_row() -> None:
    """The kernels are for graphics processors alone: the numbers are numpy's."""
    x = (floats(1, 8, 3, 4) + 1j * floats(2, 8, 3, 4)).astype(np.complex64)
    for kind, sign, theirs in (("FFTND", -1, np.fft.fftn), ("IFFTND", 1, np.fft.ifftn)):
        tally = Tally()
        ours = along(tally, along(tally, x, 2, sign), 0, sign)
        if sign == 1:
            ours = np.reshape(scaled(tally, ours, 1 / 32), x.shape)
        tally.agrees(ours, theirs(x, axes=AXES))
        outcome = apply(RULES, kind, Shape(8, 3, 4), LENGTHS, AXES)
        assert outcome.shapes == (Shape(8, 3, 4),)
        tally.proves(kind, outcome.cost)


def test_real_transforms_along_any_axes_leave_half_of_the_last() -> None:
    x, tally = floats(1, 8, 3, 4), Tally()
    ours = along(tally, along(tally, x, 2)[..., :3], 0)
    spectrum = np.fft.rfftn(x, axes=AXES)
    tally.agrees(ours, spectrum)
    outcome = apply(RULES, "RFFTND", Shape(8, 3, 4), LENGTHS, AXES)
    assert outcome.shapes == (Shape(8, 3, 3),)
    tally.proves("RFFTND", outcome.cost)

    tally = Tally()
    half = along(tally, spectrum, 0, 1)
    whole = along(tally, np.concatenate([half, np.conj(half[..., 1:2])], -1), 2, 1).real
    back = [tally.mul(value, 1 / 32) for value in whole.ravel().tolist()]
    tally.agrees(np.reshape(back, x.shape), x)
    outcome = apply(RULES, "IRFFTND", Shape(8, 3, 3), LENGTHS, AXES)
    assert outcome.shapes == (Shape(8, 3, 4),)
    tally.proves("IRFFTND", outcome.cost)


PARTIAL: list[tuple[int | None, ...] | None] = [(None, 4, None, 6), (2, None, 3, None), None]


@pytest.mark.tensorflow
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("shape", PARTIAL)
def test_shapes_agree_with_tensorflow(axes: int, shape: tuple[int | None, ...] | None) -> None:
    suffix = SUFFIX[axes]
    lengths: list[Operand] = [[5, 6, 7][:axes], [0] * axes, (tf.int32, (axes,)), (tf.int32, (None,)), (tf.int32, None)]
    for kind in ("FFT", "IFFT"):
        assert_knows_as_much(RULES, f"{kind}{suffix}", {"input": (tf.complex64, shape)})
    for length in lengths:
        operands = {"input": (tf.float32, shape), "fft_length": length}
        assert_knows_as_much(RULES, f"RFFT{suffix}", operands)
        operands = {"input": (tf.complex64, shape), "fft_length": length}
        assert_knows_as_much(RULES, f"IRFFT{suffix}", operands)


def test_open_lengths_stay_symbols() -> None:
    rule = RULES.get("FFT2D")
    assert rule is not None
    assert rule.real
    sizes = {"N": 3, "H": 8, "W": 5}
    cost = apply(RULES, "IFFT2D", Shape(*map(symbol, sizes))).cost
    assert isinstance(cost, Cost)
    assert cost.bind(sizes) == apply(RULES, "IFFT2D", Shape(3, 8, 5)).cost
    cost = apply(RULES, "RFFT2D", Shape(symbol("N"), 9, 9), [8, 8]).cost
    assert isinstance(cost, Cost)
    assert cost.bind({"N": 3}) == apply(RULES, "RFFT2D", Shape(3, 9, 9), [8, 8]).cost


@pytest.mark.parametrize(
    ("kind", "operands"),
    [
        ("FFT2D", (Shape(3),)),
        ("RFFT", (Shape(3), [-2])),
        ("RFFT2D", (Shape(3, 4), [2])),
        ("FFTND", (Shape(3, 4), [2], [0, 1])),
        ("FFTND", (Shape(3, 4), [2, 2], [0, 0])),
        ("FFTND", (Shape(3, 4), [2], [5])),
        ("FFTND", (Shape(3, 4), [], [])),
    ],
)
def test_lengths_without_sense_are_refused(kind: str, operands: Any) -> None:
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands)


def test_an_unknown_length_is_a_symbol() -> None:
    outcome = apply(RULES, "RFFT", Shape(3, 8), Fact("int32", Shape(1)))
    assert str(outcome.shapes[0]) == "[3, size(node:0,1)]"
    assert isinstance(outcome.cost, Cost)
    assert outcome.cost.bind({"length(node)": 10}) == apply(RULES, "RFFT", Shape(3, 8), [10]).cost
