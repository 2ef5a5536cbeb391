"""Cutting tensors up: Slice, Split, Unpack."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from graphcost import COPIES, Dim, Op, Role, Rule, RuleSet, Shape, Value, floor_div
from graphcost_rules.shape_inputs import checked_size, has_numbers, is_open, open_shape, per_axis, rank_of
from graphcost_rules.small_values import rearranged, small, with_axis

MOST_PARTS = 100_000
"""More outputs than any node of a model has."""


def slice_shape(op: Op) -> list[Shape]:
    """A size of -1 is what begin leaves; open sizes are taken to be sizes, not -1."""
    rank = rank_of(op, 0, 1, 2)
    begins, sizes = per_axis(op, 1, rank), per_axis(op, 2, rank)
    shape = op.input(0, rank=rank)
    return [Shape(*(_slice_size(op, axis, shape[axis], begins[axis], sizes[axis]) for axis in range(rank)))]


def _slice_size(op: Op, axis: int, whole: Dim, begin: Dim | None, size: Dim | None) -> Dim:
    if begin is not None and isinstance(begin, int) and begin < 0:
        raise op.error(f"begin is {begin}")
    if size is None:
        return op.unknown_size(axis)
    if is_open(size):
        return op.unknown_size(axis) if begin is None else checked_size(op, whole - begin)
    if all(isinstance(dim, int) for dim in (whole, begin, size)) and begin is not None:
        checked_size(op, whole - begin - size)
    return checked_size(op, size)


def slice_value(op: Op) -> list[Value]:
    begin = op.static_items(1)
    (shape,) = slice_shape(op)
    return [rearranged(op.value(0), shape, lambda index: tuple(a + b for a, b in zip(index, begin, strict=True)))]


def split_shape(op: Op) -> list[Shape]:
    shape = op.input(1, least_rank=1)
    parts = op.int_attr("num_split")
    _check_parts(op, parts)
    axis = _split_axis(op, 0, shape.rank)
    if axis is None:
        return [open_shape(op, shape.rank, port) for port in range(parts)]
    size = shape[axis]
    if isinstance(size, int) and size % parts:
        raise op.error(f"a size of {size} doesn't divide into {parts} parts")
    return [_resized(shape, axis, floor_div(size, parts))] * parts


def split_value(op: Op) -> list[Value]:
    shapes = split_shape(op)
    axis = op.axis(0, shapes[0].rank)
    return _parts(op.value(1), axis, [small(shape)[axis] for shape in shapes])


def split_v_shape(op: Op) -> list[Shape]:
    shape = op.input(0, least_rank=1)
    parts = op.int_attr("num_split")
    _check_parts(op, parts)
    axis = _split_axis(op, 2, shape.rank)
    if parts == 1 and (axis is None or not op.has_value(1)):
        return [shape]
    if axis is None:
        return [open_shape(op, shape.rank, port) for port in range(parts)]
    return [_resized(shape, axis, size) for size in _split_sizes(op, shape[axis], axis, parts)]


def split_v_value(op: Op) -> list[Value]:
    shapes = split_v_shape(op)
    axis = op.axis(2, shapes[0].rank)
    return _parts(op.value(0), axis, [small(shape)[axis] for shape in shapes])


def _split_sizes(op: Op, whole: Dim, axis: int, parts: int) -> list[Dim]:
    sizes = list(per_axis(op, 1, parts))
    known = [size for size in sizes if size is not None and not is_open(size)]
    left = whole - sum(known, start=0)
    if len(known) == parts:
        op.same(whole, sum(known, start=0))
    elif len(known) == parts - 1:
        checked_size(op, left)
        sizes = [left if is_open(size) else size for size in sizes]
    return [op.unknown_size(axis, port) if is_open(size) else checked_size(op, size) for port, size in enumerate(sizes)]


def unpack_shape(op: Op) -> list[Shape]:
    shape = op.input(0, least_rank=1)
    parts = op.int_attr("num")
    axis = op.normal_axis(op.int_attr("axis", 0), shape.rank)
    _check_parts(op, parts, least=0)
    op.same(shape[axis], parts)
    return [Shape(*shape[:axis], *shape[axis + 1 :])] * parts


def unpack_value(op: Op) -> list[Value]:
    value = op.value(0)
    shapes = unpack_shape(op)
    axis = op.normal_axis(op.int_attr("axis", 0), len(value.shape))
    parts = _parts(value, axis, [1] * len(shapes))
    return [Value(small(shape), part.items) for shape, part in zip(shapes, parts, strict=True)]


def _split_axis(op: Op, index: int, rank: int) -> int | None:
    """The axis that an input names; a vector has but one."""
    if not has_numbers(op, index):
        return 0 if rank == 1 else None
    return op.axis(index, rank)


def _check_parts(op: Op, parts: int, least: int = 1) -> None:
    if not least <= parts <= MOST_PARTS:
        raise op.error(f"{parts} outputs")


def _resized(shape: Shape, axis: int, size: Dim) -> Shape:
    return Shape(*shape[:axis], size, *shape[axis + 1 :])


def _parts(value: Value, axis: int, sizes: Sequence[int]) -> list[Value]:
    """The value cut up along an axis."""
    starts = accumulate(sizes, initial=0)
    return [_part(value, axis, start, size) for start, size in zip(starts, sizes, strict=False)]


def _part(value: Value, axis: int, start: int, size: int) -> Value:
    shape = (*value.shape[:axis], size, *value.shape[axis + 1 :])
    return rearranged(value, shape, lambda index: with_axis(index, axis, start + index[axis]))


RULES = RuleSet(
    Rule("Slice", shape=slice_shape, value=slice_value, cost=COPIES, role=Role.MOVE | Role.SLICE),
    Rule("Split", shape=split_shape, value=split_value, cost=COPIES, role=Role.MOVE | Role.LIST),
    Rule("SplitV", shape=split_v_shape, value=split_v_value, cost=COPIES, role=Role.MOVE | Role.LIST),
    Rule("Unpack", shape=unpack_shape, value=unpack_value, cost=COPIES, role=Role.MOVE | Role.LIST),
)
