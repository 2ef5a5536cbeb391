"""Spectrograms and cepstral coefficients against TensorFlow's kernels and counted naive algorithms."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from counting import Tally
from hypothesis import strategies as st
from kernel_oracle import Call, call, prove
from optional_tensorflow import tf
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.audio import RULES


def butterfly(tally: Tally, a: complex, b: complex, twiddle: complex) -> tuple[complex, complex]:
    """a + t*b and a - t*b: a complex product of 4 mul and 2 add, and two complex additions of 2 add each."""
    tally.counts.update(mul=4, add=6)
    return a + twiddle * b, a - twiddle * b


def fft(tally: Tally, points: list[complex]) -> list[complex]:
    if len(points) == 1:
        return points
    even, odd = fft(tally, points[::2]), fft(tally, points[1::2])
    half = len(even)
    pairs = [butterfly(tally, even[k], odd[k], cmath.exp(-1j * math.pi * k / half)) for k in range(half)]
    return [a for a, _ in pairs] + [b for _, b in pairs]


def spectrogram(tally: Tally, samples: np.ndarray, window: int, stride: int, squared: bool) -> np.ndarray:
    points = 1 << (window - 1).bit_length()
    hann = [0.5 - 0.5 * math.cos(2 * math.pi * i / window) for i in range(window)]
    frames = []
    for start in range(0, len(samples) - window + 1, stride):
        frame = [complex(tally.mul(float(samples[start + i]), hann[i])) for i in range(window)]
        spectrum = fft(tally, frame + [0j] * (points - window))[: points // 2 + 1]
        powers = [tally.add(tally.mul(x.real, x.real), tally.mul(x.imag, x.imag)) for x in spectrum]
        frames.append(powers if squared else [tally.sqrt(power) for power in powers])
    return np.asarray(frames)


@pytest.mark.parametrize(("window", "stride", "squared"), [(8, 3, True), (5, 2, False), (16, 16, True)])
def test_spectrograms_cost_what_the_naive_algorithm_counts(window: int, stride: int, squared: bool) -> None:
    samples, tally = np.sin(np.arange(40) * 0.7).astype(np.float32), Tally()
    result = spectrogram(tally, samples, window, stride, squared)
    attrs = {"window_size": window, "stride": stride, "magnitude_squared": squared}
    kernel = tf.raw_ops.AudioSpectrogram(input=samples[:, None], **attrs)
    tally.gives(result, kernel[0])
    outcome = apply(RULES, "AudioSpectrogram", Shape(40, 1), **attrs)
    assert outcome.shapes == (Shape(1, *result.shape),)
    tally.proves("AudioSpectrogram", outcome.cost)


def mel(frequency: float) -> float:
    return 1127 * math.log1p(frequency / 700)


def cepstrum(tally: Tally, bins: np.ndarray, rate: int, bands: int, coefficients: int) -> list[float]:
    """The kernel's algorithm; bins outside of the limits are weighted too, with 0."""
    low, high = mel(20), mel(4000)
    spacing, width = (high - low) / (bands + 1), 0.5 * rate / (len(bins) - 1)
    sums = [0.0] * (bands + 2)
    for i, power in enumerate(bins[1:], start=1):
        place = (mel(i * width) - low) / spacing
        band = min(max(math.floor(place), 0), bands)
        is_inside = int(1.5 + 20 / width) <= i <= int(4000 / width)
        magnitude = tally.sqrt(float(power))
        part = tally.mul(magnitude, (band + 1 - place) if is_inside else 0)
        rest = tally.sub(magnitude, part) if is_inside else tally.sub(0, 0)
        sums[band] = tally.add(sums[band], part)
        sums[band + 1] = tally.add(sums[band + 1], rest)
    logs = [tally.call(math.log, tally.max(x, 1e-12)) for x in sums[1 : bands + 1]]
    scale, step = math.sqrt(2 / bands), math.pi / bands
    return [
        tally.sum([tally.mul(scale * math.cos(i * step * (j + 0.5)), x) for j, x in enumerate(logs)])
        for i in range(coefficients)
    ]


def test_cepstral_coefficients_cost_what_the_naive_algorithm_counts() -> None:
    bins, tally = np.abs(np.sin(np.arange(2 * 257).reshape(2, 257))).astype(np.float32), Tally()
    result = [cepstrum(tally, frame, 16000, 40, 13) for frame in bins]
    kernel = tf.raw_ops.Mfcc(spectrogram=bins[None], sample_rate=16000)
    tally.gives(result, kernel[0], tolerance=1e-2)
    outcome = apply(RULES, "Mfcc", Shape(1, 2, 257), 16000)
    assert outcome.shapes == (Shape(1, 2, 13),)
    tally.proves("Mfcc", outcome.cost)


def spectrograms(window: int, stride: int) -> Call:
    return call("AudioSpectrogram", np.zeros([60, 2], dtype=np.float32), window_size=window, stride=stride)


CALLS = {
    "AudioSpectrogram": st.builds(spectrograms, st.integers(2, 80), st.integers(1, 9)),
    "Mfcc": st.just(call("Mfcc", np.ones([1, 2, 65], dtype=np.float32), 8000)),
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_shapes_agree_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, has_value=False)


def test_a_symbolic_sound_bound_later_costs_the_same() -> None:
    attrs = {"window_size": 480, "stride": 160}
    cost = apply(RULES, "AudioSpectrogram", Shape(symbol("T"), 1), **attrs).cost
    assert isinstance(cost, Cost)
    assert cost.bind({"T": 16000}) == apply(RULES, "AudioSpectrogram", Shape(16000, 1), **attrs).cost


@pytest.mark.parametrize(
    "attrs", [{"window_size": 1, "stride": 1}, {"window_size": 8, "stride": 0}, {"window_size": 2**40}]
)
def test_windows_without_sense_are_refused(attrs: dict[str, int]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "AudioSpectrogram", Shape(40, 1), **attrs)
