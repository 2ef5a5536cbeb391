"""StridedSlice, with its masks: what Python writes as x[1:-1, ..., None, 3, ::-2]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphcost import (
    COPIES,
    Dim,
    Op,
    Role,
    Rule,
    RuleSet,
    Shape,
    ShapeUnknown,
    Value,
    ceil_div,
    dim_max,
    dim_min,
    is_at_least,
)
from graphcost_rules.shape_inputs import partial_vector, shape_held_by
from graphcost_rules.small_values import Index, rearranged

MOST_ENTRIES = 32
"""The masks have one bit for each entry of begin, end and strides."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The positions begin, begin + stride, ... of an axis, `size` of them; None where unknown."""

    begin: Dim | None
    stride: int | None
    size: Dim | None


@dataclass(frozen=True, slots=True)
class Point:
    """One position of an axis that the output doesn't have."""

    position: Dim | None


@dataclass(frozen=True, slots=True)
class NewAxis:
    """An axis of size 1 that the input doesn't have."""


Entry = Interval | Point | NewAxis


@dataclass(frozen=True, slots=True)
class Row:
    """What begin, end, strides and the masks say of one axis of the input; None where unknown."""

    begin: Dim | None
    end: Dim | None
    stride: Dim | None
    from_start: bool
    to_end: bool
    is_point: bool


WHOLE = Row(None, None, 1, from_start=True, to_end=True, is_point=False)


def strided_slice_shape(op: Op) -> list[Shape]:
    kept = [entry for entry in _entries(op, op.input(0)) if not isinstance(entry, Point)]
    return [Shape(*(_size(op, entry, axis) for axis, entry in enumerate(kept)))]


def strided_slice_value(op: Op) -> list[Value]:
    value = op.value(0)
    walks = [_walk(entry) for entry in _entries(op, Shape(*value.shape))]
    (shape,) = strided_slice_shape(op)
    return [rearranged(value, shape, lambda index: _source(walks, index))]


def strided_slice_grad_shape(op: Op) -> list[Shape]:
    """The gradient scatters what it is given into zeros, without adding."""
    return [shape_held_by(op, 0)]


def target_shape(op: Op) -> list[Shape]:
    return [op.input(0)]


def no_shapes(op: Op) -> list[Shape]:
    return []


def _size(op: Op, entry: Interval | NewAxis, axis: int) -> Dim:
    if isinstance(entry, NewAxis):
        return 1
    return op.unknown_size(axis) if entry.size is None else entry.size


def _walk(entry: Entry) -> tuple[int, int] | int | None:
    """Where the entry reads its axis: (begin, stride), a position, or nowhere. ShapeUnknown unless numbers."""
    if isinstance(entry, NewAxis):
        return None
    if isinstance(entry, Point) and isinstance(entry.position, int):
        return entry.position
    if isinstance(entry, Interval) and isinstance(entry.begin, int) and entry.stride is not None:
        return entry.begin, entry.stride
    raise ShapeUnknown("where the slice begins isn't known")


def _source(walks: Sequence[tuple[int, int] | int | None], index: Index) -> Index:
    positions = iter(index)
    source: list[int] = []
    for walk in walks:
        if isinstance(walk, int):
            source.append(walk)
        elif walk is None:
            next(positions)
        else:
            begin, stride = walk
            source.append(begin + stride * next(positions))
    return tuple(source)


def _entries(op: Op, shape: Shape) -> list[Entry]:
    """One entry for each axis of the input and each new axis, in order."""
    begins, ends, strides = _specification(op)
    masks = {name: op.int_attr(f"{name}_mask", 0) for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    marked = {name: [bool(mask >> i & 1) for i in range(len(begins))] for name, mask in masks.items()}
    if sum(marked["ellipsis"]) > 1:
        raise op.error("more than one ellipsis")
    rows: list[Row | None] = []
    for i in range(len(begins)):
        if marked["ellipsis"][i]:
            taken = sum(not e and not n for e, n in zip(marked["ellipsis"], marked["new_axis"], strict=True))
            rows += [WHOLE] * (shape.rank - taken)
        elif marked["new_axis"][i]:
            rows.append(None)
        else:
            flags = marked["begin"][i], marked["end"][i], marked["shrink_axis"][i]
            rows.append(Row(begins[i], ends[i], strides[i], *flags))
    missing = shape.rank - sum(row is not None for row in rows)
    if missing < 0:
        raise op.error(f"too many axes are sliced of a tensor of shape {shape}")
    sizes = iter(shape)
    return [NewAxis() if row is None else _entry(op, next(sizes), row) for row in rows + [WHOLE] * missing]


def _specification(op: Op) -> list[tuple[Dim | None, ...]]:
    """begin, end and strides, of equal length."""
    known = {i: length for i in (1, 2, 3) if op.has_shape(i) and isinstance(length := op.input(i, rank=1)[0], int)}
    if not known:
        raise ShapeUnknown("how many axes are sliced isn't known")
    if len(set(known.values())) > 1:
        raise op.error("begin, end and strides differ in length")
    (length,) = set(known.values())
    if length > MOST_ENTRIES:
        raise op.error(f"begin has {length} elements, but the masks have {MOST_ENTRIES} bits")
    return [partial_vector(op, i) if i in known else (None,) * length for i in (1, 2, 3)]


def _entry(op: Op, size: Dim, row: Row) -> Entry:
    if row.stride == 0:
        raise op.error("a stride of 0")
    stride = row.stride if isinstance(row.stride, int) else None
    if not row.is_point:
        return _interval(size, row, stride)
    if stride is not None and stride < 0:
        raise op.error("a single position has a negative stride")
    position = _from_start(size, row.begin)
    if isinstance(position, int) and isinstance(size, int) and not 0 <= position < size:
        raise op.error(f"position {row.begin} of an axis of size {size}")
    return Point(position)


def _interval(size: Dim, row: Row, stride: int | None) -> Interval:
    """The positions as Python's slices have them: bounds count from the end if negative, and are clamped."""
    if stride is None:
        return Interval(None, None, None)
    least, most = (0, size) if stride > 0 else (-1, size - 1)
    first, last = (least, most) if stride > 0 else (most, least)
    kept = _after(size, row.begin) if stride > 0 and row.to_end and not row.from_start else None
    if kept is not None:
        return Interval(size - kept, stride, ceil_div(kept, stride))
    begin = first if row.from_start else _clamped(_from_start(size, row.begin), least, most)
    end = last if row.to_end else _clamped(_from_start(size, row.end), least, most)
    if begin is None or end is None:
        return Interval(begin, stride, None)
    span = end - begin if stride > 0 else begin - end
    return Interval(begin, stride, dim_max(ceil_div(span, abs(stride)), 0))


def _after(size: Dim, begin: Dim | None) -> Dim | None:
    """How many there are from `begin` on: all but the first so many, or the last so many. In this form, of a single
    extremum, a loop is seen to come to an end with them. None where the sign of `begin` isn't known."""
    if begin is None:
        return None
    if is_at_least(begin, 0):
        return dim_max(size - begin, 0)
    return dim_min(size, -begin) if is_at_least(-1 - begin, 0) else None


def _from_start(size: Dim, position: Dim | None) -> Dim | None:
    """A position counted from the start; None where its sign isn't known."""
    if position is None or is_at_least(position, 0):
        return position
    return size + position if is_at_least(-1 - position, 0) else None


def _clamped(position: Dim | None, least: Dim, most: Dim) -> Dim | None:
    if position is None:
        return None
    # Of two bounds one is often enough, but that can't be seen once they are nested.
    if is_at_least(position - least, 0):
        return dim_min(position, most)
    return dim_max(position, least) if is_at_least(most - position, 0) else dim_min(dim_max(position, least), most)


RULES = RuleSet(
    Rule(
        "StridedSlice", shape=strided_slice_shape, value=strided_slice_value, cost=COPIES, role=Role.MOVE | Role.SLICE
    ),
    Rule("StridedSliceGrad", shape=strided_slice_grad_shape, cost=COPIES, role=Role.GRADIENT),
    Rule("StridedSliceAssign", shape=target_shape, cost=COPIES, role=Role.UPDATE),
    Rule("ResourceStridedSliceAssign", shape=no_shapes, cost=COPIES, role=Role.UPDATE),
    Rule("TensorStridedSliceUpdate", shape=target_shape, cost=COPIES),
)
