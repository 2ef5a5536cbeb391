"""The graph: what it refuses, its order, and the networkx view."""

from __future__ import annotations

import networkx as nx
import pytest

from graphcost.errors import GraphError
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef


def node(name: str, *inputs: str, op: str = "Op", controls: tuple[str, ...] = (), outputs: int = 1) -> Node:
    refs = tuple(TensorRef(*_split(text)) for text in inputs)
    return Node(name, op, refs, controls, dtypes=("float32",) * outputs)


def _split(text: str) -> tuple[str, int]:
    name, _, port = text.partition(":")
    return name, int(port or 0)


def test_order_is_topological_whatever_the_file_s_order() -> None:
    graph = Graph.of([node("c", "b", controls=("a",)), node("b", "a"), node("a")])
    assert [each.name for each in graph.order] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([node("a"), node("a")], "two nodes are named 'a'"),
        ([node("a", "missing")], "'a' reads 'missing'"),
        ([node("a", controls=("missing",))], "'a' waits for 'missing'"),
        ([node("a"), node("b", "a:1")], "output 1 of 'a'"),
        ([node("a"), node("b", "a:-1")], "output -1 of 'a'"),
        ([node("a", "a")], "a -> a"),
        ([node("a", "b"), node("b", "a"), node("c", "b")], "a cycle that no NextIteration passes: "),
    ],
)
def test_broken_graphs_name_their_nodes(nodes: list[Node], message: str) -> None:
    with pytest.raises(GraphError, match=message):
        Graph.of(nodes)


def test_loops_go_back_through_next_iteration() -> None:
    graph = Graph.of([
        node("start"),
        node("merge", "start", "next", op="Merge", outputs=2),
        node("body", "merge"),
        node("next", "body", op="NextIteration"),
    ])  # fmt: skip
    assert [each.name for each in graph.order] == ["start", "merge", "body", "next"]


def test_ancestors_follow_data_and_control() -> None:
    graph = Graph.of([node("a"), node("b"), node("c", "a", controls=("b",)), node("d", "c"), node("e")])
    assert graph.ancestors(["c"]) == {"a", "b", "c"}


def test_readers_are_named_once() -> None:
    graph = Graph.of([node("a"), node("b", "a", "a", controls=("a",)), node("c", controls=("a",))])
    assert list(graph.readers("a")) == ["b", "c"]


def test_a_long_chain_is_no_recursion() -> None:
    chain = [node("n0"), *(node(f"n{i}", f"n{i - 1}") for i in range(1, 50_000))]
    graph = Graph.of(reversed(chain))
    assert len(graph.ancestors(["n49999"])) == 50_000


def test_networkx_sees_who_reads_whom() -> None:
    graph = Graph.of([node("b", "a:1", "a", controls=("a",)), node("a", outputs=2), node("c", controls=("b",))])
    assert type(graph.nx) is nx.DiGraph
    assert list(graph.nx) == ["b", "a", "c"]
    assert list(graph.nx.edges) == [("b", "c"), ("a", "b")]
    assert nx.is_directed_acyclic_graph(graph.nx)


def test_a_loop_is_a_cycle_for_networkx_until_it_is_raised() -> None:
    merge, after = node("merge", "next", op="Merge", outputs=2), node("next", "merge", op="NextIteration")
    assert nx.find_cycle(Graph.of([merge, after]).nx) == [("merge", "next"), ("next", "merge")]


def test_an_induced_graph_keeps_the_order() -> None:
    graph = Graph.of([node("d", "c"), node("c", "a"), node("b"), node("a")], outputs=[TensorRef("d")])
    induced = graph.induced(graph.ancestors(["d"]))
    assert list(induced.nodes) == list(induced.nx) == ["d", "c", "a"]
    assert [each.name for each in induced.order] == ["a", "c", "d"]


def test_replacing_leaves_the_graph_alone() -> None:
    graph = Graph.of([node("a"), node("b", "a")])
    changed = graph.replacing([Node("b", "Other", (TensorRef("a"),))])
    assert (graph.nodes["b"].op, changed.nodes["b"].op) == ("Op", "Other")


def test_the_ports_of_a_node_that_are_outputs() -> None:
    graph = Graph.of([node("a", outputs=3), node("b")], outputs=[TensorRef("a", 2), TensorRef("a"), TensorRef("a", 2)])
    assert graph.output_ports == {"a": {0, 2}}
