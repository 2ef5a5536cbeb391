"""What a run changes of its variables: weights that it trains, and state that it keeps for the next run."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from graphcost.evaluate import Evaluation
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.ops.roles import CHANGES, Role
from graphcost.ops.rule import RuleSet

WeightKey = tuple[str, str]
"""A weight: the function that it stands in ("" for the top level), and its node's name."""
Carried = Mapping[str, frozenset[WeightKey]]
"""By the name of a node the weights that it hands on."""
NONE: frozenset[WeightKey] = frozenset()


@dataclass(frozen=True, slots=True)
class Changes:
    """The variables that optimizers, or steps away from their own value, change; and all that anything changes."""

    trained: set[WeightKey] = field(default_factory=set)
    changed: set[WeightKey] = field(default_factory=set)

    @property
    def state(self) -> set[WeightKey]:
        """Optimizers' slots and other operands, states of recurrent networks, caches, counters."""
        return self.changed - self.trained


def note_changes(
    evaluation: Evaluation, carried: Carried, whole: Set[WeightKey], rules: RuleSet, changes: Changes
) -> None:
    """Adds what the nodes of one body change. `whole` are the variables of whole numbers that nobody trains.

    An optimizer trains its first operand; its others are slots. An update, such as an addition, trains a variable whose
    value the body's results depend on, since moments and averages only serve updates; where a body has no results, any.
    An assignment trains where it subtracts from the variable's own value. What else only serves a body that trains is
    state too, such as the rate of learning; so are seeds, whole numbers that something with an effect reads.
    """
    graph = evaluation.graph
    optimizers, updates = rules.ops_in(Role.OPTIMIZER), rules.ops_in(Role.UPDATE)
    changing = rules.ops_in(CHANGES)
    nodes = [node for node in graph.order if node.inputs and (node.op in changing or node.stateful)]
    answering = _answering(graph, carried) if any(node.op in changing for node in nodes) else NONE
    for node in nodes:
        first, *others = (carried.get(ref.node, NONE) for ref in node.inputs)
        if node.op not in changing:
            changes.changed.update(first & whole if node.op not in rules.ops_in(Role.READ) else NONE)
            continue
        changes.changed.update(first)
        if node.op in optimizers:
            changes.changed.update(*others)
            changes.trained.update(first)
        elif node.op in updates:
            changes.trained.update((first & answering if graph.outputs else first) - whole)
        else:
            changes.trained.update(first & _subtracted_from(node, graph, carried))
    here = NONE.union(*carried.values()) if changes.trained else NONE
    if graph.outputs and not changes.trained.isdisjoint(here):
        changes.changed.update(here - answering)


def _answering(graph: Graph, carried: Carried) -> frozenset[WeightKey]:
    """The weights on whose values the results of a body depend."""
    pending = [ref.node for ref in graph.outputs]
    seen = set(pending)
    while pending:
        for ref in graph.nodes[pending.pop()].inputs:
            if ref.node not in seen:
                seen.add(ref.node)
                pending.append(ref.node)
    return NONE.union(*(carried.get(name, NONE) for name in seen))


def _subtracted_from(node: Node, graph: Graph, carried: Carried) -> frozenset[WeightKey]:
    """The weights from which what a node assigns is subtracted."""
    values: list[TensorRef] = [ref for ref in node.inputs[1:2] if graph.nodes[ref.node].op == "Sub"]
    return NONE.union(*(carried.get(each.node, NONE) for ref in values for each in graph.nodes[ref.node].inputs[:1]))
