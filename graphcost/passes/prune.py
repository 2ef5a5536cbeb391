"""Labels what doesn't run when the outputs are computed.

before                                after
    x -> MatMul -> y  (output)            x, w, MatMul, y                  kept
    w -> MatMul                           RandomUniform, Assign            dropped: initializer
    RandomUniform -> Assign(w)            SaveV2                           dropped: saver
    w -> SaveV2
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from graphcost.ir.graph import Graph, Node
from graphcost.roles.network import Network
from graphcost.roles.reasons import UNUSED, reasons


def prune(graph: Graph, network: Network) -> Graph:
    """The graph with every node labelled as kept (reached from the outputs) or with its reason for going."""
    kept = graph.ancestors(_asked_for(graph, None))
    if len(kept) == len(graph.nodes):
        return graph
    why = reasons(graph, kept, network)
    return graph.replacing(_relabelled((node, why.get(node.name)) for node in graph.nodes.values()))


def prune_body(graph: Graph, used: Collection[int] | None = None) -> Graph:
    """A function's graph with what neither its used outputs nor its control outputs reach labelled as unused."""
    kept = graph.ancestors(_asked_for(graph, used))
    labels = ((node, node.dropped if node.name in kept else UNUSED) for node in graph.nodes.values())
    return graph.replacing(_relabelled(labels))


def _asked_for(graph: Graph, used: Collection[int] | None) -> list[str]:
    outputs = [ref.node for port, ref in enumerate(graph.outputs) if used is None or port in used]
    return [*outputs, *graph.controls]


def _relabelled(labels: Iterable[tuple[Node, str | None]]) -> Iterable[Node]:
    return (replace(node, dropped=label) for node, label in labels if node.dropped != label)
