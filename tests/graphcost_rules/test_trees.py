from __future__ import annotations

import numpy as np
import pytest
from counted import floats, ints
from counting import Tally
from data_dependent import merge_sorted
from shape_function import constant, prove_shapes, rule_shapes, tensor
from single_op import apply

from graphcost import Cost, Fact, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.trees import RULES

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
    tally.agrees(ours, np.searchsorted(boundaries, values))
    outcome = apply(RULES, "BoostedTreesBucketize", Shape(9), Shape(3), num_features=1)
    tally.proves("BoostedTreesBucketize", outcome.cost)
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


def histogram():
    """The sums of gradient and hessian by node and bucket."""
    bins = (range(3), range(4))
    sums = [np.histogram2d(NODES, BUCKETS, bins, weights=s[:, 0])[0] for s in (GRADIENTS, HESSIANS)]
    return np.stack(sums, axis=-1)


def test_statistics_are_added_to_their_bucket():
    tally, sums = Tally(), np.zeros((2, 1, 4, 2))
    for node, place, g, h in zip(NODES, BUCKETS, GRADIENTS[:, 0], HESSIANS[:, 0], strict=True):
        summed(tally, sums, (node, 0, place), g, h)
    attrs = {"max_splits": 2, "num_buckets": 3}
    tally.agrees(sums[:, 0, :3], histogram())
    outcome = apply(RULES, "BoostedTreesAggregateStats", Shape(5), Shape(5, 1), Shape(5, 1), Shape(5, 1), **attrs)
    tally.proves("BoostedTreesAggregateStats", outcome.cost)
    assert outcome.shapes == (Shape(*sums.shape),)


def test_a_summary_adds_a_gradient_and_a_hessian():
    tally, sums = Tally(), np.zeros((1, 2, 3, 2))
    for node, place, g, h in zip(NODES, BUCKETS, GRADIENTS[:, 0], HESSIANS[:, 0], strict=True):
        summed(tally, sums, (0, node, place), g, h)
    tally.agrees(sums[0], histogram())
    attrs = {"max_splits": 2, "num_buckets": 3, "num_features": 1}
    outcome = apply(RULES, "BoostedTreesMakeStatsSummary", Shape(5), Shape(5, 1), Shape(5, 1), Shape(5), **attrs)
    tally.proves("BoostedTreesMakeStatsSummary", outcome.cost)
    assert outcome.shapes == (Shape(*sums.shape),)


def test_sparse_statistics_look_their_bucket_up():
    """Three of ten values are missing; two gradients and two hessians belong to each example."""
    places = [(0, 0, 1), (0, 1, 0), (1, 0, 2), (2, 1, 2), (3, 0, 1), (4, 0, 1), (4, 1, 2)]
    statistics = np.concatenate([floats(1, 5, 2), floats(2, 5, 2)], axis=1)
    tally, sums = Tally(), {}
    for example, feature, place in places:
        tally.counts["compare"] += 1
        found = sums.setdefault((int(NODES[example]), feature, place), [0.0] * 4)
        found[:] = [tally.add(old, new) for old, new in zip(found, statistics[example].tolist(), strict=True)]
    expected = np.zeros((2, 2, 3, 4))
    examples, features, buckets = np.transpose(places)
    np.add.at(expected, (NODES[examples], features, buckets), statistics[examples])
    tally.agrees(list(sums.values()), [expected[place] for place in sums])
    operands = (Shape(5), Shape(5, 2), Shape(5, 2), Shape(7, 2), Shape(7), Shape(2))
    cost = apply(RULES, "BoostedTreesSparseAggregateStats", *operands, max_splits=2, num_buckets=3).cost
    tally.proves("BoostedTreesSparseAggregateStats", cost)


def side(t, g, h):
    """Weight, up to its sign, and gain of one side of a split, without regularization."""
    total = t.add(h, 0.0)
    t.less(total, 1e-9)
    weight = t.div(g, total or 1.0)
    return weight, t.mul(g, weight)


def best_candidate(t, buckets):
    """The sums of gradient and hessian of a node, the gain of its best split and where that is."""
    total_g = total_h = 0.0
    for g, h in buckets:
        total_g, total_h = t.add(total_g, g), t.add(total_h, h)
    best, left_g, left_h = (-np.inf, 0), 0.0, 0.0
    for i, (g, h) in enumerate(buckets):
        left_g, left_h = t.add(left_g, g), t.add(left_h, h)
        right_g, right_h = t.sub(total_g, left_g), t.sub(total_h, left_h)
        is_light = t.less(left_h, 0.0) | t.less(right_h, 0.0)
        gain = t.add(side(t, left_g, left_h)[1], side(t, right_g, right_h)[1])
        if t.less(best[0], gain) and not is_light:
            best = gain, i
    return total_g, total_h, *best


def best_gain(node):
    """The same gain, by numpy."""
    sides = [node[:i].sum(0) for i in range(1, 5)]
    return max(sum(g * g / h for g, h in (left, node.sum(0) - left) if h > 1e-9) for left in sides)


def test_the_best_split_tries_every_bucket():
    summary = np.stack([floats(3, 2, 4), floats(4, 2, 4, least=0.5, most=2)], axis=-1).astype(np.float64)
    tally, ours = Tally(), []
    for node in summary.tolist():
        total_g, total_h, gain, _ = best_candidate(tally, node)
        ours.append(tally.sub(gain, side(tally, total_g, total_h)[1]))
    tally.agrees(ours, [best_gain(node) - node.sum(0)[0] ** 2 / node.sum(0)[1] for node in summary])
    operands = ([0, 2], Shape(2, 4, 2), *[Shape()] * 4)
    kind, attrs = "BoostedTreesCalculateBestGainsPerFeature", {"max_splits": 2, "num_features": 1}
    tally.proves(kind, apply(RULES, kind, *operands, **attrs).cost)
    formula = apply(RULES, kind, Shape(2), *operands[1:], **attrs).cost
    tally.proves(kind, formula.bind({"nodes(node)": 2}))


@pytest.mark.parametrize(
    "kind",
    [
        "BoostedTreesCalculateBestFeatureSplit",
        "BoostedTreesCalculateBestFeatureSplitV2",
        "BoostedTreesSparseCalculateBestFeatureSplit",
    ],
)
def test_the_best_of_several_features_tries_all_their_buckets(kind):
    """By node, feature, bucket and statistic; each logit has its own gain, of which there is one."""
    summary = np.stack([floats(3, 2, 3, 4), floats(4, 2, 3, 4, least=0.5, most=2)], axis=-1).astype(np.float64)
    tally = Tally()
    ours = [max(best_candidate(tally, feature)[2] for feature in node) for node in summary.tolist()]
    tally.agrees(ours, [max(map(best_gain, node)) for node in summary])
    cost = apply(RULES, kind, Shape(2), Shape(2, 3, 4, 2), *[Shape()] * 4, logits_dimension=1).cost
    tally.proves(kind, cost.bind({"splits(node)": 2 * 3 * 4}))


TREES = [
    [(0, 2, 1, 2), (1, 1, 3, 4), [0.5, -1.0], [1.0, 2.0], [-0.25, 0.75]],
    [(1, 0, 1, 2), [0.1, 0.2], [-0.3, 0.4]],
]
"""Nodes: the feature, the bucket up to which its values go left, both children; or the logits of a leaf."""

TREE_WEIGHTS = [1.0, 0.5]


def predicted(t, example):
    """The logits after each tree, and how many comparisons led there."""
    logits, partial, steps = [0.0, 0.0], [], 0
    for tree, weight in zip(TREES, TREE_WEIGHTS, strict=True):
        node = tree[0]
        while isinstance(node, tuple):
            feature, threshold, left, right = node
            t.counts["compare"] += 1
            steps += 1
            node = tree[left if example[feature] <= threshold else right]
        logits = [t.add(old, t.mul(weight, new)) for old, new in zip(logits, node, strict=True)]
        partial.append(logits)
    return partial, steps


@pytest.mark.parametrize(
    "kind", ["BoostedTreesPredict", "BoostedTreesTrainingPredict", "BoostedTreesExampleDebugOutputs"]
)
def test_a_prediction_goes_down_every_tree(kind):
    examples = np.random.default_rng(1).integers(0, 4, (8, 2))
    tally = Tally()
    found = [predicted(tally, example) for example in examples.tolist()]
    first, second = examples.T[..., None]
    leaves = [np.array([leaf for leaf in tree if isinstance(leaf, list)]) for tree in TREES]
    expected = np.where(first <= 2, np.where(second <= 1, leaves[0][1], leaves[0][2]), leaves[0][0])
    whole = expected + 0.5 * np.where(second <= 0, leaves[1][0], leaves[1][1])
    tally.agrees([partial for partial, _ in found], np.stack([expected, whole], axis=1))
    features = {"num_bucketized_features": 2, "logits_dimension": 2}
    operands = [Shape(8)] * (4 if "Training" in kind else 2)
    outcome = apply(RULES, kind, HANDLE, *operands, **features)
    assert outcome.shapes[0] == (Shape(8) if "Debug" in kind else Shape(8, 2))
    counts = {"steps(node)": sum(steps for _, steps in found), "leaves(node)": 8 * len(TREES)}
    tally.proves(kind, outcome.cost.bind(counts))


VALUES, WEIGHTS = floats(1, 9).tolist(), floats(2, 9, least=0.5, most=2.0).tolist()


def ranked(t, pairs):
    """The weight of all values up to each."""
    total, ranks = 0.0, []
    for _, weight in pairs:
        total = t.add(total, weight)
        ranks.append(total)
    return ranks


def test_quantiles_sort_the_values():
    tally = Tally()
    ours = ranked(tally, merge_sorted(tally, list(zip(VALUES, WEIGHTS, strict=True))))
    tally.agrees(ours, np.cumsum(np.array(WEIGHTS)[np.argsort(VALUES)]))
    kind = "BoostedTreesMakeQuantileSummaries"
    tally.proves(kind, apply(RULES, kind, Shape(9), Shape(9), Shape(), num_features=1).cost)


def merged(t, left, right):
    """Two summaries, whose entries are a value and its least and greatest rank, closed by sentinels."""
    out, done = [], [0.0, 0.0]
    left, right = list(left), list(right)
    while left or right:
        t.counts["compare"] += 1
        takes_left = not right or (bool(left) and left[0][0] <= right[0][0])
        value, least, greatest = (left if takes_left else right).pop(0)
        other = done[1 if takes_left else 0]
        out.append((value, t.add(least, other), t.add(greatest, other)))
        done[0 if takes_left else 1] = greatest
    return out


def summary(values, weights):
    order = np.argsort(values)
    greatest = np.cumsum(weights[order])
    return np.stack([values[order], greatest - weights[order], greatest], axis=-1)


def test_summaries_are_merged_with_the_streams():
    values, weights, tally = floats(3, 11), floats(4, 11, least=0.5), Tally()
    parts = [summary(values[part], weights[part]).tolist() for part in (slice(0, 4), slice(4, 11))]
    tally.agrees(merged(tally, *parts), summary(values, weights))
    kind = "BoostedTreesQuantileStreamResourceAddSummaries"
    cost = apply(RULES, kind, HANDLE, Shape(4, 4), num_features=1).cost
    tally.proves(kind, cost.bind({"entries(node)": 7}))


def test_boundaries_are_where_the_ranks_pass_the_quantiles():
    order = np.argsort(VALUES)
    ranks = np.cumsum(np.array(WEIGHTS)[order])
    wanted, tally, found = [ranks[-1] * part for part in (0.25, 0.5, 0.75, 1.0)], Tally(), []
    for value, rank in zip(np.sort(VALUES).tolist(), ranks.tolist(), strict=True):
        if not tally.less(rank, wanted[min(len(found), 3)]):
            found.append(value)
    tally.agrees(found, np.sort(VALUES)[np.searchsorted(ranks, wanted)])
    kind = "BoostedTreesQuantileStreamResourceFlush"
    tally.proves(kind, apply(RULES, kind, HANDLE, Shape()).cost.bind({"entries(node)": 9}))


def test_a_bias_moves_by_the_weight_of_the_means():
    """For each logit the gradient, the hessian and the bias; centering goes on while one moves far."""
    gradients, hessians, bias = floats(1, 1, 3), floats(2, 1, 3, least=0.5), floats(3, 3)
    tally, ours, is_far = Tally(), [], []
    for g, h, b in zip(gradients[0].tolist(), hessians[0].tolist(), bias.tolist(), strict=True):
        total = tally.add(h, 0.1)
        move = 0.0 if tally.less(total, 1e-9) else tally.div(-g, total)
        ours.append(tally.add(b, move))
        is_far.append(tally.less(0.01, abs(move)))
    moves = -gradients[0] / (hessians[0] + 0.1)
    tally.agrees(ours, bias + moves)
    tally.agrees(is_far, np.abs(moves) > 0.01)
    kind = "BoostedTreesCenterBias"
    tally.proves(kind, apply(RULES, kind, HANDLE, Shape(1, 3), Shape(1, 3), Shape(), Shape()).cost)


@pytest.mark.parametrize("kind", ["BoostedTreesUpdateEnsemble", "BoostedTreesUpdateEnsembleV2"])
def test_contributions_are_scaled_by_the_learning_rate(kind):
    nodes, contributions, tally = floats(1, 6), floats(2, 6), Tally()
    pairs = zip(nodes.tolist(), contributions.tolist(), strict=True)
    tally.agrees([tally.add(old, tally.mul(0.3, new)) for old, new in pairs], nodes + 0.3 * contributions)
    tally.proves(kind, apply(RULES, kind, HANDLE).cost.bind({"contributions(node)": 6}))


ONE = {"num_features": 1}
FEATURES = {"bucketized_features": 2}
SPLIT = [SCALAR] * 4


@pytest.mark.tensorflow
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
