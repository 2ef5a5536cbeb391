"""Bodies as they stand in a FunctionDef."""

from __future__ import annotations

from typing import Any

from tiny_graph import tiny_graph

from graphcost.export.functions import fill_function, signature
from graphcost.ir.graph import Graph
from graphcost.loaders.descriptors import message_class
from graphcost.loaders.opdefs import OpDef, decode_op_def

BODY = tiny_graph(
    """
    a = _Arg(T=float32, _user_specified_name=b"image")
    b = _Arg(T=int32)
    s = Split(b, a, num_split=2, T=float32)
    u = Unique(b, T=int32)
    n = Neg(s:1, ^p, T=float32)
    f = F(n) -> float32, int32
    g = Mystery(f:1, a) -> float32, float32
    h = Neg(g:1, T=float32)
    p = NoOp()
    """,
    "n,u:1,a,h,f:1",
    controls="p",
)


def filled(body: Graph, functions: dict[str, OpDef]) -> Any:
    message = message_class("FunctionDef")(signature=signature("F", body, False))
    fill_function(message, body, functions)
    return message


def callee(*names: str) -> OpDef:
    message = message_class("OpDef")(name="F")
    for name in names:
        message.output_arg.add(name=name, type=1)
    return decode_op_def(message)


def test_a_signature_has_arguments_and_results_with_their_dtypes() -> None:
    message = signature("F", BODY, True)
    assert (message.name, message.is_stateful, list(message.control_output)) == ("F", True, ["p"])
    assert not signature("F", BODY, False).is_stateful
    assert [(arg.name, arg.type) for arg in message.input_arg] == [("a", 1), ("b", 3)]
    assert [(arg.name, arg.type) for arg in message.output_arg] == [
        ("result_0", 1), ("result_1", 3), ("result_2", 1), ("result_3", 1), ("result_4", 3),
    ]  # fmt: skip


def test_a_result_whose_dtype_is_not_known_has_none() -> None:
    assert signature("F", tiny_graph("a = _Arg()\n", "a"), False).output_arg[0].type == 0


def test_ports_are_arguments_with_an_index() -> None:
    message = filled(BODY, {"F": callee("result_0", "result_1")})
    assert {node.name: list(node.input) for node in message.node_def} == {
        "s": ["b", "a"],
        "u": ["b"],
        "n": ["s:output:1", "^p"],
        "f": ["n:y:0"],
        "g": ["f:result_1:0", "a"],
        "h": ["g:out:1"],
        "p": [],
    }
    assert dict(message.ret) == {
        "result_0": "n:y:0",
        "result_1": "u:idx:0",
        "result_2": "a",
        "result_3": "h:y:0",
        "result_4": "f:result_1:0",
    }
    assert dict(message.control_ret) == {"p": "p"}


def test_ports_that_a_definition_does_not_have_are_read_one_by_one() -> None:
    message = filled(BODY, {"F": callee("result_0")})
    assert message.ret["result_4"] == "f:out:1"
    assert filled(BODY, {}).ret["result_4"] == "f:out:1"
    unfit = tiny_graph("a = _Arg(T=float32)\n s = Split(a, a, T=float32) -> float32, float32\n n = Neg(s:1)", "n")
    assert list(filled(unfit, {}).node_def[1].input) == ["s:out:1"]


def test_arguments_keep_their_attributes_but_dtype_and_index() -> None:
    message = filled(BODY, {})
    assert {index: set(attrs.attr) for index, attrs in message.arg_attr.items()} == {0: {"_user_specified_name"}}
    assert message.arg_attr[0].attr["_user_specified_name"].s == b"image"
    second = tiny_graph("a = _Arg(T=float32)\n b = _Arg(T=float32, _name=b'y', _none=None)", "b")
    assert {index: set(attrs.attr) for index, attrs in filled(second, {}).arg_attr.items()} == {1: {"_name"}}
