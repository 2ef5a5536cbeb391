"""A graph as its file holds it: node messages to iterate over, with the weights cut out.

Nodes are parsed in runs of about a megabyte, so that memory follows the largest run and not the file. A node with a
large attribute is parsed by itself, from its bytes without the elements of that attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, NamedTuple

from graphcost.errors import LoadError
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import EMPTY, Attr
from graphcost.loaders.descriptors import message_class
from graphcost.loaders.model import Signature
from graphcost.loaders.tensors import decode_tensor
from graphcost.loaders.wire import Buffer, Field, content, fields, release, submessages

LARGE = 1 << 16
"""Bytes above which a node's attributes are looked at one by one. No tensor of VALUE_LIMIT elements is as large."""

_RUN = 1 << 20
_LARGEST_LIST = 1 << 20


class NodeSource(NamedTuple):
    """A NodeDef, and attributes that stand in for what it holds or had cut out."""

    message: Any
    attrs: Mapping[str, Attr] = EMPTY


class FunctionSource(NamedTuple):
    """A FunctionDef, complete but for its nodes, and its nodes."""

    header: Any
    nodes: Callable[[], Iterator[NodeSource]]


@dataclass(frozen=True)
class GraphSource:
    """A GraphDef, ready to be decoded."""

    nodes: Callable[[], Iterator[NodeSource]]
    functions: Sequence[FunctionSource]
    producer: int


@dataclass(frozen=True)
class ModelSource:
    """What a file holds, its graph not yet decoded. `op_defs` are OpDef messages of ops that TensorFlow lacks."""

    graph: GraphSource
    signatures: Mapping[str, Signature] = dataclass_field(default_factory=lambda: EMPTY)
    op_defs: Sequence[Any] = ()
    variable_shapes: Mapping[str, tuple[str, PartialShape]] = dataclass_field(default_factory=lambda: EMPTY)
    warnings: tuple[str, ...] = ()


class _Run(NamedTuple):
    """Small nodes next to each other, or the content of one large node."""

    start: int
    end: int
    is_large: bool


class NodeBudget:
    """Counts the nodes of a file while they are found, before they are parsed."""

    def __init__(self, max_nodes: int) -> None:
        self._max_nodes = max_nodes
        self._spent = 0

    def spend(self, count: int = 1) -> None:
        """Takes `count` nodes into account. Raises LoadError once there are more than allowed in all."""
        self._spent += count
        self.check(self._spent)

    def check(self, count: int) -> None:
        """Raises LoadError where `count` of anything is more than there may be nodes."""
        if count > self._max_nodes:
            raise LoadError(f"more than {self._max_nodes} nodes; raise max_nodes (--max-nodes) to read it all the same")


def source_from_bytes(buffer: Buffer, start: int, end: int, budget: NodeBudget) -> GraphSource:
    """The GraphDef in `buffer[start:end]`. Raises LoadError where it is none."""
    graph_def = message_class("GraphDef")
    runs, others = _split(buffer, start, end, graph_def.NODE_FIELD_NUMBER, budget)
    versions = join(buffer, (field for field in others if field.number == graph_def.VERSIONS_FIELD_NUMBER))
    functions: list[FunctionSource] = []
    for library in (field for field in others if field.number == graph_def.LIBRARY_FIELD_NUMBER):
        for function in _functions(buffer, library):
            functions.append(_function(buffer, function, budget))
            budget.check(len(functions))
    return GraphSource(
        nodes=lambda: _nodes(buffer, runs, "GraphDef", "node"),
        functions=functions,
        producer=parse("GraphDef", versions).versions.producer,
    )


def source_from_message(graph: Any, budget: NodeBudget) -> GraphSource:
    """A parsed GraphDef of this package's own classes."""
    budget.spend(len(graph.node))
    for function in graph.library.function:
        budget.spend(len(function.node_def))
    return GraphSource(
        nodes=lambda: map(NodeSource, graph.node),
        functions=[_function_of_message(function) for function in graph.library.function],
        producer=graph.versions.producer,
    )


def parse(name: str, data: bytes) -> Any:
    """The message of class `name` that `data` holds. Raises LoadError where it holds none."""
    from google.protobuf.message import DecodeError

    try:
        return message_class(name).FromString(data)
    except DecodeError as error:
        raise LoadError(f"a corrupt {name}: wrong wire format or text that isn't UTF-8") from error


def _functions(buffer: Buffer, library: Field) -> Iterator[Field]:
    number = message_class("FunctionDefLibrary").FUNCTION_FIELD_NUMBER
    return (field for field in submessages(buffer, library.body, library.end) if field.number == number)


def _function(buffer: Buffer, field: Field, budget: NodeBudget) -> FunctionSource:
    number = message_class("FunctionDef").NODE_DEF_FIELD_NUMBER
    runs, others = _split(buffer, field.body, field.end, number, budget)
    header = parse("FunctionDef", join(buffer, others))
    return FunctionSource(header, lambda: _nodes(buffer, runs, "FunctionDef", "node_def"))


def _function_of_message(function: Any) -> FunctionSource:
    return FunctionSource(function, lambda: map(NodeSource, function.node_def))


def _split(
    buffer: Buffer, start: int, end: int, node_number: int, budget: NodeBudget
) -> tuple[list[_Run], list[Field]]:
    """The runs of nodes of a GraphDef or FunctionDef, and its other fields."""
    runs: list[_Run] = []
    others: list[Field] = []
    run_start = run_end = start
    for field in submessages(buffer, start, end):
        if field.number != node_number:
            others.append(field)
            budget.check(len(others))
            continue
        budget.spend()
        if field.end - field.body > LARGE:
            runs.append(_Run(run_start, run_end, is_large=False))
            runs.append(_Run(field.body, field.end, is_large=True))
            run_start = run_end = field.end
            release(buffer)
        elif field.start == run_end and field.end - run_start <= _RUN:
            run_end = field.end
        else:
            runs.append(_Run(run_start, run_end, is_large=False))
            run_start, run_end = field.start, field.end
            release(buffer)
    runs.append(_Run(run_start, run_end, is_large=False))
    return runs, others


def _nodes(buffer: Buffer, runs: Sequence[_Run], container: str, field: str) -> Iterator[NodeSource]:
    for run in runs:
        if run.is_large:
            yield _large_node(buffer, run)
        else:
            yield from map(NodeSource, getattr(parse(container, buffer[run.start : run.end]), field))
        release(buffer)


def _large_node(buffer: Buffer, run: _Run) -> NodeSource:
    """The node without its large attributes, which are known by dtype and shape only."""
    number = message_class("NodeDef").ATTR_FIELD_NUMBER
    kept: list[Field] = []
    cut: dict[str, Attr] = {}
    for field in submessages(buffer, run.start, run.end):
        if field.number != number or field.end - field.body <= LARGE or not _cut(buffer, field, cut):
            kept.append(field)
    return NodeSource(parse("NodeDef", join(buffer, kept)), cut)


def _cut(buffer: Buffer, entry: Field, cut: dict[str, Attr]) -> bool:
    """Puts a large attribute's stand-in into `cut`; false where the attribute has to be read."""
    attr_value = message_class("AttrValue")
    parts = {field.number: field for field in submessages(buffer, entry.body, entry.end)}
    if 1 not in parts or 2 not in parts:
        return False
    key, value = content(buffer, parts[1]).decode(), parts[2]
    for field in submessages(buffer, value.body, value.end):
        if field.number == attr_value.TENSOR_FIELD_NUMBER:
            cut[key] = decode_tensor(_tensor_without_elements(buffer, field), with_elements=False)
            return True
        if field.number == attr_value.LIST_FIELD_NUMBER and field.end - field.body > _LARGEST_LIST:
            cut[key] = None
            return True
    return False


def _tensor_without_elements(buffer: Buffer, tensor: Field) -> Any:
    tensor_proto = message_class("TensorProto")
    described = (tensor_proto.DTYPE_FIELD_NUMBER, tensor_proto.TENSOR_SHAPE_FIELD_NUMBER)
    parts = (field for field in fields(buffer, tensor.body, tensor.end) if field.number in described)
    return parse("TensorProto", join(buffer, parts))


def join(buffer: Buffer, parts: Iterable[Field]) -> bytes:
    """The bytes of the fields, tags included: a message that has only them."""
    return b"".join(buffer[field.start : field.end] for field in parts)
