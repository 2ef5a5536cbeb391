from __future__ import annotations

import math

import pytest

pytest.importorskip("tensorflow")

import numpy as np
from counted import floats
from counting import Tally
from shape_function import tensor, tensorflow_shapes
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.microfrontend import RULES

pytestmark = pytest.mark.tensorflow

QUIET = {"enable_log": False}


@pytest.mark.parametrize(
    ("samples", "attrs"),
    [
        (16000, {}),
        (16000, {"left_context": 2, "right_context": 1, "frame_stride": 3, "num_channels": 40}),
        (8000, {"sample_rate": 8000, "window_size": 30, "window_step": 20}),
        (399, {}),
    ],
)
def test_frames_are_tensorflow_s(samples, attrs):
    (known,) = tensorflow_shapes("AudioMicrofrontend", [tensor(samples, dtype="int16")], **attrs)
    assert apply(RULES, "AudioMicrofrontend", Shape(samples), **attrs).shapes == (Shape(*known),)


def radix_2(t, points):
    """A complex transform by halves, a product of complex numbers and two sums for each pair."""
    if len(points) == 1:
        return points
    even, odd = radix_2(t, points[::2]), radix_2(t, points[1::2])
    turned = [value * np.exp(-2j * np.pi * k / len(points)) for k, value in enumerate(odd)]
    t.counts["mul"] += 4 * len(odd)
    t.counts["add"] += 6 * len(odd)
    return [a + b for a, b in zip(even, turned, strict=True)] + [a - b for a, b in zip(even, turned, strict=True)]


def test_a_frame_is_windowed_transformed_and_weighed():
    """One frame of 8 samples and one channel; a real transform counts as half of the complex one."""
    frame, weights = floats(1, 8), floats(2, 5, least=0)
    tally, transform = Tally(), Tally()
    windowed = [tally.mul(a, 0.5) for a in frame.tolist()]
    spectrum = radix_2(transform, windowed)
    np.testing.assert_allclose(spectrum, np.fft.fft(frame * 0.5), rtol=1e-4, atol=1e-6)
    channels = [0.0, 0.0]
    for value, weight in zip(spectrum[:5], weights.tolist(), strict=True):
        energy = tally.add(tally.mul(value.real, value.real), tally.mul(value.imag, value.imag))
        channels = [tally.add(c, tally.mul(energy, w)) for c, w in zip(channels, (weight, 1 - weight), strict=True)]
    root = tally.sqrt(channels[0])
    noise = tally.add(tally.mul(0.9, 0.0), tally.mul(0.1, root))
    tally.max(tally.sub(root, noise), tally.mul(root, 0.05))
    half = Cost(**{kind: count // 2 for kind, count in transform.counts.items()})
    one = {"sample_rate": 1000, "window_size": 8, "window_step": 8, "num_channels": 1, **QUIET}
    assert apply(RULES, "AudioMicrofrontend", Shape(8), **one).cost == tally.cost + half
    plain = apply(RULES, "AudioMicrofrontend", Shape(8), **one).cost
    loud = apply(RULES, "AudioMicrofrontend", Shape(8), **{**one, "enable_log": True, "enable_pcan": True}).cost
    assert loud == plain + Cost(mul=3, transcendental=2)


def test_the_length_may_be_open():
    n = symbol("N")
    outcome = apply(RULES, "AudioMicrofrontend", Shape(160 * n + 240))
    assert outcome.shapes == (Shape(n, 32),)
    assert outcome.cost == apply(RULES, "AudioMicrofrontend", Shape(400)).cost * n
    assert math.isfinite(outcome.cost.bind({"N": 98}).flops)


@pytest.mark.parametrize(
    "attrs",
    [{"window_step": 0}, {"num_channels": 0}, {"left_context": -1}, {"frame_stride": 0}, {"window_size": 10**12}],
)
def test_hostile_nodes_are_refused(attrs):
    with pytest.raises(RuleError):
        apply(RULES, "AudioMicrofrontend", Shape(16000), **attrs)
