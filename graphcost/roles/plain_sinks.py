"""Outputs of a graph without a loss: what it computes and nobody reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from graphcost.ir.structural import CALLS, LOOPS
from graphcost.ops.roles import EFFECTS, SOURCES, Role
from graphcost.passes.control_flow.frames import EXITS
from graphcost.roles.candidates import is_dead_move, owners, weighted_before
from graphcost.roles.network import Network

UNREAD = "nothing reads it"

NO_ANSWER = SOURCES | Role.VARIABLE | Role.READ | Role.CONSTANT | Role.SHAPE_ONLY
"""What gives nobody an answer, though nothing reads it."""

MOST_COMPARED = 32
"""How many sinks are compared with one another, each a walk through the graph."""


@dataclass(frozen=True)
class Sinks:
    """The sinks that are outputs, and why. `copies` compute with the same weights what a chosen one does; `unnamed`
    lost against sinks that an Identity names, `early` against sinks behind the last weights. `inner` are chosen, but
    not behind the last weights.
    """

    chosen: tuple[int, ...]
    why: str = UNREAD
    copies: tuple[int, ...] = ()
    unnamed: tuple[int, ...] = ()
    early: tuple[int, ...] = ()
    inner: tuple[int, ...] = ()


def find_sinks(network: Network) -> Sinks:
    """The sinks of a graph; where it has none, its inputs, or its updates."""
    pool = network.live if _is_net(network) else network.live | network.weight_uses.data - network.judged
    sinks = _sinks(network, pool) or _sinks(network, range(len(network.flow.nodes)))
    if not sinks:
        inputs = _inputs(network)
        return Sinks(inputs, "nothing follows it") if inputs else Sinks(_effects(network), "the graph's effect")
    alive = [point for point in sinks if not is_dead_move(network, point)] or sinks
    named = [point for point in alive if network.flow.has(point, Role.NAME)]
    behind = network.flow.downstream(network.last) if _is_net(network) else pool
    if named:
        originals, copies = _without_copies(network, named)
        inner = tuple(point for point in originals if point not in behind)
        return Sinks(tuple(originals), UNREAD, tuple(copies), unnamed=_less(alive, named), inner=inner)
    final = [point for point in alive if point in behind] or alive
    originals, copies = _without_copies(network, final)
    return Sinks(tuple(originals), UNREAD, tuple(copies), early=_less(alive, final))


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


def _without_copies(network: Network, sinks: list[int]) -> tuple[list[int], list[int]]:
    """The sinks, and those apart that only do with the same weights, once more, what others do.

    What runs in a loop is the original of a single step of it.
    """
    if not 1 < len(sinks) <= MOST_COMPARED or not network.weighted:
        return sinks, []
    before = {point: weighted_before(network, [point]) for point in sinks}
    kept: list[int] = []
    copies: list[int] = []
    taken: set[int] = set()
    for point in sorted(sinks, key=lambda each: (not _loops(network, each), -len(before[each]), each)):
        own = before[point] - taken
        if own and taken and owners(network, own) <= owners(network, taken):
            copies.append(point)
        else:
            kept.append(point)
            taken |= before[point]
    return sorted(kept), sorted(copies)


def _loops(network: Network, point: int) -> bool:
    ops = {network.flow.nodes[each].op for each in network.flow.upstream([point])}
    return not ops.isdisjoint(LOOPS | EXITS)
