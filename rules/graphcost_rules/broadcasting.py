"""Operations that say what broadcasting does to shapes, and the one that does it."""

from __future__ import annotations

from collections.abc import Sequence

from graphcost import (
    COMPUTES_NOTHING,
    COPIES,
    Dim,
    Op,
    Role,
    Rule,
    RuleSet,
    Shape,
    ShapeUnknown,
    Value,
    is_at_least,
)
from graphcost_rules.shape_inputs import checked_size, is_open, partial_vector, shape_held_by
from graphcost_rules.small_values import rearranged


def broadcast_to_shape(op: Op) -> list[Shape]:
    """The shape asked for; an unknown size is the input's, where that isn't 1."""
    if not op.has_shape(0):
        return [shape_held_by(op, 1)]
    shape, wanted = op.input(), partial_vector(op, 1)
    if shape.rank > len(wanted):
        raise op.error(f"a tensor of shape {shape} can't be broadcast to rank {len(wanted)}")
    new = len(wanted) - shape.rank
    return [Shape(*(_stretched(op, axis, None if axis < new else shape[axis - new]) for axis in range(len(wanted))))]


def broadcast_to_value(op: Op) -> list[Value]:
    value = op.value(0)
    (shape,) = broadcast_to_shape(op)
    new = shape.rank - len(value.shape)
    stretched = [size == 1 for size in value.shape]
    return [
        rearranged(
            value, shape, lambda index: tuple(0 if one else at for one, at in zip(stretched, index[new:], strict=True))
        )
    ]


def _stretched(op: Op, axis: int, size: Dim | None) -> Dim:
    wanted = partial_vector(op, 1)[axis]
    if is_open(wanted):
        return size if size is not None and is_at_least(size, 2) else op.unknown_size(axis)
    if size is None or (isinstance(size, int) and size == 1):
        return checked_size(op, wanted)
    if isinstance(size, int) and wanted != size and isinstance(wanted, int):
        raise op.error(f"a size of {size} can't be broadcast to {wanted}")
    return checked_size(op, wanted)


def broadcast_args_shape(op: Op) -> list[Shape]:
    lengths = [op.input(i, rank=1)[0] for i in (0, 1)]
    if all(isinstance(length, int) for length in lengths):
        return [Shape(max(length for length in lengths if isinstance(length, int)))]
    return [Shape(op.unknown_size(0))]


def broadcast_args_value(op: Op) -> list[Value]:
    """An element stays unknown where neither operand's size settles it."""
    a, b = _aligned(partial_vector(op, 0), partial_vector(op, 1))
    return [Value.vector([_broadcast_size(op, x, y) for x, y in zip(a, b, strict=True)])]


def _broadcast_size(op: Op, a: Dim | None, b: Dim | None) -> Dim | None:
    if a is None or b is None:
        known = b if a is None else a
        return known if known is not None and is_at_least(known, 2) else None
    (size,) = op.broadcast(Shape(a), Shape(b))
    return size


def broadcast_gradient_args_shape(op: Op) -> list[Shape]:
    reduced = _reduced_axes(op)
    if reduced is None:
        return [Shape(op.unknown_size(0, port)) for port in (0, 1)]
    return [Shape(len(axes)) for axes in reduced]


def broadcast_gradient_args_value(op: Op) -> list[Value]:
    reduced = _reduced_axes(op)
    if reduced is None:
        raise ShapeUnknown("which axes were broadcast isn't known")
    return [Value.vector(axes) for axes in reduced]


def _reduced_axes(op: Op) -> tuple[list[int], list[int]] | None:
    """The axes along which each operand's gradient is summed; None where sizes don't tell.

    An open size is taken not to be 1: if it is, summing along it changes neither the sum nor its cost. The kernel
    sums along an axis of size 1 on both sides, which changes nothing either, except where the shapes are the same.
    """
    if any(op.inputs[i].value is None for i in (0, 1)):
        return None
    a, b = partial_vector(op, 0), partial_vector(op, 1)
    if None in a or None in b:
        return None
    if a == b:
        return [], []
    pairs = list(zip(*_aligned(a, b), strict=True))
    if not all(_is_settled(op, x, y) for x, y in pairs):
        return None
    return [axis for axis, (x, _) in enumerate(pairs) if x == 1], [axis for axis, (_, y) in enumerate(pairs) if y == 1]


def _is_settled(op: Op, a: Dim | None, b: Dim | None) -> bool:
    """Whether it is certain which of two sizes, if any, is stretched."""
    if a != b and isinstance(a, int) and isinstance(b, int) and 1 not in (a, b):
        raise op.error(f"sizes {a} and {b} can't be broadcast")
    return a == b or 1 in (a, b)


def _aligned(a: Sequence[Dim | None], b: Sequence[Dim | None]) -> tuple[list[Dim | None], list[Dim | None]]:
    """Both shapes with leading sizes of 1 up to the greater rank."""
    rank = max(len(a), len(b))
    return [1] * (rank - len(a)) + list(a), [1] * (rank - len(b)) + list(b)


RULES = RuleSet(
    Rule("BroadcastTo", shape=broadcast_to_shape, value=broadcast_to_value, cost=COPIES, role=Role.MOVE),
    Rule("BroadcastArgs", shape=broadcast_args_shape, value=broadcast_args_value, cost=COMPUTES_NOTHING),
    Rule(
        "BroadcastGradientArgs",
        shape=broadcast_gradient_args_shape,
        value=broadcast_gradient_args_value,
        cost=COMPUTES_NOTHING,
        role=Role.SHAPE_ONLY,
    ),
)
