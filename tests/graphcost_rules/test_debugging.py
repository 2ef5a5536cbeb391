from __future__ import annotations

import math

import numpy as np
import pytest
from counted import floats
from counting import Tally
from optional_tensorflow import tf
from shape_function import prove_shapes, tensor
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.debugging import RULES

MATRIX = tensor(4, 6)


def is_nan(t, x):
    t.counts["compare"] += 1
    return math.isnan(x)


def test_every_element_is_tested():
    x = np.array([1, np.nan, 3, np.nan], np.float32)
    tally = Tally()
    found = sum(is_nan(tally, v) for v in x.tolist())
    tally.gives(found, tf.raw_ops.DebugNanCount(input=x, tensor_name="x:0"))
    tally.proves("DebugNanCount", apply(RULES, "DebugNanCount", Shape(4)).cost)


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
    t.gives([least, greatest, mean, t.div(squares, len(items))], theirs[8:12])
    t.gives(signs, theirs[4:7])
    t.proves("DebugNumericSummary", apply(RULES, "DebugNumericSummary", Shape(9)).cost)


def aggregated(x, bins):
    """What the kernel of calibration gives: the least and the greatest element and a histogram."""
    graph = tf.compat.v1.GraphDef()
    node = graph.node.add(name="kernel", op="CustomAggregator", input=["x"])
    node.attr["id"].s, node.attr["num_bins"].i, node.attr["calibration_method"].i = b"a", bins, 3
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tensors = tf.import_graph_def(
            graph, input_map={"x": tf.constant(x)}, return_elements=[f"kernel:{i}" for i in (1, 2, 3)]
        )
        return session.run(tensors)


@pytest.mark.parametrize("bins", [0, 4])
def test_calibration_takes_the_range_and_a_histogram(bins):
    x = floats(1, 8)
    tally, items = Tally(), x.tolist()
    least = greatest = items[0]
    for item in items[1:]:
        least, greatest = tally.min(least, item), tally.max(greatest, item)
    counts = [0] * bins
    if bins:
        power = tally.call(math.log2, tally.div(tally.sub(greatest, least), bins))
        tally.counts["compare"] += 2
        width = tally.call(math.pow, 2, math.ceil(power))
        bound = tally.mul(math.floor(tally.div(least, width)), width)
        for item in items:
            place = int(tally.div(tally.sub(item, bound), width))
            counts[place] = tally.add(counts[place], 1)
    theirs = aggregated(x, bins)
    for i, ours in enumerate((least, greatest, counts)):
        tally.gives(ours, theirs[i])
    outcome = apply(RULES, "CustomAggregator", Shape(8), num_bins=bins)
    assert outcome.shapes == (Shape(8), Shape(), Shape(), Shape(bins))
    tally.proves("CustomAggregator", outcome.cost)


def seen(t, found):
    t.counts["compare"] += 1
    return found


def summarized(t, items, mode):
    """The part of each mode's summary that is found by looking at the elements."""
    found = dict.fromkeys(("-inf", "inf", "nan", "negative", "zero", "positive"), 0)
    for v in items:
        if mode == 2:
            found["inf"] += seen(t, math.isinf(v)) | seen(t, math.isnan(v))
        elif mode != 5:
            special = [seen(t, v == -math.inf), seen(t, v == math.inf), seen(t, math.isnan(v))]
            signs = [seen(t, v < 0), seen(t, v == 0)] if mode == 4 else []
            kinds = special + [not any(special) and sign for sign in signs]
            found[list(found)[kinds.index(True) if any(kinds) else -1]] += 1
    counts = list(found.values())
    if mode == 8:
        return [
            np.where(count, value, 0.0) for count, value in zip(counts, (-math.inf, math.inf, math.nan), strict=False)
        ]
    return {2: [min(counts[1], 1)], 3: counts[:3], 4: counts, 5: [len(items)] * 2 + [0] * 5}[mode]


@pytest.mark.parametrize("mode", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("items", [[1, math.inf, -math.inf, math.nan, 0, -2, 3, math.nan], [1, 0, -3, 2, -1, -5]])
def test_health_is_as_dear_as_the_mode(items, mode):
    tally = Tally()
    theirs = tf.raw_ops.DebugNumericSummaryV2(input=np.float32(items), tensor_debug_mode=mode, tensor_id=7).numpy()
    ours = summarized(tally, items, mode)
    tally.gives(ours, theirs[-len(ours) :])
    shape = Shape(len(items))
    tally.proves("DebugNumericSummaryV2", apply(RULES, "DebugNumericSummaryV2", shape, tensor_debug_mode=mode).cost)


@pytest.mark.tensorflow
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
    with pytest.raises(RuleError):
        apply(RULES, "DebugNumericSummaryV2", Shape(8), tensor_debug_mode=-1)
