"""The graph as DOT: analysis -> drawing (what runs, unfolded) -> collapsed drawing (what fits) -> text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphcost.render.dot.collapse import collapse
from graphcost.render.dot.dot_graph import Drawing
from graphcost.render.dot.plain import plain
from graphcost.render.dot.unfold import unfold
from graphcost.render.dot.write import write
from graphcost.report import ModelInfo, Report

if TYPE_CHECKING:
    from graphcost.ir.graph import Graph
    from graphcost.ops.rule import RuleSet
    from graphcost.pipeline import Analysis

__all__ = ["Drawing", "render", "render_graph"]


def render(analysis: Analysis, drawing: Drawing) -> str:
    """The DOT text; the bindings of the report are filled in."""
    return write(collapse(unfold(analysis, drawing), drawing), analysis.report)


def render_graph(graph: Graph, drawing: Drawing, rules: RuleSet, name: str) -> str:
    """The DOT text of a graph as it is between two passes; `name` is what stands above it."""
    nodes = f"{name}: {len(graph.nodes):,} nodes"
    empty = Report(ModelInfo(nodes, "graph", len(graph.nodes)), (), (), "", ())
    return write(collapse(plain(graph, drawing, rules), drawing), empty, nodes)
