"""Who reads whom: a frozen networkx graph without attributes."""

from __future__ import annotations

import networkx as nx
import pytest

from graphcost.errors import GraphError
from graphcost.ir.wiring import ancestors, components, topological, wired


def test_it_is_frozen_and_so_is_what_its_edges_share() -> None:
    graph = wired(["a", "b", "c"], [("a", "b"), ("b", "c")])
    with pytest.raises(nx.NetworkXError, match="Frozen"):
        graph.add_edge("a", "c")
    with pytest.raises(TypeError, match="frozen: give attributes to a copy"):
        graph.edges["a", "b"]["weight"] = 1
    with pytest.raises(TypeError, match="frozen"):
        graph.nodes["a"].update(op="Op")
    assert graph.edges["a", "b"] is graph.edges["b", "c"]


def test_a_copy_takes_attributes() -> None:
    copy = wired(["a", "b", "c"], [("a", "b"), ("b", "c")]).copy()
    copy.edges["a", "b"]["weight"] = 1
    assert copy.edges["b", "c"] == {}


def test_order_is_breadth_first_from_what_reads_nothing() -> None:
    graph = wired(["d", "b", "a", "c"], [("a", "c"), ("c", "d"), ("b", "d")])
    assert topological(graph) == ("b", "a", "c", "d")


def test_back_edges_do_not_count() -> None:
    graph = wired(["merge", "next"], [("merge", "next"), ("next", "merge")])
    assert topological(graph, {("next", "merge")}) == ("merge", "next")
    with pytest.raises(GraphError, match="a cycle that no NextIteration passes: merge -> next -> merge"):
        topological(graph)


def test_long_cycles_are_named_in_short() -> None:
    names = [f"n{i}" for i in range(9)]
    graph = wired(names, zip(names, [*names[1:], "n0"], strict=True))
    with pytest.raises(GraphError, match=r": n0 -> n1 -> n2 -> n3 -> n4 -> \.\.\. -> n0$"):
        topological(graph)


def test_ancestors_of_several() -> None:
    graph = wired("abcde", [("a", "b"), ("b", "c"), ("d", "e")])
    assert ancestors(graph, ["b", "e"]) == set("abde")
    assert ancestors(graph, []) == set()


def test_parts_that_no_edge_leads_between() -> None:
    found = components("abcde", [("b", "a"), ("d", "e")])
    assert found == {"a": 0, "b": 0, "c": 1, "d": 2, "e": 2}
