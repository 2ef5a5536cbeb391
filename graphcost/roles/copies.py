"""Sinks that only compute once more what another one does: nobody asks for both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass

from graphcost.ir.literal import Literal
from graphcost.ir.structural import LOOPS
from graphcost.ops.roles import Role
from graphcost.passes.control_flow.frames import EXITS
from graphcost.roles.candidates import owners, weighted_before
from graphcost.roles.flow import Flow
from graphcost.roles.network import Network

FROZEN_OUTPUT = re.compile(r"Identity(_\d{1,9})?")
"""How TensorFlow 2 names what a function returns: outputs of a file that is frozen of it."""

MOST_COMPARED = 32
"""How many sinks are compared with one another, each a walk through the graph."""

ABOUT_NAMES = frozenset(("_class", "_output_shapes"))
"""Attributes that say nothing of what a node does."""


def frozen_outputs(network: Network) -> tuple[int, ...]:
    """What a file that TensorFlow 2 froze returns, in order; none where there are variables, or other names."""
    flow = network.flow
    if any(True for _ in flow.points(Role.VARIABLE)) or any("resource" in node.dtypes for node in flow.nodes):
        return ()
    found = [
        (int((match[1] or "_0")[1:]), point)
        for point, node in enumerate(flow.nodes)
        if node.op == "Identity" and not flow.readers[point] and (match := FROZEN_OUTPUT.fullmatch(node.name))
    ]
    return tuple(point for _, point in sorted(found))


@dataclass(frozen=True, slots=True)
class Compared:
    """Sinks that aren't copies of one another, and their copies. `sharing` are originals in a file with variables that
    read no weights of their own.
    """

    originals: tuple[int, ...]
    copies: tuple[int, ...] = ()
    sharing: tuple[int, ...] = ()


def compare(network: Network, sinks: list[int]) -> Compared:
    """Tells copies from originals.

    A copy has the structure of another sink and the same inputs, or is the other half of a pair that trains and
    evaluates: as often as the other's, the same weights meet data. In a frozen file, where somebody asked for what is
    there, such halves differ in noise or batch statistics.
    """
    if not 1 < len(sinks) <= MOST_COMPARED or not network.weighted:
        return Compared(tuple(sinks))
    upstream = {point: network.flow.upstream([point]) for point in sinks}
    before = {point: weighted_before(network, [point]) for point in sinks}
    trains = {point: _trains(network.flow, upstream[point]) for point in sinks}
    structure = _structures(network.flow)
    kept: list[int] = []
    copies: list[int] = []
    sharing: list[int] = []
    taken: set[int] = set()
    for point in sorted(sinks, key=lambda each: (not _loops(network, upstream[each]), -len(before[each]), each)):
        own = before[point] - taken
        rivals = [each for each in kept if own and before[each]]
        is_same = any(structure[point] == structure[each] for each in rivals)
        if is_same or _is_pair(network, point, rivals, before, trains):
            copies.append(point)
            continue
        if rivals and not _is_frozen(network, own) and owners(network, own) <= owners(network, taken):
            sharing.append(point)
        kept.append(point)
        taken |= before[point]
    return Compared(tuple(sorted(kept)), tuple(sorted(copies)), tuple(sorted(sharing)))


def _is_pair(
    network: Network, point: int, rivals: list[int], before: Mapping[int, set[int]], trains: Mapping[int, bool]
) -> bool:
    uses = _uses(network, before[point])
    is_frozen = _is_frozen(network, before[point])
    return any(
        (not is_frozen or trains[point] != trains[rival])
        and before[point].isdisjoint(before[rival])
        and _uses(network, before[rival]) == uses
        for rival in rivals
    )


def _is_frozen(network: Network, weighted: Collection[int]) -> bool:
    return all(network.flow.has(owner, Role.CONSTANT) for owner in owners(network, weighted))


def _uses(network: Network, weighted: Collection[int]) -> Counter[Hashable]:
    """Which operations read which weights, and how often."""
    return Counter((network.flow.nodes[point].op, owners(network, [point])) for point in weighted)


def _trains(flow: Flow, points: Collection[int]) -> bool:
    """Whether some of the points do what is done in training only: they draw noise, or take a batch's statistics."""
    return any(flow.has(point, Role.NOISE) or flow.nodes[point].attrs.get("is_training") is True for point in points)


def _loops(network: Network, points: Collection[int]) -> bool:
    return not {network.flow.nodes[each].op for each in points}.isdisjoint(LOOPS | EXITS)


def _structures(flow: Flow) -> list[int]:
    """A number for each point, the same for those that do the same with the same inputs."""
    numbers: dict[Hashable, int] = {}
    found: list[int] = []
    for point, node in enumerate(flow.nodes):
        own = flow.index[node.name]
        key: Hashable = point
        literal = node.attrs.get("value")
        if isinstance(literal, Literal) and literal.value is not None:
            key = literal
        elif own == point and node.inputs and not node.stateful:
            read = [(flow.index[ref.node], ref.port) for ref in node.inputs]
            if all(index < point for index, _ in read):
                key = (node.op, tuple((found[index], port) for index, port in read), tuple(_attrs(node.attrs)))
        elif own != point:
            key = (found[own], flow.ports[point])
        found.append(numbers.setdefault(key, point))
    return found


def _attrs(attrs: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    return ((name, repr(value)) for name, value in sorted(attrs.items()) if name not in ABOUT_NAMES)
