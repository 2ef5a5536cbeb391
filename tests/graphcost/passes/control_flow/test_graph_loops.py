"""The loops of one graph, apart from those of its functions."""

from __future__ import annotations

import pytest
from tiny_graph import tiny_graph

from graphcost.errors import GraphError
from graphcost.passes.control_flow import graph_loops
from graphcost.passes.control_flow.graph_loops import raise_loops_of
from graphcost.passes.control_flow.naming import Names

TWO_VARIABLES = """
zero = Const(value=0)
ten = Const(value=10)
Enter = Enter(zero, frame_name=b"frame", T=int32)
limit = Enter(ten, frame_name=b"frame", is_constant=True, T=int32)
Merge = Merge(Enter, NextIteration, T=int32, N=2)
Less = Less(Merge, limit, T=int32)
LoopCond = LoopCond(Less)
Switch = Switch(Merge, LoopCond, T=int32)
Neg = Neg(Switch:1, T=int32)
NextIteration = NextIteration(Neg, T=int32)
Exit = Exit(Switch:0, T=int32)
"""


def test_functions_come_apart_from_the_graph_under_names_that_are_free() -> None:
    taken = Names(["while/body", "while"])
    graph, made = raise_loops_of(tiny_graph(TWO_VARIABLES, outputs="Exit"), taken)
    assert [node.op for node in graph.nodes.values()].count("While") == 1
    assert not graph.functions
    assert len(made) == 2
    assert made.keys().isdisjoint({"while/body", "while"})


def test_refuses_more_variables_than_any_model_has(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = tiny_graph(TWO_VARIABLES, outputs="Exit")
    monkeypatch.setattr(graph_loops, "MAX_VARIABLES", 2)
    raise_loops_of(graph, Names())
    monkeypatch.setattr(graph_loops, "MAX_VARIABLES", 1)
    with pytest.raises(GraphError, match="more than 1 variables in all"):
        raise_loops_of(graph, Names())
