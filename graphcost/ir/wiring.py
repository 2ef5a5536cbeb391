"""Who reads whom, as a networkx graph of names."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import networkx

from graphcost.errors import GraphError

MOST_NAMED = 6
"""A longer cycle is named by its first nodes."""


class _NoAttributes(dict[str, Any]):
    """The attributes of every edge: none, and the same for all. A copy by networkx has dicts of its own."""

    def __setitem__(self, key: str, value: object) -> None:
        raise TypeError("the graph is frozen: give attributes to a copy of it, networkx.DiGraph(graph.nx)")

    def update(self, *others: Any, **more: Any) -> None:
        for key, value in dict(*others, **more).items():
            self[key] = value


_NOTHING = _NoAttributes()


def _nothing() -> dict[str, Any]:
    return _NOTHING


def wired(names: Iterable[str], edges: Iterable[tuple[str, str]]) -> networkx.DiGraph[str]:
    """A frozen graph of the names, in their order. Edges and names have no attributes: 0.6 kB a node."""
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    # On this one graph, so that what networkx copies it into has dicts of its own.
    vars(graph).update(edge_attr_dict_factory=_nothing, node_attr_dict_factory=_nothing)
    graph.add_nodes_from(names)
    graph.add_edges_from(edges)
    return networkx.freeze(graph)  # type: ignore[no-any-return]


def topological(graph: networkx.DiGraph[str], back_edges: Collection[tuple[str, str]] = ()) -> tuple[str, ...]:
    """The names, each after those that it reads. Raises GraphError, naming a cycle, where there is one.

    back_edges: those that don't count, as a loop's from NextIteration to Merge.
    """
    if back_edges:
        graph = wired(graph, (edge for edge in graph.edges if edge not in back_edges))
    try:
        return tuple(networkx.topological_sort(graph))
    except networkx.NetworkXUnfeasible:
        raise GraphError(f"a cycle that no NextIteration passes: {_cycle(graph)}") from None


def ancestors(graph: networkx.DiGraph[str], names: Iterable[str]) -> set[str]:
    """The names, and all that they depend on."""
    found = set(names)
    return found.union(*networkx.bfs_layers(graph.reverse(copy=False), found)) if found else found


def components(names: Iterable[str], edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """For each name the number of the part that it lies in, of those that no edge leads between."""
    parts = networkx.weakly_connected_components(wired(names, edges))
    return {name: number for number, part in enumerate(parts) for name in part}


def _cycle(graph: networkx.DiGraph[str]) -> str:
    names = [source for source, _ in networkx.find_cycle(graph)]
    shown = names if len(names) <= MOST_NAMED else [*names[: MOST_NAMED - 1], "..."]
    return " -> ".join([*shown, names[0]])
