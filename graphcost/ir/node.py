"""One operation of a graph: what it reads, its attributes, and the tensors that it gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple, Union

from graphcost.ir.literal import Literal, PartialShape

EMPTY: Mapping[Any, Any] = MappingProxyType({})


class TensorRef(NamedTuple):
    """Output `port` of node `node`."""

    node: str
    port: int = 0

    def __str__(self) -> str:
        return self.node if self.port == 0 else f"{self.node}:{self.port}"


class FunctionRef(NamedTuple):
    """A function named by an attribute, with the attributes that it is instantiated with."""

    name: str
    attrs: Mapping[str, Attr]


Attr = Union[int, float, bool, bytes, str, PartialShape, Literal, FunctionRef, tuple["Attr", ...], None]
"""An attribute: strings of the file are `bytes`, dtypes are `str` ("float32"); lists are tuples."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    `dtypes` has the dtype of each output (None where unknown), so its length is the number of outputs.
    `origins` are the names of the nodes of the file that it stands for; none where it stands for itself alone.
    """

    name: str
    op: str
    inputs: tuple[TensorRef, ...] = ()
    controls: tuple[str, ...] = ()
    attrs: Mapping[str, Attr] = field(default_factory=lambda: EMPTY)
    dtypes: tuple[str | None, ...] = (None,)
    stateful: bool = False
    origins: tuple[str, ...] = ()


def with_shape(node: Node, shape: PartialShape) -> Node:
    """The node with another shape attribute."""
    return replace(node, attrs=MappingProxyType({**node.attrs, "shape": shape}))


def producers(node: Node) -> Iterator[str]:
    """The names of the nodes that this one reads or waits for; one entry for each edge."""
    for ref in node.inputs:
        yield ref.node
    yield from node.controls


def called(node: Node, functions: Container[str]) -> Iterator[str]:
    """The functions that a node names: as its op, where that is one of `functions`, or in any attribute."""
    if node.op in functions:
        yield node.op
    for value in node.attrs.values():
        if isinstance(value, FunctionRef):
            yield value.name
        elif isinstance(value, tuple):
            yield from (each.name for each in value if isinstance(each, FunctionRef))


def count_ops(nodes: Iterable[Node]) -> Counter[str]:
    return Counter(node.op for node in nodes)
