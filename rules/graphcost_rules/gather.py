"""Picking elements by their index: Gather, GatherNd, OneHot."""

from __future__ import annotations

from graphcost import COPIES, Dim, Op, Role, Rule, RuleSet, Shape, ShapeUnknown, Value
from graphcost_rules.shape_inputs import checked_size, has_numbers, open_shape, partial_scalar
from graphcost_rules.small_values import Index, element, rearranged


def gather_shape(op: Op) -> list[Shape]:
    """Rows of the first axis."""
    return [_gathered(op, op.input(0, least_rank=1), 0, 0)]


def gather_value(op: Op) -> list[Value]:
    return [_gathered_value(op, 0, 0)]


def gather_v2_shape(op: Op) -> list[Shape]:
    """The axis's size becomes the indices' shape, whose first `batch_dims` axes are the operand's own."""
    params, indices = op.input(0, least_rank=1), op.input(1)
    batch = _batch_dims(op)
    if not has_numbers(op, 2):
        return [open_shape(op, params.rank - 1 + indices.rank - batch)]
    return [_gathered(op, params, op.axis(2, params.rank), batch)]


def gather_v2_value(op: Op) -> list[Value]:
    return [_gathered_value(op, op.axis(2, len(op.value(0).shape)), _batch_dims(op))]


def resource_gather_shape(op: Op) -> list[Shape]:
    params, batch = _held_shape(op), _batch_dims(op)
    return [_gathered(op, params, batch, batch)]


def _batch_dims(op: Op) -> int:
    batch, rank = op.int_attr("batch_dims", 0), op.input(1).rank
    if not -rank <= batch <= rank:
        raise op.error(f"batch_dims is {batch}, but the indices have rank {rank}")
    return batch + rank if batch < 0 else batch


def _held_shape(op: Op) -> Shape:
    shape = op.element(0).shape
    if shape is None:
        raise ShapeUnknown("the shape of the variable isn't known")
    return shape


def _gathered(op: Op, params: Shape, axis: int, batch: int) -> Shape:
    indices = op.input(1)
    if not batch <= axis < params.rank:
        raise op.error(f"axis {axis} of shape {params}, with {batch} batch axes")
    shared = (op.same(a, b) for a, b in zip(params[:batch], indices[:batch], strict=True))
    return Shape(*shared, *params[batch:axis], *indices[batch:], *params[axis + 1 :])


def _gathered_value(op: Op, axis: int, batch: int) -> Value:
    params, indices = op.value(0), Value(op.value(1).shape, op.static_items(1))
    shape = _gathered(op, Shape(*params.shape), axis, batch)
    end = axis + len(indices.shape) - batch

    def source(index: Index) -> Index:
        picked = element(indices, index[:batch] + index[axis:end])
        if not isinstance(picked, int) or not 0 <= picked < params.shape[axis]:
            raise op.error(f"index {picked} of an axis of size {params.shape[axis]}")
        return (*index[:axis], picked, *index[end:])

    return rearranged(params, shape, source)


def gather_nd_shape(op: Op) -> list[Shape]:
    """Each row of the indices names as many of the operand's axes as it is long."""
    return [_picked_nd(op, op.input(0))]


def resource_gather_nd_shape(op: Op) -> list[Shape]:
    return [_picked_nd(op, _held_shape(op))]


def _picked_nd(op: Op, params: Shape) -> Shape:
    indices = op.input(1, least_rank=1)
    depth = indices[-1]
    if not isinstance(depth, int):
        raise ShapeUnknown("how many axes the indices name isn't known")
    if depth > params.rank:
        raise op.error(f"indices of {depth} axes for a tensor of shape {params}")
    return Shape(*indices[:-1], *params[depth:])


def gather_nd_value(op: Op) -> list[Value]:
    params, indices = op.value(0), Value(op.value(1).shape, op.static_items(1))
    (shape,) = gather_nd_shape(op)
    lead, depth = len(indices.shape) - 1, indices.shape[-1]

    def source(index: Index) -> Index:
        named = [element(indices, (*index[:lead], k)) for k in range(depth)]
        row = tuple(item for item in named if isinstance(item, int))
        if any(not 0 <= item < size for item, size in zip(row, params.shape, strict=False)):
            raise op.error(f"index {list(row)} of a tensor of shape {list(params.shape)}")
        return (*row, *index[lead:])

    return [rearranged(params, shape, source)]


def one_hot_shape(op: Op) -> list[Shape]:
    """A new axis of size `depth`."""
    return [_one_hot(op, op.input(0))]


def _one_hot(op: Op, indices: Shape) -> Shape:
    axis = _new_axis(op, indices)
    return Shape(*indices[:axis], _depth(op, axis), *indices[axis:])


def _new_axis(op: Op, indices: Shape) -> int:
    return op.normal_axis(op.int_attr("axis", -1), indices.rank + 1)


def _depth(op: Op, axis: int) -> Dim:
    op.input(1, rank=0)
    depth = partial_scalar(op, 1)
    return op.unknown_size(axis) if depth is None else checked_size(op, depth)


def one_hot_value(op: Op) -> list[Value]:
    """The on value where the position along the new axis is the index, the off value elsewhere."""
    indices = Value(op.value(0).shape, op.static_items(0))
    on, off = op.value(2).items[0], op.value(3).items[0]
    axis = _new_axis(op, Shape(*indices.shape))
    where = rearranged(indices, _one_hot(op, Shape(*indices.shape)), lambda index: index[:axis] + index[axis + 1 :])
    depth = where.shape[axis]
    inner = 1
    for size in where.shape[axis + 1 :]:
        inner *= size
    items = (on if item == position // inner % depth else off for position, item in enumerate(where.items))
    return [Value(where.shape, tuple(items))]


RULES = RuleSet(
    Rule("Gather", shape=gather_shape, value=gather_value, cost=COPIES, role=Role.MOVE | Role.LOOKUP),
    Rule("GatherV2", shape=gather_v2_shape, value=gather_v2_value, cost=COPIES, role=Role.MOVE | Role.LOOKUP),
    Rule("ResourceGather", shape=resource_gather_shape, cost=COPIES, role=Role.LOOKUP),
    Rule("GatherNd", shape=gather_nd_shape, value=gather_nd_value, cost=COPIES, role=Role.LOOKUP),
    Rule("ResourceGatherNd", shape=resource_gather_nd_shape, cost=COPIES, role=Role.LOOKUP),
    Rule("OneHot", shape=one_hot_shape, value=one_hot_value, cost=COPIES),
)
