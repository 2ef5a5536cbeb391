"""A graph between two passes, drawn as it is."""

from __future__ import annotations

from tiny_graph import tiny_graph

from graphcost.plugins import installed_rules
from graphcost.render.dot.dot_graph import Drawing
from graphcost.render.dot.plain import plain

LOOP = """
    zero = Const(value=0)
    in = Enter(zero, frame_name=b"while", T=int32)
    merge = Merge(in, next, T=int32) -> int32, int32
    a/b/step = Neg(merge, T=int32)
    next = NextIteration(a/b/step, T=int32)
"""


def test_nodes_stand_in_their_scopes_and_edges_say_who_reads_whom() -> None:
    drawn = plain(tiny_graph(LOOP, "merge"), Drawing(constants=True), installed_rules())
    assert list(drawn.vertices) == ["zero", "in", "merge", "a/b/step", "next"]
    assert (drawn.vertices["a/b/step"].scope, drawn.vertices["a/b/step"].label) == (("a", "b"), "step")
    assert drawn.vertices["merge"].is_output
    assert {(edge.source, edge.target) for edge in drawn.edges if edge.is_back} == {("next", "merge")}
    assert len(drawn.edges) == 5


def test_constants_are_drawn_when_asked_for() -> None:
    assert "zero" not in plain(tiny_graph(LOOP), Drawing(), installed_rules()).vertices
