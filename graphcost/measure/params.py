"""Parameters: the weights that the outputs depend on, each counted once and credited to the line that uses it.

Where trained variables are reached parameters are theirs, and constants are counted apart; else parameters are those of
constants. What a run changes of its own, such as optimizers' slots, states and seeds, is state, apart too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphcost.dims import Shape
from graphcost.evaluate import Evaluation
from graphcost.ir.dtypes import dtype_named
from graphcost.ir.literal import Literal
from graphcost.ir.node import Node
from graphcost.ir.stand_ins import ARGUMENT, COPY, FOLDED
from graphcost.measure.changes import NONE, Changes, WeightKey, note_changes
from graphcost.ops.fact import UNKNOWN, Fact
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.passes.control_flow.frames import ENTERS

TRANSPARENT = Role.IDENTITY | Role.READ | Role.CAST
"""What hands weights on: who reads it reads them."""

STORED = Role.CONSTANT | Role.VARIABLE
"""Where weights stand."""

WEIGHTS_BITS = 8
"""The most bits that integers have which are weights."""

NodeKey = tuple[int, str]
"""A node of an evaluation: the evaluation's id(), and the node's name."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How many elements of weights, and their bytes; `unsized` are the weights beside them, of unknown size.

    `constants` and `state` are elements that are no parameters.
    """

    elements: int = 0
    bytes: int = 0
    unsized: int = 0
    constants: int = 0
    state: int = 0

    def __add__(self, other: Weights) -> Weights:
        return Weights(
            self.elements + other.elements,
            self.bytes + other.bytes,
            self.unsized + other.unsized,
            self.constants + other.constants,
            self.state + other.state,
        )


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
    ledger = _Ledger({}, {}, {}, {}, set(), set(), set(), set(), set(), Changes(), rules)
    for evaluation in evaluations:
        _enter(evaluation, ledger)
    totals: dict[NodeKey, Weights] = {}
    state = ledger.changes.state - ledger.constants
    untrained = ledger.constants | ledger.whole | state
    is_trained = any(source not in untrained for source in ledger.weights.keys() | ledger.read)
    unsized = dict.fromkeys(ledger.read - ledger.weights.keys() - state, UNSIZED)
    totals.update(dict.fromkeys(ledger.closed, UNSIZED))
    for source, amount in (ledger.weights | unsized).items():
        place = ledger.owners.get(source, ledger.homes[source])
        if source in state:
            amount = Weights(state=amount.elements)
        elif is_trained and source in ledger.constants:
            amount = Weights(constants=amount.elements)
        totals[place] = totals.get(place, NO_WEIGHTS) + amount
    return Credits(totals, frozenset(ledger.shapeless))


@dataclass(frozen=True, slots=True)
class _Ledger:
    """Weights by source, the node that each stands in, the node that it is credited to, and those of arguments.

    `read` are the variables whose elements are wanted, `shapeless` those of which a read doesn't tell the shape.
    `constants` are the weights that are no variables, `whole` the variables of wide integers, which nobody trains.
    `closed` are programs that are fed no weights and may hold some.
    """

    weights: dict[WeightKey, Weights]
    homes: dict[WeightKey, NodeKey]
    owners: dict[WeightKey, NodeKey]
    arguments: dict[NodeKey, frozenset[WeightKey]]
    shapeless: set[WeightKey]
    read: set[WeightKey]
    constants: set[WeightKey]
    whole: set[WeightKey]
    closed: set[NodeKey]
    changes: Changes
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
        arriving = ledger.arguments.get(place, NONE)
        if node.inputs:
            arriving = arriving.union(*[carried.get(ref.node, NONE) for ref in node.inputs])
        facts = evaluation.facts.get(node.name, ())
        # Constants, variables, and bare handles, which only a read sizes.
        if node.op in stored or (node.op in fed and node.dtypes == ("resource",)):
            source = (evaluation.function, node.name)
            ledger.homes.setdefault(source, place)
            if ledger.has(node, Role.CONSTANT):
                ledger.constants.add(source)
            elif facts and _is_whole(_held(facts[0]).dtype):
                ledger.whole.add(source)
            _weigh(source, _stored(node, facts, ledger), ledger)
            carried[node.name] = frozenset({source})
        elif node.op in hands_on:
            carried[node.name] = arriving
            if ledger.has(node, Role.READ) and facts:
                ledger.read.update(arriving)
                for source in arriving:
                    _weigh(source, _sized(facts[0]), ledger)
                if _is_whole(facts[0].dtype):
                    ledger.whole.update(arriving)
                if facts[0].shape is None:
                    ledger.shapeless.update(arriving)
        elif node.name in evaluation.calls:
            _hand_over(node, evaluation, carried, ledger)
        else:
            for source in arriving:
                ledger.owners.setdefault(source, place)
            if not arriving and _may_hold_weights(node, ledger):
                ledger.closed.add(place)
    note_changes(evaluation, carried, ledger.whole, ledger.rules, ledger.changes)


def _may_hold_weights(node: Node, ledger: _Ledger) -> bool:
    """Whether a node runs a program that isn't in the graph, and may have weights inside."""
    rule = ledger.rules.get(node.op) if ledger.has(node, Role.CONTRACTION) else None
    return rule is not None and rule.opaque is not None and rule.real


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
    return _sized(_held(facts[0]))


def _held(fact: Fact) -> Fact:
    """What a variable holds, of the fact of its node: of what it is, or of a handle."""
    return (fact.element or UNKNOWN) if fact.dtype == "resource" else fact


def _is_whole(dtype: str | None) -> bool:
    """Whether a variable of the dtype counts or seeds; quantized weights have narrower integers."""
    known = dtype_named(dtype)
    return known.is_integer and known.bits > WEIGHTS_BITS


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
