"""XLA's dimension numbers, which its operations carry as a serialized protocol buffer of a few integers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphcost import Op

MOST_BYTES = 65_536
VARINT, PACKED = 0, 2


@dataclass(frozen=True, slots=True)
class DotAxes:
    """Which axes of the operands of a product are contracted, and which are the batch's."""

    left_contracted: tuple[int, ...]
    right_contracted: tuple[int, ...]
    left_batch: tuple[int, ...]
    right_batch: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ConvAxes:
    """Where batch, features and space lie in the operands and the output of a convolution."""

    input: tuple[int, int, tuple[int, ...]]
    kernel: tuple[int, int, tuple[int, ...]]
    output: tuple[int, int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class GatherAxes:
    """Which axes of the output run over a slice, which of the slice's axes are dropped, where indices are vectors."""

    offset: tuple[int, ...]
    collapsed: tuple[int, ...]
    vector: int


def dot_axes(op: Op) -> DotAxes:
    fields = _fields(op)
    return DotAxes(*(fields.get(number, ()) for number in (1, 2, 3, 4)))


def conv_axes(op: Op) -> ConvAxes:
    fields = _fields(op)

    def axes(first: int, second: int, spatial: int) -> tuple[int, int, tuple[int, ...]]:
        return _one(fields, first), _one(fields, second), fields.get(spatial, ())

    return ConvAxes(input=axes(7, 8, 11), kernel=axes(3, 4, 6), output=axes(9, 10, 12))


def gather_axes(op: Op) -> GatherAxes:
    fields = _fields(op)
    collapsed = (*fields.get(2, ()), *fields.get(5, ()))
    return GatherAxes(fields.get(1, ()), collapsed, _one(fields, 4))


def _one(fields: dict[int, tuple[int, ...]], number: int) -> int:
    """A field that holds one integer, 0 where it is left out."""
    return fields.get(number, (0,))[-1]


def _fields(op: Op) -> dict[int, tuple[int, ...]]:
    """The integers of each field. RuleError where the bytes are anything else."""
    data = op.node.attrs.get("dimension_numbers")
    if not isinstance(data, bytes) or len(data) > MOST_BYTES:
        raise op.error("attribute 'dimension_numbers' holds no dimension numbers")
    fields: dict[int, tuple[int, ...]] = {}
    try:
        for number, items in _decoded(data):
            fields[number] = (*fields.get(number, ()), *items)
    except (IndexError, ValueError) as error:
        raise op.error("attribute 'dimension_numbers' holds no dimension numbers") from error
    return fields


def _decoded(data: bytes) -> Iterator[tuple[int, tuple[int, ...]]]:
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        if key & 7 == VARINT:
            item, position = _varint(data, position)
            yield key >> 3, (item,)
        elif key & 7 == PACKED:
            length, position = _varint(data, position)
            end = position + length
            if end > len(data):
                raise ValueError(length)
            items = []
            while position < end:
                item, position = _varint(data, position)
                items.append(item)
            yield key >> 3, tuple(items)
        else:
            raise ValueError(key)


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """The integer there, at most ten bytes, and the position after it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
    raise ValueError(value)
