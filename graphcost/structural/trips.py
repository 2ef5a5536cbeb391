"""How often a loop's body runs, from its condition and its induction variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphcost.dims import Dim, bind, ceil_div, dim_max, dim_min, is_at_least
from graphcost.evaluate import Evaluation
from graphcost.fact import Fact
from graphcost.graph import Node, TensorRef
from graphcost.series import powers_of

PASSED_ON = frozenset({"Identity", "LoopCond", "Squeeze", "Reshape", "StopGradient", "Snapshot", "ExpandDims"})
COMPARISONS = {"Less": (0, 1, 0), "LessEqual": (0, 1, 1), "Greater": (1, 0, 0), "GreaterEqual": (1, 0, 1)}
"""For each comparison the positions of what must stay smaller and larger, and 1 where both may be equal."""
OPPOSITE = {"Less": "GreaterEqual", "LessEqual": "Greater", "Greater": "LessEqual", "GreaterEqual": "Less"}


@dataclass(frozen=True, slots=True)
class Trips:
    """A trip count; exact unless a part of the condition that can't be derived may end the loop earlier."""

    count: Dim
    is_exact: bool


def trip_count(condition: Evaluation, inductions: Mapping[str, Dim], counter: str) -> Trips | None:
    """The trips for which the condition holds; None where nothing bounds them.

    inductions: each induction variable's symbol, and its value as a formula of the counter.
    """
    return _while_true(condition, condition.graph.outputs[0], inductions, counter, negated=False)


def _while_true(
    evaluation: Evaluation, ref: TensorRef, inductions: Mapping[str, Dim], counter: str, *, negated: bool
) -> Trips | None:
    """Unwinds the conjunction with an explicit stack: the loop goes on while every conjunct holds."""
    pending = [(ref, negated)]
    bounds: list[Trips] = []
    unknown = 0
    while pending:
        ref, negated = pending.pop()
        item = evaluation.fact(ref).item
        if isinstance(item, (bool, int)):
            bounds += [] if bool(item) != negated else [Trips(0, True)]
            continue
        node = evaluation.graph.nodes[ref.node]
        if node.op in PASSED_ON:
            pending.append((node.inputs[0], negated))
        elif node.op == "LogicalNot":
            pending.append((node.inputs[0], not negated))
        elif node.op == ("LogicalOr" if negated else "LogicalAnd"):
            pending.extend((operand, negated) for operand in node.inputs)
        else:
            bound = _bound(evaluation, node, inductions, counter, negated)
            bounds += [] if bound is None else [Trips(bound, True)]
            unknown += bound is None
    if not bounds:
        return None
    return Trips(dim_min(*(bound.count for bound in bounds)), unknown == 0)


def _bound(
    evaluation: Evaluation, node: Node, inductions: Mapping[str, Dim], counter: str, negated: bool
) -> Dim | None:
    """The first iteration for which one comparison fails."""
    if len(node.inputs) != 2:
        return None
    left, right = (_formula(evaluation.fact(ref), inductions) for ref in node.inputs)
    if left is None or right is None:
        return None
    if node.op == ("Equal" if negated else "NotEqual"):
        return _first_zero(left - right, counter)
    op = OPPOSITE.get(node.op) if negated else node.op
    if op not in COMPARISONS:
        return None
    smaller, larger, may_equal = COMPARISONS[op]
    operands = (left, right)
    return _first_nonpositive(operands[larger] - operands[smaller] + may_equal, counter)


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


def _formula(fact: Fact, inductions: Mapping[str, Dim]) -> Dim | None:
    number = fact.number
    return None if number is None else bind(number, inductions)
