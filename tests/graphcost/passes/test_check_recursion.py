"""Recursion is refused before anything walks into it."""

from __future__ import annotations

import pytest
from tiny_graph import tiny_graph

from graphcost.errors import GraphError
from graphcost.ir.graph import Graph
from graphcost.passes.check_recursion import check_recursion


def graph_of(**callees: str) -> Graph:
    """A top level that calls f; each function calls the one it is given, by attribute."""
    functions = {
        name: tiny_graph(f"a = _Arg(T=float32)\n b = PartitionedCall(a, f=@{callee}) -> float32", "b")
        for name, callee in callees.items()
    }
    return tiny_graph("x = Placeholder()\n y = PartitionedCall(x, f=@f) -> float32", "y", functions=functions)


def test_a_chain_of_calls_is_fine() -> None:
    graph = graph_of(f="g", g="h", h="elsewhere")
    assert check_recursion(graph) is graph


@pytest.mark.parametrize(
    ("callees", "cycle"),
    [({"f": "f"}, "f -> f"), ({"f": "g", "g": "f"}, "f -> g -> f"), ({"f": "g", "g": "h", "h": "g"}, "g -> h -> g")],
)
def test_a_cycle_is_named(callees: dict[str, str], cycle: str) -> None:
    with pytest.raises(GraphError, match=f"a recursive function: {cycle}"):
        check_recursion(graph_of(**callees))


def test_a_deep_chain_is_no_recursion() -> None:
    callees = {"f": "g0", **{f"g{i}": f"g{i + 1}" for i in range(3000)}}
    assert check_recursion(graph_of(**callees)).functions
