"""XLA's operations that move data: slices, padding, gathers, splits in several axes, dynamic sizes, shards."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from graphcost import COPIES, VIEW, Cost, Dim, Op, Rule, RuleSet, Shape, ShapeUnknown, ceil_div, dim_max
from graphcost_rules.declared_shapes import family, nothing, opened_or_unknown, scalars, undeclared
from graphcost_rules.distribution import DISTRIBUTION, SHARDS
from graphcost_rules.elementwise import unchanged_shape
from graphcost_rules.identity import first_shape
from graphcost_rules.random_numbers import RANDOM
from graphcost_rules.shape_inputs import checked_size, is_open, per_axis, rank_of, shape_held_by
from graphcost_rules.slicing import MOST_PARTS
from graphcost_rules.xla_dimensions import gather_axes


def pad_shape(op: Op) -> list[Shape]:
    """Along each axis what is added at both ends, which may be negative, and between each two elements."""
    shape = op.input(0)
    low, high, interior = (per_axis(op, index, shape.rank) for index in (2, 3, 4))
    return [Shape(*(_padded(op, axis, size, low[axis], high[axis], interior[axis]) for axis, size in enumerate(shape)))]


def _padded(op: Op, axis: int, size: Dim, low: Dim | None, high: Dim | None, interior: Dim | None) -> Dim:
    if low is None or high is None or interior is None:
        return op.unknown_size(axis)
    padded = size + low + high + dim_max(size - 1, 0) * checked_size(op, interior)
    return checked_size(op, padded)


def dynamic_slice_shape(op: Op) -> list[Shape]:
    """A slice of the sizes in the third input."""
    sizes = per_axis(op, 2, rank_of(op, 0, 2))
    return [Shape(*(op.unknown_size(i) if is_open(size) else checked_size(op, size) for i, size in enumerate(sizes)))]


def gather_shape(op: Op) -> list[Shape]:
    """The indices' sizes, and among them, at `offset_dims`, those of a slice less the axes that collapse."""
    axes, indices = gather_axes(op), op.input(1)
    rows = [size for axis, size in enumerate(indices) if axis != axes.vector]
    sizes = per_axis(op, 2, op.input(0).rank)
    kept = [size for axis, size in enumerate(sizes) if axis not in axes.collapsed]
    if len(kept) != len(axes.offset):
        raise op.error(f"{len(kept)} sizes of a slice for {len(axes.offset)} axes of the output")
    rank = len(rows) + len(kept)
    if any(not 0 <= axis < rank for axis in axes.offset):
        raise op.error(f"axes {axes.offset} of an output of rank {rank}")
    placed = dict(zip(axes.offset, kept, strict=True))
    remaining = iter(rows)
    dims = [placed[axis] if axis in placed else next(remaining) for axis in range(rank)]
    return [Shape(*(op.unknown_size(axis) if size is None else size for axis, size in enumerate(dims)))]


def concat_shape(op: Op) -> list[Shape]:
    """A grid of equal parts, less the padding at its ends."""
    shapes = [op.input(i) for i in range(len(op.inputs))]
    if not shapes:
        raise op.error("nothing to concatenate")
    part = shapes[0]
    for other in shapes[1:]:
        part = op.same_shape(part, other)
    counts, paddings = _grid(op, "num_concats", part.rank)
    whole = zip(part, counts, paddings, strict=True)
    return [Shape(*(checked_size(op, size * count - padding) for size, count, padding in whole))]


def split_shape(op: Op) -> list[Shape]:
    """The equal parts of a grid that covers the tensor and its padding."""
    return _parts(op, op.input(0))


def variable_split_shape(op: Op) -> list[Shape]:
    """The same of a variable."""
    shape = op.element(0).shape
    if shape is None:
        raise ShapeUnknown("the shape of the variable isn't known")
    return _parts(op, shape)


def _parts(op: Op, whole: Shape) -> list[Shape]:
    counts, paddings = _grid(op, "num_splits", whole.rank)
    if prod(counts) != op.int_attr("N"):
        raise op.error(f"{op.int_attr('N')} parts of a grid of {prod(counts)}")
    sizes = zip(whole, counts, paddings, strict=True)
    return [Shape(*(ceil_div(size + padding, count) for size, count, padding in sizes))] * prod(counts)


def _grid(op: Op, attribute: str, rank: int) -> tuple[Sequence[int], Sequence[int]]:
    """How many parts lie along each axis, and how much padding."""
    counts = op.ints_attr(attribute, length=rank)
    paddings = op.ints_attr("paddings", default=()) or (0,) * rank
    if len(paddings) != rank or min((*counts, 1)) < 1 or min((*paddings, 0)) < 0 or prod(counts) > MOST_PARTS:
        raise op.error(f"a grid of {counts[:8]} parts with padding {paddings[:8]}")
    return counts, paddings


def bits_shape(op: Op) -> list[Shape | None]:
    """The generator's next state, and as many random bits as the third input asks for."""
    state = op.input(1, rank=1) if op.has_shape(1) else Shape(op.unknown_size(0))
    is_counted = op.has_shape(2) and isinstance(op.input(2, rank=1)[0], int)
    return [state, shape_held_by(op, 2, port=1) if is_counted else None]


def full_shape(op: Op) -> list[Shape | None]:
    return [opened_or_unknown(op, op.shape_attr("full_shape"), 0)]


def dynamic_size_shape(op: Op) -> list[Shape]:
    """The tensor's shape: a dynamic size is at most what it was."""
    return [op.input(0)]


def dequantize_cost(op: Op) -> Cost:
    """Each number, several of which are packed in an integer, is scaled and shifted."""
    outputs = op.output_size()
    return Cost(mul=outputs, add=outputs)


def dequantize_shape(op: Op) -> list[Shape]:
    """Four numbers for each integer, along the last axis; transposed where that is asked for."""
    shape = op.input(0, least_rank=1)
    unpacked = Shape(*shape[:-1], shape[-1] * 4)
    return [Shape(*reversed(unpacked)) if op.bool_attr("transpose_output", False) else unpacked]


RULES = (
    RuleSet(
        Rule("XlaPad", shape=pad_shape, cost=COPIES),
        Rule("XlaDynamicSlice", shape=dynamic_slice_shape, cost=COPIES),
        Rule("XlaDynamicUpdateSlice", shape=unchanged_shape, cost=COPIES),
        Rule("XlaGather", shape=gather_shape, cost=COPIES),
        Rule("XlaConcatND", shape=concat_shape, cost=COPIES),
        Rule("AssignVariableXlaConcatND", shape=nothing, cost=COPIES),
        Rule("XlaSplitND", shape=split_shape, cost=COPIES),
        Rule("ReadVariableXlaSplitND", shape=variable_split_shape, cost=COPIES),
        Rule("XlaBroadcastHelper", shape=undeclared, cost=COPIES),
        Rule("XlaClusterOutput", shape=first_shape, cost=VIEW),
        Rule("XlaSetDynamicDimensionSize", shape=dynamic_size_shape, cost=VIEW),
        Rule("XlaRemoveDynamicDimensionSize", shape=dynamic_size_shape, cost=VIEW),
        Rule("XlaSetBound", shape=dynamic_size_shape, cost=VIEW),
        Rule("XlaRngBitGenerator", shape=bits_shape, cost=RANDOM),
        Rule("XlaDequantize", shape=dequantize_shape, cost=dequantize_cost),
    )
    + family(SHARDS, first_shape, "XlaSharding", "XlaSpmdFullToShardShape")
    + family(SHARDS, full_shape, "XlaSpmdShardToFullShape")
    + family(DISTRIBUTION, scalars, "XlaReplicaId")
)
