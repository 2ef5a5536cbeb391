"""Where values go: the graph as numbers in topological order, less the edges that carry only a shape or an order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.ir.structural import BRANCHES
from graphcost.ops.roles import SEPARATE, Role
from graphcost.ops.rule import RuleSet
from graphcost.passes.control_flow.frames import SWITCHES


@dataclass(frozen=True)
class Flow:
    """Points that values flow between, numbered in topological order (loops' back edges aside).

    A point is a node, or, for an op in a SEPARATE role with several outputs, one of its outputs; these follow their
    node. `operands[i]` are the points whose values `i` reads. `rules` tell what roles the operations have.
    """

    nodes: Sequence[Node]
    ports: Sequence[int]
    index: Mapping[str, int]
    operands: Sequence[tuple[int, ...]]
    rules: RuleSet

    @staticmethod
    def of(graph: Graph, rules: RuleSet) -> Flow:
        separate = rules.ops_in(SEPARATE)
        nodes: list[Node] = []
        ports: list[int] = []
        index: dict[str, int] = {}
        for node in graph.order:
            index[node.name] = len(nodes)
            split = len(node.dtypes) if node.op in separate and len(node.dtypes) > 1 else 0
            nodes.extend([node] * (1 + split))
            ports.extend([0, *range(split)])
        read = _Read(rules)
        operands: list[tuple[int, ...]] = []
        for point, node in enumerate(nodes):
            own = index[node.name]
            if point != own:
                operands.append((own,))
            else:
                operands.append(tuple(_point(ref, index, nodes) for ref in read.values(node)))
        return Flow(nodes, ports, index, operands, rules)

    def points(self, role: Role) -> Iterator[int]:
        """The points whose operation has a role."""
        ops = self.rules.ops_in(role)
        return (point for point, node in enumerate(self.nodes) if node.op in ops)

    def has(self, point: int, role: Role) -> bool:
        """Whether a point's operation has a role; of several, any of them."""
        return self.nodes[point].op in self.rules.ops_in(role)

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


# Not networkx: descendants of a restricted_view took 70 to 110 times as long on DenseNet121, and this is asked often.
def _closure(edges: Sequence[Sequence[int]], starts: Iterable[int], avoiding: Collection[int]) -> set[int]:
    found = set(starts)
    pending = list(found)
    while pending:
        for point in edges[pending.pop()]:
            if point not in found and point not in avoiding:
                found.add(point)
                pending.append(point)
    return found


class _Read:
    """Which inputs' values a node's results depend on, not only their shapes or which way a branch goes."""

    def __init__(self, rules: RuleSet) -> None:
        self._shape_only = rules.ops_in(Role.SHAPE_ONLY)
        self._but_the_first = rules.ops_in(Role.FILL) | BRANCHES

    def values(self, node: Node) -> tuple[TensorRef, ...]:
        if node.op in self._shape_only:
            return ()
        if node.op in SWITCHES:
            return node.inputs[:1]
        return node.inputs[1:] if node.op in self._but_the_first else node.inputs


def _point(ref: TensorRef, index: Mapping[str, int], nodes: Sequence[Node]) -> int:
    own = index[ref.node]
    is_split = own + 1 < len(nodes) and nodes[own + 1] is nodes[own]
    return own + 1 + ref.port if is_split else own
