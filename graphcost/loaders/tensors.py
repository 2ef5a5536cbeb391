"""TensorShapeProto -> PartialShape, and TensorProto -> Literal: elements of small constants, never of weights."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod
from typing import Any

from graphcost.ir.dtypes import dtype_named
from graphcost.ir.literal import VALUE_LIMIT, Item, Literal, PartialShape, Value
from graphcost.loaders.descriptors import dtype_names

_MAX_RANK = 254
_LONGEST_TEXT = 1024

CONTENT_FORMATS = {
    "bool": "?",
    "int8": "b",
    "uint8": "B",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "qint8": "b",
    "quint8": "B",
    "qint16": "h",
    "quint16": "H",
    "qint32": "i",
    "float16": "e",
    "bfloat16": "H",
    "float32": "f",
    "float64": "d",
}
"""How `struct` reads one element of `tensor_content`; a bfloat16 as its bits."""

VALUE_FIELDS = {
    "bool": "bool_val",
    "int64": "int64_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "float16": "half_val",
    "bfloat16": "half_val",
    "float32": "float_val",
    "float64": "double_val",
}
"""The field with a dtype's elements where `tensor_content` is empty; `int_val` for the other integers."""


def decode_shape(shape: Any) -> PartialShape:
    """The shape of a TensorShapeProto; of unknown rank where it is one that no tensor can have."""
    dims = tuple(dim.size for dim in shape.dim)
    if shape.unknown_rank or len(dims) > _MAX_RANK or any(size < -1 for size in dims):
        return PartialShape(None)
    return PartialShape(dims)


def decode_tensor(tensor: Any, *, with_elements: bool = True) -> Literal | None:
    """The Literal of a TensorProto; None where its dtype or shape says nothing.

    Without elements it has no value: they were cut out of the message, or nobody needs them.
    """
    dtype = dtype_names().get(tensor.dtype)
    shape = decode_shape(tensor.tensor_shape).dims
    if dtype is None or shape is None or -1 in shape:
        return None
    if not with_elements:
        return Literal(dtype, shape, None)
    return Literal(dtype, shape, _value(tensor, dtype, shape), _texts(tensor, shape) if dtype == "string" else None)


def decode_content(content: bytes, dtype: str, shape: tuple[int, ...]) -> Value | None:
    """The elements that `content` holds in row-major order; None where they don't fit the shape or are too many."""
    count = prod(shape)
    code = CONTENT_FORMATS.get(dtype)
    if code is None or count > VALUE_LIMIT or len(content) != count * struct.calcsize(code):
        return None
    items: Sequence[Any] = struct.unpack(f"<{count}{code}", content)
    return Value(shape, tuple(map(_bfloat16, items)) if dtype == "bfloat16" else tuple(items))


def _value(tensor: Any, dtype: str, shape: tuple[int, ...]) -> Value | None:
    count = prod(shape)
    if dtype not in CONTENT_FORMATS or count > VALUE_LIMIT:
        return None
    if tensor.tensor_content:
        return decode_content(tensor.tensor_content, dtype, shape)
    listed = getattr(tensor, VALUE_FIELDS.get(dtype, "int_val"))
    if len(listed) > count:
        return None
    items: list[Item] = [_element(item, dtype) for item in listed]
    last = items[-1] if items else _zero(dtype)
    return Value(shape, (*items, *[last] * (count - len(items))))


def _texts(tensor: Any, shape: tuple[int, ...]) -> tuple[bytes, ...] | None:
    """The strings, where there is one for each element and none is a document."""
    texts = tuple(tensor.string_val)
    if len(texts) != prod(shape) or len(texts) > VALUE_LIMIT or any(len(text) > _LONGEST_TEXT for text in texts):
        return None
    return texts


def _element(item: Any, dtype: str) -> Item:
    if dtype == "float16":
        return float(struct.unpack("<e", struct.pack("<H", item & 0xFFFF))[0])
    return _bfloat16(item & 0xFFFF) if dtype == "bfloat16" else item


def _bfloat16(bits: int) -> float:
    return float(struct.unpack("<f", struct.pack("<I", bits << 16))[0])


def _zero(dtype: str) -> Item:
    if dtype == "bool":
        return False
    return 0.0 if dtype_named(dtype).is_floating else 0
