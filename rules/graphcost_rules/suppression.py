"""Non-maximum suppression: of boxes that overlap, the one with the best score is kept. How many depends on data."""

from __future__ import annotations

from graphcost import Cost, Dim, Op, Rule, RuleSet, Shape, dim_min
from graphcost_rules.shape_inputs import checked_size, partial_scalar
from graphcost_rules.sparse_tensors import sorting

OVERLAP = Cost(compare=7, add=8, mul=3, div=1)
"""Of two boxes with ordered corners: four bounds of the intersection and two clamps at 0, three areas, of two
differences and a product each, the union, the quotient, and its comparison with the threshold."""

DECAY = Cost(mul=3, transcendental=1)
"""The score times exp(scale * overlap^2)."""

DATA = "how many boxes are compared depends on data"

DECODED = Cost(add=12, mul=8, transcendental=2, compare=10)
"""An anchor's sizes and center; the center moved by the deltas times the sizes, the sizes times exp of theirs; both
corners, each coordinate clipped at both ends; the sizes of the result compared with the least."""


def selected_shape(op: Op) -> list[Shape]:
    _candidates(op)
    return [Shape(op.unknown_size(0))]


def padded_shape(op: Op) -> list[Shape]:
    """The selected boxes, padded to `max_output_size` if asked for, and how many of them are valid."""
    return [Shape(_selected(op)), Shape()]


def padded_with_scores_shape(op: Op) -> list[Shape]:
    selected = Shape(_selected(op))
    return [selected, selected, Shape()]


def combined_shape(op: Op) -> list[Shape]:
    """For each image: boxes, scores, classes, and how many are valid."""
    batch, count, _, coordinates = op.input(0, rank=4)
    scores = op.input(1, rank=3)
    op.same(count, scores[1])
    op.same(coordinates, 4)
    kept = _kept(op, scores[2])
    batch = op.same(batch, scores[0])
    return [Shape(batch, kept, 4), Shape(batch, kept), Shape(batch, kept), Shape(batch)]


def _kept(op: Op, classes: Dim) -> Dim:
    per_class, total = _size(op, 2), _size(op, 3)
    if not op.bool_attr("pad_per_class", False):
        return op.unknown_size(1) if total is None else total
    return op.unknown_size(1) if total is None or per_class is None else dim_min(total, per_class * classes)


def _candidates(op: Op) -> Dim:
    return op.same(op.input(0, rank=2)[0], op.input(1, rank=1)[0])


def _selected(op: Op) -> Dim:
    _candidates(op)
    most = _size(op, 2) if op.bool_attr("pad_to_max_output_size", False) else None
    return op.unknown_size(0) if most is None else most


def _size(op: Op, index: int) -> Dim | None:
    size = partial_scalar(op, index)
    return None if size is None else checked_size(op, size)


def suppression_cost(op: Op) -> Cost:
    """`pairs(node)` overlaps, and `comparisons(node)` of scores, with each other and with their threshold."""
    return op.unknown_count("pairs") * OVERLAP + Cost(compare=op.unknown_count("comparisons"))


def soft_suppression_cost(op: Op) -> Cost:
    """As suppression_cost; scores of boxes that overlap decay, unless `soft_nms_sigma` is 0."""
    is_hard = op.has_value(5) and op.value(5).items == (0.0,)
    return suppression_cost(op) + (Cost() if is_hard else op.unknown_count("pairs") * DECAY)


def given_overlaps_cost(op: Op) -> Cost:
    """As suppression_cost, of overlaps that are given and only compared with the threshold."""
    return Cost(compare=op.unknown_count("pairs") + op.unknown_count("comparisons"))


def proposals_shape(op: Op) -> list[Shape]:
    """For each image so many boxes and their probabilities."""
    batch = op.input(0, rank=4)[0]
    kept = checked_size(op, op.int_attr("post_nms_topn", 300))
    return [Shape(batch, kept, 4), Shape(batch, kept)]


def proposals_cost(op: Op) -> Cost:
    """The n scores of each image are sorted, n * ceil(log2(n)) comparisons; `boxes` of all images are decoded from
    their anchors and clipped, then suppressed."""
    batch, *rest = op.input(0, rank=4)
    return sorting(Shape(*rest).size) * batch + op.unknown_count("boxes") * DECODED + suppression_cost(op)


RULES = RuleSet(
    Rule("NonMaxSuppression", shape=selected_shape, cost=suppression_cost, opaque=DATA),
    Rule("NonMaxSuppressionV2", shape=selected_shape, cost=suppression_cost, opaque=DATA),
    Rule("NonMaxSuppressionV3", shape=selected_shape, cost=suppression_cost, opaque=DATA),
    Rule("NonMaxSuppressionV4", shape=padded_shape, cost=suppression_cost, opaque=DATA),
    Rule("NonMaxSuppressionV5", shape=padded_with_scores_shape, cost=soft_suppression_cost, opaque=DATA),
    Rule("NonMaxSuppressionWithOverlaps", shape=selected_shape, cost=given_overlaps_cost, opaque=DATA),
    Rule("GenerateBoundingBoxProposals", shape=proposals_shape, cost=proposals_cost, opaque=DATA),
    Rule("CombinedNonMaxSuppression", shape=combined_shape, cost=suppression_cost, opaque=DATA),
)
