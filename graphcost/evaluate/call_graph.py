"""Which evaluation calls which: a graph of bodies, beside the graphs of nodes, built once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import networkx

from graphcost.evaluate.evaluation import Call, Evaluation


@dataclass(frozen=True, eq=False)
class CallGraph:
    """The evaluations that a root reaches. `nx` has an edge from each to those that it calls, however often.

    `order` has every caller before what it calls, the root first.
    """

    root: Evaluation
    nx: networkx.DiGraph[Evaluation]
    order: tuple[Evaluation, ...]

    @staticmethod
    def of(root: Evaluation) -> CallGraph:
        """The calls that start at an evaluation; recursion was refused before there are any."""
        graph: networkx.DiGraph[Evaluation] = networkx.DiGraph()
        graph.add_node(root)
        pending = [root]
        for caller in pending:
            # In the order of the last call of each: so the bodies that a report lists come in the order of need.
            callees = dict.fromkeys(call.callee for _, call in reversed([*calls_of(caller)]))
            for callee in reversed(callees):
                if callee not in graph:
                    pending.append(callee)
                graph.add_edge(caller, callee)
        return CallGraph(root, networkx.freeze(graph), tuple(networkx.topological_sort(graph)))

    def path(self, target: Evaluation) -> list[Evaluation]:
        """A shortest way from the root to an evaluation; empty where none leads there."""
        if target not in self.nx:
            return []
        return networkx.shortest_path(self.nx, self.root, target)


def calls_of(caller: Evaluation) -> Iterator[tuple[str, Call]]:
    """The calls that an evaluation makes, each with the name of the node that makes it."""
    return ((name, call) for name, calls in caller.calls.items() for call in calls)
