"""Outputs of a graph without a loss: what it computes and nobody reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from graphcost.ir.structural import CALLS, LOOPS
from graphcost.ops.roles import EFFECTS, SOURCES, Role
from graphcost.passes.control_flow.frames import EXITS
from graphcost.roles.candidates import is_dead_move
from graphcost.roles.copies import compare, frozen_outputs
from graphcost.roles.network import Network

UNREAD = "nothing reads it"

NO_ANSWER = SOURCES | Role.VARIABLE | Role.READ | Role.CONSTANT | Role.SHAPE_ONLY
"""What gives nobody an answer, though nothing reads it."""


@dataclass(frozen=True)
class Sinks:
    """The sinks that are outputs, and why. `copies` compute once more what a chosen one does; `unnamed`
    lost against sinks that an Identity names, `early` against sinks behind the last weights. `inner` are chosen, but
    not behind the last weights; `sharing` are chosen, but read no trained weights of their own.
    """

    chosen: tuple[int, ...]
    why: str = UNREAD
    copies: tuple[int, ...] = ()
    unnamed: tuple[int, ...] = ()
    early: tuple[int, ...] = ()
    inner: tuple[int, ...] = ()
    sharing: tuple[int, ...] = ()


def find_sinks(network: Network) -> Sinks:
    """The sinks of a graph; where it has none, its inputs, or its updates. A frozen function's are what it returns."""
    returned = frozen_outputs(network)
    if returned:
        return Sinks(returned)
    pool = network.live if _is_net(network) else network.live | network.weight_uses.data - network.judged
    sinks = _sinks(network, pool) or _sinks(network, range(len(network.flow.nodes)))
    if not sinks:
        inputs = _inputs(network)
        return Sinks(inputs, "nothing follows it") if inputs else Sinks(_effects(network), "the graph's effect")
    alive = [point for point in sinks if not is_dead_move(network, point)] or sinks
    named = [point for point in alive if network.flow.has(point, Role.NAME)]
    behind = network.flow.downstream(network.last) if _is_net(network) else pool
    if named:
        found = compare(network, named)
        inner = tuple(point for point in found.originals if point not in behind)
        unnamed = _less(alive, named)
        return Sinks(found.originals, UNREAD, found.copies, unnamed=unnamed, inner=inner, sharing=found.sharing)
    final = [point for point in alive if point in behind] or alive
    found = compare(network, final)
    return Sinks(found.originals, UNREAD, found.copies, early=_less(alive, final), sharing=found.sharing)


def _is_net(network: Network) -> bool:
    """Whether weights are multiplied with data, maybe by what is called; else constants are only tables."""
    contractions = network.flow.rules.ops_in(Role.CONTRACTION) | CALLS | LOOPS
    return any(network.flow.nodes[point].op in contractions for point in network.weighted)


def _less(points: Iterable[int], others: Iterable[int]) -> tuple[int, ...]:
    apart = set(others)
    return tuple(point for point in points if point not in apart)


def _inputs(network: Network) -> tuple[int, ...]:
    return tuple(point for point in network.flow.points(SOURCES) if network.flow.nodes[point].dtypes)


def _effects(network: Network) -> tuple[int, ...]:
    flow = network.flow
    return tuple(point for point in flow.points(EFFECTS) if flow.nodes[point].dtypes and not flow.readers[point])


def _sinks(network: Network, pool: Collection[int]) -> list[int]:
    return sorted(point for point in pool if _is_sink(network, point))


def _is_sink(network: Network, point: int) -> bool:
    flow, regions = network.flow, network.regions
    node = flow.nodes[point]
    if point in network.hidden or point in regions.gradient or flow.has(point, EFFECTS) or not node.dtypes:
        return False
    if flow.has(point, NO_ANSWER) or node.op in EXITS:
        return False
    if node.dtypes[0] in ("resource", "variant") or point in network.weight_uses.owner:
        return False
    return all(reader in network.served for reader in flow.readers[point]) and point not in network.served
