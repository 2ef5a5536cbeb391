from __future__ import annotations

import pytest

pytest.importorskip("tensorflow")

import numpy as np
from counted import floats, ints
from counting import Tally
from data_dependent import merge_sorted
from shape_function import constant, prove_shapes, rule_shapes, tensor
from single_op import apply

from graphcost import Cost, Fact, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.trees import RULES

pytestmark = pytest.mark.tensorflow

# TensorFlow still registers these operations, but has no kernels for them any more: the numbers are numpy's.

RESOURCE, SCALAR = tensor(dtype="resource"), tensor()
HANDLE = Fact("resource", Shape())


def integers(*dims):
    return tensor(*dims, dtype="int32")


def bucket(t, value, boundaries):
    """By binary search among so many boundaries that each is as long: a power of two less one."""
    low, high = 0, len(boundaries)
    while low < high:
        middle = (low + high) // 2
        if t.less(boundaries[middle], value):
            low = middle + 1
        else:
            high = middle
    return low


def test_a_bucket_is_found_by_binary_search():
    values, boundaries = floats(1, 9), np.array([-0.5, 0.0, 0.5], np.float32)
    tally = Tally()
    ours = [bucket(tally, value, boundaries.tolist()) for value in values.tolist()]
    assert ours == np.searchsorted(boundaries, values).tolist()
    outcome = apply(RULES, "BoostedTreesBucketize", Shape(9), Shape(3), num_features=1)
    assert outcome.cost == tally.cost
    assert outcome.shapes == (Shape(9),)


def test_buckets_of_several_features_with_an_open_batch():
    n = symbol("N")
    operands = (Shape(n), Shape(n), Shape(3), Shape(100))
    assert apply(RULES, "BoostedTreesBucketize", *operands, num_features=2).cost == Cost(compare=9 * n)


NODES, BUCKETS = ints(0, 1, 0, 1, 1), ints(0, 2, 1, 1, 2)
GRADIENTS, HESSIANS = floats(1, 5, 1), floats(2, 5, 1, least=0.5)


def summed(t, sums, place, *statistics):
    for i, statistic in enumerate(statistics):
        sums[(*place, i)] = t.add(sums[(*place, i)], float(statistic))


def test_statistics_are_added_to_their_bucket():
    tally, sums = Tally(), np.zeros((2, 1, 4, 2))
    for node, place, g, h in zip(NODES, BUCKETS, GRADIENTS[:, 0], HESSIANS[:, 0], strict=True):
        summed(tally, sums, (node, 0, place), g, h)
    attrs = {"max_splits": 2, "num_buckets": 3}
    for i, statistics in enumerate((GRADIENTS, HESSIANS)):
        expected = np.histogram2d(NODES, BUCKETS, (range(3), range(4)), weights=statistics[:, 0])[0]
        np.testing.assert_allclose(sums[:, 0, :3, i], expected, rtol=1e-5)
    outcome = apply(RULES, "BoostedTreesAggregateStats", Shape(5), Shape(5, 1), Shape(5, 1), Shape(5, 1), **attrs)
    assert outcome.cost == tally.cost
    assert outcome.shapes == (Shape(*sums.shape),)


def test_a_summary_adds_a_gradient_and_a_hessian():
    tally, sums = Tally(), np.zeros((1, 2, 3, 2))
    for node, place, g, h in zip(NODES, BUCKETS, GRADIENTS[:, 0], HESSIANS[:, 0], strict=True):
        summed(tally, sums, (0, node, place), g, h)
    attrs = {"max_splits": 2, "num_buckets": 3, "num_features": 1}
    outcome = apply(RULES, "BoostedTreesMakeStatsSummary", Shape(5), Shape(5, 1), Shape(5, 1), Shape(5), **attrs)
    assert outcome.cost == tally.cost
    assert outcome.shapes == (Shape(*sums.shape),)


def test_sparse_statistics_look_their_bucket_up():
    values = Shape(7)
    operands = (Shape(5), Shape(5, 2), Shape(5, 2), Shape(7, 2), values, Shape(2))
    attrs = {"max_splits": 2, "num_buckets": 3}
    assert apply(RULES, "BoostedTreesSparseAggregateStats", *operands, **attrs).cost == Cost(add=28, compare=7)


def side(t, g, h):
    """Weight, up to its sign, and gain of one side of a split, without regularization."""
    total = t.add(h, 0.0)
    t.less(total, 1e-9)
    weight = t.div(g, total or 1.0)
    return weight, t.mul(g, weight)


def best_split(t, buckets):
    """The gain of the best split of a node and where it is."""
    total_g = total_h = 0.0
    for g, h in buckets:
        total_g, total_h = t.add(total_g, g), t.add(total_h, h)
    _, parent = side(t, total_g, total_h)
    best, left_g, left_h = (-np.inf, 0), 0.0, 0.0
    for i, (g, h) in enumerate(buckets):
        left_g, left_h = t.add(left_g, g), t.add(left_h, h)
        right_g, right_h = t.sub(total_g, left_g), t.sub(total_h, left_h)
        is_light = t.less(left_h, 0.0) | t.less(right_h, 0.0)
        gain = t.add(side(t, left_g, left_h)[1], side(t, right_g, right_h)[1])
        if t.less(best[0], gain) and not is_light:
            best = gain, i
    return t.sub(best[0], parent), best[1]


def test_the_best_split_tries_every_bucket():
    summary = np.stack([floats(3, 2, 4), floats(4, 2, 4, least=0.5, most=2)], axis=-1)
    tally = Tally()
    ours = [best_split(tally, summary[node].tolist()) for node in range(2)]
    for (gain, _), node in zip(ours, summary.astype(np.float64), strict=True):
        sides = [node[:i].sum(0) for i in range(1, 5)]
        gains = [sum(g * g / h for g, h in (left, node.sum(0) - left) if h > 1e-9) for left in sides]
        assert gain == pytest.approx(max(gains) - node.sum(0)[0] ** 2 / node.sum(0)[1])
    operands = ([0, 2], Shape(2, 4, 2), *[Shape()] * 4)
    outcome = apply(RULES, "BoostedTreesCalculateBestGainsPerFeature", *operands, max_splits=2, num_features=1)
    assert outcome.cost == tally.cost
    open_range = (Shape(2), *operands[1:])
    formula = apply(RULES, "BoostedTreesCalculateBestGainsPerFeature", *open_range, max_splits=2, num_features=1).cost
    assert formula.bind({"nodes(node)": 2}) == tally.cost


def test_other_splits_cost_as_many_candidates_as_are_tried():
    operands = (Shape(2), Shape(2, 3, 4, 2), *[Shape()] * 4)
    cost = apply(RULES, "BoostedTreesCalculateBestFeatureSplit", *operands, logits_dimension=1).cost
    assert cost.bind({"splits(node)": 10}) == Cost(add=90, compare=50, mul=20, div=20)


def test_a_prediction_goes_down_every_tree():
    attrs = {"num_bucketized_features": 1, "logits_dimension": 3}
    outcome = apply(RULES, "BoostedTreesPredict", HANDLE, Shape(8), **attrs)
    assert outcome.shapes == (Shape(8, 3),)
    assert outcome.cost.bind({"steps(node)": 40, "leaves(node)": 16}) == Cost(compare=40, mul=48, add=48)


def test_quantiles_sort_the_values():
    tally = Tally()
    values = floats(1, 9).tolist()
    merge_sorted(tally, values)
    for _ in values:
        tally.add(0.0, 1.0)
    cost = apply(RULES, "BoostedTreesMakeQuantileSummaries", Shape(9), Shape(9), Shape(), num_features=1).cost
    assert cost == tally.cost


ONE = {"num_features": 1}
FEATURES = {"bucketized_features": 2}
SPLIT = [SCALAR] * 4


@pytest.mark.parametrize(
    ("kind", "inputs", "lists", "attrs"),
    [
        ("Bucketize", [tensor(8), tensor(8), tensor(3), tensor(4)], {"float_values": 2, "bucket_boundaries": 2}, {}),
        (
            "AggregateStats",
            [integers(8), tensor(8, 1), tensor(8, 1), integers(8, 3)],
            {},
            {"max_splits": 4, "num_buckets": 5},
        ),
        (
            "SparseAggregateStats",
            [integers(8), tensor(8, 1), tensor(8, 1), integers(9, 2), integers(9), integers(2)],
            {},
            {"max_splits": 4, "num_buckets": 5},
        ),
        (
            "MakeStatsSummary",
            [integers(8), tensor(8, 1), tensor(8, 1), integers(8), integers(8)],
            {"bucketized_features_list": 2},
            {"max_splits": 4, "num_buckets": 5},
        ),
        (
            "CalculateBestGainsPerFeature",
            [constant([0, 2]), tensor(4, 5, 2), tensor(4, 5, 2), *SPLIT],
            {"stats_summary_list": 2},
            {"max_splits": 4},
        ),
        ("CalculateBestFeatureSplit", [constant([0, 2]), tensor(4, 3, 5, 2), *SPLIT], {}, {"logits_dimension": 2}),
        (
            "CalculateBestFeatureSplitV2",
            [constant([0, 2]), tensor(4, 3, 5, 2), tensor(1, dtype="string"), integers(1), *SPLIT],
            {"stats_summaries_list": 1},
            {"logits_dimension": 2},
        ),
        (
            "SparseCalculateBestFeatureSplit",
            [constant([0, 2]), integers(9, 4), tensor(9), integers(4), *SPLIT],
            {},
            {"logits_dimension": 2},
        ),
        ("Predict", [RESOURCE, integers(8), integers(8)], FEATURES, {"logits_dimension": 2}),
        ("ExampleDebugOutputs", [RESOURCE, integers(8), integers(8)], FEATURES, {"logits_dimension": 2}),
        (
            "TrainingPredict",
            [RESOURCE, integers(8), integers(8), integers(8), integers(8)],
            FEATURES,
            {"logits_dimension": 2},
        ),
        ("MakeQuantileSummaries", [tensor(8), tensor(8), tensor(8), SCALAR], {"float_values": 2}, {}),
        ("FlushQuantileSummaries", [RESOURCE], {}, {"num_features": 2}),
        ("QuantileStreamResourceGetBucketBoundaries", [RESOURCE], {}, {"num_features": 2}),
        ("CenterBias", [RESOURCE, tensor(1, 2), tensor(1, 2), SCALAR, SCALAR], {}, {}),
        ("GetEnsembleStates", [RESOURCE], {}, {}),
        ("SerializeEnsemble", [RESOURCE], {}, {}),
    ],
)
def test_partly_known_shapes_know_what_tensorflow_knows(kind, inputs, lists, attrs):
    prove_shapes(RULES, f"BoostedTrees{kind}", inputs, lists, **attrs)


def test_effects_have_no_outputs():
    assert rule_shapes(RULES, "BoostedTreesCreateEnsemble", [RESOURCE, SCALAR, tensor(dtype="string")]) == []


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("Bucketize", (Shape(9), Shape(3)), {"num_features": 10**12}),
        ("Bucketize", (Shape(9),), {"num_features": 1}),
        ("Bucketize", (Shape(9, 1), Shape(3)), {"num_features": 1}),
        ("MakeStatsSummary", (Shape(5),), {"num_features": 1, "max_splits": -1, "num_buckets": 3}),
        ("Predict", (HANDLE,), {"num_bucketized_features": 1, "logits_dimension": 1}),
        ("Predict", (HANDLE, Shape(8)), {"num_bucketized_features": 1, "logits_dimension": 0}),
        ("CalculateBestGainsPerFeature", ([2, 0], Shape(2, 4, 2)), {"num_features": 1}),
        ("QuantileStreamResourceGetBucketBoundaries", (HANDLE,), {"num_features": 10**12}),
    ],
)
def test_hostile_nodes_are_refused(kind, operands, attrs):
    with pytest.raises(RuleError):
        apply(RULES, f"BoostedTrees{kind}", *operands, **attrs)
