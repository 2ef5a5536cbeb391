"""Patterns: what matches, what is captured, and why something doesn't match."""

from __future__ import annotations

import pytest
from tiny_graph import tiny_graph

from graphcost import Graph, Maybe, OneOf, Pattern, any_, const, tensor
from graphcost.ir.node import TensorRef
from graphcost.passes.pattern import Found, Operand, Search, View, depth, explain_match, root_ops

LAYER = """
    x = Placeholder(dtype=float32, shape=<1,8,8,3>)
    w = Const(value=[1.0, 2.0])
    b = Const(value=[3.0])
    conv = Conv2D(x, w, T=float32, strides=[1, 1, 1, 1], padding=b"SAME")
    biased = BiasAdd(conv, b, T=float32)
    y = Relu(biased, T=float32)
"""


def found(pattern: Operand, graph: Graph, node: str) -> list[Found]:
    return list(Search(View.of(graph)).matches(pattern, node))


def captures(pattern: Operand, graph: Graph, node: str) -> dict[str, str]:
    return {name: str(ref) for name, ref in found(pattern, graph, node)[0].tensors.items()}


def test_operands_are_matched_in_order_and_captured() -> None:
    pattern = Pattern("BiasAdd", Pattern("Conv2D", tensor("image"), const, name="conv"), tensor("bias"))
    graph = tiny_graph(LAYER, "y")

    assert captures(pattern, graph, "biased") == {"conv": "conv", "image": "x", "bias": "b"}
    assert found(pattern, graph, "biased")[0].nodes == ("biased", "conv", "w")


@pytest.mark.parametrize(
    ("pattern", "node", "reason"),
    [
        (Pattern("Relu"), "conv", "conv is Conv2D, not Relu"),
        (Pattern(("Relu", "Elu")), "conv", "conv is Conv2D, not Relu or Elu"),
        (Pattern("Conv2D", const, any_), "conv", "conv: operand 0 is Placeholder, not Const"),
        (Pattern("Conv2D", any_), "conv", "conv has 2 operands, not 1"),
        (Pattern("Conv2D", any_, any_, any_, more=True), "conv", "conv has 2 operands, not at least 3"),
        (Pattern("Conv2D", attrs={"padding": "VALID"}), "conv", "conv: attribute padding is SAME, not VALID"),
        (
            Pattern("Conv2D", attrs={"padding": lambda attr: attr == b"VALID"}),
            "conv",
            "conv: attribute padding is SAME",
        ),
        (Pattern("BiasAdd", tensor("x"), tensor("x")), "biased", "biased: operand 1 is b, but x is conv"),
        (Pattern("Relu", Pattern("BiasAdd", any_, Pattern("Relu"))), "y", "biased: operand 1 is Const, not Relu"),
    ],
)
def test_a_match_that_failed_has_its_reason(pattern: Pattern, node: str, reason: str) -> None:
    assert explain_match(pattern, tiny_graph(LAYER, "y"), node) == reason


def test_a_match_has_no_reason() -> None:
    assert (
        explain_match(Pattern("Conv2D", any_, const, attrs={"padding": "SAME"}), tiny_graph(LAYER, "y"), "conv") is None
    )


def test_without_operands_any_will_do() -> None:
    assert found(Pattern("Conv2D"), tiny_graph(LAYER, "y"), "conv")
    assert found(Pattern(None), tiny_graph(LAYER, "y"), "x")


def test_more_operands_than_patterns() -> None:
    assert found(Pattern("Conv2D", any_, more=True), tiny_graph(LAYER, "y"), "conv")


def test_commutative_operands_are_tried_in_both_orders() -> None:
    pattern = Pattern("Mul", const, tensor("x"), commutative=True)
    graph = tiny_graph("x = Placeholder(dtype=float32)\n c = Const(value=2.0)\n y = Mul(x, c, T=float32)", "y")

    assert captures(pattern, graph, "y") == {"x": "x"}


def test_a_capture_decides_between_the_orders() -> None:
    """The first order fits operand by operand, but only the second gives one tensor the same name twice."""
    x = tensor("x")
    pattern = Pattern("Mul", x, Pattern("Add", x, any_, commutative=True), commutative=True)
    text = """
        a = Placeholder(dtype=float32)
        b = Placeholder(dtype=float32)
        s = Add(b, a, T=float32)
        y = Mul(s, a, T=float32)
    """
    assert captures(pattern, tiny_graph(text, "y"), "y") == {"x": "a"}


@pytest.mark.parametrize(
    ("extra", "outputs", "reason"),
    [
        ("", "y", None),
        ("z = Neg(conv, T=float32)", "y,z", "conv is read by z too"),
        ("z = NoOp(^conv)", "y", "conv is read by z too"),
        ("", "y,conv", "conv is asked for by the graph itself"),
    ],
)
def test_read_by_nobody_else(extra: str, outputs: str, reason: str | None) -> None:
    pattern = Pattern("BiasAdd", Pattern("Conv2D", only_reader=True), any_)

    assert explain_match(pattern, tiny_graph(LAYER + extra, outputs), "biased") == reason


def test_one_that_reads_twice_is_nobody_else() -> None:
    text = "x = Placeholder(dtype=float32)\n n = Neg(x, T=float32)\n y = Mul(n, n, T=float32)"
    assert found(Pattern("Mul", Pattern("Neg", only_reader=True), any_), tiny_graph(text, "y"), "y")


def test_a_part_may_be_missing() -> None:
    conv = Pattern("Conv2D", name="conv")
    pattern = Pattern("Relu", Maybe(Pattern("BiasAdd", conv, any_, name="biased")))
    bare = LAYER.replace("Relu(biased", "Relu(conv")

    assert set(captures(pattern, tiny_graph(LAYER, "y"), "y")) == {"biased", "conv"}
    assert set(captures(pattern, tiny_graph(bare, "y"), "y")) == {"conv"}


def test_one_of_several() -> None:
    pattern = OneOf(Pattern("Relu", name="relu"), Pattern("Conv2D", name="conv"))
    graph = tiny_graph(LAYER, "y")

    assert [set(captures(pattern, graph, node)) for node in ("y", "conv")] == [{"relu"}, {"conv"}]
    assert explain_match(pattern, graph, "biased") == "biased is BiasAdd, not Relu"


def test_the_port_that_is_read() -> None:
    text = """
        x = Placeholder(dtype=float32, shape=<4>)
        axis = Const(value=0)
        s = Split(axis, x, num_split=2, T=float32)
        y = Neg(s:1, T=float32)
    """
    graph = tiny_graph(text, "y")

    assert explain_match(Pattern("Neg", Pattern("Split")), graph, "y") == "y: operand 0 is output 1 of s, not 0"
    assert found(Pattern("Neg", Pattern("Split", name="s", port=1)), graph, "y")[0].tensors["s"] == TensorRef("s", 1)


def test_what_a_pattern_starts_with_and_how_deep_it_goes() -> None:
    inner = Pattern("Conv2D", any_, const)
    pattern = OneOf(Maybe(Pattern("BiasAdd", inner, any_)), Pattern("Relu"))

    assert root_ops(pattern) == {"BiasAdd", "Conv2D", "Relu"}
    assert root_ops(OneOf(inner, Pattern(None))) is None
    assert depth(pattern) == 3
