"""Quantization against TensorFlow's kernels and counted naive algorithms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from counting import Tally
from optional_tensorflow import tf
from single_op import apply

from graphcost import Cost, Fact, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.quantize import RULES

ITEMS = [-1.3, -1.0, -0.2, 0.0, 0.31, 0.9, 1.5]
SCALAR = Shape()


def clamp(tally: Tally, x: float, low: float, high: float) -> float:
    return tally.min(tally.max(x, low), high)


def rounded(tally: Tally, x: float) -> float:
    """Rounding is one comparison, of the fraction with a half."""
    tally.counts["compare"] += 1
    return math.floor(x + 0.5)


def affine(tally: Tally, x: float, scale: float, offset: float) -> float:
    return tally.add(tally.mul(x, scale), offset)


def test_quantizing_costs_what_the_naive_algorithm_counts() -> None:
    tally, low, high = Tally(), -1.0, 1.0
    scale = 255 / (high - low)
    result = [rounded(tally, affine(tally, clamp(tally, x, low, high), scale, -low * scale)) for x in ITEMS]
    kernel = tf.raw_ops.QuantizeV2(input=ITEMS, min_range=low, max_range=high, T=tf.quint8, mode="MIN_COMBINED")
    tally.gives(result, tf.cast(kernel.output, tf.int32))
    outcome = apply(RULES, "QuantizeV2", Shape(len(ITEMS)), SCALAR, SCALAR, mode=b"MIN_COMBINED")
    assert outcome.shapes == (Shape(len(ITEMS)), SCALAR, SCALAR)
    tally.proves("QuantizeV2", outcome.cost)


def test_scaled_quantizing_has_no_offset() -> None:
    tally, low, high = Tally(), -1.0, 1.0
    result = [rounded(tally, tally.mul(clamp(tally, x, low, high), 127.0)) for x in ITEMS]
    kernel = tf.raw_ops.QuantizeV2(
        input=ITEMS, min_range=low, max_range=high, T=tf.qint8, mode="SCALED", narrow_range=True
    )
    tally.gives(result, tf.cast(kernel.output, tf.int32))
    outcome = apply(RULES, "QuantizeV2", Shape(len(ITEMS)), SCALAR, SCALAR, mode=b"SCALED")
    tally.proves("QuantizeV2", outcome.cost)


@pytest.mark.parametrize("mode", ["MIN_COMBINED", "MIN_FIRST", "SCALED"])
def test_dequantizing_costs_what_the_naive_algorithm_counts(mode: str) -> None:
    tally, low, high, items = Tally(), 0.0, 2.0, [0, 3, 128, 255]
    step = (high - low) / 255
    result = [tally.mul(x, step) if mode == "SCALED" else affine(tally, x, step, low) for x in items]
    quantized = tf.cast(tf.constant(items), tf.quint8)
    kernel = tf.raw_ops.Dequantize(input=quantized, min_range=low, max_range=high, mode=mode)
    tally.gives(result, kernel, tolerance=1e-5)
    outcome = apply(RULES, "Dequantize", Shape(4), SCALAR, SCALAR, mode=mode.encode())
    tally.proves("Dequantize", outcome.cost)


@pytest.mark.parametrize("bounds", ["Args", "Vars", "VarsPerChannel"])
def test_imitating_quantization_costs_what_the_naive_algorithm_counts(bounds: str) -> None:
    tally, low, high = Tally(), 0.0, 2.55
    scale = (high - low) / 255
    result = []
    for x in ITEMS:
        steps = tally.mul(tally.sub(clamp(tally, x, low, high), low), 1 / scale)
        whole = rounded(tally, tally.add(steps, 0.0))
        result.append(affine(tally, whole, scale, low))
    kind, shape = f"FakeQuantWithMinMax{bounds}", Shape(len(ITEMS))
    ranges = [[end] * len(ITEMS) if bounds == "VarsPerChannel" else end for end in (low, high)]
    kernel = getattr(tf.raw_ops, kind)(inputs=ITEMS, min=ranges[0], max=ranges[1])
    tally.gives(result, kernel, tolerance=1e-5)
    end = {"Args": None, "Vars": SCALAR, "VarsPerChannel": shape}[bounds]
    outcome = apply(RULES, kind, shape, *([] if end is None else [end, end]))
    assert outcome.shapes == (shape,)
    tally.proves(kind, outcome.cost)


def test_the_gradient_passes_between_the_limits() -> None:
    tally, low, high = Tally(), -0.5, 1.0
    result = []
    for x in ITEMS:
        is_below, is_above = tally.less(x, low), tally.less(high, x)
        result.append(0.0 if is_below or is_above else 2.0)
    kernel = tf.raw_ops.FakeQuantWithMinMaxArgsGradient(gradients=[2.0] * len(ITEMS), inputs=ITEMS, min=low, max=high)
    tally.gives(result, kernel)
    outcome = apply(RULES, "FakeQuantWithMinMaxArgsGradient", Shape(len(ITEMS)), Shape(len(ITEMS)))
    tally.proves("FakeQuantWithMinMaxArgsGradient", outcome.cost)


def test_requantizing_costs_what_the_naive_algorithm_counts() -> None:
    tally, items = Tally(), [-(2**30), -5, 0, 2**29]
    step = 4.0 / (2**32 - 1)
    result = []
    for x in items:
        real = affine(tally, x, step, step / 2)
        result.append(rounded(tally, clamp(tally, affine(tally, real, 255 / 4, 127.5), 0, 255)))
    kernel = tf.raw_ops.Requantize(
        input=tf.bitcast(tf.constant(items, tf.int32), tf.qint32),
        input_min=-2.0,
        input_max=2.0,
        requested_output_min=-2.0,
        requested_output_max=2.0,
        out_type=tf.quint8,
    )
    # Less than a step of 255, so that none may differ.
    tally.gives(np.divide(result, 255), tf.cast(kernel.output, tf.int32) / 255, tolerance=0.4 / 255)
    outcome = apply(RULES, "Requantize", Shape(4), SCALAR, SCALAR, SCALAR, SCALAR)
    assert outcome.shapes == (Shape(4), SCALAR, SCALAR)
    tally.proves("Requantize", outcome.cost)


def extremes(tally: Tally, items: list[int]) -> tuple[float, float]:
    low = high = float(items[0])
    for item in items[1:]:
        low, high = tally.min(low, item), tally.max(high, item)
    return low, high


BITS = [-(2**29), -5, 3, 2**29 + 2**28]


def test_a_range_is_a_minimum_and_a_maximum() -> None:
    tally, step = Tally(), 4.0 / (2**32 - 1)
    low, high = (end * step for end in extremes(tally, BITS))
    quantized = tf.bitcast(tf.constant(BITS, tf.int32), tf.qint32)
    kernel = tf.raw_ops.RequantizationRange(input=quantized, input_min=-2.0, input_max=2.0)
    tally.gives((low, high), kernel)
    outcome = apply(RULES, "RequantizationRange", Shape(len(BITS)), SCALAR, SCALAR)
    assert outcome.shapes == (SCALAR, SCALAR)
    tally.proves("RequantizationRange", outcome.cost)
    assert apply(RULES, "RequantizationRange", Shape(0), SCALAR, SCALAR).cost == Cost()


def test_shrinking_finds_the_range_and_quantizes_to_it() -> None:
    tally, step = Tally(), 4.0 / (2**32 - 1)
    low, high = (end * step for end in extremes(tally, BITS))
    scale = 255 / (high - low)
    reals = [affine(tally, bits, step, 0.0) for bits in BITS]
    result = [rounded(tally, clamp(tally, affine(tally, real, scale, -low * scale), 0, 255)) for real in reals]
    quantized = tf.bitcast(tf.constant(BITS, tf.int32), tf.qint32)
    kernel = tf.raw_ops.QuantizeDownAndShrinkRange(input=quantized, input_min=-2.0, input_max=2.0, out_type=tf.quint8)
    tally.gives((low, high), kernel[1:])
    tally.gives(np.divide(result, 255), tf.cast(kernel.output, tf.int32) / 255, tolerance=0.4 / 255)
    outcome = apply(RULES, "QuantizeDownAndShrinkRange", Shape(len(BITS)), SCALAR, SCALAR)
    assert outcome.shapes == (Shape(len(BITS)), SCALAR, SCALAR)
    tally.proves("QuantizeDownAndShrinkRange", outcome.cost)


def test_ranges_may_be_given_for_each_slice() -> None:
    outcome = apply(RULES, "QuantizeV2", Shape(2, 5, 3), Shape(5), Shape(5), axis=1)
    assert outcome.shapes == (Shape(2, 5, 3), Shape(5), Shape(5))


def test_symbolic_tensors_bound_later_cost_the_same() -> None:
    n = symbol("N")
    for kind in ("QuantizeV2", "Dequantize", "FakeQuantWithMinMaxVars", "RequantizationRange"):
        cost = apply(RULES, kind, Shape(n, 3), SCALAR, SCALAR).cost
        assert isinstance(cost, Cost)
        assert cost.bind({"N": 4}) == apply(RULES, kind, Shape(4, 3), SCALAR, SCALAR).cost


@pytest.mark.parametrize("attrs", [{"mode": b"?"}, {"axis": 9}, {"axis": "x"}])
def test_attributes_without_sense_are_refused(attrs: dict[str, object]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "QuantizeV2", Shape(2), Fact(), Fact(), **attrs)
