"""How a body comes to run: the loops, branches and calls on the way to it."""

from __future__ import annotations

from counted_loops import body, condition
from evaluation import evaluated
from explaining import LOOP, analysed
from tiny_graph import tiny_graph

from graphcost.evaluate import CallGraph
from graphcost.explain.paths import steps_to

CALL = "x = Placeholder(dtype=float32, shape=<3>)\ny = PartitionedCall(x, f=@{}, Tin=['float32'], Tout=['float32'])"
INNER = tiny_graph("a = _Arg(T=float32)\nb = Relu(a, T=float32)", "b")
OUTER = tiny_graph("a = _Arg(T=float32)\nc = PartitionedCall(a, f=@inner, Tin=['float32'], Tout=['float32'])", "c")


def test_nothing_leads_to_the_top() -> None:
    root = evaluated(tiny_graph("x = Placeholder(dtype=float32)", "x"))
    assert steps_to(CallGraph.of(root), root) == []


def test_calls_inside_of_calls_outermost_first() -> None:
    functions = {"inner": INNER, "outer": OUTER}
    root = evaluated(tiny_graph(CALL.format("outer"), "y", functions=functions))
    middle = root.calls["y"][0].callee
    steps = steps_to(CallGraph.of(root), middle.calls["c"][0].callee)
    assert [(step.op, step.times, step.predicate) for step in steps] == [("PartitionedCall", 1, None)] * 2
    assert steps[0].node == "y"
    assert steps[1].node.endswith("c")


def test_a_loop_runs_its_body_as_often_as_it_turns() -> None:
    functions = {"cond": condition(), "body": body("out = Relu(v, T=float32)")}
    text = """
    zero = Const(value=0)
    five = Const(value=5)
    v = Placeholder(dtype=float32, shape=<3>)
    w = While(zero, five, v, cond=@cond, body=@body, T=['int32', 'int32', 'float32'])
    """
    root = evaluated(tiny_graph(text, "w:2", functions=functions))
    steps = [steps_to(CallGraph.of(root), call.callee) for call in root.calls["w"]]
    assert sorted(step.times for (step,) in steps) == [5, 6]
    assert {(step.node, step.op) for (step,) in steps} == {("w", "While")}


def test_a_branch_has_its_predicate() -> None:
    text = """
    p = Placeholder(dtype=bool, shape=<>)
    x = Placeholder(dtype=float32, shape=<3>)
    y = If(p, x, then_branch=@inner, else_branch=@other, Tin=['float32'], Tout=['float32'])
    """
    other = tiny_graph("a = _Arg(T=float32)\nb = Tanh(a, T=float32)", "b")
    root = evaluated(tiny_graph(text, "y", functions={"inner": INNER, "other": other}))
    steps = [steps_to(CallGraph.of(root), call.callee)[0] for call in root.calls["y"]]
    assert {step.value for step in steps} == {0, 1}
    assert all(step.predicate is not None for step in steps)


def test_what_was_raised_is_found_too() -> None:
    root = analysed(LOOP, "exit_acc").facts
    (calls,) = root.calls.values()
    assert sorted((step.op, step.times) for call in calls for step in steps_to(CallGraph.of(root), call.callee)) == [
        ("While", 5),
        ("While", 6),
    ]
