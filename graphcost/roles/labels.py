"""Which inputs are labels: they first meet the network's activations where no weight follows any more."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from graphcost.ops.roles import Role
from graphcost.roles.arguments import operands_called
from graphcost.roles.flow import Flow
from graphcost.roles.regions import Regions
from graphcost.roles.weights import WeightUses

LABEL_ARGUMENTS = frozenset({"labels", "labels_indices", "labels_values", "targets"})
"""What TensorFlow calls the operands that ops compare with."""


@dataclass(frozen=True)
class Labels:
    """`sources` are the inputs that are labels, weights of samples and the like; `judges` where judging begins: what
    reads a label, or compares a result with the very input, where there is no label. `answers` are the results that
    are compared with labels.
    """

    sources: frozenset[int] = frozenset()
    judges: frozenset[int] = frozenset()
    answers: frozenset[int] = frozenset()


def find_labels(flow: Flow, weight_uses: WeightUses, regions: Regions, weighted: Collection[int]) -> Labels:
    """The labels of a graph; none where every source would be one."""
    losses = frozenset(flow.points(Role.LOSS)) - regions.gradient
    if not weight_uses.is_fed:
        return Labels(frozenset(), losses)
    outside = regions.gradient
    activations = flow.downstream(weighted, outside)
    leading = flow.upstream(weighted, outside)
    raw = weight_uses.data - activations - outside
    inputs = flow.upstream(_network_uses(flow, weighted, leading), outside)
    compared = dict(_compared(flow, raw, activations, leading, regions))
    before = flow.upstream({each for values in compared.values() for each in values}, outside)
    ports = {point for point in weight_uses.sources if not flow.is_split(point)}
    labels = {point for point in ports if point in before and point not in inputs}
    feeding = ports & leading if weighted else ports
    if feeding - labels and labels:
        judged = flow.downstream(labels, outside)
        answers = {each for point in compared if point in judged for each in flow.operands[point]}
        return Labels(frozenset(labels), losses | labels, frozenset(answers & activations - judged))
    return Labels(frozenset(), losses | compared.keys() if regions.trained else losses)


def _network_uses(flow: Flow, weighted: Collection[int], leading: Collection[int]) -> Iterator[int]:
    """Where data is an input of the network beyond doubt: multiplied with weights, or looked up for more weights.

    A lookup alone isn't: a loss may look up a weight for each label.
    """
    for point in weighted:
        if not flow.has(point, Role.LOOKUP) or any(reader in leading for reader in flow.readers[point]):
            yield point


def _compared(
    flow: Flow, raw: Collection[int], activations: Collection[int], leading: Collection[int], regions: Regions
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Where values that no weight has touched meet activations for a loss or a metric, and those values."""
    losses = flow.rules.ops_in(Role.LOSS)
    for point, node in enumerate(flow.nodes):
        if point in regions.gradient:
            continue
        operands = flow.operands[point]
        if node.op in losses:
            yield point, operands_called(LABEL_ARGUMENTS, node.op, operands) or operands[1:]
        elif point in activations and point not in leading and any(each in activations for each in operands):
            untouched = tuple(each for each in operands if each in raw)
            if untouched:
                yield point, untouched
