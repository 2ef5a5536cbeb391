"""How often a loop's body runs, from its condition and its induction variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from graphcost.dims import Dim, bind, ceil_div, dim_max, dim_min, is_at_least
from graphcost.dims.series import powers_of
from graphcost.evaluate import Evaluation
from graphcost.ir.node import Node, TensorRef
from graphcost.ops.fact import Fact
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.passes.control_flow.frames import CONDITION

SAME_ELEMENTS = Role.IDENTITY | Role.RESHAPE
COMPARISONS = {"Less": (0, 1, 0), "LessEqual": (0, 1, 1), "Greater": (1, 0, 0), "GreaterEqual": (1, 0, 1)}
"""For each comparison the positions of what must stay smaller and larger, and 1 where both may be equal."""
OPPOSITE = {"Less": "GreaterEqual", "LessEqual": "Greater", "Greater": "LessEqual", "GreaterEqual": "Less"}

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


def _while_true(test: Test) -> Trips | None:
    """Unwinds the conjunction with an explicit stack: the loop goes on while every conjunct holds."""
    evaluation = test.evaluation
    pending = [(evaluation.graph.outputs[0], False)]
    seen = set(pending)
    bounds: list[Trips] = []
    is_exact = True
    while pending:
        ref, negated = pending.pop()
        item = evaluation.fact(ref).item
        if isinstance(item, (bool, int)):
            bounds += [] if bool(item) != negated else [Trips(0, True)]
            continue
        node = evaluation.graph.nodes[ref.node]
        if node.op in test.passed_on and node.inputs:
            parts = [(node.inputs[0], negated)]
        elif node.op == "LogicalNot":
            parts = [(node.inputs[0], not negated)]
        elif node.op == ("LogicalOr" if negated else "LogicalAnd"):
            parts = [(operand, negated) for operand in node.inputs]
        else:
            parts = []
            found = _bounds(test, node, negated)
            bounds += found
            is_exact &= bool(found) and all(bound.is_exact for bound in found)
        pending += [part for part in parts if part not in seen]
        seen.update(parts)
    if not bounds:
        return None
    return Trips(dim_min(*(bound.count for bound in bounds)), is_exact)


def _bounds(test: Test, node: Node, negated: bool) -> list[Trips]:
    """The first iteration for which one comparison fails; where its limit is the least of numbers of which some are
    known, iterations for which it has failed for certain."""
    if len(node.inputs) != 2:
        return []
    operands = [test.formula(test.evaluation.fact(ref)) for ref in node.inputs]
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
        distances = (limit - least for limit in _limits(test, node.inputs[larger], "Minimum"))
    elif most is not None:
        distances = (most - limit for limit in _limits(test, node.inputs[smaller], "Maximum"))
    bounds = (_first_nonpositive(distance + may_equal, test.counter) for distance in distances)
    return [Trips(bound, None not in operands) for bound in bounds if bound is not None]


def _limits(test: Test, ref: TensorRef, extremum: str) -> Iterator[Dim]:
    """The number, or else the known ones of those that it is the extremum of, be it outside the loop."""
    positions = {argument: position for position, argument in enumerate(test.evaluation.graph.inputs)}
    pending = [(test.evaluation, ref)]
    seen = set(pending)
    while pending:
        evaluation, ref = pending.pop()
        number = test.formula(evaluation.fact(ref))
        node = evaluation.graph.nodes[ref.node]
        parts: list[tuple[Evaluation, TensorRef]] = []
        if number is not None:
            yield number
        elif node.op in test.passed_on and node.inputs:
            parts = [(evaluation, node.inputs[0])]
        elif node.op == extremum:
            parts = [(evaluation, operand) for operand in node.inputs]
        elif evaluation is test.evaluation and ref in positions:
            found = test.origin(positions[ref])
            parts = [] if found is None else [found]
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
