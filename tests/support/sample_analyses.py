"""Analyses made by hand, for the tests of drawings."""

from __future__ import annotations

from collections.abc import Mapping

from graphcost.dims import Shape
from graphcost.evaluate import Evaluation
from graphcost.ir.graph import Graph
from graphcost.loaders import Model
from graphcost.ops.fact import Fact
from graphcost.ops.rule import Cost
from graphcost.ops.sizes import Sizes
from graphcost.pipeline import Analysis
from graphcost.plugins import installed_rules
from graphcost.report import IDLE, Line, ModelInfo, Report, Status, Work


def analysis_of(graph: Graph, flops: Mapping[str, int] | None = None, shape: Shape = Shape(1, 8)) -> Analysis:  # noqa: B008
    """Every kept node gives tensors of `shape`; those in `flops` cost as many additions."""
    costs = flops or {}
    lines = tuple(
        Line(
            node=node.name,
            op=node.op,
            scope=node.name.rpartition("/")[0],
            status=Status.COSTED if node.name in costs else Status.FREE,
            work=Work(Cost(add=costs[node.name])) if node.name in costs else IDLE,
            outputs=(shape,) * len(node.dtypes),
        )
        for node in graph.kept
    )
    facts = {node.name: (Fact("float32", shape),) * len(node.dtypes) for node in graph.kept}
    report = Report(ModelInfo("model.pb", "graphdef", len(graph.nodes)), (), (), "inferred", lines)
    evaluation = Evaluation(graph, "", Sizes(), facts=facts)
    return Analysis(Model("model.pb", "graphdef", graph), graph, evaluation, report, evaluation, installed_rules())
