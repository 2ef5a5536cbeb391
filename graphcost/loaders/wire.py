"""Protobuf's wire format, field by field: enough to step over what shall not be read."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from graphcost.errors import LoadError

Buffer: TypeAlias = bytes | mmap.mmap
"""A file's content; a slice of it is a copy."""

VARINT, FIXED64, DELIMITED, START_GROUP, END_GROUP, FIXED32 = range(6)

_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}


class TruncatedError(LoadError):
    """The bytes end within a field."""


class Field(NamedTuple):
    """Where one field lies: its tag at `start`, its content in `body:end`."""

    number: int
    wire_type: int
    start: int
    body: int
    end: int


def fields(buffer: Buffer, start: int, end: int, *, clamp: bool = False) -> Iterator[Field]:
    """The fields of the message in `buffer[start:end]`, in the order of the file.

    Raises LoadError where the bytes aren't fields, and where they end in the middle of one unless `clamp` asks for what
    there is of it.
    """
    position = start
    while position < end:
        try:
            field = _field(buffer, position, end)
        except TruncatedError:
            if clamp:
                return
            raise
        if field.end > end:
            if not clamp:
                raise TruncatedError(f"truncated: {field.end - end} bytes are missing after byte {end}")
            field = field._replace(end=end)
        yield field
        position = field.end


def submessages(buffer: Buffer, start: int, end: int) -> Iterator[Field]:
    """The fields that can be messages or strings; TensorFlow's messages are made of hardly anything else."""
    return (field for field in fields(buffer, start, end) if field.wire_type == DELIMITED)


def _field(buffer: Buffer, start: int, end: int) -> Field:
    """The field that starts at `start`; its own end may lie behind `end`."""
    tag, body = _varint(buffer, start, end)
    wire_type = tag & 7
    if tag < 8:
        raise LoadError(f"no protobuf field starts at byte {start}")
    if wire_type == DELIMITED:
        length, body = _varint(buffer, body, end)
        return Field(tag >> 3, wire_type, start, body, body + length)
    if wire_type == VARINT:
        return Field(tag >> 3, wire_type, start, body, _varint(buffer, body, end)[1])
    if wire_type not in _FIXED_SIZES:
        raise LoadError(f"no protobuf field starts at byte {start}")
    return Field(tag >> 3, wire_type, start, body, body + _FIXED_SIZES[wire_type])


def content(buffer: Buffer, field: Field) -> bytes:
    """What the field holds."""
    return buffer[field.body : field.end]


def release(buffer: Buffer) -> None:
    """Unmaps what was read so far of a mapped file; it stays in the system's cache.

    For one byte the kernel may map megabytes around it, which would count as this process' memory.
    """
    if isinstance(buffer, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        buffer.madvise(mmap.MADV_DONTNEED)


def _varint(buffer: Buffer, position: int, end: int) -> tuple[int, int]:
    """The number at `position`, and where it ends."""
    if position < end and buffer[position] < 0x80:
        return buffer[position], position + 1
    value = 0
    for shift in range(0, 70, 7):
        if position >= end:
            raise TruncatedError(f"truncated: the file ends within a number at byte {position}")
        byte = buffer[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise LoadError(f"no protobuf number ends at byte {position}")
