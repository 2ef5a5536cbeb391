"""Boosted trees: features into buckets, statistics of buckets, the best splits, and predictions."""

from __future__ import annotations

from collections.abc import Callable

from graphcost import Cost, Dim, Op, Rule, RuleSet, Shape, log2_ceil
from graphcost_rules.declared_shapes import family, nothing, scalars
from graphcost_rules.shape_inputs import has_numbers, size_attr
from graphcost_rules.slicing import MOST_PARTS
from graphcost_rules.sparse_tensors import parts, sorting
from graphcost_rules.state import STATE, STORED

CANDIDATES = "how many nodes and splits are tried depends on data"
DEPTH = "how deep the trees are depends on data"
ENTRIES = "how many quantiles a stream holds depends on data"

SIDE = Cost(add=1, compare=1, mul=1, div=1)
"""Weight and gain of one side of a split: h + l2, compared with zero; w = g / (h + l2); g * w."""

CANDIDATE = Cost(add=7, compare=3) + 2 * SIDE
"""One split of a bucket: g and h of its bucket are added to the total, then to the left side, and taken from the total
for the right; both sides' h are compared with the least weight; their gains are added and compared with the best."""

PARENT = SIDE + Cost(add=1)
"""A node's own gain, which is subtracted from its best split's."""


def bucketize_shape(op: Op) -> list[Shape]:
    """A bucket for each value of each feature."""
    return [op.input(i, rank=1) for i in range(parts(op, "num_features"))]


def bucketize_cost(op: Op) -> Cost:
    """Each value finds its bucket among n boundaries by binary search: ceil(log2(n + 1)) comparisons."""
    count = parts(op, "num_features")
    return Cost(
        compare=sum(op.input(i, rank=1)[0] * log2_ceil(op.input(count + i, rank=1)[0] + 1) for i in range(count))
    )


def aggregate_shape(op: Op) -> list[Shape]:
    """Sums by node, feature, bucket (one of them for missing values) and statistic."""
    examples, features = op.input(3, rank=2)
    op.same(examples, op.input(0, rank=1)[0])
    gradients, hessians = op.input(1, rank=2), op.input(2, rank=2)
    return [Shape(_size(op, "max_splits"), features, _size(op, "num_buckets") + 1, gradients[1] + hessians[1])]


def aggregate_cost(op: Op) -> Cost:
    """For each example and feature, its gradients and hessians are added to the sums of its bucket."""
    return Cost(add=op.input(3, rank=2).size * (op.input(1, rank=2)[1] + op.input(2, rank=2)[1]))


def sparse_aggregate_shape(op: Op) -> list[Shape]:
    """The same as a sparse tensor of four axes."""
    sums = op.unknown_size(0)
    return [Shape(sums, 4), Shape(sums), Shape(4)]


def sparse_aggregate_cost(op: Op) -> Cost:
    """For each feature's value that is there, the example's gradients and hessians are added to the sums of its bucket;
    each value is looked up among the buckets."""
    (values,) = op.input(4, rank=1)
    return Cost(add=values * (op.input(1, rank=2)[1] + op.input(2, rank=2)[1]), compare=values)


def summary_shape(op: Op) -> list[Shape]:
    """Sums of gradient and hessian by feature, node and bucket."""
    return [Shape(parts(op, "num_features"), _size(op, "max_splits"), _size(op, "num_buckets"), 2)]


def summary_cost(op: Op) -> Cost:
    """For each example and feature, the gradient and the hessian are added to the sums of its bucket."""
    return Cost(add=2 * parts(op, "num_features") * op.input(0, rank=1)[0])


def best_gains_shape(op: Op) -> list[Shape]:
    """For each feature the nodes that can be split, the gains, the thresholds, what both sides contribute."""
    count = parts(op, "num_features")
    nodes = [op.unknown_size(0, i) for i in range(count)]
    return [*(Shape(size) for size in nodes * 3), *(Shape(size, 1) for size in nodes * 2)]


def best_gains_cost(op: Op) -> Cost:
    """For each feature and node, the node's own gain (2 additions, a comparison, a multiplication, a division) and for
    each bucket that of the split there (9 additions, 5 comparisons, 2 multiplications, 2 divisions)."""
    nodes = _nodes(op)
    summaries = [op.input(1 + i, rank=3) for i in range(parts(op, "num_features"))]
    buckets: Dim = sum(summary[1] for summary in summaries)
    return nodes * buckets * CANDIDATE + nodes * len(summaries) * PARENT


def _nodes(op: Op) -> Dim:
    """How many nodes the range in the first input has."""
    if not has_numbers(op, 0):
        return op.unknown_count("nodes")
    ends = op.static_items(0)
    if len(ends) != 2 or ends[1] < ends[0]:
        raise op.error(f"a range of nodes {list(ends)}")
    return ends[1] - ends[0]


def best_split_shape(features: bool) -> Callable[[Op], list[Shape]]:
    """The shape rule of the operations that pick the best split of each node among dimensions, or `features` too."""

    def shape(op: Op) -> list[Shape]:
        nodes, logits = op.unknown_size(0), _size(op, "logits_dimension")
        return [*[Shape(nodes)] * (5 if features else 4), Shape(nodes, logits), Shape(nodes, logits), Shape(nodes)]

    return shape


def best_split_cost(op: Op) -> Cost:
    """For each of `splits` splits that are tried, and each logit (the Hessian taken as diagonal), 9 additions,
    5 comparisons, 2 multiplications and 2 divisions."""
    return op.unknown_count("splits") * _size(op, "logits_dimension") * CANDIDATE


def predict_shape(op: Op) -> list[Shape]:
    """A row of logits for each example."""
    return [Shape(_examples(op, 1), _size(op, "logits_dimension"))]


def training_predict_shape(op: Op) -> list[Shape]:
    """A row of logits for each example, and the tree and the node that it has reached."""
    examples = _examples(op, 3)
    return [Shape(examples, _size(op, "logits_dimension")), Shape(examples), Shape(examples)]


def debug_shape(op: Op) -> list[Shape]:
    """A string for each example."""
    return [Shape(_examples(op, 1))]


def _examples(op: Op, first: int) -> Dim:
    """The size that all features have."""
    count = parts(op, "num_bucketized_features")
    examples = op.input(first, rank=1)[0]
    for i in range(1, count):
        examples = op.same(examples, op.input(first + i, rank=1)[0])
    return examples


def predict_cost(op: Op) -> Cost:
    """Down the trees, `steps` comparisons of a feature's bucket with a threshold for all examples; the logits of
    `leaves` leaves are scaled by their tree's weight and added up."""
    leaves = op.unknown_count("leaves") * _size(op, "logits_dimension")
    return Cost(compare=op.unknown_count("steps"), mul=leaves, add=leaves)


def debug_cost(op: Op) -> Cost:
    """As a prediction, whose every partial sum is told."""
    return predict_cost(op)


def quantiles_shape(op: Op) -> list[Shape]:
    """For each feature a summary: values, weights, least and greatest rank of each."""
    return [Shape(op.unknown_size(0, i), 4) for i in range(parts(op, "num_features"))]


def make_quantiles_cost(op: Op) -> Cost:
    """The n values of each feature are sorted, n * ceil(log2(n)) comparisons, and their weights added up."""
    cost = Cost()
    for i in range(parts(op, "num_features")):
        (values,) = op.input(i, rank=1)
        cost += sorting(values) + Cost(add=values)
    return cost


def add_quantiles_cost(op: Op) -> Cost:
    """Each summary is merged with the stream's, which have `entries` entries: of both, each entry takes a comparison,
    and its two ranks are shifted."""
    added: Dim = sum(op.input(1 + i, rank=2)[0] for i in range(parts(op, "num_features")))
    entries = added + op.unknown_count("entries")
    return Cost(compare=entries, add=2 * entries)


def flush_quantiles_cost(op: Op) -> Cost:
    """The boundaries are looked for among the stream's `entries` entries."""
    return Cost(compare=op.unknown_count("entries"))


def boundaries_shape(op: Op) -> list[Shape]:
    """For each feature as many boundaries as were found."""
    count = op.int_attr("num_features")
    if not 0 <= count <= MOST_PARTS:
        raise op.error(f"{count} features")
    return [Shape(op.unknown_size(0, i)) for i in range(count)]


def _size(op: Op, attribute: str) -> int:
    return size_attr(op, attribute, least=1)


def states_shape(op: Op) -> list[Shape]:
    """Counts, and the range of the last layer's nodes."""
    return [*[Shape()] * 4, Shape(2)]


def center_cost(op: Op) -> Cost:
    """For each logit the weight of the mean gradient and Hessian, added to the bias and compared with its limit."""
    return op.input_size(1) * Cost(add=2, compare=2, div=1)


def update_cost(op: Op) -> Cost:
    """Every contribution of a side of a split is scaled by the learning rate and added to its node's."""
    contributions = op.unknown_count("contributions")
    return Cost(mul=contributions, add=contributions)


RULES = (
    RuleSet(
        Rule("BoostedTreesBucketize", shape=bucketize_shape, cost=bucketize_cost),
        Rule("BoostedTreesAggregateStats", shape=aggregate_shape, cost=aggregate_cost),
        Rule("BoostedTreesSparseAggregateStats", shape=sparse_aggregate_shape, cost=sparse_aggregate_cost),
        Rule("BoostedTreesMakeStatsSummary", shape=summary_shape, cost=summary_cost),
        Rule("BoostedTreesCalculateBestGainsPerFeature", best_gains_shape, best_gains_cost, opaque=CANDIDATES),
        Rule("BoostedTreesCalculateBestFeatureSplit", best_split_shape(False), best_split_cost, opaque=CANDIDATES),
        Rule("BoostedTreesCalculateBestFeatureSplitV2", best_split_shape(True), best_split_cost, opaque=CANDIDATES),
        Rule(
            "BoostedTreesSparseCalculateBestFeatureSplit", best_split_shape(False), best_split_cost, opaque=CANDIDATES
        ),
        Rule("BoostedTreesPredict", shape=predict_shape, cost=predict_cost, opaque=DEPTH),
        Rule("BoostedTreesTrainingPredict", shape=training_predict_shape, cost=predict_cost, opaque=DEPTH),
        Rule("BoostedTreesExampleDebugOutputs", shape=debug_shape, cost=debug_cost, opaque=DEPTH),
        Rule("BoostedTreesMakeQuantileSummaries", shape=quantiles_shape, cost=make_quantiles_cost),
        Rule("BoostedTreesQuantileStreamResourceAddSummaries", nothing, add_quantiles_cost, opaque=ENTRIES),
        Rule("BoostedTreesQuantileStreamResourceFlush", nothing, flush_quantiles_cost, opaque=ENTRIES),
        Rule("BoostedTreesCenterBias", shape=scalars, cost=center_cost),
        Rule("BoostedTreesUpdateEnsemble", shape=nothing, cost=update_cost, opaque=CANDIDATES),
        Rule("BoostedTreesUpdateEnsembleV2", shape=nothing, cost=update_cost, opaque=CANDIDATES),
    )
    + family(STORED, quantiles_shape, "BoostedTreesFlushQuantileSummaries")
    + family(STORED, boundaries_shape, "BoostedTreesQuantileStreamResourceGetBucketBoundaries")
    + family(STATE, states_shape, "BoostedTreesGetEnsembleStates")
    + family(STATE, scalars, "BoostedTreesEnsembleResourceHandleOp", "BoostedTreesQuantileStreamResourceHandleOp")
    + family(STORED, scalars, "BoostedTreesSerializeEnsemble")
    + family(STATE, scalars, "IsBoostedTreesEnsembleInitialized")
    + family(STATE, scalars, "IsBoostedTreesQuantileStreamResourceInitialized")
    + family(STATE, nothing, "BoostedTreesCreateEnsemble", "BoostedTreesCreateQuantileStreamResource")
    + family(STORED, nothing, "BoostedTreesDeserializeEnsemble", "BoostedTreesQuantileStreamResourceDeserialize")
)
