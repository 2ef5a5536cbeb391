"""A graph between two passes as a drawing: nodes and who reads whom, without costs."""

from __future__ import annotations

from dataclasses import replace

from graphcost.ir.graph import Graph
from graphcost.ir.scopes import scope_of
from graphcost.ops.rule import RuleSet
from graphcost.passes.control_flow.frames import MERGES, NEXT_ITERATIONS
from graphcost.render.dot.dot_graph import MAX_DEPTH, DotGraph, Drawing, Edge, Vertex
from graphcost.render.dot.style import Shown
from graphcost.report import add_up


def plain(graph: Graph, drawing: Drawing, rules: RuleSet) -> DotGraph:
    """Every node, constants and variables if the drawing has them; identities always, since edges go through them."""
    every = Shown(replace(drawing, identities=True), rules)
    shown = {name for name, node in graph.nodes.items() if every.has(node)}
    outputs = {ref.node for ref in graph.outputs}
    inputs = {ref.node for ref in graph.inputs}
    vertices = {}
    for name in (name for name in graph.nodes if name in shown):
        scope = tuple(part for part in scope_of(name).split("/") if part)
        label = "/".join((*scope[MAX_DEPTH:], name.rpartition("/")[2]))
        row = replace(add_up(name, ()), nodes=1)
        node = graph.nodes[name]
        vertices[name] = Vertex(
            name, label, node.op, scope[:MAX_DEPTH], row, is_input=name in inputs, is_output=name in outputs
        )
    edges = (Edge(a, b, is_back=_is_back(graph, a, b)) for a, b in graph.nx.edges if a in shown and b in shown)
    return DotGraph(vertices, tuple(edges))


def _is_back(graph: Graph, source: str, target: str) -> bool:
    return graph.nodes[source].op in NEXT_ITERATIONS and graph.nodes[target].op in MERGES
