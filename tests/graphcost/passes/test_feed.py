"""feed: inner tensors become the inputs."""

from __future__ import annotations

from tiny_graph import tiny_graph, wiring

from graphcost.ir.literal import PartialShape
from graphcost.ir.node import TensorRef
from graphcost.passes.feed import feed

GRAPH = """
    x = Placeholder(dtype=float32, shape=<?,8>)
    conv = Neg(x, T=float32)
    y = Exp(conv, T=float32)
    axis = Const(value=1)
    parts = Split(axis, y, num_split=2, T=float32)
    z = Mul(parts, parts:1, T=float32)
"""


def test_a_node_with_one_output_is_replaced_under_its_name() -> None:
    graph = feed(tiny_graph(GRAPH, "z"), {TensorRef("conv"): PartialShape((-1, 4))})
    assert "conv = Placeholder()" in wiring(graph)
    assert graph.nodes["conv"].attrs["shape"] == PartialShape((-1, 4))
    assert graph.inputs == (TensorRef("conv"),)
    assert graph.ancestors(["z"]) == {"conv", "y", "axis", "parts", "z"}


def test_one_output_of_several_gets_a_name_with_its_port() -> None:
    graph = feed(tiny_graph(GRAPH, "z, parts:1"), {TensorRef("parts", 1): PartialShape((2, 2))})
    assert "parts:1 = Placeholder()" in wiring(graph)
    assert "z = Mul(parts, parts:1)" in wiring(graph)
    assert graph.outputs == (TensorRef("z"), TensorRef("parts:1"))
