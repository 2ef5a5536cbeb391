"""Another tool's count of a graph's top level, node by node, from a rule set that reproduces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphcost.evaluate.infer import Problem, guarded
from graphcost.explain.imported import Facts
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.ops.cost import Free
from graphcost.ops.fact import UNKNOWN, Fact
from graphcost.ops.op import Op
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import Sizes
from graphcost.ops.status import Status


@dataclass(frozen=True, slots=True)
class Count:
    """What the tool counts for one node, or why it counts nothing."""

    flops: int
    problem: Problem | None = None


def counts(graph: Graph, facts: Facts, reference: RuleSet) -> Mapping[str, Count]:
    """The count of every node of the top level. A node counts where all that its rule asks for is a number."""
    return {node.name: _count(node, facts, reference) for node in graph.nodes.values()}


def _count(node: Node, facts: Facts, reference: RuleSet) -> Count:
    rule = reference.get(node.op)
    if rule is None or rule.cost is None or isinstance(rule.cost, Free):
        return Count(0, Problem(Status.NO_RULE, "it has no rule"))
    cost_rule = rule.cost
    inputs = [_fact(ref, facts) for ref in node.inputs]
    flops = guarded(lambda: cost_rule(Op(node, inputs, facts[node.name], Sizes())).flops)
    if isinstance(flops, Problem):
        return Count(0, flops)
    if not isinstance(flops, int):
        return Count(0, Problem(Status.NO_SHAPE, "a size is open"))
    return Count(flops)


def _fact(ref: TensorRef, facts: Facts) -> Fact:
    return facts[ref.node][ref.port] if ref.node in facts else UNKNOWN
