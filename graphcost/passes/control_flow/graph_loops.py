"""The loops of one graph: its frames, from the innermost outwards, become While nodes where they are loops."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graphcost.errors import GraphError
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, producers
from graphcost.passes.control_flow.frames import CONTROL_FLOW_V1, MERGES, NEXT_ITERATIONS, ROOT, find_frames
from graphcost.passes.control_flow.loop_parts import Loop, find_loop, loops_apart
from graphcost.passes.control_flow.naming import Names, in_file_order
from graphcost.passes.control_flow.while_node import Raised, Surroundings, raise_loop

MAX_VARIABLES = 1 << 22
"""So many variables all raised loops of a graph have in all; a real model has some thousand."""


def raise_loops_of(graph: Graph, function_names: Names) -> tuple[Graph, dict[str, Graph]]:
    """One graph without its functions' graphs, and the functions that its loops became.

    Raises GraphError where the loops have more than MAX_VARIABLES variables in all.
    """
    return _Raising(graph, function_names).result()


@dataclass
class _Region:
    """The nodes that stand directly in one frame, inner loops already raised."""

    nodes: dict[str, Node] = field(default_factory=dict)
    raised: list[tuple[Raised, Sequence[Node]]] = field(default_factory=list)
    """The inner loops, each with the nodes that it was made from."""


class _Raising:
    def __init__(self, graph: Graph, function_names: Names) -> None:
        self._graph = graph
        self._frames = find_frames(graph)
        self._wanted = {*(ref.node for ref in graph.outputs), *graph.controls}
        places = {name: place for place, name in enumerate(graph.nodes)}
        self._around = Surroundings(graph, places, Names(graph.nodes), function_names, self._wanted)
        self._regions = [_Region() for _ in self._frames.parents]
        self._functions: dict[str, Graph] = {}
        self._variables = 0
        for node in graph.order:
            self._regions[self._frames.home[node.name]].nodes[node.name] = node

    def result(self) -> tuple[Graph, dict[str, Graph]]:
        """Raises the innermost frames first: a frame's number is larger than that of the one around it."""
        for frame in range(len(self._regions) - 1, ROOT, -1):
            self._raise(frame)
        nodes = self._ordered(self._regions[ROOT])
        standing = {node.name for node in nodes}
        inner_loops = [name for name in self._wanted if name in standing and name not in self._graph.nodes]
        graph = Graph.of(
            in_file_order(nodes, self._around.places),
            inputs=[ref for ref in self._graph.inputs if ref.node in standing],
            outputs=[ref for ref in self._graph.outputs if ref.node in standing],
            controls=[*(name for name in self._graph.controls if name in standing), *sorted(inner_loops)],
        )
        return graph, self._functions

    def _raise(self, frame: int) -> None:
        region = self._regions[frame]
        outer = self._regions[self._frames.parents[frame]]
        nodes = self._ordered(region)
        own = self._own(frame, nodes)
        for part in loops_apart(nodes, own):
            loop = None if frame in self._frames.broken else find_loop(part, own)
            if loop is None:
                outer.nodes.update((node.name, node) for node in part)
            else:
                self._add(outer, loop, part)

    def _add(self, outer: _Region, loop: Loop, nodes: Sequence[Node]) -> None:
        raised = raise_loop(loop, self._around)
        self._variables += len(raised.node.inputs)
        if self._variables > MAX_VARIABLES:
            raise GraphError(f"its loops have more than {MAX_VARIABLES} variables in all")
        if not raised.inside.isdisjoint(self._wanted):
            self._wanted.add(raised.node.name)
        self._functions.update(raised.functions)
        outer.nodes.update((node.name, node) for node in (raised.node, *raised.after))
        outer.raised.append((raised, nodes))

    def _own(self, frame: int, nodes: Iterable[Node]) -> frozenset[str]:
        """The frame's control-flow nodes; an inner frame that stayed as it is has its own."""
        home = self._frames.home
        return frozenset(node.name for node in nodes if node.op in CONTROL_FLOW_V1 and home[node.name] == frame)

    def _ordered(self, region: _Region) -> list[Node]:
        """The nodes in topological order. Loops that, as one node, would make a cycle become what they were."""
        nodes = _topological(region.nodes)
        if nodes is not None:
            return nodes
        for raised, before in region.raised:
            for node in (raised.node, *raised.after):
                del region.nodes[node.name]
            region.nodes.update((node.name, node) for node in before)
            for name in raised.functions:
                del self._functions[name]
        nodes = _topological(region.nodes)
        assert nodes is not None
        return nodes


def _topological(nodes: Mapping[str, Node]) -> list[Node] | None:
    """The nodes after what they read, back edges aside; None where there is a cycle."""
    waiting: dict[str, int] = {}
    readers: dict[str, list[str]] = {name: [] for name in nodes}
    for node in nodes.values():
        read = [name for name in producers(node) if name in nodes and not _is_back_edge(nodes[name], node)]
        waiting[node.name] = len(read)
        for name in read:
            readers[name].append(node.name)
    ready = deque(name for name, count in waiting.items() if count == 0)
    ordered: list[Node] = []
    while ready:
        name = ready.popleft()
        ordered.append(nodes[name])
        for reader in readers[name]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ready.append(reader)
    return ordered if len(ordered) == len(nodes) else None


def _is_back_edge(producer: Node, reader: Node) -> bool:
    return producer.op in NEXT_ITERATIONS and reader.op in MERGES
