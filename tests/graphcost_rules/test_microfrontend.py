from __future__ import annotations

import math

import numpy as np
import pytest
from counted import floats
from counting import Tally
from internal_ops import run
from optional_tensorflow import tf
from shape_function import tensor, tensorflow_shapes
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.microfrontend import RULES


@pytest.mark.tensorflow
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


RATE, CHANNELS, LOWEST, HIGHEST = 16000, 8, 125, 7500
EVEN, ODD, FLOOR = 0.025, 0.06, 0.05


def radix_2(t, points):
    """A complex transform by halves, a product of complex numbers and two sums for each pair."""
    if len(points) == 1:
        return points
    even, odd = radix_2(t, points[::2]), radix_2(t, points[1::2])
    turned = [value * np.exp(-2j * np.pi * k / len(points)) for k, value in enumerate(odd)]
    t.counts["mul"] += 4 * len(odd)
    t.counts["add"] += 6 * len(odd)
    return [a + b for a, b in zip(even, turned, strict=True)] + [a - b for a, b in zip(even, turned, strict=True)]


def mel(frequency):
    return 1127 * math.log1p(frequency / 700)


def weight(place, bins):
    """The channel that a bin goes to, and how much of it; the rest goes to the next. Nothing does beyond the limits."""
    width, spacing = RATE / 2 / (bins - 1), (mel(HIGHEST) - mel(LOWEST)) / (CHANNELS + 1)
    position = (mel(place * width) - mel(LOWEST)) / spacing
    if place < int(1.5 + LOWEST / width) or position > CHANNELS + 1:
        return 0, 0.0, 0.0
    channel = max(math.ceil(position) - 1, 0)
    return channel, channel + 1 - position, position - channel


def front_end(t, sound, window, step, is_logarithmic):
    """What the kernel computes in integers, in floats; a real transform counts as half of a complex one."""
    points = 1 << (window - 1).bit_length()
    curve = [0.5 - 0.5 * math.cos(2 * math.pi * (i + 0.5) / window) for i in range(window)]
    noise, rows = [0.0] * CHANNELS, []
    for start in range(0, len(sound) - window + 1, step):
        frame = [t.mul(float(sound[start + i]), curve[i]) / points for i in range(window)]
        transform = Tally()
        spectrum = radix_2(transform, frame + [0.0] * (points - window))[: points // 2 + 1]
        t.counts.update({kind: count // 2 for kind, count in transform.counts.items()})
        sums = [0.0] * (CHANNELS + 2)
        for place, value in enumerate(spectrum):
            energy = t.add(t.mul(value.real, value.real), t.mul(value.imag, value.imag))
            channel, *parts = weight(place, len(spectrum))
            for offset, part in enumerate(parts):
                sums[channel + offset] = t.add(sums[channel + offset], t.mul(energy, part))
        row = []
        for i, total in enumerate(sums[1:-1]):
            root = t.sqrt(total) * 64
            share = ODD if i % 2 else EVEN
            noise[i] = t.add(t.mul(root, share), t.mul(noise[i], 1 - share))
            root = t.max(t.sub(root, noise[i]), t.mul(root, FLOOR))
            row.append(t.call(math.log, root * 8) * 64 if is_logarithmic else root)
        rows.append(row)
    return rows


@pytest.mark.parametrize("is_logarithmic", [False, True])
def test_a_frame_is_windowed_transformed_and_weighed(is_logarithmic):
    sound = (floats(1, 720) * 5_000).astype(np.int16)
    attrs = {
        "sample_rate": RATE,
        "window_size": 25,
        "window_step": 10,
        "num_channels": CHANNELS,
        "lower_band_limit": float(LOWEST),
        "upper_band_limit": float(HIGHEST),
        "even_smoothing": EVEN,
        "odd_smoothing": ODD,
        "min_signal_remaining": FLOOR,
        "enable_log": is_logarithmic,
        "enable_pcan": False,
    }
    theirs = run("AudioMicrofrontend", [sound], out_type=tf.float32, **attrs)
    tally = Tally()
    ours = front_end(tally, sound, 400, 160, is_logarithmic)
    tally.gives(ours, theirs, tolerance=0.02)
    outcome = apply(RULES, "AudioMicrofrontend", Shape(720), **attrs)
    assert outcome.shapes == (Shape(*np.shape(ours)),)
    tally.proves("AudioMicrofrontend", outcome.cost)
    controlled = apply(RULES, "AudioMicrofrontend", Shape(720), **{**attrs, "enable_pcan": True}).cost
    assert controlled == outcome.cost + Cost(mul=3, transcendental=1) * (3 * CHANNELS)


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
