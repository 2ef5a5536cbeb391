"""AttrValue -> Attr."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from graphcost.ir.node import Attr, FunctionRef
from graphcost.loaders.descriptors import dtype_names
from graphcost.loaders.tensors import decode_shape, decode_tensor


def decode_attr(value: Any, *, with_elements: bool = True) -> Attr:
    """The Attr of an AttrValue. None where nothing is set, or what is set says nothing (an unheard-of dtype).

    Without elements a tensor has no value; tensors in lists and in the attributes of functions never have one.
    """
    kind = value.WhichOneof("value")
    if kind == "tensor":
        return decode_tensor(value.tensor, with_elements=with_elements)
    return None if kind is None else _DECODERS[kind](getattr(value, kind))


def decode_dtype(number: int) -> str | None:
    """The short name of a DataType; None for DT_INVALID and for numbers that TensorFlow doesn't know."""
    return dtype_names().get(number)


def _decode_function(function: Any) -> FunctionRef:
    attrs = {name: decode_attr(function.attr[name], with_elements=False) for name in function.attr}
    return FunctionRef(function.name, MappingProxyType(attrs))


def _decode_list(values: Any) -> tuple[Attr, ...]:
    for field, items in values.ListFields():
        decode = _DECODERS.get(field.name)
        return tuple(map(decode, items)) if decode else ()
    return ()


def _decode_nested_tensor(tensor: Any) -> Attr:
    return decode_tensor(tensor, with_elements=False)


def _unchanged(value: Any) -> Any:
    return value


def _placeholder(_: str) -> None:
    """A function's own attribute stands here; it is known only where the function is instantiated."""


_DECODERS: Mapping[str, Callable[[Any], Attr]] = {
    "s": _unchanged,
    "i": _unchanged,
    "f": _unchanged,
    "b": _unchanged,
    "type": decode_dtype,
    "shape": decode_shape,
    "tensor": _decode_nested_tensor,
    "list": _decode_list,
    "func": _decode_function,
    "placeholder": _placeholder,
}
