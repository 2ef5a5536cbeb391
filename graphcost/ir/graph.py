"""The graph: nodes, the tensors between them, and the networkx view of both. Immutable."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from graphcost.errors import GraphError
from graphcost.ops.fact import Value

if TYPE_CHECKING:
    import networkx

EMPTY: Mapping[Any, Any] = MappingProxyType({})


class TensorRef(NamedTuple):
    """Output `port` of node `node`."""

    node: str
    port: int = 0

    def __str__(self) -> str:
        return self.node if self.port == 0 else f"{self.node}:{self.port}"


class PartialShape(NamedTuple):
    """A shape as files write it: -1 is an open size, `dims is None` an unknown rank."""

    dims: tuple[int, ...] | None


class Literal(NamedTuple):
    """A constant. `value` is None where the elements were not read (weights), are absent or too many.

    `texts` are the elements of a small constant of strings, row-major.
    """

    dtype: str
    shape: tuple[int, ...]
    value: Value | None
    texts: tuple[bytes, ...] | None = None


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
    `dropped` is the reason why the node doesn't run when the outputs are computed; None when it does. `origins` are the
    names in the file that the node stands for; empty: its own.
    """

    name: str
    op: str
    inputs: tuple[TensorRef, ...] = ()
    controls: tuple[str, ...] = ()
    attrs: Mapping[str, Attr] = field(default_factory=lambda: EMPTY)
    dtypes: tuple[str | None, ...] = (None,)
    stateful: bool = False
    dropped: str | None = None
    origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """Nodes by name, in the order of the file. Every input of a node is a node of the graph.

    `inputs` are the tensors that are fed from outside, `outputs` the ones that are asked for; `controls` are
    the nodes that run for their effect when the graph does (a function's control outputs).
    """

    nodes: Mapping[str, Node]
    inputs: tuple[TensorRef, ...] = ()
    outputs: tuple[TensorRef, ...] = ()
    functions: Mapping[str, Graph] = field(default_factory=lambda: EMPTY)
    controls: tuple[str, ...] = ()

    @staticmethod
    def of(
        nodes: Iterable[Node],
        *,
        inputs: Iterable[TensorRef] = (),
        outputs: Iterable[TensorRef] = (),
        functions: Mapping[str, Graph] = EMPTY,
        controls: Iterable[str] = (),
    ) -> Graph:
        """A checked graph.

        Raises GraphError for duplicate names, inputs that don't exist, ports that their node doesn't have,
        and cycles that pass no NextIteration.
        """
        table: dict[str, Node] = {}
        for node in nodes:
            if node.name in table:
                raise GraphError(f"two nodes are named {node.name!r}")
            table[node.name] = node
        graph = Graph(MappingProxyType(table), tuple(inputs), tuple(outputs), functions, tuple(controls))
        graph._check_references()
        _ = graph.order
        return graph

    def replacing(self, changed: Iterable[Node]) -> Graph:
        """The graph with nodes of the same names replaced; edges must stay as they are."""
        table = dict(self.nodes)
        for node in changed:
            table[node.name] = node
        graph = replace(self, nodes=MappingProxyType(table))
        # What follows from the edges alone needn't be found again.
        graph.__dict__.update({name: self.__dict__[name] for name in ("consumers", "_order") if name in self.__dict__})
        return graph

    @property
    def kept(self) -> Iterator[Node]:
        """The nodes that run when the outputs are computed."""
        return (node for node in self.nodes.values() if node.dropped is None)

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """For each node the nodes that read it, through data or control; one entry for each edge."""
        readers: dict[str, list[str]] = {name: [] for name in self.nodes}
        for node in self.nodes.values():
            for producer in producers(node):
                readers[producer].append(node.name)
        return {name: tuple(names) for name, names in readers.items()}

    @cached_property
    def order(self) -> tuple[Node, ...]:
        """The nodes in topological order. A loop's back edges, NextIteration to Merge, don't count.

        Raises GraphError where a cycle passes no NextIteration.
        """
        return tuple(self.nodes[name] for name in self._order)

    @cached_property
    def _order(self) -> tuple[str, ...]:
        waiting = {node.name: len(self._forward_producers(node)) for node in self.nodes.values()}
        ready = deque(name for name, count in waiting.items() if count == 0)
        ordered: list[str] = []
        while ready:
            node = self.nodes[ready.popleft()]
            ordered.append(node.name)
            for reader in self.consumers[node.name]:
                if _is_back_edge(node, self.nodes[reader]):
                    continue
                waiting[reader] -= 1
                if waiting[reader] == 0:
                    ready.append(reader)
        if len(ordered) < len(self.nodes):
            raise GraphError(self._describe_cycle({name for name, count in waiting.items() if count > 0}))
        return tuple(ordered)

    def ancestors(self, names: Iterable[str]) -> set[str]:
        """The named nodes and all that they depend on, through data and control edges."""
        found = set(names)
        pending = list(found)
        while pending:
            for producer in producers(self.nodes[pending.pop()]):
                if producer not in found:
                    found.add(producer)
                    pending.append(producer)
        return found

    @cached_property
    def nx(self) -> networkx.MultiDiGraph[str]:
        """The graph for networkx, frozen: built on first use, since the import alone costs a fifth of a second.

        Nodes carry `op` and `node`; data edges `source_port`, `destination_port` and `control=False`,
        control edges `control=True`.
        """
        import networkx

        view: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
        view.add_nodes_from((name, {"op": node.op, "node": node}) for name, node in self.nodes.items())
        for node in self.nodes.values():
            for port, ref in enumerate(node.inputs):
                view.add_edge(ref.node, node.name, source_port=ref.port, destination_port=port, control=False)
            for control in node.controls:
                view.add_edge(control, node.name, control=True)
        return networkx.freeze(view)  # type: ignore[no-any-return]

    def _check_references(self) -> None:
        for node in self.nodes.values():
            for ref in node.inputs:
                self._check_ref(ref, f"node {node.name!r} reads")
            for control in node.controls:
                if control not in self.nodes:
                    raise GraphError(f"node {node.name!r} waits for {control!r}, which isn't in the graph")
        for ref in (*self.inputs, *self.outputs):
            self._check_ref(ref, "the graph names")

    def _check_ref(self, ref: TensorRef, reader: str) -> None:
        producer = self.nodes.get(ref.node)
        if producer is None:
            raise GraphError(f"{reader} {str(ref)!r}, which isn't in the graph")
        if not 0 <= ref.port < len(producer.dtypes):
            count = len(producer.dtypes)
            raise GraphError(f"{reader} output {ref.port} of {ref.node!r} ({producer.op}), which has {count}")

    def _forward_producers(self, node: Node) -> list[str]:
        return [name for name in producers(node) if not _is_back_edge(self.nodes[name], node)]

    def _describe_cycle(self, stuck: set[str]) -> str:
        """Walks back among the stuck nodes, each of which has a stuck producer, until one repeats."""
        name = min(stuck)
        path: dict[str, None] = {}
        while name not in path:
            path[name] = None
            name = next(p for p in self._forward_producers(self.nodes[name]) if p in stuck)
        names = list(path)
        cycle = names[names.index(name) :][::-1]
        shown = cycle if len(cycle) <= 6 else [*cycle[:5], "..."]
        return f"a cycle that no NextIteration passes: {' -> '.join([*shown, shown[0]])}"


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


def _is_back_edge(producer: Node, reader: Node) -> bool:
    return producer.op in ("NextIteration", "RefNextIteration") and reader.op in ("Merge", "RefMerge")
