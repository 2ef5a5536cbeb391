"""One node explained: its rule, sizes, cost, and how it comes to run or not."""

from __future__ import annotations

import pytest
from explaining import DENSE, LOOP, analysed
from tiny_graph import tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.errors import UsageError
from graphcost.explain.node import explain_node
from graphcost.explain.reference import Count
from graphcost.ops.status import Status

N = symbol("N")


def test_a_node_that_runs_once() -> None:
    found = explain_node(analysed(DENSE, "out"), "y")
    assert found.rule is not None
    assert found.rule.owner == "graphcost"
    assert found.cost_doc.startswith("One multiply-add for each output element")
    assert [(t.name, t.dtype, t.shape) for t in found.inputs] == [
        ("x", "float32", Shape(N, 4)),
        ("read", "float32", Shape(4, 2)),
    ]
    assert [t.shape for t in found.outputs] == [Shape(N, 2)]
    assert found.attributes == {"transpose_a": False, "transpose_b": False}
    assert str(found.once.work.floating.mac) == "8*N"
    assert (found.dropped, found.steps, len(found.lines)) == (None, (), 1)


def test_all_attributes_that_a_rule_asks_for_are_named() -> None:
    """Some are asked for only where others are what they are."""
    text = """
    x = Placeholder(dtype=float32, shape=<1,8,8,3>)
    k = Placeholder(dtype=float32, shape=<3,3,3,4>)
    y = Conv2D(x, k, T=float32, strides=[1, 2, 2, 1], padding=b'SAME')
    """
    found = explain_node(analysed(text, "y"), "y")
    asked = {name: found.attributes[name] for name in ("strides", "padding", "data_format", "dilations")}
    assert asked == {"strides": (1, 2, 2, 1), "padding": b"SAME", "data_format": b"NHWC", "dilations": (1, 1, 1, 1)}


def test_a_node_that_doesnt_run_has_its_sizes_all_the_same() -> None:
    found = explain_node(analysed(DENSE, "out"), "scaled")
    assert found.dropped == "initializer"
    assert found.lines == ()
    assert found.once.work.flops == 8
    assert found.inputs[1].value == (2.0,)


def test_a_node_of_a_loop_says_how_often_it_runs() -> None:
    found = explain_node(analysed(LOOP, "exit_acc"), "square")
    (step,) = found.steps
    assert (step.op, step.times) == ("While", 5)
    (line,) = found.lines
    assert (found.once.work.flops, line.work.flops, line.count) == (3, 15, 5)


def test_a_node_of_a_condition_runs_once_more() -> None:
    (step,) = explain_node(analysed(LOOP, "exit_acc"), "less").steps
    assert step.times == 6


def test_what_a_loop_carries_is_an_argument() -> None:
    found = explain_node(analysed(LOOP, "exit_acc"), "merge_acc")
    assert found.once.status is Status.FREE
    assert found.once.reason == "stands for what is computed elsewhere and given to the body"
    assert len(found.others) == 1


def test_a_node_of_a_branch_names_the_predicate() -> None:
    text = """
    p = Placeholder(dtype=bool, shape=<>)
    x = Placeholder(dtype=float32, shape=<3>)
    y = If(p, x, then_branch=@yes, else_branch=@no, Tin=[0], Tout=[0]) -> float32
    """
    functions = {
        "yes": tiny_graph("a = _Arg(T=float32)\n twice = Mul(a, a, T=float32)", "twice"),
        "no": tiny_graph("a = _Arg(T=float32)\n same = Identity(a, T=float32)", "same"),
    }
    (step,) = explain_node(analysed(text, "y", functions=functions), "twice").steps
    assert (str(step.predicate), step.value) == ("p", 1)


def test_an_op_without_a_rule() -> None:
    text = "x = Placeholder(dtype=float32, shape=<3>)\n y = Odd(x, T=float32) -> float32"
    found = explain_node(analysed(text, "y"), "y")
    assert (found.rule, found.once.status, found.attributes) == (None, Status.NO_RULE, {})


def test_a_name_that_doesnt_exist_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="no node 'scale'; near it are scaled"):
        explain_node(analysed(DENSE, "out"), "scale")


def test_a_node_that_steered_a_loop() -> None:
    found = explain_node(analysed(LOOP, "exit_acc"), "enter_i")
    assert found.node.op == "While"
    assert {"enter_i", "merge_i"} <= set(found.node.origins)


def test_another_tools_count_is_that_of_the_files_own_node() -> None:
    count = Count(3)
    assert explain_node(analysed(LOOP, "exit_acc"), "square", {"square": count}).theirs == count
    assert explain_node(analysed(LOOP, "exit_acc"), "square").theirs is None
