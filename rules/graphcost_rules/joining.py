"""Putting tensors together: Pack, Concat, Tile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from graphcost import (
    COMPUTES_NOTHING,
    COPIES,
    Cost,
    Dim,
    Item,
    Op,
    Role,
    Rule,
    RuleSet,
    Shape,
    ShapeUnknown,
    Value,
    floor_div,
)
from graphcost_rules.shape_inputs import checked_size, has_numbers, open_shape, partial_vector, per_axis, rank_of
from graphcost_rules.small_values import concatenated, rearranged, small, value_or_blank


def pack_shape(op: Op) -> list[Shape]:
    shape = _shared_shape(op)
    axis = op.normal_axis(op.int_attr("axis", 0), shape.rank + 1)
    return [Shape(*shape[:axis], len(op.inputs), *shape[axis:])]


def pack_value(op: Op) -> list[Value]:
    """Elements of unknown inputs are unknown."""
    (shape,) = pack_shape(op)
    small(shape)
    axis = op.normal_axis(op.int_attr("axis", 0), shape.rank)
    layer = small((*shape[:axis], 1, *shape[axis + 1 :]))
    values = [value_or_blank(op, i) for i in range(len(op.inputs))]
    return [concatenated([Value(layer, value.items) for value in values], axis)]


def _shared_shape(op: Op) -> Shape:
    """The shape that all inputs have; those of unknown shape are taken to have it too."""
    shapes = [op.input(i) for i in range(len(op.inputs)) if op.has_shape(i)]
    if not shapes:
        raise ShapeUnknown("no input has a known shape")
    return reduce(op.same_shape, shapes)


@dataclass(frozen=True, slots=True)
class Joint:
    """Where a concatenation finds its operands: the input that names the axis, and the inputs that are joined."""

    axis: int
    first: int

    def operands(self, op: Op) -> list[int]:
        return list(range(self.first, len(op.inputs) - 1 + self.first))

    def shape(self, op: Op) -> list[Shape]:
        """An operand of unknown rank leaves the size along the axis open; an unknown axis, all sizes."""
        operands = self.operands(op)
        shapes = [op.input(i, least_rank=1) for i in operands if op.has_shape(i)]
        if not shapes:
            raise ShapeUnknown("no operand has a known shape")
        rank = shapes[0].rank
        if any(shape.rank != rank for shape in shapes):
            raise op.error(f"shapes {' and '.join(map(str, shapes[:4]))} differ in rank")
        if not has_numbers(op, self.axis):
            return [open_shape(op, rank)]
        axis = op.axis(self.axis, rank)
        joined = sum((shape[axis] for shape in shapes), start=0)
        size = joined if len(shapes) == len(operands) else op.unknown_size(axis)
        others = [Shape(*shape[:axis], size, *shape[axis + 1 :]) for shape in shapes]
        return [reduce(op.same_shape, others)]

    def value(self, op: Op) -> list[Value]:
        """Elements of unknown operands are unknown."""
        small(self.shape(op)[0])
        values = [value_or_blank(op, i) for i in self.operands(op)]
        return [concatenated(values, op.axis(self.axis, len(values[0].shape)))]


CONCAT = Joint(axis=0, first=1)
CONCAT_V2 = Joint(axis=-1, first=0)


def concat_offset_shape(op: Op) -> list[Shape]:
    return [op.input(i, rank=1) for i in range(1, len(op.inputs))]


def concat_offset_value(op: Op) -> list[Value]:
    """Where each operand begins in the concatenation of operands of these shapes."""
    shapes = [partial_vector(op, i) for i in range(1, len(op.inputs))]
    rank = len(shapes[0]) if shapes else 0
    if any(len(shape) != rank for shape in shapes):
        raise op.error("the shapes differ in length")
    axis = op.axis(0, rank)
    offset: Dim | None = 0
    offsets: list[Value] = []
    for shape in shapes:
        offsets.append(_offset_vector(rank, axis, offset))
        size = shape[axis]
        offset = None if offset is None or size is None else offset + size
    return offsets


def _offset_vector(rank: int, axis: int, offset: Item) -> Value:
    return Value.vector([offset if i == axis else 0 for i in range(rank)])


def tile_shape(op: Op) -> list[Shape]:
    rank = rank_of(op, 0, 1)
    shape, multiples = op.input(0, rank=rank), per_axis(op, 1, rank)
    return [Shape(*(_tiled(op, axis, size, multiples[axis]) for axis, size in enumerate(shape)))]


def _tiled(op: Op, axis: int, size: Dim, multiple: Dim | None) -> Dim:
    return op.unknown_size(axis) if multiple is None else size * checked_size(op, multiple)


def tile_value(op: Op) -> list[Value]:
    value = op.value(0)
    (shape,) = tile_shape(op)
    return [rearranged(value, shape, lambda index: tuple(i % size for i, size in zip(index, value.shape, strict=True)))]


def tile_grad_shape(op: Op) -> list[Shape]:
    """The shape of what was tiled."""
    shape = op.input(0)
    multiples = per_axis(op, 1, shape.rank)
    if any(isinstance(multiple, int) and multiple < 1 for multiple in multiples):
        raise op.error(f"tiled {multiples} times")
    pairs = enumerate(zip(shape, multiples, strict=True))
    return [Shape(*(op.unknown_size(i) if times is None else floor_div(size, times) for i, (size, times) in pairs))]


def tile_grad_cost(op: Op) -> Cost:
    """The gradients of all tiles are added up: an addition for each element, less one for each output."""
    return Cost(add=op.input_size(0) - op.output_size())


RULES = RuleSet(
    Rule("Pack", shape=pack_shape, value=pack_value, cost=COPIES, role=Role.MOVE),
    Rule("Concat", shape=CONCAT.shape, value=CONCAT.value, cost=COPIES, role=Role.MOVE),
    Rule("ConcatV2", shape=CONCAT_V2.shape, value=CONCAT_V2.value, cost=COPIES, role=Role.MOVE),
    Rule("ConcatOffset", shape=concat_offset_shape, value=concat_offset_value, cost=COMPUTES_NOTHING),
    Rule("Tile", shape=tile_shape, value=tile_value, cost=COPIES, role=Role.MOVE),
    Rule("TileGrad", shape=tile_grad_shape, cost=tile_grad_cost, role=Role.GRADIENT),
)
