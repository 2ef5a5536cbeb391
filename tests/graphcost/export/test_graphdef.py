"""A graph with its functions as a GraphDef."""

from __future__ import annotations

from model_files import message
from tiny_graph import tiny_graph

from graphcost.export.graphdef import to_graph_def

PURE = tiny_graph("a = _Arg(T=float32)\n b = Neg(a, T=float32)", "b")
RANDOM = tiny_graph(
    "a = _Arg(T=int32)\n p = NoOp()\n b = RandomUniform(a, dtype=float32, T=int32)\n c = Neg(b, T=float32)", "c"
)


def test_nodes_have_their_inputs_and_the_graph_its_version() -> None:
    graph = tiny_graph(
        "x = Placeholder(dtype=float32)\n i = NoOp()\n s = Split(x, x, ^i, num_split=2, T=float32)\n y = Neg(s:1)"
    )
    found = to_graph_def(graph, producer=716)
    assert found.versions.producer == 716
    assert to_graph_def(graph).versions.producer == 0
    assert [(node.name, node.op, list(node.input)) for node in found.node] == [
        ("x", "Placeholder", []),
        ("i", "NoOp", []),
        ("s", "Split", ["x", "x", "^i"]),
        ("y", "Neg", ["s:1"]),
    ]


def test_functions_know_each_other_and_the_graph_knows_them() -> None:
    outer = tiny_graph("a = _Arg(T=float32)\n c = pure(a) -> float32\n d = Neg(c, T=float32)", "d")
    graph = tiny_graph("x = Placeholder(dtype=float32)", functions={"outer": outer, "pure": PURE})
    found = {function.signature.name: function for function in to_graph_def(graph).library.function}
    assert list(found) == ["outer", "pure"]
    assert [list(node.input) for node in found["outer"].node_def] == [["a"], ["c:result_0:0"]]
    assert dict(found["pure"].ret) == {"result_0": "b:y:0"}


def stateful(text: str, **functions: object) -> dict[str, bool]:
    graph = tiny_graph(text, functions=functions)  # type: ignore[arg-type]
    library = to_graph_def(graph).library.function
    return {function.signature.name: function.signature.is_stateful for function in library}


def test_a_function_that_nothing_calls_by_name_is_what_it_holds() -> None:
    assert stateful("x = NoOp()", pure=PURE, random=RANDOM) == {"pure": False, "random": True}
    assert stateful("x = PartitionedCall(f=@random, Tin=[])", random=RANDOM) == {"random": True}


def test_a_function_that_is_called_by_name_is_what_its_calls_are() -> None:
    """A node of no known operation isn't stateful in these graphs."""
    assert stateful("x = random() -> float32", random=RANDOM) == {"random": False}
    caller = tiny_graph("a = _Arg(T=float32)\n b = random(a) -> float32", "b")
    assert stateful("x = NoOp()", random=RANDOM, caller=caller) == {"random": False, "caller": False}


def test_a_call_with_state_makes_its_function_stateful() -> None:
    from dataclasses import replace

    graph = tiny_graph("x = pure() -> float32\n y = pure() -> float32", functions={"pure": PURE})
    graph = graph.replacing([replace(graph.nodes["y"], stateful=True)])
    (function,) = to_graph_def(graph).library.function
    assert function.signature.is_stateful


def test_weights_that_are_given_stand_in_for_those_of_the_graph() -> None:
    graph = tiny_graph("c = Const(value=1.0)\n d = Const(value=2.0)")
    given = message("TensorProto", "dtype: DT_FLOAT tensor_shape { dim { size: 3 } } float_val: [1, 2, 3]")
    c, d = to_graph_def(graph, tensors={"c": given}).node
    assert list(c.attr["value"].tensor.float_val) == [1, 2, 3]
    assert d.attr["value"].tensor.tensor_content == b"\x00\x00\x00@"
