"""How often a loop's body runs, from its condition and its induction variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from graphcost.dims import Dim, bind, ceil_div, dim_max, dim_min, is_at_least
from graphcost.dims.series import powers_of
from graphcost.evaluate import Call, Evaluation
from graphcost.ir.literal import Item
from graphcost.ir.node import Node, TensorRef
from graphcost.ops.fact import Fact
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.passes.control_flow.frames import CONDITION

SAME_ELEMENTS = Role.IDENTITY | Role.RESHAPE
COMPARISONS = {"Less": (0, 1, 0), "LessEqual": (0, 1, 1), "Greater": (1, 0, 0), "GreaterEqual": (1, 0, 1)}
"""For each comparison the positions of what must stay smaller and larger, and 1 where both may be equal."""
OPPOSITE = {"Less": "GreaterEqual", "LessEqual": "Greater", "Greater": "LessEqual", "GreaterEqual": "Less"}

MAX_PARTS = 4096
"""So many parts of a condition are looked at; what is left may end the loop earlier."""

Origin = Callable[[int], tuple[Evaluation, TensorRef] | None]
"""Where an argument of the condition comes from that no iteration changes, by its position."""


@dataclass(frozen=True, slots=True)
class Trips:
    """A trip count; exact unless a part of the condition that can't be derived may end the loop earlier."""

    count: Dim
    is_exact: bool


def trip_count(
    condition: Evaluation,
    inductions: Mapping[str, Dim],
    counter: str,
    rules: RuleSet,
    origin: Origin = lambda position: None,
) -> Trips | None:
    """The trips for which the condition holds; None where nothing bounds them.

    inductions: each induction variable's symbol, and its value as a formula of the counter.
    """
    return _while_true(Test(condition, inductions, counter, origin, rules.ops_in(SAME_ELEMENTS) | {CONDITION}))


@dataclass(frozen=True, slots=True)
class Test:
    """A condition, what its arguments are, and the ops that pass on what their operand says."""

    evaluation: Evaluation
    inductions: Mapping[str, Dim]
    counter: str
    origin: Origin
    passed_on: frozenset[str]

    def formula(self, fact: Fact) -> Dim | None:
        number = fact.number
        return None if number is None else bind(number, self.inductions)


class Spot(NamedTuple):
    """A tensor of the condition, or of a body that the condition runs: `entered` are the calls that lead there."""

    evaluation: Evaluation
    ref: TensorRef
    entered: tuple[Entered, ...] = ()

    @property
    def node(self) -> Node:
        return self.evaluation.graph.nodes[self.ref.node]

    @property
    def fact(self) -> Fact:
        return self.evaluation.fact(self.ref)

    def beside(self, ref: TensorRef) -> Spot:
        """Another tensor of the same body."""
        return self._replace(ref=ref)

    def inside(self, call: Call) -> Spot:
        """What a body that the node runs gives for this output of the node."""
        outputs = call.callee.graph.outputs
        return Spot(call.callee, outputs[self.ref.port], (*self.entered, Entered(self, call)))

    def outside(self) -> Spot | None:
        """What the argument of a body that was entered is in the body around it; None for any other tensor."""
        inputs = self.evaluation.graph.inputs
        if not self.entered or self.ref not in inputs:
            return None
        spot, call = self.entered[-1]
        given = call.given(spot.node.inputs)[inputs.index(self.ref)]
        return None if given is None else spot.beside(given)


class Entered(NamedTuple):
    """A call that was followed, from the tensor that it gives."""

    spot: Spot
    call: Call


def _while_true(test: Test) -> Trips | None:
    """Unwinds the conjunction with an explicit stack: the loop goes on while every conjunct holds."""
    pending = [(Spot(test.evaluation, test.evaluation.graph.outputs[0]), False)]
    seen = set(pending)
    bounds: list[Trips] = []
    is_exact = True
    while pending:
        spot, negated = pending.pop()
        item = spot.fact.item
        if isinstance(item, (bool, int)):
            bounds += [] if bool(item) != negated else [Trips(0, True)]
            continue
        parts = _conjuncts(test, spot, negated) if len(seen) < MAX_PARTS else []
        if not parts:
            found = _bounds(test, spot, negated)
            bounds += found
            is_exact &= bool(found) and all(bound.is_exact for bound in found)
        pending += [part for part in parts if part not in seen]
        seen.update(parts)
    if not bounds:
        return None
    return Trips(dim_min(*(bound.count for bound in bounds)), is_exact)


def _conjuncts(test: Test, spot: Spot, negated: bool) -> list[tuple[Spot, bool]]:
    """The parts that all must hold, or with `negated` fail, for a tensor to; none where it isn't made of such."""
    node = spot.node
    if node.op in test.passed_on and node.inputs:
        return [(spot.beside(node.inputs[0]), negated)]
    if node.op == "LogicalNot":
        return [(spot.beside(node.inputs[0]), not negated)]
    if node.op == ("LogicalOr" if negated else "LogicalAnd"):
        return [(spot.beside(operand), negated) for operand in node.inputs]
    around = spot.outside()
    if around is not None:
        return [(around, negated)]
    calls = spot.evaluation.calls.get(node.name, ())
    if len(calls) == 1 and calls[0].guard is None and calls[0].binder is None and calls[0].times == 1:
        return [(spot.inside(calls[0]), negated)]
    return _of_branches(test, spot, calls, negated)


def _of_branches(test: Test, spot: Spot, calls: Sequence[Call], negated: bool) -> list[tuple[Spot, bool]]:
    """An If one of whose branches is False for certain is an And of its predicate and the other branch.

    So autograph writes `while a and b`, where the other branch hands on `a`, and a loop with a break. With `negated`,
    True and an Or take their places.
    """
    guards = [call.guard.value for call in calls if call.guard is not None]
    if sorted(guards) != [0, 1] or "branches" in spot.node.attrs:
        return []
    predicate = spot.beside(spot.node.inputs[0])
    for call, value, other in zip(calls, guards, reversed(calls), strict=True):
        result = spot.inside(call)
        ends: Item = value if _source(test, result) == _source(test, predicate) else result.fact.item
        if isinstance(ends, (bool, int)) and bool(ends) == negated:
            return [(predicate, value == 1), (spot.inside(other), negated)]
    return []


def _source(test: Test, spot: Spot) -> Spot:
    """Where a tensor comes from, through what hands it on and out of the bodies that were entered."""
    while True:
        node, around = spot.node, spot.outside()
        if node.op in test.passed_on and node.inputs:
            spot = spot.beside(node.inputs[0])
        elif around is not None:
            spot = around
        else:
            return spot


def _bounds(test: Test, spot: Spot, negated: bool) -> list[Trips]:
    """The first iteration for which one comparison fails; where its limit is the least of numbers of which some are
    known, iterations for which it has failed for certain."""
    node = spot.node
    if len(node.inputs) != 2:
        return []
    operands = [test.formula(spot.beside(ref).fact) for ref in node.inputs]
    if node.op == ("Equal" if negated else "NotEqual"):
        left, right = operands
        first = None if left is None or right is None else _first_zero(left - right, test.counter)
        return [] if first is None else [Trips(first, True)]
    op = OPPOSITE.get(node.op) if negated else node.op
    if op not in COMPARISONS:
        return []
    smaller, larger, may_equal = COMPARISONS[op]
    least, most = operands[smaller], operands[larger]
    distances: Iterable[Dim] = ()
    if least is not None:
        distances = (limit - least for limit in _limits(test, spot.beside(node.inputs[larger]), "Minimum"))
    elif most is not None:
        distances = (most - limit for limit in _limits(test, spot.beside(node.inputs[smaller]), "Maximum"))
    bounds = (_first_nonpositive(distance + may_equal, test.counter) for distance in distances)
    return [Trips(bound, None not in operands) for bound in bounds if bound is not None]


def _limits(test: Test, start: Spot, extremum: str) -> Iterator[Dim]:
    """The number, or else the known ones of those that it is the extremum of, be it outside the loop."""
    positions = {argument: position for position, argument in enumerate(test.evaluation.graph.inputs)}
    pending = [start]
    seen = set(pending)
    while pending:
        spot = pending.pop()
        number = test.formula(spot.fact)
        node, around = spot.node, spot.outside()
        parts: list[Spot] = []
        if number is not None:
            yield number
        elif node.op in test.passed_on and node.inputs:
            parts = [spot.beside(node.inputs[0])]
        elif node.op == extremum:
            parts = [spot.beside(operand) for operand in node.inputs]
        elif around is not None:
            parts = [around]
        elif spot.evaluation is test.evaluation and spot.ref in positions:
            found = test.origin(positions[spot.ref])
            parts = [] if found is None else [Spot(*found)]
        pending += [part for part in parts if part not in seen]
        seen.update(parts)


def _first_nonpositive(distance: Dim, counter: str) -> Dim | None:
    """The first k for which a - s*k <= 0: max(0, ceil(a/s)); for another slope only k = 0 can be it."""
    split = _affine(distance, counter)
    if split is None:
        return None
    start, slope = split
    if is_at_least(-slope, 1):
        return dim_max(0, ceil_div(start, -slope))
    return 0 if is_at_least(-start, 0) else None


def _first_zero(distance: Dim, counter: str) -> Dim | None:
    """The first k for which a + s*k is 0, where s divides a."""
    split = _affine(distance, counter)
    if split is None or not isinstance(split[1], int) or split[1] == 0:
        return None
    start, slope = split
    trips = -start // slope
    return trips if start + slope * trips == 0 and (not isinstance(trips, int) or trips >= 0) else None


def _affine(dim: Dim, counter: str) -> tuple[Dim, Dim] | None:
    """(a, s) where the dim is a + s*counter."""
    powers = powers_of(dim, counter)
    return (powers.get(0, 0), powers.get(1, 0)) if powers is not None and powers.keys() <= {0, 1} else None
