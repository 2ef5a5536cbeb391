"""Parameters: the weights that the outputs depend on, each counted once and credited to the line that uses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphcost.dims import Shape
from graphcost.evaluate import Evaluation
from graphcost.ir.dtypes import dtype_named
from graphcost.ir.literal import Literal
from graphcost.ir.node import Node
from graphcost.ir.stand_ins import ARGUMENT, COPY, FOLDED
from graphcost.ops.fact import Fact
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.passes.control_flow.frames import ENTERS

TRANSPARENT = Role.IDENTITY | Role.READ | Role.CAST
"""What hands weights on: who reads it reads them."""

STORED = Role.CONSTANT | Role.VARIABLE
"""Where weights stand."""

NodeKey = tuple[int, str]
"""A node of an evaluation: the evaluation's id(), and the node's name."""
WeightKey = tuple[str, str]
"""A weight: the function that it stands in ("" for the top level), and its node's name."""
NONE: frozenset[WeightKey] = frozenset()


@dataclass(frozen=True, slots=True)
class Weights:
    """How many elements of weights, and their bytes; `unsized` are the weights beside them, of unknown size."""

    elements: int = 0
    bytes: int = 0
    unsized: int = 0

    def __add__(self, other: Weights) -> Weights:
        return Weights(self.elements + other.elements, self.bytes + other.bytes, self.unsized + other.unsized)


NO_WEIGHTS = Weights()
UNSIZED = Weights(unsized=1)


@dataclass(frozen=True, slots=True)
class Credits:
    """The weights that are credited to each node, and the bare handles whose variables have no known shape."""

    weights: dict[NodeKey, Weights]
    shapeless: frozenset[WeightKey]


def credited(evaluations: Iterable[Evaluation], rules: RuleSet) -> Credits:
    """For each node of each evaluation the weights that are credited to it; callers must come before callees.

    A weight is a variable, or a floating constant of rank 1 or more, that the outputs reach. It goes to the
    first node that reads it, directly or through folded nodes, TRANSPARENT ones, Enter and the arguments of calls.
    """
    ledger = _Ledger({}, {}, {}, {}, set(), set(), rules)
    for evaluation in evaluations:
        _enter(evaluation, ledger)
    totals: dict[NodeKey, Weights] = {}
    unsized = dict.fromkeys(ledger.read - ledger.weights.keys(), UNSIZED)
    for source, amount in (ledger.weights | unsized).items():
        place = ledger.owners.get(source, ledger.homes[source])
        totals[place] = totals.get(place, NO_WEIGHTS) + amount
    return Credits(totals, frozenset(ledger.shapeless))


@dataclass(frozen=True, slots=True)
class _Ledger:
    """Weights by source, the node that each stands in, the node that it is credited to, and those of arguments.

    `read` are the variables whose elements are wanted, `shapeless` those of which a read doesn't tell the shape.
    """

    weights: dict[WeightKey, Weights]
    homes: dict[WeightKey, NodeKey]
    owners: dict[WeightKey, NodeKey]
    arguments: dict[NodeKey, frozenset[WeightKey]]
    shapeless: set[WeightKey]
    read: set[WeightKey]
    rules: RuleSet

    def has(self, node: Node, role: Role) -> bool:
        return node.op in self.rules.ops_in(role)


def _enter(evaluation: Evaluation, ledger: _Ledger) -> None:
    carried: dict[str, frozenset[WeightKey]] = {}
    hands_on = ledger.rules.ops_in(TRANSPARENT) | ENTERS | {ARGUMENT, FOLDED}
    fed = ledger.rules.ops_in(Role.INPUT)
    stored = ledger.rules.ops_in(STORED) - fed
    for node in evaluation.graph.order:
        if node.op == COPY:
            continue
        place = (id(evaluation), node.name)
        arriving = ledger.arguments.get(place, NONE).union(*(carried.get(ref.node, NONE) for ref in node.inputs))
        facts = evaluation.facts.get(node.name, ())
        # Constants, variables, and bare handles, which only a read sizes.
        if node.op in stored or (node.op in fed and node.dtypes == ("resource",)):
            source = (evaluation.function, node.name)
            ledger.homes.setdefault(source, place)
            _weigh(source, _stored(node, facts, ledger), ledger)
            carried[node.name] = frozenset({source})
        elif node.op in hands_on:
            carried[node.name] = arriving
            if ledger.has(node, Role.READ) and facts:
                ledger.read.update(arriving)
                for source in arriving:
                    _weigh(source, _sized(facts[0]), ledger)
                if facts[0].shape is None:
                    ledger.shapeless.update(arriving)
        elif node.name in evaluation.calls:
            _hand_over(node, evaluation, carried, ledger)
        else:
            for source in arriving:
                ledger.owners.setdefault(source, place)


def _hand_over(
    node: Node, evaluation: Evaluation, carried: Mapping[str, frozenset[WeightKey]], ledger: _Ledger
) -> None:
    """What arrives at a call arrives at the arguments of its bodies."""
    for call in evaluation.calls[node.name]:
        for argument, ref in zip(call.callee.graph.inputs, call.given(node.inputs), strict=True):
            if ref is None:
                continue
            place = (id(call.callee), argument.node)
            ledger.arguments[place] = ledger.arguments.get(place, NONE) | carried.get(ref.node, NONE)


def _stored(node: Node, facts: tuple[Fact, ...], ledger: _Ledger) -> Weights | None:
    if ledger.has(node, Role.CONSTANT):
        literal = node.attrs.get("value")
        if not isinstance(literal, Literal) or not dtype_named(literal.dtype).is_inexact or not literal.shape:
            return None
        return _sized(Fact(literal.dtype, Shape(*literal.shape)))
    if not facts:
        return None
    return _sized(facts[0].element if facts[0].dtype == "resource" else facts[0])


def _weigh(source: WeightKey, amount: Weights | None, ledger: _Ledger) -> None:
    if amount is not None:
        ledger.weights.setdefault(source, amount)


def _sized(fact: Fact | None) -> Weights | None:
    if fact is None or fact.shape is None:
        return None
    elements = fact.shape.size
    if not isinstance(elements, int):
        return None
    return Weights(elements, dtype_named(fact.dtype).bytes_of(elements))
