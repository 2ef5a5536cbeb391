"""Which body calls which, as a graph of its own."""

from __future__ import annotations

import networkx as nx
from evaluation import evaluated
from tiny_graph import tiny_graph

from graphcost.evaluate import CallGraph

INNER = tiny_graph("a = _Arg(T=float32)\n b = Neg(a, T=float32)", "b")
OUTER = tiny_graph("a = _Arg(T=float32)\n b = Inner(a) -> float32\n c = Neg(b, T=float32)", "c")
FUNCTIONS = {"Inner": INNER, "Outer": OUTER}


def calls(text: str, outputs: str) -> CallGraph:
    return CallGraph.of(evaluated(tiny_graph(text, outputs, functions=FUNCTIONS)))


def test_callers_come_before_what_they_call() -> None:
    found = calls("x = Placeholder(dtype=float32, shape=<2>)\n i = Inner(x) -> float32\n o = Outer(i) -> float32", "o")
    assert [body.function for body in found.order] == ["", "Outer", "Inner"]
    assert nx.is_frozen(found.nx)
    assert nx.is_directed_acyclic_graph(found.nx)


def test_a_body_that_is_called_twice_is_one_node() -> None:
    found = calls("x = Placeholder(dtype=float32, shape=<2>)\n i = Inner(x) -> float32\n j = Inner(i) -> float32", "j")
    assert [body.function for body in found.order] == ["", "Inner"]


def test_the_shortest_way_to_a_body() -> None:
    found = calls("x = Placeholder(dtype=float32, shape=<2>)\n o = Outer(x) -> float32", "o")
    assert [body.function for body in found.path(found.order[-1])] == ["", "Outer", "Inner"]
    elsewhere = calls("x = Placeholder(dtype=float32, shape=<3>)\n o = Inner(x) -> float32", "o")
    assert found.path(elsewhere.order[-1]) == []
