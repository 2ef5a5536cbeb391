"""Reductions over segments: slices of data that have the same id are combined."""

from __future__ import annotations

from collections.abc import Callable

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape

ADD, MUL, COMPARE = Cost(add=1), Cost(mul=1), Cost(compare=1)


def segment_shape(op: Op) -> list[Shape]:
    """As many rows as there are segments, which only the ids can tell."""
    data = op.input(0, least_rank=1)
    op.same(data[0], op.input(1, rank=1)[0])
    return [Shape(op.unknown_size(0), *data[1:])]


def counted_segment_shape(op: Op) -> list[Shape]:
    """As many rows as the third input says."""
    data = op.input(0, least_rank=1)
    op.same(data[0], op.input(1, rank=1)[0])
    return [Shape(_count(op, 2), *data[1:])]


def unsorted_segment_shape(op: Op) -> list[Shape]:
    """The ids' shape leads the data's; one row for each of the segments that the third input counts."""
    data, ids = op.input(0), op.input(1)
    if ids.rank > data.rank:
        raise op.error(f"ids of shape {ids} for data of shape {data}")
    op.same_shape(Shape(*data[: ids.rank]), ids)
    return [Shape(_count(op, 2), *data[ids.rank :])]


def sparse_segment_shape(op: Op) -> list[Shape]:
    """As many rows as there are segments, which only the ids can tell."""
    data = op.input(0, least_rank=1)
    op.same(op.input(1, rank=1)[0], op.input(2, rank=1)[0])
    return [Shape(op.unknown_size(0), *data[1:])]


def counted_sparse_segment_shape(op: Op) -> list[Shape]:
    """As many rows as the fourth input says."""
    data = op.input(0, least_rank=1)
    op.same(op.input(1, rank=1)[0], op.input(2, rank=1)[0])
    return [Shape(_count(op, 3), *data[1:])]


def segment_cost(step: Cost, name: str) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        return step * op.input_size(0)

    cost.__doc__ = f"Each element of the data is combined with its segment by one {name}."
    return cost


def segment_mean_cost(op: Op) -> Cost:
    """Each element of the data is added to its segment, and each output divided by its segment's length."""
    return Cost(add=op.input_size(0), div=op.output_size())


def sparse_segment_cost(op: Op) -> Cost:
    """Each element of a row that is picked is added to its segment."""
    return Cost(add=_picked(op))


def sparse_segment_mean_cost(op: Op) -> Cost:
    """Each element of a row that is picked is added to its segment, and each output divided by its segment's length."""
    return Cost(add=_picked(op), div=op.output_size())


def sparse_segment_sqrt_cost(op: Op) -> Cost:
    """Each element of a row that is picked is added to its segment, and each output divided by the square root of
    its segment's length, which is taken once for each segment."""
    segments, _ = op.folded_output(first=1)
    return Cost(add=_picked(op), div=op.output_size(), sqrt=segments)


def sparse_segment_grad_shape(op: Op) -> list[Shape]:
    """As many rows as the data had, which the fourth input says."""
    gradient = op.input(0, least_rank=1)
    op.same(op.input(1, rank=1)[0], op.input(2, rank=1)[0])
    return [Shape(_count(op, 3), *gradient[1:])]


def sparse_segment_mean_grad_cost(op: Op) -> Cost:
    """One over each segment's length; each element of the gradient times that is added to every row that was picked."""
    segments, _ = op.folded_input(0, first=1)
    return Cost(add=_picked(op), mul=_picked(op), div=segments)


def sparse_segment_sqrt_grad_cost(op: Op) -> Cost:
    """One over the square root of each segment's length; each element of the gradient times that is added to every row
    that was picked."""
    segments, _ = op.folded_input(0, first=1)
    return Cost(add=_picked(op), mul=_picked(op), div=segments, sqrt=segments)


def _picked(op: Op) -> Dim:
    """The elements of all rows that the indices pick."""
    _, row = op.folded_input(0, first=1)
    return op.input(1, rank=1)[0] * row


def _count(op: Op, index: int) -> Dim:
    """The number of segments that a scalar input gives."""
    if op.has_shape(index) and op.input(index).rank != 0:
        raise op.error(f"the number of segments has shape {op.input(index)}, but must be a scalar")
    if not op.has_value(index):
        return op.unknown_size(0)
    count = op.scalar(index)
    if isinstance(count, int) and count < 0:
        raise op.error(f"{count} segments")
    return count


STEPS = {
    "Sum": (ADD, "addition"),
    "Prod": (MUL, "multiplication"),
    "Max": (COMPARE, "comparison"),
    "Min": (COMPARE, "comparison"),
}

RULES = RuleSet(
    *(Rule(f"Segment{name}", shape=segment_shape, cost=segment_cost(*step)) for name, step in STEPS.items()),
    *(Rule(f"Segment{name}V2", shape=counted_segment_shape, cost=segment_cost(*step)) for name, step in STEPS.items()),
    *(
        Rule(f"UnsortedSegment{name}", shape=unsorted_segment_shape, cost=segment_cost(*step))
        for name, step in STEPS.items()
    ),
    Rule("SegmentMean", shape=segment_shape, cost=segment_mean_cost),
    *(
        rule
        for name, cost, gradient_cost in (
            ("Sum", sparse_segment_cost, sparse_segment_cost),
            ("Mean", sparse_segment_mean_cost, sparse_segment_mean_grad_cost),
            ("SqrtN", sparse_segment_sqrt_cost, sparse_segment_sqrt_grad_cost),
        )
        for rule in (
            Rule(f"SparseSegment{name}", shape=sparse_segment_shape, cost=cost),
            Rule(f"SparseSegment{name}WithNumSegments", shape=counted_sparse_segment_shape, cost=cost),
            Rule(f"SparseSegment{name}Grad", shape=sparse_segment_grad_shape, cost=gradient_cost, role=Role.GRADIENT),
        )
    ),
).with_roles(
    {
        Role.LOOKUP: ("SparseSegmentSum",),
    }
)
