from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from golden import check
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_analyses import analysis_of
from tiny_graph import tiny_graph

from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.render.dot import Drawing, render

NETWORK = """
    x = Placeholder(dtype=float32)
    net/conv/kernel = Const(value=2)
    net/conv/kernel/read = Identity(net/conv/kernel)
    net/conv/Conv2D = Conv2D(x, net/conv/kernel/read)
    net/conv/Identity = Identity(net/conv/Conv2D)
    net/conv/Relu = Relu(net/conv/Identity)
    net/dense/MatMul = MatMul(net/conv/Relu, net/conv/Relu)
    net/dense/Softmax = Softmax(net/dense/MatMul, ^net/conv/Relu)
    loss/Mul = Mul(net/dense/Softmax, net/dense/Softmax)
    loss/once = Neg(net/conv/kernel)
"""
DROPPED = {"loss/Mul": "loss", "loss/once": "constant"}
COSTS = {"net/conv/Conv2D": 800, "net/conv/Relu": 100, "net/dense/MatMul": 100}


def draw(drawing: Drawing = Drawing(), graph: Graph | None = None) -> str:  # noqa: B008
    if graph is not None:
        return render(analysis_of(graph, COSTS), drawing)
    return render(analysis_of(tiny_graph(NETWORK, "net/dense/Softmax"), COSTS, DROPPED), drawing)


def labels(text: str) -> list[str]:
    return re.findall(r'  n\d+ \[label="([^"]*)"', text)


def edges(text: str) -> set[tuple[str, str]]:
    names = dict(re.findall(r'  (n\d+) \[.*tooltip="([^"]*)"', text))
    return {(names[a], names[b]) for a, b in re.findall(r"  (n\d+) -> (n\d+)", text)}


def test_whole_text() -> None:
    check("network.dot", draw(Drawing(dropped=True, controls=True)))


def test_constants_identities_and_dropped_nodes_are_left_out() -> None:
    assert edges(draw()) == {
        ("x", "net/conv/Conv2D"),
        ("net/conv/Conv2D", "net/conv/Relu"),
        ("net/conv/Relu", "net/dense/MatMul"),
        ("net/dense/MatMul", "net/dense/Softmax"),
    }


def test_they_are_drawn_when_asked_for() -> None:
    assert ("net/conv/kernel", "net/conv/Conv2D") in edges(draw(Drawing(constants=True)))
    assert ("net/conv/kernel", "loss/once") in edges(draw(Drawing(constants=True)))
    assert ("net/conv/Identity", "net/conv/Relu") in edges(draw(Drawing(identities=True)))
    assert ("net/conv/Relu", "net/dense/Softmax") in edges(draw(Drawing(controls=True)))
    assert ("net/dense/Softmax", "loss/Mul") in edges(draw(Drawing(dropped=True)))


def test_dropped_nodes_are_grey_and_say_why() -> None:
    assert r"Mul  1x8\ndropped: loss" in "".join(labels(draw(Drawing(dropped=True))))


def test_labels_have_operation_shape_cost_and_share() -> None:
    assert r"Conv2D  1x8\n800 FLOPs (80.0 %)" in "".join(labels(draw()))


def test_the_dearest_is_the_darkest_with_light_text() -> None:
    vertex = next(text for text in draw().splitlines() if "800 FLOPs" in text)
    assert 'fillcolor="#991b06", fontcolor="#ffffff"' in vertex


def test_scopes_of_four_are_boxes() -> None:
    text = draw()
    assert re.findall(r'cluster_\d+ {\n *label="(\w+)"', text) == ["net"]
    assert "conv/Relu" in "".join(labels(text))


def test_depth_makes_one_vertex_of_a_scope() -> None:
    text = draw(Drawing(depth=2))
    assert edges(text) == {("x", "net/conv"), ("net/conv", "net/dense")}
    assert r"net/conv\n2 nodes\n900 FLOPs (90.0 %)" in labels(text)


def wide(blocks: int, layers: int) -> Graph:
    lines = ["x = Placeholder(dtype=float32)"]
    lines += [f"net/block{b}/layer{i}/op = Neg(x)" for b in range(blocks) for i in range(layers)]
    return tiny_graph("\n".join(lines), "x")


def test_large_graphs_are_cut_at_the_deepest_scopes_that_can_be_read() -> None:
    assert len(labels(draw(graph=wide(50, 20)))) == 51
    assert len(labels(draw(Drawing(full=True), wide(50, 20)))) == 1001


def test_straight_chains_stand_for_their_parts_where_scopes_say_nothing() -> None:
    lines = ["x = Placeholder(dtype=float32)", "net/layer0/a = Neg(x)"]
    for i in range(1, 400):
        lines += [f"net/layer{i}/a = Neg(net/layer{i - 1}/a)"]
    found = labels(draw(graph=tiny_graph("\n".join(lines), "x")))
    assert 100 <= len(found) <= 300
    assert any("layer0/a … layer2/a" in label for label in found)


def test_a_graph_of_300_vertices_is_drawn_whole() -> None:
    assert len(labels(draw(graph=wide(13, 23)))) == 300
    assert len(labels(draw(graph=wide(10, 30)))) < 300


def test_a_chain_ends_with_its_scope() -> None:
    """Chains of three are cut anew where the next network begins."""
    lines = ["x = Placeholder(dtype=float32)", "left/layer0/a = Neg(x)"]
    scopes = ["left" if i < 200 else "right" for i in range(400)]
    lines += [f"{scopes[i]}/layer{i}/a = Neg({scopes[i - 1]}/layer{i - 1}/a)" for i in range(1, 400)]
    found = "".join(labels(draw(graph=tiny_graph("\n".join(lines), "x"))))
    assert "layer198/a … layer199/a" in found
    assert "layer200/a … layer202/a" in found


def test_graphs_without_scopes_become_runs_of_neighbours() -> None:
    lines = ["x = Placeholder(dtype=float32)", *(f"op{i} = Neg(x)" for i in range(5000))]
    assert len(labels(draw(graph=tiny_graph("\n".join(lines), "x")))) <= 300


PIECES = st.sampled_from(
    [
        '"',
        "\\",
        "\\n",
        "\\N",
        "&lt;",
        "<b>",
        "\n",
        "\0",
        "\x1b[0m",
        "\u202e",
        "]; evil [",
        "/",
        "{",
        "}",
        "->",
        "%",
        "卷",
    ]
)
NAMES = st.one_of(st.text(st.characters(), max_size=20), st.lists(PIECES, max_size=8).map("".join))


@settings(deadline=None, max_examples=60)
@given(st.lists(NAMES, min_size=1, max_size=9, unique=True), st.lists(NAMES, min_size=9, max_size=9))
def test_names_stay_inside_their_strings(names: list[str], ops: list[str]) -> None:
    nodes = [
        Node(name, op, (TensorRef(names[0]),) if i else ())
        for i, (name, op) in enumerate(zip(names, ops, strict=False))
    ]
    text = render(analysis_of(Graph.of(nodes)), Drawing(constants=True, identities=True))
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    assert not set(outside) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_=[]{},.->; \n")
    assert len(re.findall(r"^ *n\d+ \[", outside, re.MULTILINE)) == len(names)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz isn't installed")
def test_graphviz_reads_hostile_names_as_they_are() -> None:
    names = ['a"b', "c\\", "d\\nd", "e&amp;e", "<f>", "g]; evil [", "\x1bh", "i/j/k"]
    text = render(analysis_of(Graph.of([Node(name, "Op") for name in names])), Drawing())
    plain = subprocess.run(["dot", "-Tplain"], input=text.encode(), capture_output=True, check=True).stdout.decode()
    assert len(re.findall(r"^node ", plain, re.MULTILINE)) == len(names)
    assert "evil" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", plain)
