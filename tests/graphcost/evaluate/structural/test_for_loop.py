"""For: the operands say how often the body runs."""

from __future__ import annotations

import pytest
from evaluation import counted, evaluated, flops
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_graph import tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef
from graphcost.ops.status import Status

BODY = tiny_graph("i = _Arg(T=int32)\n v = _Arg(T=float32)\n out = Exp(v, T=float32)", "out")


def counting(start: object, limit: str, delta: object) -> Graph:
    return tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<?,2>)
        start = Const(value={start})
        limit = {limit}
        delta = Const(value={delta})
        y = For(start, limit, delta, x, body=@body) -> float32
        """,
        "y",
        functions={"body": BODY},
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(-3, 3).filter(bool))
def test_trips_are_those_of_a_range(start: int, limit: int, delta: int) -> None:
    trips = len(range(start, limit, delta))
    expected = "0" if trips == 0 else str(2 * trips * symbol("N"))
    assert flops(counting(start, f"Const(value={limit})", delta)) == expected


def test_outputs_have_the_shape_of_the_variables() -> None:
    assert evaluated(counting(0, "Const(value=3)", 1)).fact(TensorRef("y")).shape == Shape(symbol("N"), 2)


def test_an_open_limit_is_a_symbol() -> None:
    assert flops(counting(0, "Placeholder(dtype=int32, shape=<>)", 1)) == "2*N*trips(y)"


@pytest.mark.parametrize("call", ["For(x, x, x, x) -> float32", "For(x, body=@body) -> float32"])
def test_a_for_without_body_or_bounds_is_invalid(call: str) -> None:
    graph = tiny_graph(f"x = Placeholder(dtype=float32, shape=<2>)\n y = {call}", "y", functions={"body": BODY})
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert line.status is Status.INVALID
