"""Small tensors, element by element: what moving data does to values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product as cartesian
from math import prod

from graphcost import VALUE_LIMIT, Dim, Item, Op, ShapeUnknown, Value

Index = tuple[int, ...]


def small(sizes: Sequence[Dim]) -> tuple[int, ...]:
    """The sizes of a tensor that may have a value. ShapeUnknown where they are symbolic or too large."""
    numbers = tuple(size for size in sizes if isinstance(size, int) and size >= 0)
    if len(numbers) != len(sizes) or prod(numbers) > VALUE_LIMIT:
        raise ShapeUnknown("a tensor of open size, or too large, has no tracked value")
    return numbers


def indices(shape: Sequence[int]) -> Iterator[Index]:
    """Every index of the shape, row-major."""
    if 0 in shape:
        # The product would first list every range, however long the others are.
        return iter(())
    return cartesian(*map(range, shape))


def element(value: Value, index: Index) -> Item:
    offset = 0
    for size, position in zip(value.shape, index, strict=True):
        offset = offset * size + position
    return value.items[offset]


def rearranged(value: Value, sizes: Sequence[Dim], source: Callable[[Index], Index]) -> Value:
    """The tensor whose element at each index is the value's element at source(index)."""
    shape = small(sizes)
    return Value(shape, tuple(element(value, source(index)) for index in indices(shape)))


def filled(sizes: Sequence[Dim], item: Item) -> Value:
    shape = small(sizes)
    return Value(shape, (item,) * prod(shape))


def value_or_blank(op: Op, index: int) -> Value:
    """An input's value; elements that nothing is known of are None. ShapeUnknown where the size isn't known."""
    if op.has_shape(index) and op.inputs[index].value is not None:
        return op.value(index)
    return filled(op.input(index), None)


def with_axis(index: Index, axis: int, position: int) -> Index:
    """The index with its position along one axis replaced."""
    return (*index[:axis], position, *index[axis + 1 :])


def concatenated(values: Sequence[Value], axis: int) -> Value:
    """Values that are equal in every size but the one along `axis`, one after another."""
    first = values[0].shape
    total = sum(value.shape[axis] for value in values)
    owners = [(value, position) for value in values for position in range(value.shape[axis])]
    shape = small((*first[:axis], total, *first[axis + 1 :]))
    picks = ((owners[index[axis]], index) for index in indices(shape))
    return Value(shape, tuple(element(value, with_axis(index, axis, at)) for (value, at), index in picks))
