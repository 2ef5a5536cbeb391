"""Keeps what the outputs need.

before                                after
    x -> MatMul -> y  (output)            x -> MatMul -> y  (output)
    w -> MatMul                           w -> MatMul
    RandomUniform -> Assign(w)
    w -> SaveV2
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from graphcost.ir.graph import Graph
from graphcost.ir.node import Node
from graphcost.ir.stand_ins import ARGUMENT, DEAD


@dataclass(frozen=True, slots=True)
class Prune:
    """The graph induced by the ancestors of its outputs and controls, through data and control edges.

    `used` are the positions of a function's outputs that anybody reads; None for all. The others become _Dead, since
    callers name outputs by position; arguments stay for the same reason.
    """

    name: ClassVar[str] = "prune"
    used: frozenset[int] | None = None

    def __call__(self, graph: Graph) -> Graph:
        kept = graph.ancestors([*self._asked_for(graph), *graph.controls]).union(_arguments(graph))
        if len(kept) == len(graph.nodes):
            return graph
        unused = {ref.node for ref in graph.outputs if ref.node not in kept}
        if unused:
            return _with_dead(graph, unused).induced(kept | unused)
        return graph.induced(kept)

    def _asked_for(self, graph: Graph) -> Iterator[str]:
        return (ref.node for port, ref in enumerate(graph.outputs) if self.used is None or port in self.used)


def _arguments(graph: Graph) -> Iterator[str]:
    return (ref.node for ref in graph.inputs if graph.nodes[ref.node].op == ARGUMENT)


def _with_dead(graph: Graph, names: set[str]) -> Graph:
    nodes = {**graph.nodes, **{name: Node(name, DEAD, dtypes=graph.nodes[name].dtypes) for name in names}}
    return Graph.of(
        nodes.values(), inputs=graph.inputs, outputs=graph.outputs, functions=graph.functions, controls=graph.controls
    )
