"""Putting the elements of a tensor in another order: Transpose, Reverse, Roll."""

from __future__ import annotations

from collections.abc import Sequence

from graphcost import COPIES, Cost, Dim, Op, Role, Rule, RuleSet, Shape, ShapeUnknown, Value, dtype_named
from graphcost_rules.shape_inputs import per_axis, rank_of
from graphcost_rules.small_values import Index, rearranged


def transpose_shape(op: Op) -> list[Shape]:
    """An unknown entry of the permutation leaves a size open, except where there is one axis at most."""
    rank = rank_of(op, 0, 1)
    shape, order = op.input(0, rank=rank), per_axis(op, 1, rank)
    if shape.rank <= 1:
        return [shape]
    axes = [_axis(op, item, shape.rank) for item in order]
    named = [axis for axis in axes if axis is not None]
    if len(set(named)) < len(named):
        raise op.error(f"{list(order)} isn't a permutation")
    return [Shape(*(op.unknown_size(i) if axis is None else shape[axis] for i, axis in enumerate(axes)))]


def _axis(op: Op, item: Dim | None, rank: int) -> int | None:
    return op.normal_axis(item, rank) if isinstance(item, int) else None


def transpose_value(op: Op) -> list[Value]:
    value = op.value(0)
    axes = op.axes(1, len(value.shape))
    (shape,) = transpose_shape(op)
    if shape.rank != len(set(axes)):
        raise op.error(f"{list(axes)} isn't a permutation")
    places = [axes.index(axis) for axis in range(len(axes))]
    return [rearranged(value, shape, lambda index: tuple(index[place] for place in places))]


def conjugate_transpose_cost(op: Op) -> Cost:
    """A complex element's imaginary part is negated; other elements only move."""
    return Cost(add=op.output_size() if dtype_named(op.input_dtype(0)).is_complex else 0)


def same_shape(op: Op) -> list[Shape]:
    return [op.input(0)]


def reverse_v2_value(op: Op) -> list[Value]:
    value = op.value(0)
    return [_reversed(value, op.axes(1, len(value.shape)))]


def reverse_shape(op: Op) -> list[Shape]:
    """The input's, whose rank the flags tell."""
    return [op.input(0, rank=rank_of(op, 0, 1))]


def reverse_value(op: Op) -> list[Value]:
    value, flags = op.value(0), op.value(1).items
    if None in flags or len(flags) != len(value.shape):
        raise ShapeUnknown("which axes are reversed isn't known")
    return [_reversed(value, [axis for axis, flag in enumerate(flags) if flag])]


def _reversed(value: Value, axes: Sequence[int]) -> Value:
    def source(index: Index) -> Index:
        return tuple(value.shape[axis] - 1 - i if axis in axes else i for axis, i in enumerate(index))

    return rearranged(value, value.shape, source)


def roll_value(op: Op) -> list[Value]:
    """Elements move up by the shift and re-enter below; shifts along the same axis add up."""
    value = op.value(0)
    shifts, axes = op.static_items(1), op.axes(2, len(value.shape))
    if len(shifts) != len(axes):
        raise op.error(f"{len(shifts)} shifts for {len(axes)} axes")
    total = [sum(s for s, a in zip(shifts, axes, strict=True) if a == axis) for axis in range(len(value.shape))]

    def source(index: Index) -> Index:
        return tuple((i - shift) % size for i, shift, size in zip(index, total, value.shape, strict=True))

    return [rearranged(value, value.shape, source)]


def invert_permutation_shape(op: Op) -> list[Shape]:
    return [op.input(0, rank=1)]


def invert_permutation_value(op: Op) -> list[Value]:
    order = op.static_items(0)
    if sorted(order) != list(range(len(order))):
        raise op.error("the input isn't a permutation")
    positions = {axis: position for position, axis in enumerate(order)}
    return [Value.vector([positions[axis] for axis in range(len(order))])]


def reverse_sequence_shape(op: Op) -> list[Shape]:
    """The input's; there is one length for each element of the batch."""
    shape = op.input(0)
    batch = op.normal_axis(op.int_attr("batch_dim", 0), shape.rank)
    sequence = op.normal_axis(op.int_attr("seq_dim"), shape.rank)
    if batch == sequence:
        raise op.error("the batch and the sequence are the same axis")
    sizes = list(shape)
    sizes[batch] = op.same(shape[batch], op.input(1, rank=1)[0])
    return [Shape(*sizes)]


def vec_permute_value(op: Op) -> list[Value]:
    """A vector with one element, or one row, for each axis of src_format, in dst_format's order."""
    value = op.value(0)
    source, target = _formats(op)
    if len(value.shape) not in (1, 2) or value.shape[0] != len(source):
        raise ShapeUnknown("a vector of the spatial axes alone isn't tracked")
    return [rearranged(value, value.shape, lambda index: (source.index(target[index[0]]), *index[1:]))]


def dim_map_value(op: Op) -> list[Value]:
    """Axis numbers of src_format as axis numbers of dst_format."""
    source, target = _formats(op)
    value = op.value(0)
    axes = op.axes(0, len(source))
    return [Value(value.shape, tuple(target.index(source[axis]) for axis in axes))]


def _formats(op: Op) -> tuple[str, str]:
    source, target = op.text_attr("src_format", "NHWC"), op.text_attr("dst_format", "NCHW")
    if sorted(source) != sorted(target) or len(set(source)) != len(source):
        raise op.error(f"formats {source[:20]!r} and {target[:20]!r} don't name the same axes")
    return source, target


RULES = RuleSet(
    Rule("Transpose", shape=transpose_shape, value=transpose_value, cost=COPIES, role=Role.MOVE),
    Rule("ConjugateTranspose", shape=transpose_shape, cost=conjugate_transpose_cost, real=True),
    Rule("ReverseV2", shape=same_shape, value=reverse_v2_value, cost=COPIES),
    Rule("Reverse", shape=reverse_shape, value=reverse_value, cost=COPIES),
    Rule("ReverseSequence", shape=reverse_sequence_shape, cost=COPIES),
    Rule("Roll", shape=same_shape, value=roll_value, cost=COPIES),
    Rule("InvertPermutation", shape=invert_permutation_shape, value=invert_permutation_value, cost=COPIES),
    Rule("DataFormatVecPermute", shape=same_shape, value=vec_permute_value, cost=COPIES),
    Rule("DataFormatDimMap", shape=same_shape, value=dim_map_value, cost=COPIES),
)
