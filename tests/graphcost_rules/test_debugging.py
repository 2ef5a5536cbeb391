from __future__ import annotations

import math

import pytest

pytest.importorskip("tensorflow")

import numpy as np
import tensorflow as tf
from counted import floats
from counting import Tally
from shape_function import prove_shapes, tensor
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost_rules.debugging import RULES

pytestmark = pytest.mark.tensorflow

MATRIX = tensor(4, 6)


def is_nan(t, x):
    t.counts["compare"] += 1
    return math.isnan(x)


def test_every_element_is_tested():
    x = np.array([1, np.nan, 3, np.nan], np.float32)
    tally = Tally()
    assert sum(is_nan(tally, v) for v in x.tolist()) == tf.raw_ops.DebugNanCount(input=x, tensor_name="x:0").numpy()
    assert apply(RULES, "DebugNanCount", Shape(4)).cost == tally.cost


def test_a_summary_takes_two_passes():
    x = floats(1, 9)
    t, items = Tally(), x.tolist()
    least, greatest, total, signs = math.inf, -math.inf, 0.0, [0, 0, 0]
    for v in items:
        assert not is_nan(t, v)
        assert not t.less(v, -math.inf)
        assert not t.less(math.inf, v)
        is_negative, is_positive = t.less(v, 0), t.less(0, v)
        signs[1 - is_negative + is_positive] += 1
        least, greatest, total = t.min(least, v), t.max(greatest, v), t.add(total, v)
    mean = t.div(total, len(items))
    squares = 0.0
    for v in items:
        difference = t.sub(v, mean)
        squares = t.add(squares, t.mul(difference, difference))
    theirs = tf.raw_ops.DebugNumericSummary(input=x, tensor_name="x:0").numpy()
    np.testing.assert_allclose(theirs[8:12], [least, greatest, mean, t.div(squares, len(items))], rtol=1e-4)
    assert theirs[4:7].tolist() == signs
    assert apply(RULES, "DebugNumericSummary", Shape(9)).cost == t.cost


def test_calibration_takes_the_range_and_a_histogram():
    x = floats(1, 8)
    tally, items = Tally(), x.tolist()
    least = greatest = items[0]
    for item in items[1:]:
        least, greatest = tally.min(least, item), tally.max(greatest, item)
    assert (least, greatest) == (x.min(), x.max())
    assert apply(RULES, "CustomAggregator", Shape(8)).cost == tally.cost
    bins, width = [0] * 4, (greatest - least) / 4
    for item in items:
        place = min(int(tally.div(tally.sub(item, least), width)), 3)
        bins[place] = int(tally.add(bins[place], 1))
    assert bins == np.histogram(x, 4)[0].tolist()
    outcome = apply(RULES, "CustomAggregator", Shape(8), num_bins=4)
    assert outcome.cost == tally.cost
    assert outcome.shapes == (Shape(8), Shape(), Shape(), Shape(4))


def test_health_takes_three_comparisons():
    assert apply(RULES, "DebugNumericSummaryV2", Shape(2, 5)).cost == Cost(compare=30)


@pytest.mark.parametrize(
    ("kind", "inputs", "lists", "attrs"),
    [
        ("DebugNanCount", [MATRIX], {}, {}),
        ("DebugNumericSummary", [MATRIX], {}, {}),
        ("DebugNumericSummaryV2", [MATRIX], {}, {}),
        ("CustomAggregator", [MATRIX], {}, {"id": "a", "num_bins": 4}),
        (
            "DumpTensor",
            [MATRIX],
            {},
            {"log_dir_path": "", "file_name": "", "enabled": True, "func_name": "", "node_name": ""},
        ),
    ],
)
def test_shapes_are_tensorflow_s(kind, inputs, lists, attrs):
    prove_shapes(RULES, kind, inputs, lists, **attrs)


def test_hostile_nodes_are_refused():
    with pytest.raises(RuleError):
        apply(RULES, "CustomAggregator", Shape(8), num_bins=-1)
