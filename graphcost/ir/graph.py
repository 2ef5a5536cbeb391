"""The graph: nodes, the tensors between them, and who reads whom as a networkx graph. Immutable."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from graphcost.errors import GraphError
from graphcost.ir.node import EMPTY, Node, TensorRef, producers
from graphcost.ir.sound import sound
from graphcost.ir.wiring import ancestors, topological, wired

if TYPE_CHECKING:
    import networkx


@dataclass(frozen=True)
class Graph:
    """Nodes by name, in the order of the file. Every input of a node is a node of the graph.

    `inputs` are the tensors that are fed from outside, `outputs` the ones that are asked for; `controls` are
    the nodes that run for their effect when the graph does (a function's control outputs).

    `nx` is who reads whom: a frozen networkx.DiGraph of the nodes' names, in the same order, with an edge from each
    node to those that read it or wait for it. Which output is read by which input stands in `Node.inputs`. It has a
    cycle only where TF1 wrote a loop, through a NextIteration; after the passes it is a DAG.
    """

    nodes: Mapping[str, Node]
    inputs: tuple[TensorRef, ...]
    outputs: tuple[TensorRef, ...]
    functions: Mapping[str, Graph]
    controls: tuple[str, ...]
    nx: networkx.DiGraph[str] = field(compare=False, repr=False)
    names_in_order: tuple[str, ...] = field(compare=False, repr=False)

    @staticmethod
    def of(
        nodes: Iterable[Node],
        *,
        inputs: Iterable[TensorRef] = (),
        outputs: Iterable[TensorRef] = (),
        functions: Mapping[str, Graph] = EMPTY,
        controls: Iterable[str] = (),
    ) -> Graph:
        """A checked graph, whose every node has what walks through it rely on (see `sound`).

        Raises GraphError for duplicate names, inputs that don't exist, ports that their node doesn't have,
        and cycles that pass no NextIteration.
        """
        table: dict[str, Node] = {}
        for node in nodes:
            if node.name in table:
                raise GraphError(f"two nodes are named {node.name!r}")
            table[node.name] = sound(node)
        inputs, outputs, controls = tuple(inputs), tuple(outputs), tuple(controls)
        _check_references(table, (*inputs, *outputs))
        wires = _wired(table)
        order = topological(wires, _back_edges(table))
        return Graph(MappingProxyType(table), inputs, outputs, functions, controls, wires, order)

    def replacing(self, changed: Iterable[Node]) -> Graph:
        """The graph with nodes of the same names replaced; edges must stay as they are."""
        table = dict(self.nodes)
        table.update((node.name, node) for node in changed)
        return replace(self, nodes=MappingProxyType(table))

    def induced(self, names: Collection[str]) -> Graph:
        """The graph of the named nodes alone, in their order. What they read must be among them, and so the outputs."""
        table = {name: node for name, node in self.nodes.items() if name in names}
        return replace(
            self,
            nodes=MappingProxyType(table),
            inputs=tuple(ref for ref in self.inputs if ref.node in table),
            nx=_wired(table),
            names_in_order=tuple(name for name in self.names_in_order if name in table),
        )

    @cached_property
    def output_ports(self) -> Mapping[str, frozenset[int]]:
        """The ports of each node that are among the graph's outputs; nodes without any are absent."""
        ports: dict[str, set[int]] = {}
        for name, port in self.outputs:
            ports.setdefault(name, set()).add(port)
        return {name: frozenset(each) for name, each in ports.items()}

    @property
    def order(self) -> Iterator[Node]:
        """The nodes in topological order. A loop's back edges, NextIteration to Merge, don't count."""
        return map(self.nodes.__getitem__, self.names_in_order)

    def readers(self, name: str) -> Iterator[str]:
        """The names of the nodes that read a node or wait for it, each once."""
        return self.nx.successors(name)

    def ancestors(self, names: Iterable[str]) -> set[str]:
        """The named nodes and all that they depend on, through data and control edges."""
        return ancestors(self.nx, names)


def _wired(nodes: Mapping[str, Node]) -> networkx.DiGraph[str]:
    return wired(nodes, ((name, node.name) for node in nodes.values() for name in producers(node)))


def _back_edges(nodes: Mapping[str, Node]) -> set[tuple[str, str]]:
    merges = (node for node in nodes.values() if node.op in ("Merge", "RefMerge"))
    edges = ((name, merge.name) for merge in merges for name in producers(merge))
    return {edge for edge in edges if nodes[edge[0]].op in ("NextIteration", "RefNextIteration")}


def _check_references(nodes: Mapping[str, Node], named: Iterable[TensorRef]) -> None:
    for node in nodes.values():
        for ref in node.inputs:
            _check_ref(nodes, ref, f"node {node.name!r} reads")
        for control in node.controls:
            if control not in nodes:
                raise GraphError(f"node {node.name!r} waits for {control!r}, which isn't in the graph")
    for ref in named:
        _check_ref(nodes, ref, "the graph names")


def _check_ref(nodes: Mapping[str, Node], ref: TensorRef, reader: str) -> None:
    producer = nodes.get(ref.node)
    if producer is None:
        raise GraphError(f"{reader} {str(ref)!r}, which isn't in the graph")
    if not 0 <= ref.port < len(producer.dtypes):
        count = len(producer.dtypes)
        raise GraphError(f"{reader} output {ref.port} of {ref.node!r} ({producer.op}), which has {count}")
