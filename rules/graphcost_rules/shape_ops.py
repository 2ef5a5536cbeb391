"""Operations that ask for shapes, make tensors of a given shape, or give a tensor another shape."""

from __future__ import annotations

from collections.abc import Sequence

from graphcost import (
    COMPUTES_NOTHING,
    COPIES,
    VIEW,
    Dim,
    Op,
    Role,
    Rule,
    RuleSet,
    Shape,
    ShapeUnknown,
    Value,
    floor_div,
    is_at_least,
    product,
)
from graphcost_rules.shape_inputs import checked_size, has_numbers, is_open, open_shape, partial_vector, shape_held_by
from graphcost_rules.small_values import filled, small


def shape_shape(op: Op) -> list[Shape]:
    if not op.inputs:
        raise op.error("there is no input")
    return [Shape(op.input(i).rank if op.has_shape(i) else op.unknown_size(0, i)) for i in range(len(op.inputs))]


def shape_value(op: Op) -> list[Value | None]:
    return [Value.vector(op.input(i)) if op.has_shape(i) else None for i in range(len(op.inputs))]


def scalar_shape(op: Op) -> list[Shape]:
    return [Shape()]


def size_value(op: Op) -> list[Value]:
    return [Value.scalar(op.input().size)]


def rank_value(op: Op) -> list[Value]:
    return [Value.scalar(op.input().rank)]


def reshape_shape(op: Op) -> list[Shape]:
    """The shape asked for. A single size that is -1, or unknown, is what the others leave of the input's size."""
    wanted = partial_vector(op, 1)
    if not op.has_shape(0):
        return [shape_held_by(op, 1)]
    return [_fitted(op, op.input().size, wanted)]


def reshape_value(op: Op) -> list[Value]:
    value = op.value(0)
    return [Value(small(reshape_shape(op)[0]), value.items)]


def _fitted(op: Op, size: Dim, wanted: Sequence[Dim | None]) -> Shape:
    inferred = [axis for axis, item in enumerate(wanted) if item is not None and is_open(item)]
    unknown = [axis for axis, item in enumerate(wanted) if item is None]
    if len(inferred) > 1:
        raise op.error("more than one size of -1")
    sizes = [op.unknown_size(axis) if is_open(item) else checked_size(op, item) for axis, item in enumerate(wanted)]
    left = inferred or (unknown if len(unknown) == 1 else [])
    if left:
        sizes[left[0]] = _quotient(op, size, product(sizes[: left[0]] + sizes[left[0] + 1 :]))
    elif not unknown:
        op.same(size, product(sizes))
    return Shape(*sizes)


def _quotient(op: Op, size: Dim, others: Dim) -> Dim:
    if isinstance(others, int) and others == 0:
        raise op.error("an empty tensor leaves a size of -1 undetermined")
    if isinstance(size, int) and isinstance(others, int) and size % others:
        raise op.error(f"{size} elements don't divide by {others}")
    return floor_div(size, others)


def expand_dims_shape(op: Op) -> list[Shape]:
    rank = op.input().rank
    if not has_numbers(op, 1):
        return [open_shape(op, rank + 1)]
    return [_expanded(op, op.input())]


def expand_dims_value(op: Op) -> list[Value]:
    value = op.value(0)
    return [Value(small(_expanded(op, op.input())), value.items)]


def _expanded(op: Op, shape: Shape) -> Shape:
    axis = op.axis(1, shape.rank + 1)
    return Shape(*shape[:axis], 1, *shape[axis:])


def squeeze_shape(op: Op) -> list[Shape]:
    """Without `squeeze_dims`, all sizes of 1 go; whether an open size is 1 can't be told."""
    shape = op.input()
    axes = {op.normal_axis(axis, shape.rank) for axis in op.ints_attr("squeeze_dims", default=())}
    if axes:
        for axis in axes:
            op.same(shape[axis], 1)
        return [Shape(*(dim for axis, dim in enumerate(shape) if axis not in axes))]
    if any(not isinstance(dim, int) and not is_at_least(dim, 2) for dim in shape):
        raise ShapeUnknown(f"which sizes of {shape} are 1 isn't known")
    return [Shape(*(dim for dim in shape if dim != 1))]


def squeeze_value(op: Op) -> list[Value]:
    value = op.value(0)
    return [Value(small(squeeze_shape(op)[0]), value.items)]


def fill_shape(op: Op) -> list[Shape]:
    return [shape_held_by(op, 0)]


def fill_value(op: Op) -> list[Value]:
    return [filled(shape_held_by(op, 0), op.value(1).items[0])]


def ensure_shape_shape(op: Op) -> list[Shape]:
    dims = op.shape_attr("shape").dims
    if dims is None:
        return [op.input()]
    shape = op.input(rank=len(dims))
    return [Shape(*(known if dim < 0 else op.same(known, dim) for known, dim in zip(shape, dims, strict=True)))]


def ensure_shape_value(op: Op) -> list[Value]:
    return [op.value(0)]


RULES = RuleSet(
    Rule("Shape", shape=shape_shape, value=shape_value, cost=COMPUTES_NOTHING, role=Role.SHAPE_ONLY),
    Rule("ShapeN", shape=shape_shape, value=shape_value, cost=COMPUTES_NOTHING, role=Role.SHAPE_ONLY),
    Rule("Size", shape=scalar_shape, value=size_value, cost=COMPUTES_NOTHING, role=Role.SHAPE_ONLY),
    Rule("Rank", shape=scalar_shape, value=rank_value, cost=COMPUTES_NOTHING, role=Role.SHAPE_ONLY),
    Rule("Reshape", shape=reshape_shape, value=reshape_value, cost=VIEW, role=Role.MOVE | Role.RESHAPE),
    Rule("ExpandDims", shape=expand_dims_shape, value=expand_dims_value, cost=VIEW, role=Role.MOVE | Role.RESHAPE),
    Rule("Squeeze", shape=squeeze_shape, value=squeeze_value, cost=VIEW, role=Role.MOVE | Role.RESHAPE),
    Rule("Fill", shape=fill_shape, value=fill_value, cost=COPIES, role=Role.FILL),
    Rule("Empty", shape=fill_shape, cost=COMPUTES_NOTHING),
    Rule("EnsureShape", shape=ensure_shape_shape, value=ensure_shape_value, cost=VIEW, role=Role.MOVE),
)
