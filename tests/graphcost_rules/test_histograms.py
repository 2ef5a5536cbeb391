"""Counts of values against TensorFlow's kernels and loops that count themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from counted import floats
from counting import Tally
from open_sizes import assert_same_when_bound
from optional_tensorflow import tf
from partial_shapes import assert_knows_as_much
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.histograms import RULES


def test_histograms_cost_what_the_loop_counts() -> None:
    values, bins, low, high = floats(1, 4, 5, most=2.0), 6, -0.5, 1.5
    tally, counts = Tally(), [0.0] * 6
    width = tally.div(tally.sub(high, low), bins)
    for value in values.ravel().tolist():
        inside = tally.min(tally.max(value, low), high)
        place = min(math.floor(tally.div(tally.sub(inside, low), width)), bins - 1)
        counts[place] = tally.add(counts[place], 1)
    kernel = tf.raw_ops.HistogramFixedWidth(values=values, value_range=[low, high], nbins=bins)
    tally.gives(counts, kernel)
    outcome = apply(RULES, "HistogramFixedWidth", Shape(4, 5), Shape(2), bins)
    assert outcome.shapes == (Shape(bins),)
    tally.proves("HistogramFixedWidth", outcome.cost)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("shape", [(9,), (3, 5)])
def test_counts_of_integers_cost_what_the_loop_counts(binary: bool, shape: tuple[int, ...]) -> None:
    items, size, tally = np.random.default_rng(1).integers(0, 7, shape), 5, Tally()
    rows = items.reshape(-1, shape[-1])
    counts = np.zeros((len(rows), size))
    for row, values in enumerate(rows.tolist()):
        for value in values:
            if tally.less(value, size):
                counts[row, value] = 1 if binary else counts[row, value] + 1
            if not binary:
                # Values that have no bin are nominally added too.
                tally.add(0, 1)
    no_weights = np.zeros(0, np.float32)
    kernel = tf.raw_ops.DenseBincount(input=items, size=np.int64(size), weights=no_weights, binary_output=binary)
    ours = counts.reshape(*shape[:-1], size)
    tally.gives(ours, kernel)
    outcome = apply(RULES, "DenseBincount", Shape(*shape), size, Shape(0), binary_output=binary)
    assert outcome.shapes == (Shape(*ours.shape),)
    tally.proves("DenseBincount", outcome.cost)
    if len(shape) == 1 and not binary:
        arguments = {"arr": items.astype(np.int32), "size": np.int32(size), "weights": no_weights}
        tally.gives(counts[0], tf.raw_ops.Bincount(**arguments))
        tally.proves("Bincount", apply(RULES, "Bincount", Shape(*shape), size, Shape(0)).cost)


@pytest.mark.tensorflow
@pytest.mark.parametrize("shape", [(None,), (3, None), (3, 4), None])
@pytest.mark.parametrize("bins", [5, (tf.int32, ()), (tf.int32, None)])
def test_shapes_agree_with_tensorflow(shape: tuple[int | None, ...] | None, bins: Any) -> None:
    ends, weights = (tf.float32, (2,)), (tf.float32, None)
    operands = {"values": (tf.float32, shape), "value_range": ends, "nbins": bins}
    assert_knows_as_much(RULES, "HistogramFixedWidth", operands)
    assert_knows_as_much(RULES, "Bincount", {"arr": (tf.int32, shape), "size": bins, "weights": weights})
    assert_knows_as_much(RULES, "DenseBincount", {"input": (tf.int32, shape), "size": bins, "weights": weights})


def test_symbols_bind_to_the_same() -> None:
    assert_same_when_bound(RULES, "HistogramFixedWidth", Shape(4, 5), Shape(2), 6)
    assert_same_when_bound(RULES, "DenseBincount", Shape(4, 5), 6, Shape(4, 5))


def test_bins_without_sense_are_refused() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "Bincount", Shape(4), -3, Shape(0))
    with pytest.raises(RuleError):
        apply(RULES, "DenseBincount", Shape(4, 5, 6), 3, Shape(0))
    with pytest.raises(RuleError):
        apply(RULES, "HistogramFixedWidth", Shape(4), Shape(2), [1, 2])
