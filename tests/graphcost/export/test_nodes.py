"""Nodes as they stand in a NodeDef."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tiny_graph import parse_node

from graphcost.export.nodes import add_node, definition_of
from graphcost.ir.node import EMPTY, Node
from graphcost.loaders.attrs import decode_attr
from graphcost.loaders.descriptors import message_class
from graphcost.loaders.opdefs import OpDef


def written(node: Node, *names: str, functions: dict[str, OpDef] = {}) -> Any:  # noqa: B006
    message = message_class("NodeDef")()
    add_node(message, node, names, functions)
    return message


def attrs(node: Node, *names: str, functions: dict[str, OpDef] = {}) -> dict[str, object]:  # noqa: B006
    return {name: decode_attr(attr) for name, attr in written(node, *names, functions=functions).attr.items()}


def test_name_and_operation_are_written_and_inputs_are_not() -> None:
    message = written(parse_node("net/y = MatMul(a, b:1, ^c, T=float32)"))
    assert (message.name, message.op, list(message.input)) == ("net/y", "MatMul", [])


def test_attributes_at_their_defaults_are_left_out() -> None:
    assert attrs(parse_node("y = MatMul(a, b, T=float32)")) == {"T": "float32"}
    assert attrs(parse_node("y = MatMul(a, b, T=float32, transpose_a=True)")) == {"T": "float32", "transpose_a": True}


def test_a_value_that_only_equals_the_default_is_written() -> None:
    """0 is equal to False and isn't the same."""
    node = parse_node("y = MatMul(a, b, T=float32)")
    assert attrs(replace(node, attrs={**node.attrs, "transpose_a": 0})) == {"T": "float32", "transpose_a": 0}


def test_an_attribute_of_no_value_is_left_out_unless_it_has_a_default() -> None:
    node = Node("y", "MatMul", attrs={"T": "float32", "unknown": None, "transpose_a": None, "other": 3})
    assert attrs(node) == {"T": "float32", "transpose_a": None, "other": 3}
    assert written(node).attr["transpose_a"].WhichOneof("value") is None


def test_nodes_that_are_gone_are_not_named() -> None:
    def colocated(*items: object, names: tuple[str, ...] = ("x", "z")) -> object:
        return attrs(Node("y", "Neg", attrs={"_class": items}), *names).get("_class")

    assert colocated(b"loc:@x", b"loc:@gone", b"loc:@z") == (b"loc:@x", b"loc:@z")
    assert colocated(b"loc:@gone") is None
    assert colocated(3, b"loc:@x") == (b"loc:@x",)
    assert colocated(b"x") == (b"x",)
    assert attrs(Node("y", "Neg", attrs={"_class": b"loc:@gone"})) == {"_class": b"loc:@gone"}
    assert attrs(Node("y", "Neg", attrs={"_other": (b"loc:@gone",)})) == {"_other": (b"loc:@gone",)}


def test_a_function_goes_before_an_operation_of_its_name() -> None:
    function = OpDef("MatMul", (), (), {"T": "int32"}, False)
    node = parse_node("y = MatMul(a, b, T=float32)")
    assert definition_of(node, {"MatMul": function}) is function
    assert definition_of(node, {"Other": function}) not in (None, function)
    assert definition_of(Node("y", "NoSuch"), EMPTY) is None
    assert "transpose_a" in attrs(node, functions={"MatMul": function})
    assert attrs(Node("y", "NoSuch", attrs={"T": "int32"})) == {"T": "int32"}
