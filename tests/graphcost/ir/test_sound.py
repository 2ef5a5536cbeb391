"""What the engine's walks rely on is there, or the node has another op; and no such graph makes a walk fail."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from counted_loops import body, condition
from evaluation import counted
from tiny_graph import parse_node, tiny_graph

from graphcost.ir.graph import Graph
from graphcost.ir.node import FunctionRef
from graphcost.ir.sound import ARITY, is_malformed, sound, written_op
from graphcost.ops.status import Status
from graphcost.passes.control_flow.raise_control_flow import raise_control_flow
from graphcost.report import Line

LOOP = """
    x = Placeholder(dtype=float32, shape=<?,3>)
    start = Const(value=0)
    limit = Const(value=10)
    w = While(start, limit, x, cond=@cond, body=@body, T=[]) -> int32, int32, float32
"""


@pytest.mark.parametrize("op", sorted(ARITY))
def test_a_node_with_the_inputs_of_its_op_stays_itself(op: str) -> None:
    node = parse_node(f"y = {op}({', '.join('ab'[: ARITY[op]])})")
    assert sound(node) is node


@pytest.mark.parametrize("op", sorted(ARITY))
def test_a_node_without_them_is_no_such_op_any_more(op: str) -> None:
    found = sound(parse_node(f"y = {op}()"))
    assert found.op != op
    assert is_malformed(found)
    assert written_op(found) == op
    assert found.stateful


@pytest.mark.parametrize("line", ["y = Relu()", "y = NoOp() ->", "e = Enter(x, frame_name=b'while')", "e = Enter(x)"])
def test_what_rules_look_at_is_left_to_them(line: str) -> None:
    node = parse_node(line)
    assert sound(node) is node


def test_a_frame_has_a_name_and_not_a_function() -> None:
    enter = parse_node("e = Enter(x, frame_name=@f)")
    name = FunctionRef("f", MappingProxyType({}))
    for given in (name, (name,), True):
        assert is_malformed(sound(replace(enter, attrs=MappingProxyType({"frame_name": given}))))


def test_a_frame_named_by_a_function_leaves_its_loop_unraised() -> None:
    graph = tiny_graph("x = Placeholder(dtype=float32, shape=<3>)\ne = Enter(x, frame_name=@f)\ny = Exit(e)", "y")
    lines = {line.node: line for line in counted(raise_control_flow(graph)).lines}
    assert lines["e"].status is Status.INVALID
    assert "those of Enter" in lines["e"].reason


def test_out_of_a_loop_comes_what_goes_in() -> None:
    assert is_malformed(sound(parse_node("w = While(a, b, cond=@c, body=@d) -> float32")))
    assert not is_malformed(sound(parse_node("w = While(a, b, cond=@c, body=@d) -> float32, float32")))


BROKEN_CONDITIONS = {
    "an Identity of nothing": "test = Less(i, limit, T=int32)\n c = Identity(T=bool)",
    "a Not of nothing": "test = Less(i, limit, T=int32)\n c = LogicalNot()",
    "a comparison with nothing": "c = Less(i, T=int32)",
    "a limit that is an Identity of nothing": "most = Identity(T=int32)\n c = Less(i, most, T=int32)",
}


@pytest.mark.parametrize("name", BROKEN_CONDITIONS)
def test_a_condition_with_a_stray_node_leaves_the_trips_open(name: str) -> None:
    arguments = "i = _Arg(T=int32)\n limit = _Arg(T=int32)\n x = _Arg(T=float32)\n"
    lines = looped(tiny_graph(f"{arguments}{BROKEN_CONDITIONS[name]}", "c"), body("out = Exp(v, T=float32)"))
    assert [line.status for line in lines.values() if is_stray(line.op)] == [Status.INVALID]
    assert "trips(w)" in str(lines["Exp"].count)


def test_a_body_that_returns_an_identity_of_nothing_takes_that_for_no_invariant() -> None:
    stray = tiny_graph("i = _Arg(T=int32)\n n = _Arg(T=int32)\n x = _Arg(T=float32)\n y = Identity(T=float32)", "i,n,y")
    assert [line.status for line in looped(condition(), stray).values() if is_stray(line.op)] == [Status.INVALID]


def is_stray(op: str) -> bool:
    return op.endswith("(malformed)")


def looped(cond: Graph, body: Graph) -> dict[str, Line]:
    """The lines of a loop by their operations."""
    graph = tiny_graph(LOOP, "w:2", functions={"cond": cond, "body": body})
    return {line.op: line for line in counted(graph).lines}
