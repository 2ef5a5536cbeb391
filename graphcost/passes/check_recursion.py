"""Refuses functions that call themselves, directly or through others, before anything walks into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphcost.errors import GraphError
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, called


def check_recursion(graph: Graph) -> Graph:
    """The graph as it is. Raises GraphError, naming the cycle, where a function that the graph reaches is recursive."""
    path: list[str] = []
    finished: set[str] = set()
    pending: list[Iterator[str]] = [_called(graph.nodes.values(), graph)]
    while pending:
        name = next(pending[-1], None)
        if name is None:
            pending.pop()
            if path:
                finished.add(path.pop())
        elif name in path:
            raise GraphError(f"a recursive function: {' -> '.join([*path[path.index(name) :], name])}")
        elif name not in finished:
            path.append(name)
            pending.append(_called(graph.functions[name].nodes.values(), graph))
    return graph


def _called(nodes: Iterable[Node], graph: Graph) -> Iterator[str]:
    """The functions of the file that the nodes name."""
    return (name for node in nodes for name in called(node, graph.functions) if name in graph.functions)
