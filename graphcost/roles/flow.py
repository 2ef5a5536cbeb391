"""Where values go: the graph as numbers in topological order, less the edges that carry only a shape or an order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from graphcost.ir.graph import Graph, Node, TensorRef
from graphcost.passes.control_flow.frames import SWITCHES
from graphcost.roles.op_roles import SHAPE_ONLY
from graphcost.roles.sources import DATA_SOURCES

SPLITTING = DATA_SOURCES | {
    "ParseExample", "ParseExampleV2", "ParseSingleExample", "ParseSequenceExample", "ParseSequenceExampleV2",
    "ParseSingleSequenceExample", "DecodeCSV",
}  # fmt: skip
"""Ops that bring in several tensors which have nothing to do with one another: each output is a point of its own."""


@dataclass(frozen=True)
class Flow:
    """Points that values flow between, numbered in topological order (loops' back edges aside).

    A point is a node, or, for an op of SPLITTING with several outputs, one of its outputs; these follow their node.
    `operands[i]` are the points whose values `i` reads.
    """

    nodes: Sequence[Node]
    ports: Sequence[int]
    index: Mapping[str, int]
    operands: Sequence[tuple[int, ...]]

    @staticmethod
    def of(graph: Graph) -> Flow:
        nodes: list[Node] = []
        ports: list[int] = []
        index: dict[str, int] = {}
        for node in graph.order:
            index[node.name] = len(nodes)
            split = len(node.dtypes) if node.op in SPLITTING and len(node.dtypes) > 1 else 0
            nodes.extend([node] * (1 + split))
            ports.extend([0, *range(split)])
        operands: list[tuple[int, ...]] = []
        for point, node in enumerate(nodes):
            own = index[node.name]
            if point != own:
                operands.append((own,))
            else:
                operands.append(tuple(_point(ref, index, nodes) for ref in _value_inputs(node)))
        return Flow(nodes, ports, index, operands)

    @cached_property
    def readers(self) -> Sequence[Sequence[int]]:
        """For each point those that read its value; one entry for each edge."""
        readers: list[list[int]] = [[] for _ in self.nodes]
        for point, operands in enumerate(self.operands):
            for operand in operands:
                readers[operand].append(point)
        return readers

    def is_port(self, point: int) -> bool:
        """Whether a point is an output of a node that has points for each."""
        return self.index[self.nodes[point].name] != point

    def is_split(self, point: int) -> bool:
        """Whether a point is a node that has points for each of its outputs."""
        return point + 1 < len(self.nodes) and self.nodes[point + 1] is self.nodes[point] and not self.is_port(point)

    def ref(self, point: int) -> TensorRef:
        return TensorRef(self.nodes[point].name, self.ports[point])

    def downstream(self, starts: Iterable[int], avoiding: Collection[int] = ()) -> set[int]:
        """The starts and all that their values reach, through loops as well."""
        return _closure(self.readers, starts, avoiding)

    def upstream(self, starts: Iterable[int], avoiding: Collection[int] = ()) -> set[int]:
        """The starts and all whose values they depend on, through loops as well."""
        return _closure(self.operands, starts, avoiding)

    def forward_readers(self, point: int) -> Iterator[int]:
        """The readers of a point, less the start of the next turn of a loop."""
        return (reader for reader in self.readers[point] if reader > point)


def _closure(edges: Sequence[Sequence[int]], starts: Iterable[int], avoiding: Collection[int]) -> set[int]:
    found = set(starts)
    pending = list(found)
    while pending:
        for point in edges[pending.pop()]:
            if point not in found and point not in avoiding:
                found.add(point)
                pending.append(point)
    return found


def _value_inputs(node: Node) -> tuple[TensorRef, ...]:
    """The inputs whose values the node's results depend on, not only their shapes or which way a branch goes."""
    if node.op in SHAPE_ONLY:
        return ()
    if node.op in SWITCHES:
        return node.inputs[:1]
    if node.op in ("Fill", "If", "StatelessIf", "Case", "StatelessCase"):
        return node.inputs[1:]
    return node.inputs


def _point(ref: TensorRef, index: Mapping[str, int], nodes: Sequence[Node]) -> int:
    own = index[ref.node]
    node = nodes[own]
    return own + 1 + ref.port if node.op in SPLITTING and len(node.dtypes) > 1 else own
