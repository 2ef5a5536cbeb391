"""Analyses made by hand, for the tests of drawings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from graphcost.dims import Shape
from graphcost.evaluate import Evaluation
from graphcost.ir.graph import Graph
from graphcost.ir.stand_ins import FOLDED, standing_for
from graphcost.loaders import Model
from graphcost.measure.dropped import DroppedPart
from graphcost.ops.cost import Cost
from graphcost.ops.fact import Fact
from graphcost.ops.sizes import Sizes
from graphcost.ops.status import Status
from graphcost.passes.fold import CONSTANT
from graphcost.pipeline import Analysis
from graphcost.plugins import installed_rules
from graphcost.report import IDLE, Line, ModelInfo, Report, Work

NOTHING: Mapping[str, str] = MappingProxyType({})
SHAPE = Shape(1, 8)


def analysis_of(graph: Graph, flops: Mapping[str, int] | None = None, dropped: Mapping[str, str] = NOTHING) -> Analysis:
    """Every node gives tensors of SHAPE; those in `flops` cost as many additions, those in `dropped` don't run."""
    costs = flops or {}
    constants = [name for name, reason in dropped.items() if reason == CONSTANT]
    reasons = {name: reason for name, reason in dropped.items() if reason != CONSTANT}
    live = graph.replacing(standing_for(graph.nodes[name], FOLDED) for name in constants)
    live = live.induced(live.nodes.keys() - reasons.keys())
    lines = tuple(
        Line(
            node=node.name,
            op=node.op,
            scope=node.name.rpartition("/")[0],
            status=Status.COSTED if node.name in costs else Status.FREE,
            work=Work(Cost(add=costs[node.name])) if node.name in costs else IDLE,
            outputs=(SHAPE,) * len(node.dtypes),
        )
        for node in live.nodes.values()
        if node.op != FOLDED
    )
    facts = {node.name: (Fact("float32", SHAPE),) * len(node.dtypes) for node in graph.nodes.values()}
    report = Report(ModelInfo("model.pb", "graphdef", len(graph.nodes)), (), (), "inferred", lines)
    evaluation = Evaluation(live, "", Sizes(), facts=facts)
    part = DroppedPart(graph, reasons, Evaluation(graph, "", Sizes(), facts=facts))
    return Analysis(Model("model.pb", "graphdef", graph), live, evaluation, report, part, installed_rules())
