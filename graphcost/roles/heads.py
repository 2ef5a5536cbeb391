"""Which heads of a graph that has a loss are the model's: not copies, not auxiliary ones, not a generator's judge."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from graphcost.roles.candidates import owners, weighted_before
from graphcost.roles.endings import Ending, find_endings
from graphcost.roles.network import Network

MOST_COMPARED = 12
"""How many heads are compared with one another, each a walk through the graph."""

MUCH_LATER = 3
"""How many times as many weighted ops of its own the main head has, where another is auxiliary."""


@dataclass(frozen=True)
class Heads:
    """The endings of the network, and those of copies of it, which do the same with other data; those that look
    auxiliary, since they leave it early; and those that no gradient, loss or metric looks at. In an adversarial graph
    the copies are those of the judge.
    """

    chosen: tuple[Ending, ...]
    copies: tuple[Ending, ...]
    auxiliary: tuple[Ending, ...]
    unjudged: tuple[Ending, ...]
    is_adversarial: bool


def find_heads(network: Network) -> Heads:
    """The ends of a network before its loss. Empty where no weight meets data."""
    judged = _judged_last(network)
    originals, copies = _without_copies(network, sorted(judged))
    generators = _generators(network, originals, copies)
    chosen = find_endings(network, generators or originals)
    copies = [*originals, *copies] if generators else copies
    auxiliary = tuple(_auxiliary(network, chosen))
    return Heads(
        chosen=tuple(each for each in chosen if each not in auxiliary),
        copies=tuple(find_endings(network, copies)),
        auxiliary=auxiliary,
        unjudged=tuple(find_endings(network, _unjudged(network, judged))),
        is_adversarial=bool(generators),
    )


def _auxiliary(network: Network, endings: Sequence[Ending]) -> Iterator[Ending]:
    """Heads that leave the network early, where a plainer ending comes much later."""
    if not 1 < len(endings) <= MOST_COMPARED:
        return
    plainest = min(each.rank for each in endings)
    main = {p for each in endings if each.rank == plainest for p in weighted_before(network, each.points)}
    for each in endings:
        own = weighted_before(network, each.points)
        if each.rank > plainest and len(main - own) > MUCH_LATER * len(own - main):
            yield each


def _judged_last(network: Network) -> frozenset[int]:
    """The last weighted points whose results the gradients read, else those that a loss or metric does."""
    flow, regions = network.flow, network.regions
    for judges in (regions.gradient, network.judged):
        judged = network.last & flow.upstream(judges) if judges else frozenset()
        if judged:
            return judged
    return network.last


def _generators(network: Network, originals: Collection[int], copies: Collection[int]) -> set[int]:
    """Where two networks play against each other the ends of the one whose results the other judges beside real data.

    The judge is there twice: on data, and on what the weights of the generator make.
    """
    if not copies or len(originals) + len(copies) > MOST_COMPARED:
        return set()
    before = {point: weighted_before(network, [point]) for point in (*originals, *copies)}
    judging = owners(network, min(before.values(), key=len))
    own = {p for points in before.values() for p in points if owners(network, [p]).isdisjoint(judging)}
    leading = {p for p in own if not own.isdisjoint(network.flow.downstream(network.flow.readers[p]))}
    return own - leading


def _unjudged(network: Network, judged: Collection[int]) -> set[int]:
    """The last weighted points behind weights that are used for nobody's judgement."""
    flow = network.flow
    unused = flow.downstream(network.weighted - flow.upstream(network.regions.gradient | network.judged))
    return {point for point in network.last if point not in judged and point in unused}


def _without_copies(network: Network, last: Iterable[int]) -> tuple[list[int], list[int]]:
    """The last weighted points, and those apart that do with other data what an earlier one does with its own.

    Steps of one unrolled loop share their weights too, but depend on one another's past.
    """
    groups: dict[frozenset[int], list[int]] = {}
    for point in last:
        groups.setdefault(owners(network, [point]), []).append(point)
    originals: list[int] = []
    copies: list[int] = []
    compared = 0
    for key, (first, *others) in groups.items():
        originals.append(first)
        if others and key and compared < MOST_COMPARED and _are_apart(network, first, others[-1]):
            copies.extend(others)
        else:
            originals.extend(others)
        compared += bool(others)
    return sorted(originals), copies


def _are_apart(network: Network, one: int, other: int) -> bool:
    return weighted_before(network, [one]).isdisjoint(weighted_before(network, [other]))
