"""What a drawing has unless more is asked for."""

from __future__ import annotations

from sample_drawings import drawn, vertex
from tiny_graph import tiny_graph

from graphcost.loaders import Model
from graphcost.pipeline import run_pipeline
from graphcost.plugins import installed_rules
from graphcost.render.dot.collapse import collapse
from graphcost.render.dot.dot_graph import DotGraph, Drawing, Edge, Vertex
from graphcost.render.dot.plain import plain
from graphcost.render.dot.unfold import unfold
from graphcost.render.dot.write import write

NETWORK = """
    x = Placeholder(dtype=float32, shape=<2>)
    two = Const(value=[2.0, 3.0])
    same = Identity(x, T=float32)
    ready = Neg(x, T=float32)
    y = Mul(same, two, ^ready, T=float32)
    unread = Neg(x, T=float32)
"""


ANALYSIS = run_pipeline(Model("model.pb", "graphdef", tiny_graph(NETWORK)), outputs=["y"])


def names(drawing: Drawing) -> set[str]:
    return set(unfold(ANALYSIS, drawing).vertices)


def test_only_nodes_that_compute_are_drawn_unless_others_are_asked_for() -> None:
    plain = names(Drawing())
    assert {"x", "y"} <= plain
    assert not plain & {"two", "same", "unread"}
    assert "two" in names(Drawing(constants=True)) - plain
    assert "same" in names(Drawing(identities=True)) - plain
    assert "unread" in names(Drawing(dropped=True)) - plain


def test_control_edges_are_drawn_when_asked_for() -> None:
    plain, asked = (unfold(ANALYSIS, drawing).edges for drawing in (Drawing(), Drawing(controls=True)))
    assert not any(edge.is_control for edge in plain)
    assert [(edge.source, edge.target) for edge in asked if edge.is_control] == [("ready", "y")]


def test_a_large_drawing_is_collapsed_unless_all_of_it_is_asked_for() -> None:
    large = drawn(f"op{i}" for i in range(400))
    assert len(collapse(large, Drawing()).vertices) < len(collapse(large, Drawing(full=True)).vertices) == 400


def test_a_vertex_and_an_edge_are_plain_ones_unless_said_otherwise() -> None:
    """Neither marked as an input or an output, nor dashed or dotted, nor a box around one that says nothing."""
    row = vertex("a").row
    graph = DotGraph({name: Vertex(name, name, "Neg", (), row) for name in "ab"}, (Edge("a", "b"),))
    text = write(graph, ANALYSIS.report)
    body = text.partition("label=")[2]
    assert "  n0 -> n1\n" in text
    assert not any(mark in body for mark in ("#1f5fa8", "ellipse", "dashed", "dotted", "cluster", "dropped", "?"))


def test_scopes_are_told_apart_down_to_24_parts() -> None:
    """What is deeper stands in the label."""
    for depth in (23, 24, 25, 30):
        name = "/".join([*(f"s{i}" for i in range(depth)), "op"])
        graph = tiny_graph(f"{name} = Neg()")
        found = plain(graph, Drawing(), installed_rules()).vertices
        assert len(found[name].scope) == min(depth, 24)
        assert "/".join((*found[name].scope, found[name].label)) == name
