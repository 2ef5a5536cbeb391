"""What ops are: their arguments, the defaults of their attributes, whether they have state.

The table is TensorFlow's own registry, read when first needed; a file may bring definitions of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

from graphcost.ir.node import Attr
from graphcost.loaders.attrs import decode_attr, decode_dtype
from graphcost.loaders.descriptors import data, message_class

MAX_PORTS = 65_536
"""The most outputs that one node may have."""


@dataclass(frozen=True, slots=True)
class Arg:
    """One input or output argument: a tensor, or a list of them where one of the two list attributes is named."""

    name: str
    dtype: str | None = None
    type_attr: str = ""
    number_attr: str = ""
    type_list_attr: str = ""

    def dtypes(self, attrs: Mapping[str, Attr]) -> tuple[str | None, ...] | None:
        """The dtype of each tensor of the argument; None where the attributes don't say how many there are."""
        if self.type_list_attr:
            listed = attrs.get(self.type_list_attr)
            return tuple(map(_as_dtype, listed)) if isinstance(listed, tuple) and len(listed) <= MAX_PORTS else None
        dtype = _as_dtype(attrs.get(self.type_attr)) if self.type_attr else self.dtype
        if not self.number_attr:
            return (dtype,)
        number = attrs.get(self.number_attr)
        return (dtype,) * number if isinstance(number, int) and 0 <= number <= MAX_PORTS else None


@dataclass(frozen=True)
class OpDef:
    """The definition of one op."""

    name: str
    inputs: tuple[Arg, ...]
    outputs: tuple[Arg, ...]
    defaults: Mapping[str, Attr]
    stateful: bool

    @cached_property
    def fixed_dtypes(self) -> tuple[str | None, ...] | None:
        """The outputs' dtypes where they are the same for every node."""
        if any(arg.type_attr or arg.number_attr or arg.type_list_attr for arg in self.outputs):
            return None
        return tuple(arg.dtype for arg in self.outputs)

    def dtypes(self, attrs: Mapping[str, Attr]) -> tuple[str | None, ...] | None:
        """The dtype of each output of a node with these attributes; None where they don't fit the definition."""
        if self.fixed_dtypes is not None:
            return self.fixed_dtypes
        if len(self.outputs) == 1:
            return self.outputs[0].dtypes(attrs)
        parts = [arg.dtypes(attrs) for arg in self.outputs]
        known = [part for part in parts if part is not None]
        return tuple(dtype for part in known for dtype in part) if len(known) == len(parts) else None

    def ports(self, attrs: Mapping[str, Attr]) -> dict[str, range] | None:
        """The ports of each output argument by its name; None where the attributes don't fit the definition."""
        ports: dict[str, range] = {}
        start = 0
        for arg in self.outputs:
            dtypes = arg.dtypes(attrs)
            if dtypes is None:
                return None
            ports[arg.name] = range(start, start + len(dtypes))
            start += len(dtypes)
        return ports


class OpDefs:
    """Definitions by op. They are decoded one by one, when asked for."""

    def __init__(self, messages: Iterable[Any], fallback: OpDefs | None = None) -> None:
        """Definitions from OpDef messages; `fallback` answers first, so a file can't redefine TensorFlow's ops."""
        self._messages = {message.name: message for message in messages}
        self._decoded: dict[str, OpDef | None] = {}
        self._fallback = fallback

    def get(self, op: str) -> OpDef | None:
        """The definition of `op`; None where there is none."""
        try:
            return self._decoded[op]
        except KeyError:
            pass
        definition = self._fallback.get(op) if self._fallback else None
        if definition is None and op in self._messages:
            definition = decode_op_def(self._messages[op])
        if definition is not None or self._fallback is None:
            self._decoded[op] = definition
        return definition

    def __contains__(self, op: str) -> bool:
        return self.get(op) is not None

    @property
    def names(self) -> tuple[str, ...]:
        """All ops, sorted by name."""
        inherited = self._fallback.names if self._fallback else ()
        return tuple(sorted({*self._messages, *inherited}))


@cache
def tensorflow_ops() -> OpDefs:
    """TensorFlow's registry."""
    return OpDefs(message_class("OpList").FromString(zlib.decompress(data("op_defs.binpb.zlib"))).op)


def decode_op_def(message: Any) -> OpDef:
    """The definition that an OpDef message holds; a function's signature is one too."""
    return OpDef(
        name=message.name,
        inputs=tuple(map(_decode_arg, message.input_arg)),
        outputs=tuple(map(_decode_arg, message.output_arg)),
        defaults=MappingProxyType(
            {
                attr.name: decode_attr(attr.default_value, with_elements=False)
                for attr in message.attr
                if attr.HasField("default_value")
            }
        ),
        stateful=message.is_stateful,
    )


def _decode_arg(arg: Any) -> Arg:
    return Arg(arg.name, decode_dtype(arg.type), arg.type_attr, arg.number_attr, arg.type_list_attr)


def _as_dtype(attr: object) -> str | None:
    return attr if isinstance(attr, str) else None
