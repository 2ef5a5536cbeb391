"""The parts of a training step: which nodes run forward, which backward, which update, and which only surround them."""

from __future__ import annotations

from collections.abc import Mapping

from graphcost.ir.graph import Graph
from graphcost.ir.node import Node
from graphcost.ops.roles import CHANGES, PHASES
from graphcost.roles.network import Network

FORWARD, BACKWARD, OPTIMIZER, OTHER = PHASES


def training_phases(graph: Graph, network: Network) -> Mapping[str, str]:
    """For each node of a pruned graph its phase; empty where what runs is no training step, having no backward pass.

    Forward is all that the data flows through up to the loss, with the weights that it needs; backward is the
    region of the gradients; the optimizer changes variables. The rest, such as a schedule of the learning rate or
    a counter of steps, is other.
    """
    points = {name: network.flow.index[name] for name in graph.nodes}
    asked = {network.flow.index[ref.node] for ref in graph.outputs}
    has_gradient = any(point in network.regions.gradient for point in points.values())
    changes = network.flow.rules.ops_in(CHANGES)
    has_changes = any(node.op in changes for node in graph.nodes.values())
    if not has_gradient or not (asked & network.regions.gradient or has_changes):
        return {}
    names = {name for name, point in points.items() if point in network.live or point in network.judged}
    forward = graph.ancestors(names - {name for name, point in points.items() if point in network.regions.gradient})
    return {name: _phase(graph.nodes[name], point, forward, network) for name, point in points.items()}


def _phase(node: Node, point: int, forward: set[str], network: Network) -> str:
    if network.flow.has(point, CHANGES):
        return OPTIMIZER
    if point in network.regions.gradient:
        return BACKWARD
    return FORWARD if node.name in forward else OTHER
