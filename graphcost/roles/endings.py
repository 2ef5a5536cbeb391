"""Where a network ends that a loss follows: behind the last ops that consume a weight.

What is computed from there for nobody's sake, or only for a metric, is a prediction. Where there is none, the network's
answer is the last result that everything towards the loss depends on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from graphcost.ops.roles import EFFECTS, Role
from graphcost.roles.candidates import is_dead_move
from graphcost.roles.network import Network
from graphcost.roles.weights import batch_reductions, is_floating

MOST_HEADS = 32
"""How many heads are followed to where the loss begins; beyond, the last weighted points themselves are the answer."""

PREDICTIONS = (
    "nothing reads it: a prediction behind the last weights",
    "only metrics read it: a prediction behind the last weights",
    "the activation behind the last weights",
)
"""The kinds of prediction, the plainest first."""


@dataclass(frozen=True)
class Ending:
    """Where the network ends behind some of its last weighted points: the smaller the rank, the plainer."""

    rank: int
    last: frozenset[int]
    points: frozenset[int]
    why: str


def find_endings(network: Network, last: Collection[int]) -> list[Ending]:
    """Behind each of these last weighted points predictions of the plainest kind that there is, else the head."""
    return _Endings(network, frozenset(last)).found() if last else []


class _Endings:
    """`_judged` is what losses, metrics and weights of others make of the results, `_collapsed` what is left of them
    when the batch is summed up; `_apart` are gradients, effects and what serves these.
    """

    def __init__(self, network: Network, last: frozenset[int]) -> None:
        self._network = network
        self._flow = flow = network.flow
        self._last = last
        self._apart = network.regions.gradient | network.served
        readers = {each for point in last for each in flow.readers[point]}
        others = network.weight_uses.weighted & flow.downstream(readers, self._apart) - last
        self._judged = network.judged | flow.downstream(others, self._apart)
        self._collapsed = flow.downstream(self._batch_reductions()) & network.live
        self._outside = self._apart | self._judged | self._collapsed

    def found(self) -> list[Ending]:
        left = set(self._last)
        tips = self._tips(self._flow.downstream(left, self._outside))
        endings: list[Ending] = []
        for rank, why in enumerate(PREDICTIONS):
            points = {point for point, kind in tips.items() if kind == rank}
            ended = left & self._flow.upstream(points, self._outside)
            if ended:
                reached = points & self._flow.downstream(ended, self._outside)
                endings.append(Ending(rank, frozenset(ended), frozenset(reached), why))
                left -= ended
        for point in sorted(left):
            head = frozenset(self._head(point)) if len(left) <= MOST_HEADS else frozenset((point,))
            endings.append(Ending(len(PREDICTIONS), frozenset((point,)), head, "the last result that the loss reads"))
        return endings

    def _batch_reductions(self) -> Iterator[int]:
        """Where a sum or mean over the whole batch follows the last weights: a loss, though it has no label."""
        network = self._network
        leading = self._flow.upstream(network.weighted)
        for point in batch_reductions(self._flow):
            if point in network.live and point not in leading:
                yield point

    def _tips(self, behind: Collection[int]) -> dict[int, int]:
        """Points that nothing in the network reads, and the kind of prediction that each is."""
        network = self._network
        tips: dict[int, int] = {}
        for point in behind:
            if point in network.hidden:
                continue
            readers = [each for each in self._flow.readers[point] if self._is_read_by(each)]
            if any(each not in self._judged for each in readers) or is_dead_move(network, point):
                continue
            node = self._flow.nodes[point]
            if not readers:
                tips[point] = 0
            elif node.dtypes and not is_floating(node.dtypes[0]):
                if self._is_within_metric(point, readers):
                    continue
                tips[self._before_argmax(point)] = 1
            elif self._flow.has(point, Role.ACTIVATION):
                tips[point] = 2
        return tips

    def _is_within_metric(self, point: int, readers: Collection[int]) -> bool:
        """Whether all readers stand in the same scope as the point: the class that a metric works out for itself."""
        scope = self._flow.nodes[point].name.rpartition("/")[0]
        return bool(scope) and all(self._flow.nodes[each].name.rpartition("/")[0] == scope for each in readers)

    def _before_argmax(self, point: int) -> int:
        """The probabilities where a metric asks for the likeliest class, else the point itself."""
        if self._flow.has(point, Role.CHOICE):
            for operand in self._flow.operands[point][:1]:
                if self._flow.has(operand, Role.PROBABILITIES) and operand in self._network.live:
                    return operand
        return point

    def _head(self, start: int) -> Iterator[int]:
        """The last point that every path from here to the loss passes."""
        path = [point for point in self._path(start) if point not in self._network.hidden]
        self._strip(path)
        if path:
            yield path[-1]

    def _path(self, start: int) -> list[int]:
        """The points that every path towards the loss passes, in order, up to where a loss begins."""
        network = self._network
        path: list[int] = []
        seen = {start}
        pending = [start]
        while pending:
            point = heappop(pending)
            if point != start and self._flow.has(point, Role.LOSS_START):
                while len(path) > 1 and self._flow.has(path[-1], Role.CLIP) and path[-1] not in network.weighted:
                    path.pop()
                return path
            if not pending:
                path.append(point)
            for reader in self._flow.forward_readers(point):
                if not self._is_read_by(reader) or reader in seen:
                    continue
                if reader in self._judged or reader in self._collapsed:
                    return path
                seen.add(reader)
                heappush(pending, reader)
        return path

    def _is_read_by(self, reader: int) -> bool:
        """Whether a reader counts. Gradients don't, nor effects, nor, where labels tell the loss, what serves these."""
        network = self._network
        if reader in self._judged or reader not in self._apart:
            return True
        return not network.judged and reader not in network.regions.gradient and not self._flow.has(reader, EFFECTS)

    def _strip(self, path: list[int]) -> None:
        """Takes away what only brings the answer into the form that the loss wants: flattened, less the last step."""
        stripped: set[int] = set()
        for role in (Role.CAST, Role.RESHAPE, Role.SLICE):
            if len(path) < 2 or not self._flow.has(path[-1], role):
                continue
            readers = [each for each in self._flow.readers[path[-1]] if self._is_read_by(each)]
            if not readers or not all(each in self._judged or each in stripped for each in readers):
                return
            stripped.add(path.pop())
