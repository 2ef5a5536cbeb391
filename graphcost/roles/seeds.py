"""Where backward passes start.

The seed of a backward pass is the gradient of a loss with respect to itself: ones, filled into the loss' shape. Other
constants reach the optimizers too, those of the network and of the loss; but they reach the loss as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from graphcost.ir.literal import Literal
from graphcost.ops.roles import EFFECTS, Role
from graphcost.roles.flow import Flow
from graphcost.roles.weights import is_floating

MOST_CANDIDATES = 256
"""How many candidates of a kind are told apart; of more the last ones count, since a backward pass comes last."""


class Target(NamedTuple):
    """An op that a backward pass may end in, with the operands through which a gradient comes."""

    point: int
    gradients: tuple[int, ...]


def find_seeds(flow: Flow, targets: Sequence[Target], forward: Collection[int], data: Collection[int]) -> set[int]:
    """The seeds of all backward passes that end in the targets; `forward` are points that can't be seeds, `data` all
    that depends on the inputs.

    The plainest candidates come first: ones filled into no dimensions, ones filled into a shape, and last a plain 1.0,
    which a simplified graph has in place of them. A kind counts only for targets that no plainer one reaches.
    """
    kinds: tuple[list[int], list[int], list[int]] = ([], [], [])
    for point in flow.points(Role.FILL | Role.ONES | Role.CONSTANT):
        kind = _kind(flow, point)
        if kind is not None and point not in forward:
            kinds[kind].append(point)
    seeds: set[int] = set()
    left = list(targets)
    for candidates in kinds:
        if not left:
            break
        serving = flow.upstream(point for target in left for point in target.gradients)
        found = _backward(flow, left, [point for point in candidates if point in serving][-MOST_CANDIDATES:], data)
        reached = flow.downstream(found)
        seeds |= found
        left = [target for target in left if not any(point in reached for point in target.gradients)]
    return seeds


def _backward(flow: Flow, targets: Sequence[Target], candidates: Sequence[int], data: Collection[int]) -> set[int]:
    """The candidates that aren't part of a forward pass, unless targets would be left without any.

    A forward pass has an end, its loss or a summary, that fewer candidates reach than the targets behind it: the seed
    of the backward pass that starts there is missing.
    """
    reaching = _reaching(flow, candidates)
    wanted = {sum_of for target in targets if (sum_of := _union(reaching, target.gradients))}
    aims = {target.point for target in targets}
    forward = 0
    ends = (point for point in reaching if point in data and point not in aims and _is_end(flow, point))
    for end in {reaching[point] for point in ends}:
        if any(end != each and end & each == end for each in wanted):
            forward |= end
    needed = 0
    for each in wanted:
        if each & ~forward == 0:
            needed |= each
    kept = ~forward | needed
    return {point for bit, point in enumerate(candidates) if kept >> bit & 1}


def _reaching(flow: Flow, candidates: Sequence[int]) -> dict[int, int]:
    """For each point that a candidate reaches the candidates that do, one bit each; loops' back edges aside."""
    reaching = {point: 1 << bit for bit, point in enumerate(candidates)}
    for point in range(len(flow.nodes)):
        found = _union(reaching, flow.operands[point])
        if found:
            reaching[point] = reaching.get(point, 0) | found
    return reaching


def _union(reaching: dict[int, int], points: Collection[int]) -> int:
    found = 0
    for point in points:
        found |= reaching.get(point, 0)
    return found


def _is_end(flow: Flow, point: int) -> bool:
    return not flow.readers[point] or flow.has(point, EFFECTS)


def _kind(flow: Flow, point: int) -> int | None:
    if flow.has(point, Role.FILL) and len(flow.operands[point]) == 1:
        if not _is_one(flow, flow.operands[point][0]):
            return None
        dims = _literal(flow, flow.index[flow.nodes[point].inputs[0].node])
        return 0 if dims is not None and dims.shape == (0,) else 1
    if flow.has(point, Role.ONES):
        return 1
    return 2 if _is_one(flow, point) else None


def _is_one(flow: Flow, point: int) -> bool:
    literal = _literal(flow, point)
    if literal is None or not is_floating(literal.dtype) or literal.value is None:
        return False
    return literal.shape in ((), (1,)) and literal.value.items[:1] == (1.0,)


def _literal(flow: Flow, point: int) -> Literal | None:
    literal = flow.nodes[point].attrs.get("value")
    return literal if flow.has(point, Role.CONSTANT) and isinstance(literal, Literal) else None
