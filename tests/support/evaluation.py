"""Small graphs, evaluated and counted, without a file around them."""

from __future__ import annotations

from collections.abc import Mapping

from graphcost.evaluate import Evaluation, Run, evaluate
from graphcost.evaluate.feeds import symbol_names
from graphcost.evaluate.structural import HANDLERS
from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef
from graphcost.measure.assemble import Counted, count
from graphcost.ops.fact import Fact
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import Sizes
from graphcost.passes.fold import Fold
from graphcost.plugins import installed_rules


def run_of(graph: Graph, rules: RuleSet | None = None) -> Run:
    rules = rules or installed_rules()
    return Run(rules, HANDLERS, graph.functions, Sizes(symbol_names(graph, rules)))


def evaluated(
    graph: Graph, *, run: Run | None = None, rules: RuleSet | None = None, feeds: Mapping[TensorRef, Fact] | None = None
) -> Evaluation:
    """Every node of the top level, and the bodies that they run."""
    return evaluate(Fold()(graph), run or run_of(graph, rules), feeds or {})


def counted(graph: Graph, *, rules: RuleSet | None = None, bindings: Mapping[str, int] | None = None) -> Counted:
    return count(evaluated(graph, rules=rules), rules or installed_rules(), bindings or {})


def flops(graph: Graph, **bindings: int) -> str:
    """The formula of all FLOPs and integer operations, as text."""
    lines = counted(graph, bindings=bindings).lines
    total = sum((line.work.flops + line.work.int_ops for line in lines), start=0)
    return str(total)
