"""Adding a margin to a tensor, and the gradient of a mirrored one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphcost import COPIES, Cost, Dim, Item, Op, Role, Rule, RuleSet, Shape, Value
from graphcost_rules.shape_inputs import checked_size, margins
from graphcost_rules.small_values import Index, element, indices, rearranged, small


def pad_shape(op: Op) -> list[Shape]:
    shape, paddings = _padded(op)
    return [Shape(*(_grown(op, axis, size, *paddings[axis]) for axis, size in enumerate(shape)))]


def mirror_pad_grad_shape(op: Op) -> list[Shape]:
    shape, paddings = _padded(op)
    return [Shape(*(_shrunk(op, axis, size, *paddings[axis]) for axis, size in enumerate(shape)))]


def _padded(op: Op) -> tuple[Shape, list[tuple[Dim | None, Dim | None]]]:
    """The input's shape and, for each axis, how much is added before and after it; None where unknown."""
    rank = _rank(op)
    return op.input(0, rank=rank), margins(op, 1, rank)


def _rank(op: Op) -> int:
    if op.has_shape(1) and not op.has_shape(0):
        rows, _ = op.input(1, rank=2)
        return rows if isinstance(rows, int) else op.input(0).rank
    return op.input(0).rank


def _grown(op: Op, axis: int, size: Dim, before: Dim | None, after: Dim | None) -> Dim:
    if before is None or after is None:
        return op.unknown_size(axis)
    return size + before + after


def _shrunk(op: Op, axis: int, size: Dim, before: Dim | None, after: Dim | None) -> Dim:
    if before is None or after is None:
        return op.unknown_size(axis)
    return checked_size(op, size - before - after)


def pad_value(op: Op) -> list[Value]:
    """Zeros around the input, or the third input's one element."""
    margin: Item = op.value(2).items[0] if len(op.inputs) > 2 else 0
    value, before = op.value(0), op.static_items(1)[::2]
    shape = small(pad_shape(op)[0])
    return [Value(shape, tuple(_inside(value, _shifted(index, before), margin) for index in indices(shape)))]


def _shifted(index: Index, by: Sequence[int]) -> Index:
    return tuple(i - b for i, b in zip(index, by, strict=True))


def _inside(value: Value, index: Index, margin: Item) -> Item:
    is_inside = all(0 <= i < size for i, size in zip(index, value.shape, strict=True))
    return element(value, index) if is_inside else margin


def mirror_pad_value(op: Op) -> list[Value]:
    value, before = op.value(0), op.static_items(1)[::2]
    mirrored = _mirror(op)
    (shape,) = pad_shape(op)
    return [
        rearranged(
            value,
            shape,
            lambda index: tuple(map(mirrored, _shifted(index, before), value.shape)),
        )
    ]


def _mirror(op: Op) -> Callable[[int, int], int]:
    """Which element of an axis of n a position outside it shows: REFLECT leaves out the edge, SYMMETRIC doubles it."""
    edge = 1 if op.text_attr("mode", choices=("REFLECT", "SYMMETRIC")) == "REFLECT" else 0

    def mirrored(position: int, size: int) -> int:
        if position < 0:
            position = -position - 1 + edge
        elif position >= size:
            position = 2 * size - 1 - edge - position
        if not 0 <= position < size:
            raise op.error(f"more than an axis of size {size} has is mirrored")
        return position

    return mirrored


def mirror_pad_grad_cost(op: Op) -> Cost:
    """Axis by axis, what lies on the margins is added to the elements that it mirrors: each margin element once."""
    elements = op.input_size(0)
    return Cost(add=elements - op.output_size() if elements != 0 else 0)


RULES = RuleSet(
    Rule("Pad", shape=pad_shape, value=pad_value, cost=COPIES),
    Rule("PadV2", shape=pad_shape, value=pad_value, cost=COPIES),
    Rule("MirrorPad", shape=pad_shape, value=mirror_pad_value, cost=COPIES),
    Rule("MirrorPadGrad", shape=mirror_pad_grad_shape, cost=mirror_pad_grad_cost, role=Role.GRADIENT),
)
