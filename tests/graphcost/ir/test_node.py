"""Nodes: what they read, the functions that they name, and tensors as text."""

from __future__ import annotations

from tiny_graph import parse_node, tiny_graph

from graphcost.ir.literal import PartialShape
from graphcost.ir.node import EMPTY, FunctionRef, Node, TensorRef, called, count_ops, producers, with_shape


def test_the_first_output_goes_by_the_name_of_its_node() -> None:
    assert (str(TensorRef("a")), str(TensorRef("a", 1))) == ("a", "a:1")


def test_a_node_needs_what_it_reads_and_what_it_waits_for_once_for_each_edge() -> None:
    assert list(producers(parse_node("y = Foo(b, a:1, b, ^c, ^a)"))) == ["b", "a", "b", "c", "a"]


def test_a_function_is_called_as_an_operation_or_by_an_attribute() -> None:
    branches = tuple(FunctionRef(name, EMPTY) for name in ("g", "h"))
    node = Node("y", "f", attrs={"body": FunctionRef("b", EMPTY), "branches": branches, "T": ("float32", 3), "n": 2})
    assert list(called(node, {"f"})) == ["f", "b", "g", "h"]
    assert list(called(node, set())) == ["b", "g", "h"]


def test_another_shape_leaves_the_other_attributes() -> None:
    node = parse_node("x = Placeholder(dtype=float32, shape=<2>)")
    changed = with_shape(node, PartialShape((-1, 3)))
    assert changed.attrs == {**node.attrs, "shape": PartialShape((-1, 3))}
    assert node.attrs["shape"] == PartialShape((2,))
    assert (changed.name, changed.dtypes) == ("x", ("float32",))


def test_operations_are_counted() -> None:
    graph = tiny_graph("a = Foo()\nb = Bar(a)\nc = Foo(b)")
    assert count_ops(graph.nodes.values()) == {"Foo": 2, "Bar": 1}
