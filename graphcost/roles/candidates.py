"""Tensors that may be a model's outputs, and what is said of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef
from graphcost.ir.structural import BRANCHES, CALLS, LOOPS
from graphcost.ops.roles import Role
from graphcost.passes.control_flow.frames import ENTERS, EXITS, NEXT_ITERATIONS
from graphcost.roles.network import Network
from graphcost.roles.weights import owners_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tensor that may be an output, and why."""

    ref: TensorRef
    why: str


@dataclass(frozen=True)
class Inferred:
    """The graph with the chosen outputs, what came second, and what makes the choice uncertain.

    `network` is what the choice was made from; None where the graph itself says what it returns.
    """

    graph: Graph
    chosen: tuple[Candidate, ...]
    second: tuple[Candidate, ...] = ()
    doubts: tuple[str, ...] = ()
    network: Network | None = None


def is_dead_move(network: Network, point: int) -> bool:
    """Whether an unread point only moves what somebody else reads too. An Identity doesn't: it gives a name."""
    flow = network.flow
    if flow.has(point, Role.NAME):
        return False
    moves = flow.rules.ops_in(Role.MOVE) | ENTERS | EXITS | NEXT_ITERATIONS
    while flow.nodes[point].op in moves and point not in network.last:
        sources = [each for each in flow.operands[point] if each in network.live]
        if flow.has(point, Role.RANGED):
            sources = sources[:1]
        if len(sources) != 1:
            return False
        (point,) = sources
        if _has_several_readers(network, point):
            return True
    return False


def _has_several_readers(network: Network, point: int) -> bool:
    first: int | None = None
    for reader in network.flow.readers[point]:
        if reader in network.live or reader in network.judged:
            if first is not None and reader != first:
                return True
            first = reader
    return False


def weighted_before(network: Network, points: Iterable[int]) -> set[int]:
    """The network's weighted points that some points depend on."""
    return network.flow.upstream(points) & network.weighted


def owners(network: Network, weighted: Collection[int]) -> frozenset[int]:
    """The variables that these points read."""
    return frozenset().union(*(owners_of(network.weight_uses, network.flow.operands[point]) for point in weighted))


def refs(network: Network, point: int) -> tuple[TensorRef, ...]:
    """The tensors of a point: the outputs that are read, all of an op with a list of them, else the first."""
    flow = network.flow
    node = flow.nodes[point]
    if flow.is_port(point) or len(node.dtypes) < 2:
        return (flow.ref(point),)
    if flow.has(point, Role.LIST) or node.op in BRANCHES | LOOPS | CALLS:
        return tuple(TensorRef(node.name, port) for port in range(len(node.dtypes)))
    read = {
        ref.port
        for reader in flow.readers[point]
        if reader not in network.regions.gradient
        for ref in flow.nodes[reader].inputs
        if ref.node == node.name
    }
    return (TensorRef(node.name, min(read, default=0)),)
