"""The graph: what it refuses, its order, and the networkx view."""

from __future__ import annotations

import networkx as nx
import pytest

from graphcost.errors import GraphError
from graphcost.ir.graph import Graph, Node, TensorRef


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


def test_consumers_count_edges() -> None:
    graph = Graph.of([node("a"), node("b", "a", "a")])
    assert graph.consumers["a"] == ("b", "b")


def test_a_long_chain_is_no_recursion() -> None:
    chain = [node("n0"), *(node(f"n{i}", f"n{i - 1}") for i in range(1, 50_000))]
    graph = Graph.of(reversed(chain))
    assert len(graph.ancestors(["n49999"])) == 50_000


def test_networkx_sees_ports_and_controls() -> None:
    graph = Graph.of([node("a", outputs=2), node("b", "a:1", "a", controls=("a",))])
    view = graph.nx
    assert isinstance(view, nx.MultiDiGraph)
    assert view.nodes["b"]["op"] == "Op"
    edges = sorted(
        (d.get("source_port"), d.get("destination_port"), d["control"])
        for *_, d in view.edges(data=True)
        if not d["control"]
    )
    assert edges == [(0, 1, False), (1, 0, False)]
    assert sum(data["control"] for *_, data in view.edges(data=True)) == 1
    assert nx.is_directed_acyclic_graph(view)


def test_the_networkx_view_is_frozen_and_built_once() -> None:
    graph = Graph.of([node("a")])
    with pytest.raises(nx.NetworkXError, match="Frozen"):
        graph.nx.add_node("b")
    assert graph.nx is graph.nx


def test_replacing_leaves_the_graph_alone() -> None:
    graph = Graph.of([node("a"), node("b", "a")])
    changed = graph.replacing([Node("b", "Other", (TensorRef("a"),))])
    assert (graph.nodes["b"].op, changed.nodes["b"].op) == ("Op", "Other")
