"""Calls: evaluated once for each distinct call, counted as often as they run."""

from __future__ import annotations

import time

import pytest
from evaluation import counted, evaluated, flops, run_of
from tiny_graph import tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef
from graphcost.ops.status import Status
from graphcost.passes.check_recursion import check_recursion

DOUBLE = tiny_graph("a = _Arg(T=float32)\n b = Mul(a, a, T=float32)", "b")


def calls(depth: int) -> dict[str, Graph]:
    """Functions f0 .. f<depth>, each of which calls the next one twice; the last one multiplies."""
    functions = {f"f{depth}": DOUBLE}
    for i in range(depth):
        functions[f"f{i}"] = tiny_graph(
            f"""
            a = _Arg(T=float32)
            b = PartitionedCall(a, f=@f{i + 1}) -> float32
            c = PartitionedCall(b, f=@f{i + 1}) -> float32
            """,
            "c",
        )
    return functions


def test_a_call_is_its_body() -> None:
    graph = tiny_graph(
        "x = Placeholder(dtype=float32, shape=<?,4>)\n y = StatefulPartitionedCall(x, f=@double) -> float32",
        "y",
        functions={"double": DOUBLE},
    )
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(symbol("N"), 4)
    assert flops(graph) == "4*N"


def test_a_function_s_name_may_be_the_op() -> None:
    graph = tiny_graph(
        "x = Placeholder(dtype=float32, shape=<3>)\n y = double(x) -> float32", "y", functions={"double": DOUBLE}
    )
    assert flops(graph) == "3"


@pytest.mark.parametrize(
    "call",
    [
        "BatchFunction(x, w, f=@scale, Tin=['float32'], Tcaptured=['float32'], Tout=['float32'])",
        "XlaLaunch(w, x, function=@scale, Tconstants=['float32'], Targs=['float32'], Tresults=['float32'])",
        "XlaLaunchV2(x, w, function=@scale, Targs=['float32', 'float32'], Tresults=['float32'])",
    ],
)
def test_a_batched_or_compiled_function_runs_once_on_what_it_is_given(call: str) -> None:
    scale = tiny_graph("a = _Arg(T=float32)\n b = _Arg(T=float32)\n c = Mul(a, b, T=float32)", "c")
    graph = tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<?,4>)
        w = VariableV2(dtype=float32, shape=<4>)
        y = {call}
        """,
        "y",
        functions={"scale": scale},
    )
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(symbol("N"), 4)
    (line,) = (line for line in counted(graph).lines if line.op == "Mul")
    assert (line.node, line.work.flops, line.params) == ("y/c", 4 * symbol("N"), 4)


def test_sixty_functions_that_call_the_next_twice_take_sixty_evaluations() -> None:
    graph = tiny_graph(
        "x = Placeholder(dtype=float32, shape=<5>)\n y = PartitionedCall(x, f=@f0) -> float32", "y", functions=calls(60)
    )
    run = run_of(graph)
    started = time.monotonic()
    evaluated(graph, run=run)
    assert flops(graph) == str(5 * 2**60)
    assert time.monotonic() - started < 20
    assert len(run.memo) == 61


def test_what_the_caller_does_not_read_does_not_run() -> None:
    both = tiny_graph("a = _Arg(T=float32)\n b = Mul(a, a, T=float32)\n c = Exp(a, T=float32)", "b, c")
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<5>)
        y = PartitionedCall(x, f=@both) -> float32, float32
        z = Neg(y:1, T=float32)
        """,
        "z",
        functions={"both": both},
    )
    assert [line.op for line in counted(graph).lines if line.status is Status.COSTED] == ["Neg", "Exp"]


def test_lines_tell_how_often_they_run() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<5>)
        a = PartitionedCall(x, f=@double) -> float32
        b = PartitionedCall(a, f=@double) -> float32
        """,
        "b",
        functions={"double": DOUBLE},
    )
    (line,) = (line for line in counted(graph).lines if line.op == "Mul")
    assert (line.count, line.work.flops, line.node) == (2, 10, "a/b")


@pytest.mark.parametrize(
    ("call", "status", "reason"),
    [
        ("PartitionedCall(x, f=@missing) -> float32", Status.INVALID, "'missing', which isn't in the file"),
        ("PartitionedCall(x, x, f=@double) -> float32", Status.INVALID, "gives 2 inputs to 'double', which takes 1"),
        ("PartitionedCall(x) -> float32", Status.INVALID, "names no function"),
        ("BatchFunction(x, f=3) -> float32", Status.INVALID, "names no function"),
        ("XlaLaunch(x, f=@double) -> float32", Status.INVALID, "names no function"),
        ("XlaLaunchV2(x, x, function=@double) -> float32", Status.INVALID, "gives 2 inputs to 'double', which takes 1"),
    ],
)
def test_calls_that_cannot_be_followed_are_uncosted(call: str, status: Status, reason: str) -> None:
    graph = tiny_graph(
        f"x = Placeholder(dtype=float32, shape=<5>)\n y = {call}\n z = Neg(y, T=float32)",
        "z",
        functions={"double": DOUBLE},
    )
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert line.status is status
    assert reason in line.reason


def test_a_variable_s_shape_travels_with_its_handle() -> None:
    read = tiny_graph("h = _Arg(T=resource)\n v = ReadVariableOp(h, dtype=float32)\n e = Exp(v, T=float32)", "e")
    graph = tiny_graph(
        """
        v = VarHandleOp(dtype=float32, shape=<7,2>)
        y = StatefulPartitionedCall(v, f=@read) -> float32
        """,
        "y",
        functions={"read": read},
    )
    assert flops(graph) == "14"


def test_a_recursive_function_that_nobody_calls_harms_nobody() -> None:
    body = tiny_graph("a = _Arg(T=float32)\n b = PartitionedCall(a, f=@f) -> float32", "b")
    graph = tiny_graph("x = Placeholder(dtype=float32, shape=<2>)", "x", functions={"f": body})
    assert check_recursion(graph) is graph


def test_a_long_chain_inside_a_function_is_no_recursion() -> None:
    chain = ["a = _Arg(T=float32)", "n0 = Neg(a, T=float32)"]
    chain += [f"n{i} = Neg(n{i - 1}, T=float32)" for i in range(1, 20_000)]
    graph = tiny_graph(
        "x = Placeholder(dtype=float32, shape=<2>)\n y = PartitionedCall(x, f=@chain) -> float32",
        "y",
        functions={"chain": tiny_graph("\n".join(chain), "n19999")},
    )
    assert flops(graph) == "40000"


def test_a_thousand_nested_calls_are_no_recursion() -> None:
    functions = {
        f"f{i}": tiny_graph(f"a = _Arg(T=float32)\n b = PartitionedCall(a, f=@f{i + 1}) -> float32", "b")
        for i in range(2000)
    }
    functions["f2000"] = DOUBLE
    graph = tiny_graph(
        "x = Placeholder(dtype=float32, shape=<2>)\n y = PartitionedCall(x, f=@f0) -> float32", "y", functions=functions
    )
    check_recursion(graph)
    assert flops(graph) == "2"
