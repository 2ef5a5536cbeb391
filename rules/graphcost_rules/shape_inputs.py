"""Inputs that hold shapes, sizes or one size per axis, of which only a part may be known."""

from __future__ import annotations

from graphcost import Dim, Op, Shape, ShapeUnknown
from graphcost_rules.small_values import value_or_blank

MAX_RANK = 254
"""The most axes that TensorFlow lets a tensor have."""


def partial_items(op: Op, index: int) -> tuple[Dim | None, ...]:
    """The elements of an integer input, row-major, None where unknown. ShapeUnknown where their number is."""
    value = value_or_blank(op, index)
    if any(isinstance(item, float) for item in value.items):
        raise op.error(f"input {index} must hold integers")
    return tuple(item if not isinstance(item, float) else None for item in value.items)


def partial_scalar(op: Op, index: int) -> Dim | None:
    """The one element of an integer input, None where it isn't known. RuleError where there are more, or none."""
    if not op.has_shape(index):
        return None
    items = partial_items(op, index)
    if len(items) != 1:
        raise op.error(f"input {index} has {len(items)} elements, not 1")
    return items[0]


def partial_vector(op: Op, index: int) -> tuple[Dim | None, ...]:
    """As partial_items(), of a vector with one element for each axis of some tensor."""
    (length,) = op.input(index, rank=1)
    if not isinstance(length, int):
        raise ShapeUnknown(f"input {index} has an open number of elements")
    if length > MAX_RANK:
        raise op.error(f"input {index} has {length} elements, but a tensor has at most {MAX_RANK} axes")
    return partial_items(op, index)


def size_attr(op: Op, attribute: str, least: int = 0) -> int:
    """A size that an attribute gives. RuleError where it is less than `least`."""
    size = op.int_attr(attribute)
    if size < least:
        raise op.error(f"attribute {attribute!r} is {size}")
    return size


def has_numbers(op: Op, index: int) -> bool:
    """Whether an input's elements are known as numbers, as axes have to be."""
    value = op.inputs[index].value
    return value is not None and all(isinstance(item, int) for item in op.value(index).items)


def known_length(op: Op, index: int) -> int | None:
    """The length of a vector; None where it isn't known. RuleError where the input isn't a vector."""
    length = op.input(index, rank=1)[0] if op.has_shape(index) else None
    return length if isinstance(length, int) else None


def rank_of(op: Op, tensor: int, *vectors: int) -> int:
    """The rank of an input, told by itself or by the length of vectors that have one element for each of its axes."""
    if op.has_shape(tensor):
        return op.input(tensor).rank
    lengths = [length for length in (known_length(op, index) for index in vectors) if length is not None]
    if not lengths:
        raise ShapeUnknown(f"the rank of input {tensor} isn't known")
    return lengths[0]


def per_axis(op: Op, index: int, rank: int) -> tuple[Dim | None, ...]:
    """The elements of a vector with one element for each of `rank` axes; None where unknown."""
    if known_length(op, index) is None:
        return (None,) * rank
    items = partial_vector(op, index)
    if len(items) != rank:
        raise op.error(f"input {index} has {len(items)} elements for {rank} axes")
    return items


def image_sizes(op: Op, index: int) -> list[Dim]:
    """The height and the width that an input holds, for axes 1 and 2 of the output."""
    sizes = per_axis(op, index, 2)
    return [op.unknown_size(axis + 1) if size is None else checked_size(op, size) for axis, size in enumerate(sizes)]


def margins(op: Op, index: int, axes: int) -> list[tuple[Dim | None, Dim | None]]:
    """How much is added, or cut, before and after each of `axes` axes, as an input of shape [axes, 2] says."""
    if not op.has_shape(index):
        return [(None, None)] * axes
    op.same_shape(op.input(index, rank=2), Shape(axes, 2))
    if op.inputs[index].value is None:
        return [(None, None)] * axes
    items = partial_items(op, index)
    for item in items:
        if item is not None:
            checked_size(op, item)
    return list(zip(items[::2], items[1::2], strict=True))


def shape_held_by(op: Op, index: int, port: int = 0) -> Shape:
    """The shape that an integer vector holds; -1 and unknown elements are open sizes of output `port`."""
    return Shape(
        *(
            op.unknown_size(axis, port) if is_open(item) else checked_size(op, item)
            for axis, item in enumerate(partial_vector(op, index))
        )
    )


def is_open(item: Dim | None) -> bool:
    """Whether an element of a shape leaves its size open."""
    return item is None or (isinstance(item, int) and item == -1)


def checked_size(op: Op, size: Dim | None) -> Dim:
    if size is None or (isinstance(size, int) and size < 0):
        raise op.error(f"a size of {size}")
    return size


def open_shape(op: Op, rank: int, port: int = 0) -> Shape:
    """The shape of an output of which only the rank is known."""
    return Shape(*(op.unknown_size(axis, port) for axis in range(rank)))
