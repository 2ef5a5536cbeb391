"""Evaluations + rules -> lines: what each node that runs costs, as often as it runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from graphcost.dims import Shape
from graphcost.evaluate import Evaluation
from graphcost.evaluate.answers import checked_cost
from graphcost.evaluate.infer import Problem, guarded
from graphcost.ir.dtypes import dtype_named
from graphcost.ir.node import Node
from graphcost.ir.scopes import joined
from graphcost.measure.params import Weights
from graphcost.ops.cost import Cost, Free, FreeKind
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost.ops.rule import Rule, RuleSet
from graphcost.ops.sizes import Need
from graphcost.ops.status import Status
from graphcost.passes.control_flow.frames import CONTROL_FLOW_V1, hands_on_the_first
from graphcost.report import IDLE, Line, Work

CONTROL_FLOW = CONTROL_FLOW_V1 | {"_SwitchN"}
RUNS_ITS_BODY = Free("runs the nodes of its body", FreeKind.COMPUTES_NOTHING)


def work_and_status(node: Node, evaluation: Evaluation, rules: RuleSet) -> tuple[Work, Status]:
    """What one run of a node costs, and whether that is known: what its line says, without the line."""
    settled = _settle(node, evaluation, rules)
    if isinstance(settled, Problem):
        return IDLE, settled.status
    return (IDLE, Status.FREE) if isinstance(settled, Free) else (settled, Status.COSTED)


def line(node: Node, evaluation: Evaluation, rules: RuleSet, weights: Weights, scope: str) -> Line:
    """The line of one run of a node: its status, and its work where that is known."""
    facts = evaluation.facts.get(node.name, ())
    shapes = tuple(_resolved(fact.shape, evaluation) for fact in facts)
    settled = _settle(node, evaluation, rules)
    common: dict[str, object] = {
        "node": joined(evaluation.path, node.name),
        "op": node.op,
        "scope": scope,
        "outputs": shapes,
    }
    common["needs"] = tuple(_resolved_need(each, evaluation) for each in evaluation.needs.get(node.name, ()))
    amounts = {"params": weights.elements, "param_bytes": weights.bytes, "unsized": weights.unsized}
    amounts |= {"constants": weights.constants, "state": weights.state}
    if isinstance(settled, Problem):
        rule = rules.get(node.op) if settled.is_broken else None
        broken = rule.owner if rule is not None else ""
        reason = settled.reason
        return Line(status=settled.status, reason=reason, broken=broken, **common, **amounts)  # type: ignore[arg-type]
    if isinstance(settled, Free):
        return Line(status=Status.FREE, reason=settled.reason, **common, **amounts)  # type: ignore[arg-type]
    rule = rules.get(node.op)
    reason = rule.opaque or "" if rule is not None else ""
    return Line(status=Status.COSTED, work=settled, reason=reason, **common, **amounts)  # type: ignore[arg-type]


def _settle(node: Node, evaluation: Evaluation, rules: RuleSet) -> Work | Free | Problem:
    if node.op in CONTROL_FLOW and not hands_on_the_first(node):
        return Problem(Status.INVALID, "it belongs to a loop or branch that isn't understood")
    problem = evaluation.problems.get(node.name)
    if node.name in evaluation.calls:
        return problem or RUNS_ITS_BODY
    if problem is not None and problem.status is not Status.NO_SHAPE:
        return problem
    rule = rules.get(node.op)
    if rule is None or rule.cost is None:
        reason = rule.opaque if rule is not None else None
        return problem or Problem(Status.NO_RULE, reason or f"graphcost knows no cost of {node.op}")
    if isinstance(rule.cost, Free):
        return rule.cost
    work = _work(node, rule, evaluation)
    # What kept the shapes from being known says more than that the cost needs them.
    return problem if problem is not None and isinstance(work, Problem) else work


def _work(node: Node, rule: Rule, evaluation: Evaluation) -> Work | Problem:
    cost_rule = rule.cost
    if cost_rule is None or isinstance(cost_rule, Free):
        raise TypeError(f"{node.op} has no cost to compute")
    inputs = [evaluation.fact(ref) for ref in node.inputs]
    outputs = evaluation.facts[node.name]
    cost = guarded(lambda: checked_cost(cost_rule(Op(node, inputs, outputs, evaluation.sizes))), cost_rule)
    if isinstance(cost, Problem):
        return cost
    return guarded(lambda: _filed(cost, rule, inputs, outputs))


def _filed(cost: Cost, rule: Rule, inputs: Iterable[Fact], outputs: Iterable[Fact]) -> Work:
    """The cost under the arithmetic that the operands' dtypes ask for."""
    if rule.real:
        return Work(floating=cost)
    names = [fact.dtype for fact in (*inputs, *outputs)]
    dtypes = [dtype_named(name) for name in names]
    if any(dtype.is_complex for dtype in dtypes):
        return Work(floating=_real_operations(cost))
    if any(dtype.is_quantized for dtype in dtypes) and cost.mac != 0:
        return Work(integer=cost)
    if any(dtype.is_floating for dtype in dtypes) or not any(names):
        return Work(floating=cost)
    return Work(integer=cost)


def _real_operations(cost: Cost) -> Cost:
    """The real operations of complex arithmetic by the textbook formulas.

    A product is 4 mul and 2 add, a sum 2 add, so a multiply-add 4 multiply-adds; a quotient multiplies by the
    conjugate: 6 mul, 3 add and 2 div. Library functions stay one call.
    """
    return Cost(
        mac=4 * cost.mac,
        add=2 * cost.add + 2 * cost.mul + 3 * cost.div,
        mul=4 * cost.mul + 6 * cost.div,
        div=2 * cost.div,
        compare=2 * cost.compare,
        transcendental=cost.transcendental,
        sqrt=cost.sqrt,
    )


def _resolved_need(need: Need, evaluation: Evaluation) -> Need:
    return replace(need, size=evaluation.sizes.resolve(need.size))


def _resolved(shape: Shape | None, evaluation: Evaluation) -> Shape | None:
    return None if shape is None else evaluation.sizes.resolve_shape(shape)
