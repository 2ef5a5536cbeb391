"""Where nodes of the file stand after the passes, and how bodies come to run."""

from __future__ import annotations

from explaining import DENSE, LOOP, analysed
from tiny_graph import tiny_graph

from graphcost.explain.occurrences import every, top_level
from graphcost.explain.paths import steps_to

DOUBLE = tiny_graph("a = _Arg(T=float32)\n b = Mul(a, a, T=float32)", "b")
CALL = "x = Placeholder(dtype=float32, shape=<3>)\n y = PartitionedCall(x, f=@double) -> float32"


def test_nodes_of_a_flat_graph_stand_where_they_stood() -> None:
    places = top_level(analysed(DENSE, "out"))
    assert [(place.line, place.label, place.is_raised) for place in places["y"]] == [("y", None, False)]
    assert [place.label for place in places["scaled"]] == ["initializer"]


def test_nodes_of_a_loop_stand_in_its_bodies() -> None:
    places = top_level(analysed(LOOP, "exit_acc"))
    (square,) = places["square"]
    assert square.is_raised
    assert square.line != "square"
    assert "enter_i" not in places


def test_a_functions_nodes_arent_the_files_top_level() -> None:
    analysis = analysed(CALL, "y", functions={"double": DOUBLE})
    assert set(top_level(analysis)) == {"x", "y"}
    assert {place.line for place in every(analysis)} == {"x", "y", "y/a", "y/b"}


def test_steps_lead_to_a_body() -> None:
    analysis = analysed(CALL, "y", functions={"double": DOUBLE})
    (body,) = {id(place.body): place.body for place in every(analysis) if place.body is not analysis.facts}.values()
    assert [(step.node, step.op, step.times) for step in steps_to(analysis.calls, body)] == [
        ("y", "PartitionedCall", 1)
    ]
    assert steps_to(analysis.calls, analysis.facts) == []
