"""Trips that are counted, against loops of Python's and, for floats, of single precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from evaluation import evaluated, run_of
from tiny_graph import tiny_graph

from graphcost.dims import Dim
from graphcost.ir.graph import Graph
from graphcost.ir.node import EMPTY


def trips(
    start: str,
    limit: str,
    step: str,
    test: str = "c = Less(i, n, T=T)",
    dtype: str = "int32",
    functions: Mapping[str, Graph] = EMPTY,
) -> tuple[Dim, str]:
    """How often a body runs, and where that comes from; `step` makes `next` of i."""
    arguments = f"i = _Arg(T={dtype})\n n = _Arg(T={dtype})\n v = _Arg(T=float32)\n"
    test, step = (text.replace("T=T", f"T={dtype}") for text in (test, step))
    graph = tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<3>)
        start = {start}
        limit = {limit}
        w = While(start, limit, x, cond=@cond, body=@body, T=[]) -> {dtype}, {dtype}, float32
        """,
        "w:2",
        functions={
            **functions,
            "cond": tiny_graph(arguments + test, "c"),
            "body": tiny_graph(f"{arguments}{step}\n out = Exp(v, T=float32)", "next, n, out"),
        },
    )
    run = run_of(graph)
    evaluated(graph, run=run)
    return run.loops["w"].trips, run.loops["w"].source


def really_run(value: int, goes_on: Callable[[int], bool], step: Callable[[int], int]) -> int:
    count = 0
    while goes_on(value):
        value, count = step(value), count + 1
    return count


@pytest.mark.parametrize("start", [1, 2, 3, 12, 40])
@pytest.mark.parametrize("factor", [2, 3])
def test_a_counter_that_doubles(start: int, factor: int) -> None:
    found = trips(f"Const(value={start})", "Const(value=12)", f"two = Const(value={factor})\n next = Mul(i, two, T=T)")
    assert found == (really_run(start, lambda i: i < 12, lambda i: i * factor), "derived")


@pytest.mark.parametrize("start", [0, 1, 9, 1000])
def test_a_counter_that_halves(start: int) -> None:
    halving = "two = Const(value=2)\n next = FloorDiv(i, two, T=T)"
    found = trips(f"Const(value={start})", "Const(value=0)", halving, "c = Greater(i, n, T=T)")
    assert found == (really_run(start, lambda i: i > 0, lambda i: i // 2), "derived")


@pytest.mark.parametrize("step", ["0.1", "0.25", "0.7"])
def test_a_float_is_rounded_as_a_tensor_rounds_it(step: str) -> None:
    """Ten times 0.1 is more than 1 in single precision, and less in double precision."""
    now, count = np.float32(0), 0
    while now < np.float32(1):
        now, count = np.float32(now + np.float32(step)), count + 1
    found = trips(
        "Const(value=0.0)", "Const(value=1.0)", f"s = Const(value={step})\n next = AddV2(i, s, T=T)", dtype="float32"
    )
    assert found == (count, "derived")


def test_what_data_decide_or_nothing_ends_has_a_symbol() -> None:
    doubling = "two = Const(value=2)\n next = Mul(i, two, T=T)"
    assert trips("Const(value=1)", "Placeholder(dtype=int32, shape=<>)", doubling)[1] == "unknown"
    assert trips("Placeholder(dtype=int32, shape=<>)", "Const(value=9)", doubling)[1] == "unknown"
    assert trips("Const(value=0)", "Const(value=9)", doubling)[1] == "unknown"
    assert trips("Const(value=1)", "Const(value=9)", "next = Placeholder(dtype=int32, shape=<>)")[1] == "unknown"


def test_another_function_that_makes_the_counter_is_not_gone_through() -> None:
    """It may take any time; a branch, which is no loop, may not."""
    arguments = "i = _Arg(T=int32)\n"
    doubled = tiny_graph(arguments + "two = Const(value=2)\n next = Mul(i, two, T=int32)", "next")
    assert trips("Const(value=1)", "Const(value=9)", "next = f(i) -> int32", functions={"f": doubled})[1] == "unknown"
    branch = "small = Less(i, n, T=T)\n next = If(small, i, then_branch=@f, else_branch=@f) -> int32"
    assert trips("Const(value=1)", "Const(value=9)", branch, functions={"f": doubled}) == (4, "derived")
