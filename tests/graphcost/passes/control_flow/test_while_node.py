"""One loop as a While: its inputs, its two functions, and what follows it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from tiny_graph import tiny_graph, wiring

from graphcost.ir.graph import Graph
from graphcost.ir.node import FunctionRef, Node, TensorRef
from graphcost.ir.stand_ins import COPY
from graphcost.passes.control_flow.frames import CONTROL_FLOW_V1, find_frames
from graphcost.passes.control_flow.loop_parts import find_loop
from graphcost.passes.control_flow.naming import Names
from graphcost.passes.control_flow.while_node import Raised, Surroundings, raise_loop

LOOP = """
zero = Const(value=0.5)
ten = Const(value=10.5)
w/Enter = Enter(zero, frame_name=b"w/while_context", parallel_iterations=7, T=float32)
w/limit = Enter(ten, frame_name=b"w/while_context", is_constant=True, T=float32)
w/Merge = Merge(w/Enter, w/Next, T=float32, N=2)
w/Less = Less(w/Merge, w/limit, T=float32)
w/LoopCond = LoopCond(w/Less)
w/Switch = Switch(w/Merge, w/LoopCond, T=float32)
w/Body = Identity(w/Switch:1, T=float32)
w/Neg = Neg(w/Body, T=float32)
w/Next = NextIteration(w/Neg, T=float32)
w/Exit = Exit(w/Switch:0, T=float32)
"""


def raised(text: str, wanted: Iterable[str] = (), taken: Iterable[str] = ()) -> Raised:
    graph = tiny_graph(text)
    home = find_frames(graph).home
    nodes = [node for node in graph.order if home[node.name] == 1]
    loop = find_loop(nodes, frozenset(node.name for node in nodes if node.op in CONTROL_FLOW_V1))
    assert loop is not None
    places = {name: place for place, name in enumerate(graph.nodes)}
    return raise_loop(loop, Surroundings(graph, places, Names([*graph.nodes, *taken]), Names(), set(wanted)))


def condition(found: Raised) -> Graph:
    return _function(found, "cond")


def body(found: Raised) -> Graph:
    return _function(found, "body")


def _function(found: Raised, key: str) -> Graph:
    ref = found.node.attrs[key]
    assert isinstance(ref, FunctionRef)
    return found.functions[ref.name]


def names(nodes: Iterable[Node]) -> list[str]:
    return [node.name for node in nodes]


def test_a_loop_is_a_while_and_what_follows_it() -> None:
    found = raised(LOOP)
    assert found.node.inputs == (TensorRef("zero"), TensorRef("ten"))
    assert wiring(condition(found)) == [
        "w/Merge = _Arg()",
        "w/limit = _Arg()",
        "w/Less = Less(w/Merge, w/limit)",
        "w/LoopCond = Identity(w/Less)",
    ]
    assert wiring(body(found)) == [
        "w/Merge = _Arg()",
        "w/limit = _Arg()",
        "w/Switch = Identity(w/Merge)",
        "w/Body = Identity(w/Switch)",
        "w/Neg = Neg(w/Body)",
        "w/Next = Identity(w/Neg)",
    ]
    assert [(node.name, node.op, node.inputs) for node in found.after] == [("w/Exit", "Identity", (TensorRef("w"),))]
    assert found.inside == {
        "w/Enter", "w/limit", "w/Merge", "w/Less", "w/LoopCond", "w/Switch", "w/Body", "w/Neg", "w/Next"
    }  # fmt: skip


def test_the_while_has_its_dtypes_functions_and_parallel_iterations() -> None:
    node = raised(LOOP).node
    assert node.attrs == {
        "T": ("float32", "float32"),
        "cond": FunctionRef("w/cond", {}),
        "body": FunctionRef("w/body", {}),
        "parallel_iterations": 7,
    }
    assert node.dtypes == ("float32", "float32")


def test_parallel_iterations_that_are_no_number_are_left_out() -> None:
    assert "parallel_iterations" not in raised(LOOP.replace("iterations=7", "iterations=b'many'")).node.attrs


def test_identities_and_arguments_have_the_dtypes_of_what_they_stand_for() -> None:
    found = raised(LOOP)
    switch, argument = (body(found).nodes[name] for name in ("w/Switch", "w/Merge"))
    assert (switch.dtypes, switch.attrs) == (("float32",), {"T": "float32"})
    assert (argument.dtypes, argument.attrs) == (("float32",), {"T": "float32", "index": 0})
    assert body(found).nodes["w/limit"].attrs["index"] == 1
    assert condition(found).nodes["w/LoopCond"].dtypes == ("bool",)
    assert found.after[0].dtypes == ("float32",)


def test_functions_take_and_give_all_inputs() -> None:
    found = raised(LOOP)
    taken = (TensorRef("w/Merge"), TensorRef("w/limit"))
    assert condition(found).inputs == body(found).inputs == taken
    assert condition(found).outputs == (TensorRef("w/LoopCond"),)
    assert body(found).outputs == (TensorRef("w/Next"), TensorRef("w/limit"))
    assert condition(found).controls == body(found).controls == ()


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        ('b"a/while_context"', "a"),
        ('b"a/while_context_12"', "a"),
        ('b"a/while_context_b"', "a/while_context_b"),
        ('b"a/my_while_context"', "a/my_while_context"),
        ('b"while_context"', "w"),
        ('b""', "w"),
        ('b"w"', "w"),
    ],
)
def test_a_while_has_the_name_of_its_frame_else_the_scope_of_its_condition(frame: str, name: str) -> None:
    found = raised(LOOP.replace('b"w/while_context"', frame))
    assert found.node.name == name
    assert set(found.functions) == {f"{name}/cond", f"{name}/body"}


def test_a_while_without_any_scope_is_named_while() -> None:
    assert raised(LOOP.replace("w/LoopCond", "LoopCond").replace('b"w/while_context"', 'b""')).node.name == "while"


def test_a_while_whose_name_is_taken_stands_in_its_scope() -> None:
    found = raised(LOOP, taken=["w"])
    assert found.node.name == "w/While"
    assert found.after[0].inputs == (TensorRef("w/While"),)


def test_a_while_is_stateful_where_a_node_of_it_is() -> None:
    assert not raised(LOOP).node.stateful
    shape = "shape = Const(value=[2])\n"
    random = shape + "r = RandomUniform({}, T=int32, dtype=float32)"
    assert raised(LOOP + random.format("shape, ^w/Body")).node.stateful
    assert raised(LOOP + random.format("shape, ^w/Merge")).node.stateful


def test_a_while_stands_for_all_that_is_in_it_and_not_for_what_follows() -> None:
    assert set(raised(LOOP).node.origins) == {
        "w/Less", "w/LoopCond", "w/Switch", "w/Body", "w/Neg", "w/Next", "w/Merge", "w/Enter", "w/limit"
    }  # fmt: skip


def test_what_the_body_reads_from_outside_is_an_input_of_its_name() -> None:
    text = LOOP.replace("w/Neg = Neg(w/Body", "w/Neg = AddN(w/Body, ten, u:1, u")
    found = raised(text + "u = IdentityN(ten, ten, T=['float32', 'float32'])")
    assert found.node.inputs[2:] == (TensorRef("ten"), TensorRef("u", 1), TensorRef("u"))
    assert [each.node for each in body(found).inputs][2:] == ["ten", "u/1", "u"]
    assert body(found).nodes["w/Neg"].inputs == tuple(map(TensorRef, ["w/Body", "ten", "u/1", "u"]))
    assert body(found).outputs[2:] == (TensorRef("ten"), TensorRef("u/1"), TensorRef("u"))


def test_two_inputs_that_would_have_one_name_have_two() -> None:
    text = LOOP.replace("w/Neg = Neg(w/Body", "w/Neg = AddN(w/Body, u/1, u:1")
    found = raised(text + "u = IdentityN(ten, ten, T=['float32', 'float32'])\nu/1 = Neg(ten, T=float32)")
    assert [each.node for each in body(found).inputs][2:] == ["u/1", "u/1_1"]


def test_the_dtype_of_an_input_is_that_of_its_port() -> None:
    text = LOOP.replace("w/Neg = Neg(w/Body", "w/Neg = Foo(w/Body, k:1")
    assert raised(text + "k = TopKV2(ten, zero, T=float32)").node.dtypes[2] == "int32"


def test_an_enter_that_nobody_reads_is_no_input() -> None:
    idle = 'w/idle = Enter(ten, frame_name=b"w/while_context", T=float32)'
    found = raised(LOOP + idle)
    assert len(found.node.inputs) == 2
    assert "w/idle" in found.inside


def test_a_variable_without_an_update_is_given_as_it_came() -> None:
    more = """
    w/Enter_1 = Enter(ten, frame_name=b"w/while_context", T=float32)
    w/Merge_1 = Merge(w/Enter_1, T=float32, N=1)
    w/Switch_1 = Switch(w/Merge_1, w/LoopCond, T=float32)
    w/Exit_1 = Exit(w/Switch_1:0, T=float32)
    """
    found = raised(LOOP + more)
    assert [ref.node for ref in body(found).outputs] == ["w/Next", "w/Merge_1", "w/limit"]
    assert {node.name: node.inputs for node in found.after}["w/Exit_1"] == (TensorRef("w", 1),)


VARYING = (
    LOOP.replace("w/Neg = Neg(w/Body", "w/Neg = Add(w/Body, w/v")
    + """
w/v = Square(w/Merge, ^w/k, T=float32)
w/k = Add(w/limit, w/limit, T=float32)
"""
)
"""`w/v` is computed before each iteration, and `w/k` before that."""


def test_what_depends_on_a_variable_runs_in_the_condition_with_all_that_it_waits_for() -> None:
    found = raised(VARYING)
    inner = condition(found)
    assert {"w/v", "w/k"} <= set(inner.nodes)
    assert inner.nodes["w/v"].controls == ("w/k",)
    assert inner.controls == ("w/v",)


def test_the_body_has_a_copy_of_what_it_reads_of_that_alone() -> None:
    inner = body(raised(VARYING))
    assert inner.nodes["w/v"].op == COPY
    assert inner.nodes["w/v"].controls == ()
    assert "w/k" not in inner.nodes


def test_the_copy_has_what_it_reads_copied_too() -> None:
    inner = body(raised(VARYING.replace("Square(w/Merge, ^w/k", "Mul(w/Merge, w/k")))
    assert [inner.nodes[name].op for name in ("w/v", "w/k")] == [COPY, COPY]
    assert list(inner.nodes).index("w/v") > list(inner.nodes).index("w/limit")


def test_what_the_condition_waits_for_is_of_the_condition_and_needs_no_mention() -> None:
    text = LOOP.replace("Less(w/Merge, w/limit", "Less(w/Merge, w/limit, ^w/k").replace(
        "Neg = Neg(w/Body", "Neg = Add(w/Body, w/k"
    )
    found = raised(text + "w/k = Add(w/limit, w/limit, T=float32)")
    assert condition(found).nodes["w/Less"].controls == ("w/k",)
    assert condition(found).controls == ()
    assert body(found).nodes["w/k"].op == COPY


def test_what_depends_on_invariants_alone_runs_in_the_body() -> None:
    text = LOOP.replace("w/Neg = Neg(w/Body", "w/Neg = Add(w/Body, w/k")
    found = raised(text + "w/k = Add(w/limit, w/limit, T=float32)")
    assert body(found).nodes["w/k"].op == "Add"
    assert "w/k" not in condition(found).nodes


def test_what_is_wanted_runs_where_it_stands() -> None:
    more = "w/in = Neg(w/Body, T=float32)\nw/pre = Neg(w/Merge, T=float32)\nw/fix = Neg(w/limit, T=float32)"
    found = raised(LOOP + more, wanted=["w/in", "w/pre", "w/fix", "w/Less"])
    assert body(found).controls == ("w/fix", "w/in")
    assert condition(found).controls == ("w/pre",)
    assert raised(LOOP + more).functions["w/body"].controls == ()


def test_a_node_waits_for_nodes_of_its_own_function_alone() -> None:
    waits = "^w/Less, ^w/Merge, ^w/limit, ^w/Body, ^outer, ^w/Body"
    text = "outer = NoOp()" + LOOP.replace("w/Neg = Neg(w/Body", f"w/Neg = Neg(w/Body, {waits}")
    found = raised(text)
    assert body(found).nodes["w/Neg"].controls == ("w/Body",)
    assert found.node.controls == ("outer",)


def test_a_node_of_the_condition_waits_for_none_of_the_body() -> None:
    text = LOOP.replace("Less(w/Merge, w/limit", "Less(w/Merge, w/limit, ^w/Merge, ^w/limit, ^w/k")
    assert condition(raised(text + "w/k = Neg(w/Merge, T=float32)")).nodes["w/Less"].controls == ("w/k",)


def test_the_while_waits_for_what_each_of_its_nodes_waits_for_once() -> None:
    text = "a = NoOp()\nb = NoOp()\nc = NoOp()\nd = NoOp()" + LOOP
    text = text.replace("Enter(ten, ", "Enter(ten, ^a, ").replace("w/Neg = Neg(w/Body", "w/Neg = Neg(w/Body, ^b, ^a")
    text = text.replace("w/Merge = Merge(", "w/Merge = Merge(^c, ").replace("w/Less = Less(", "w/Less = Less(^d, ")
    assert raised(text).node.controls == ("a", "c", "d", "b")


def test_what_follows_waits_for_the_while_in_place_of_what_it_holds() -> None:
    text = "outer = NoOp()" + LOOP.replace("Exit(w/Switch:0", "Exit(w/last, ^w/Less, ^w/last, ^outer, ^w/Merge")
    found = raised(text + "w/last = Identity(w/Switch:0, T=float32)")
    waits = {node.name: node.controls for node in found.after}
    assert waits == {"w/last": (), "w/Exit": ("w", "w/last", "outer")}
    assert found.node.controls == ()


def test_what_follows_reads_the_first_value_of_an_invariant_and_a_copy_of_the_last_condition() -> None:
    text = (
        LOOP.replace("Exit(w/Switch:0", "Exit(w/last")
        + """
    w/v = Square(w/Merge, T=float32)
    w/s = Switch(w/v, w/LoopCond, T=float32)
    w/last = AddN(w/Switch:0, w/limit, w/s:0, w/v, T=float32)
    """
    )
    after = {node.name: node for node in raised(text).after}
    assert list(after) == ["w/v", "w/last", "w/Exit"]
    assert (after["w/v"].op, after["w/v"].inputs) == (COPY, (TensorRef("w"),))
    assert after["w/last"].inputs == (TensorRef("w"), TensorRef("ten"), TensorRef("w/v"), TensorRef("w/v"))


def test_a_switch_of_the_loop_needs_no_copy_of_its_predicate() -> None:
    assert "w/LoopCond" not in body(raised(LOOP)).nodes
    assert "w/Less" not in body(raised(LOOP)).nodes
