"""Attr -> AttrValue, as `loaders.attrs` reads it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import prod
from typing import Any

from graphcost.ir.literal import VALUE_LIMIT, Item, Literal, PartialShape
from graphcost.ir.node import Attr, FunctionRef
from graphcost.loaders.descriptors import dtype_numbers
from graphcost.loaders.tensors import CONTENT_FORMATS, VALUE_FIELDS

Encode = Callable[[Any, Any], None]
"""Writes an attribute into the message that it is given."""


def encode_attr(target: Any, attr: Attr) -> None:
    """Writes an attribute into an AttrValue; None, which says nothing, leaves it without a value."""
    if attr is None:
        target.SetInParent()
    elif _is_list(attr):
        _encode_list(target.list, attr)
    elif isinstance(attr, str):
        target.type = dtype_number(attr)
    elif (message := _message(attr)) is not None:
        field, encode = message
        encode(getattr(target, field), attr)
    else:
        setattr(target, _scalar_field(attr), attr)


def dtype_number(dtype: str | None) -> int:
    return 0 if dtype is None else dtype_numbers()[dtype]


def encode_shape(target: Any, shape: PartialShape) -> None:
    """Writes a shape into a TensorShapeProto."""
    target.SetInParent()
    if shape.dims is None:
        target.unknown_rank = True
    for size in shape.dims or ():
        target.dim.add(size=size)


def encode_tensor(target: Any, literal: Literal) -> None:
    """Writes a constant into a TensorProto.

    Weights, whose elements aren't read, become a splat of one zero. A small constant with elements that aren't known
    must not be read back as zeros: it gets one zero too many, which no reader takes for its elements.
    """
    target.dtype = dtype_number(literal.dtype)
    encode_shape(target.tensor_shape, PartialShape(literal.shape))
    if literal.texts is not None:
        target.string_val.extend(literal.texts)
        return
    code = CONTENT_FORMATS.get(literal.dtype)
    if code is None:
        return
    if literal.value is None:
        count = prod(literal.shape)
        getattr(target, VALUE_FIELDS.get(literal.dtype, "int_val")).extend(
            [0] * (count + 1 if count <= VALUE_LIMIT else 1)
        )
    elif literal.dtype == "bfloat16":
        target.half_val.extend(map(_bfloat16_bits, literal.value.items))
    else:
        target.tensor_content = struct.pack(f"<{len(literal.value.items)}{code}", *literal.value.items)


def _bfloat16_bits(item: Item) -> int:
    """The upper half of the float32: the number came from so many bits."""
    return int.from_bytes(struct.pack("<f", item), "little") >> 16


def _encode_function(target: Any, function: FunctionRef) -> None:
    target.name = function.name
    for name, attr in function.attrs.items():
        encode_attr(target.attr[name], attr)


def _encode_list(target: Any, items: Any) -> None:
    target.SetInParent()
    if not items:
        return
    sample = next((item for item in items if item is not None), None)
    message = _message(sample)
    if sample is None or isinstance(sample, str):
        target.type.extend(map(dtype_number, items))
    elif message is not None:
        field, encode = message
        for item in items:
            part = getattr(target, field).add()
            if item is not None:
                encode(part, item)
    else:
        getattr(target, _scalar_field(sample)).extend(items)


def _is_list(attr: Attr) -> bool:
    return isinstance(attr, tuple) and _message(attr) is None


def _message(attr: Attr) -> tuple[str, Encode] | None:
    """The field of an AttrValue that holds an attribute which is a message itself, and what writes it."""
    if isinstance(attr, PartialShape):
        return "shape", encode_shape
    if isinstance(attr, Literal):
        return "tensor", encode_tensor
    if isinstance(attr, FunctionRef):
        return "func", _encode_function
    return None


def _scalar_field(attr: Attr) -> str:
    if isinstance(attr, bool):
        return "b"
    if isinstance(attr, int):
        return "i"
    return "f" if isinstance(attr, float) else "s"
