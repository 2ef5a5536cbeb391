"""Floats rounded to few bits, and ranges of channels, against TensorFlow's kernels and counted naive algorithms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from counted import floats
from counting import Tally
from internal_ops import run
from kernel_oracle import call
from open_sizes import assert_same_when_bound
from optional_tensorflow import tf
from partial_shapes import assert_knows_as_much
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.quantized_ranges import RULES

SCALAR = Shape()
ROWS, CHANNELS = 5, 3


def rounded(t: Tally, x: float) -> float:
    t.counts["compare"] += 1
    return float(np.rint(x))


def extremes(t: Tally, items: list[float]) -> tuple[float, float]:
    low = high = items[0]
    for item in items[1:]:
        low, high = t.min(low, item), t.max(high, item)
    return low, high


def imitated(t: Tally, items: list[float], given: tuple[float, float] | None) -> list[float]:
    """Signed, 8 bits: the scale fits both ends into -128 to 127. What a given range allows is clamped."""
    low, high = given or extremes(t, items)
    scale = min(-128 / low if low < 0 else math.inf, 127 / high if high > 0 else math.inf)
    ends = -128 / scale, 127 / scale
    inside = [t.min(t.max(x, ends[0]), ends[1]) for x in items] if given else items
    return [t.mul(rounded(t, t.mul(x, scale)), 1 / scale) for x in inside]


@pytest.mark.parametrize("kind", ["QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3", "QuantizeAndDequantizeV4"])
@pytest.mark.parametrize("is_given", [False, True])
@pytest.mark.parametrize("axis", [-1, 1])
def test_imitated_bits_cost_what_the_naive_algorithm_counts(kind: str, is_given: bool, axis: int) -> None:
    if is_given and axis == 1 and kind != "QuantizeAndDequantizeV3":
        pytest.skip("the kernel takes no range of a channel")
    x, tally = floats(3, ROWS, CHANNELS), Tally()
    groups = [x.ravel()] if axis == -1 else list(x.T)
    given = (-0.5, 0.7) if is_given else None
    ours = [imitated(tally, group.tolist(), given) for group in groups]
    bound = () if axis == -1 else (CHANNELS,)
    ends = {"input_min": np.full(bound, -0.5, np.float32), "input_max": np.full(bound, 0.7, np.float32)}
    bits = {"num_bits": 8} if kind == "QuantizeAndDequantizeV3" else {}
    kernel = getattr(tf.raw_ops, kind)(input=x, **ends, **bits, range_given=is_given, axis=axis)
    tally.gives(np.reshape(ours, x.shape) if axis == -1 else np.transpose(ours), kernel, tolerance=1e-5)
    outcome = apply(
        RULES, kind, Shape(*x.shape), Shape(*bound), Shape(*bound), *bits.values(), range_given=is_given, axis=axis
    )
    assert outcome.shapes == (Shape(*x.shape),)
    tally.proves(kind, outcome.cost)


@pytest.mark.parametrize("is_given", [False, True])
def test_the_first_version_has_its_range_in_attributes(is_given: bool) -> None:
    """TensorFlow runs it in old graphs alone."""
    x, tally = floats(3, 7), Tally()
    ours = imitated(tally, x.tolist(), (-0.5, 0.7) if is_given else None)
    kernel = run("QuantizeAndDequantize", [x], input_min=-0.5, input_max=0.7, range_given=is_given)
    tally.gives(ours, kernel, tolerance=1e-5)
    tally.proves("QuantizeAndDequantize", apply(RULES, "QuantizeAndDequantize", Shape(7), range_given=is_given).cost)


def test_gradients_pass_inside_of_the_range() -> None:
    x, gradient, tally = floats(3, ROWS, CHANNELS), floats(4, ROWS, CHANNELS), Tally()
    ours = []
    for value, g in zip(x.ravel().tolist(), gradient.ravel().tolist(), strict=True):
        above, below = tally.less(value, -0.5), tally.less(0.5, value)
        ours.append(0.0 if above or below else g)
    kernel = tf.raw_ops.QuantizeAndDequantizeV4Grad(gradients=gradient, input=x, input_min=-0.5, input_max=0.5)
    tally.gives(ours, kernel[0].numpy().ravel())
    shape = Shape(*x.shape)
    outcome = apply(RULES, "QuantizeAndDequantizeV4Grad", shape, shape, SCALAR, SCALAR)
    assert outcome.shapes == (shape, SCALAR, SCALAR)
    tally.proves("QuantizeAndDequantizeV4Grad", outcome.cost)


def parted(t: Tally, x: list[float], gradient: list[float]) -> tuple[list[float], float, float]:
    """The gradients that pass between the ends, nudged to where 0 is exact, and the sums of the others."""
    through, below, above = [], [], []
    for value, g in zip(x, gradient, strict=True):
        is_low, is_high = t.less(value, -0.5), t.less(0.5, value)
        through.append(0.0 if is_low or is_high else g)
        below.append(g if is_low else 0.0)
        above.append(g if is_high else 0.0)
    return through, t.sum(below), t.sum(above)


def test_the_gradients_of_fake_bits_cost_what_the_naive_algorithm_counts() -> None:
    x, gradient, tally = floats(3, ROWS, CHANNELS), floats(4, ROWS, CHANNELS), Tally()
    ours = parted(tally, x.ravel().tolist(), gradient.ravel().tolist())
    kernel = tf.raw_ops.FakeQuantWithMinMaxVarsGradient(gradients=gradient, inputs=x, min=-0.5, max=0.5)
    tally.gives(ours[0], kernel[0].numpy().ravel())
    tally.gives(ours[1:], kernel[1:], tolerance=1e-5)
    shape = Shape(*x.shape)
    outcome = apply(RULES, "FakeQuantWithMinMaxVarsGradient", shape, shape, SCALAR, SCALAR)
    assert outcome.shapes == (shape, SCALAR, SCALAR)
    tally.proves("FakeQuantWithMinMaxVarsGradient", outcome.cost)


def test_channels_have_gradients_of_their_own() -> None:
    x, gradient, tally = floats(3, ROWS, CHANNELS), floats(4, ROWS, CHANNELS), Tally()
    ours = [parted(tally, *pair) for pair in zip(x.T.tolist(), gradient.T.tolist(), strict=True)]
    ends = {"min": np.full(CHANNELS, -0.5, np.float32), "max": np.full(CHANNELS, 0.5, np.float32)}
    kernel = tf.raw_ops.FakeQuantWithMinMaxVarsPerChannelGradient(gradients=gradient, inputs=x, **ends)
    through = np.asarray([part[0] for part in ours]).T
    tally.gives(through, kernel[0])
    tally.gives([part[1] for part in ours], kernel[1], tolerance=1e-5)
    tally.gives([part[2] for part in ours], kernel[2], tolerance=1e-5)
    shape, channels = Shape(*x.shape), Shape(CHANNELS)
    outcome = apply(RULES, "FakeQuantWithMinMaxVarsPerChannelGradient", shape, shape, channels, channels)
    assert outcome.shapes == (shape, channels, channels)
    tally.proves("FakeQuantWithMinMaxVarsPerChannelGradient", outcome.cost)


IMAGE = np.array([100, -2000, 5, 600000, -7, 12, 900, 44, -5000, 3, 2, 1]).reshape(1, 2, 2, 3) * 1000
ENDS = np.array([1.0, 2.0, 0.5], np.float32)


def test_channel_ranges_cost_what_the_naive_algorithm_counts() -> None:
    tally, lows, highs = Tally(), [], []
    for channel, end in enumerate(ENDS.tolist()):
        low, high = extremes(tally, IMAGE[..., channel].ravel().tolist())
        lows.append(tally.mul(low, end / 2**31))
        highs.append(tally.mul(high, end / 2**31))
    low, high = lows[0], highs[0]
    for other_low, other_high in zip(lows[1:], highs[1:], strict=True):
        low, high = tally.min(low, other_low), tally.max(high, other_high)
    kernel = tf.raw_ops.RequantizationRangePerChannel(
        input=tf.cast(IMAGE, tf.qint32), input_min=-ENDS, input_max=ENDS, clip_value_max=6.0
    )
    symmetric = max(-low, high)
    tally.gives([-symmetric, symmetric], kernel)
    outcome = apply(RULES, "RequantizationRangePerChannel", Shape(1, 2, 2, 3), Shape(3), Shape(3))
    assert outcome.shapes == (SCALAR, SCALAR)
    tally.proves("RequantizationRangePerChannel", outcome.cost)


def test_channels_are_requantized_by_scales_of_their_own() -> None:
    tally, ours = Tally(), np.zeros(IMAGE.shape)
    for place in np.ndindex(IMAGE.shape):
        scale = ENDS[place[-1]] / 2**31 * 127 / 0.1
        ours[place] = tally.min(tally.max(rounded(tally, tally.mul(IMAGE[place], scale)), -128), 127)
    kernel = tf.raw_ops.RequantizePerChannel(
        input=tf.cast(IMAGE, tf.qint32),
        input_min=-ENDS,
        input_max=ENDS,
        requested_output_min=-0.1,
        requested_output_max=0.1,
        out_type=tf.qint8,
    )
    tally.gives(ours / 127, tf.cast(kernel[0], tf.int32) / 127, tolerance=0.4 / 127)
    outcome = apply(RULES, "RequantizePerChannel", Shape(1, 2, 2, 3), Shape(3), Shape(3), SCALAR, SCALAR)
    assert outcome.shapes == (Shape(1, 2, 2, 3), SCALAR, SCALAR)
    tally.proves("RequantizePerChannel", outcome.cost)


PARTIAL: list[tuple[int | None, ...] | None] = [(None, 3), (5, None), (5, 3), None]


@pytest.mark.tensorflow
@pytest.mark.parametrize("x", PARTIAL)
def test_shapes_agree_with_tensorflow(x: tuple[int | None, ...] | None) -> None:
    image, ends = (tf.float32, x), {"input_min": (tf.float32, (None,)), "input_max": (tf.float32, (3,))}
    for kind in ("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV4"):
        assert_knows_as_much(RULES, kind, {"input": image, **ends}, axis=1)
    gradient = {"gradients": image, "input": (tf.float32, (5, 3)), **ends}
    assert_knows_as_much(RULES, "QuantizeAndDequantizeV4Grad", gradient, axis=1)
    scalars = {"min": (tf.float32, ()), "max": (tf.float32, ())}
    pair = {"gradients": image, "inputs": (tf.float32, None)}
    assert_knows_as_much(RULES, "FakeQuantWithMinMaxVarsGradient", {**pair, **scalars})
    vectors = {"min": (tf.float32, None), "max": (tf.float32, (3,))}
    assert_knows_as_much(RULES, "FakeQuantWithMinMaxVarsPerChannelGradient", {**pair, **vectors})
    channels = {"input_min": (tf.float32, (3,)), "input_max": (tf.float32, (3,))}
    operands: dict[str, Any] = {"input": (tf.qint32, x), **channels}
    assert_knows_as_much(RULES, "RequantizationRangePerChannel", operands, clip_value_max=6.0)


def test_symbols_bind_to_the_same() -> None:
    x, channels = Shape(5, 3), Shape(3)
    assert_same_when_bound(RULES, "QuantizeAndDequantizeV2", x, channels, channels, axis=1)
    assert_same_when_bound(RULES, "FakeQuantWithMinMaxVarsPerChannelGradient", x, x, channels, channels)
    assert_same_when_bound(RULES, "RequantizationRangePerChannel", x, channels, channels)


def test_empty_tensors_cost_nothing_negative() -> None:
    call_cost = apply(RULES, "QuantizeAndDequantizeV2", Shape(0), SCALAR, SCALAR).cost
    assert not any(call_cost.by_kind.values())  # type: ignore[union-attr]
    assert call("QuantizeAndDequantizeV2", np.zeros(0, np.float32)).kind in RULES


@pytest.mark.parametrize("axis", [2, -2, 10**20])
def test_axes_without_sense_are_refused(axis: int) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "QuantizeAndDequantizeV2", Shape(5, 3), Shape(3), Shape(3), axis=axis)
    with pytest.raises(RuleError):
        apply(RULES, "RequantizePerChannel", Shape(), Shape(3), Shape(3), SCALAR, SCALAR)
