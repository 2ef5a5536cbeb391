"""Inputs that hold a fixed number of sizes or paddings, of which the graph may tell only some."""

from __future__ import annotations

from math import prod

from graphcost import Dim, Op, Shape


def partial_sizes(op: Op, index: int, *shape: int) -> tuple[Dim | None, ...]:
    """The elements of an integer input of that shape, row-major, None for each that isn't known.

    As in shapes, -1 leaves one open. RuleError where the input has another shape, or an element isn't a size.
    """
    if op.has_shape(index):
        op.same_shape(op.input(index), Shape(*shape))
    if op.inputs[index].value is None:
        return (None,) * prod(shape)
    value = op.value(index)
    if value.shape != shape:
        raise op.error(f"input {index} has shape {list(value.shape)}, not {list(shape)}")
    if any(isinstance(item, float) or (isinstance(item, int) and item < -1) for item in value.items):
        raise op.error(f"input {index} holds {list(value.items)}, which aren't sizes")
    return tuple(None if item == -1 or isinstance(item, float) else item for item in value.items)
