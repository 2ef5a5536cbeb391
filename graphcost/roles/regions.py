"""The parts of a training graph that aren't the network: its gradients, its updates, what only serves an effect."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from graphcost.ops.roles import CHANGES, EFFECTS, Role
from graphcost.roles.arguments import operands_called
from graphcost.roles.flow import Flow
from graphcost.roles.seeds import Target, find_seeds
from graphcost.roles.weights import WeightUses, owners_of

GRADIENT_ARGUMENTS = frozenset({"grad", "delta", "gradient"})


@dataclass(frozen=True)
class Regions:
    """`gradient` is what the backward passes compute, and what only they read; `trained` are the variables that an
    optimizer changes, or that a gradient is otherwise assigned to. `effects` are the other updates, summaries, savers
    and the like. `is_complete` says whether a backward pass was found for every optimizer.
    """

    gradient: frozenset[int]
    trained: frozenset[int]
    effects: frozenset[int]
    is_complete: bool


def find_regions(flow: Flow, weight_uses: WeightUses) -> Regions:
    """A backward pass is all that the value of its seed reaches."""
    updates = dict(_updates(flow, weight_uses))
    optimizers = {point for point in updates if flow.has(point, Role.OPTIMIZER)}
    targets = _targets(flow, weight_uses, updates, optimizers)
    forward = flow.upstream(_first_uses(flow, weight_uses, optimizers))
    seeds = find_seeds(flow, [Target(point, updates[point]) for point in sorted(targets)], forward, weight_uses.data)
    reached = flow.downstream(seeds)
    gradient = reached | only_for(flow, (reached - optimizers) | (optimizers - reached))
    used = owners_of(weight_uses, [each for point in weight_uses.weighted - gradient for each in flow.operands[point]])
    trained = used & _changed(
        flow, weight_uses, [point for point in updates if point in optimizers or point in reached]
    )
    collected = _changed(flow, weight_uses, [point for point in targets if point in reached])
    return Regions(
        gradient=frozenset(gradient),
        trained=trained,
        effects=frozenset(point for point in flow.points(EFFECTS) if point not in gradient),
        is_complete=all(_is_reached(flow, weight_uses, updates[point], reached, collected) for point in optimizers),
    )


def _is_reached(
    flow: Flow,
    weight_uses: WeightUses,
    gradients: tuple[int, ...],
    reached: Collection[int],
    collected: Collection[int],
) -> bool:
    """Whether a gradient comes from a seed, from a variable that collects what does, or from an accumulator."""
    return any(
        point in reached or weight_uses.owner.get(point) in collected or flow.has(point, Role.COLLECTED)
        for point in gradients
    )


def _updates(flow: Flow, weight_uses: WeightUses) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The ops that change variables by what depends on data, with the operands through which a gradient can come."""
    for point in flow.points(CHANGES):
        operands = flow.operands[point]
        if flow.has(point, Role.OPTIMIZER):
            yield point, operands_called(GRADIENT_ARGUMENTS, flow.nodes[point].op, operands) or operands[-1:]
        elif any(each in weight_uses.data for each in operands[1:]):
            yield point, operands[1:]


def _targets(
    flow: Flow, weight_uses: WeightUses, updates: Mapping[int, tuple[int, ...]], optimizers: Collection[int]
) -> set[int]:
    """The updates that backward passes end in: optimizers, and what collects gradients in variables for them.

    Without optimizers, whatever changes a variable of the network.
    """
    if optimizers:
        wanted = owners_of(weight_uses, [each for point in optimizers for each in updates[point]])
    else:
        wanted = owners_of(weight_uses, [each for point in weight_uses.weighted for each in flow.operands[point]])
    return {point for point in updates if point in optimizers or _changed(flow, weight_uses, [point]) & wanted}


def _changed(flow: Flow, weight_uses: WeightUses, updates: Collection[int]) -> frozenset[int]:
    """The variables that these ops change."""
    return owners_of(weight_uses, [operand for point in updates for operand in flow.operands[point][:1]])


def _first_uses(flow: Flow, weight_uses: WeightUses, optimizers: Collection[int]) -> set[int]:
    """For each variable that an optimizer changes the first point that uses it on data.

    What a backward pass computes comes after it, so it's forward. Without optimizers all variables count.
    """
    changed = _changed(flow, weight_uses, optimizers)
    first: dict[int, int] = {}
    for point in sorted(weight_uses.weighted):
        for owner in owners_of(weight_uses, flow.operands[point]):
            if not changed or owner in changed:
                first.setdefault(owner, point)
    return set(first.values())


def only_for(flow: Flow, served: Collection[int], but: Collection[int] = ()) -> set[int]:
    """The points, `but` some, whose values only these points read, straight or through one another."""
    found: set[int] = set()
    for point in range(len(flow.nodes) - 1, -1, -1):
        readers = flow.readers[point]
        if not readers or point in served or point in but:
            continue
        if all(each in served or each in found for each in readers):
            found.add(point)
    return found
