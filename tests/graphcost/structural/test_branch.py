"""Branches: a known predicate selects, an open one is counted the dearest way."""

from __future__ import annotations

import pytest
from evaluation import counted, evaluated, flops
from tiny_graph import tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.graph import Graph, TensorRef

CHEAP = tiny_graph("a = _Arg(T=float32)\n b = Neg(a, T=float32)", "b")
DEAR = tiny_graph("a = _Arg(T=float32)\n m = Neg(a, T=float32)\n b = Mul(m, a, T=float32)", "b")
HALF = tiny_graph(
    "a = _Arg(T=float32)\n s = Const(value=[0])\n n = Const(value=[2])\n b = Slice(a, s, n, T=float32, Index=int32)",
    "b",
)
FUNCTIONS = {"cheap": CHEAP, "dear": DEAR, "half": HALF}


def conditional(predicate: str, then: str = "cheap", other: str = "dear") -> Graph:
    return tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<4>)
        p = {predicate}
        y = If(p, x, then_branch=@{then}, else_branch=@{other}) -> float32
        """,
        "y",
        functions=FUNCTIONS,
    )


@pytest.mark.parametrize(
    ("predicate", "total"),
    [("Const(value=True)", "4"), ("Const(value=False)", "8"), ("Const(value=1)", "4"), ("Const(value=0.0)", "8")],
)
def test_a_known_predicate_selects_its_branch(predicate: str, total: str) -> None:
    assert flops(conditional(predicate)) == total


def test_the_default_of_an_input_is_its_value() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<4>)
        off = Const(value=False)
        p = PlaceholderWithDefault(off, dtype=bool, shape=<>)
        y = If(p, x, then_branch=@cheap, else_branch=@dear) -> float32
        """,
        "y",
        functions=FUNCTIONS,
    )
    assert flops(graph) == "8"


def test_an_open_predicate_counts_the_dearest_branch_and_keeps_the_other_s_lines() -> None:
    result = counted(conditional("Placeholder(dtype=bool, shape=<>)"))
    counts = {line.node: line.count for line in result.lines if line.op in ("Neg", "Mul")}
    assert counts == {"y/then/b": 0, "y/else/m": 1, "y/else/b": 1}
    (value,) = result.choices.values()
    assert value == 0


def test_branches_on_one_predicate_go_the_same_way_to_the_dearest_whole() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<4>)
        p = Placeholder(dtype=bool, shape=<>)
        same = Identity(p, T=bool)
        a = If(p, x, then_branch=@dear, else_branch=@cheap) -> float32
        b = If(same, a, then_branch=@cheap, else_branch=@dear) -> float32
        c = If(p, b, then_branch=@cheap, else_branch=@dear) -> float32
        """,
        "c",
        functions=FUNCTIONS,
    )
    assert flops(graph) == "20"


def test_outputs_are_what_the_branches_agree_on() -> None:
    graph = conditional("Placeholder(dtype=bool, shape=<>)", "cheap", "half")
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(symbol("size(y:0,0)"))
    assert evaluated(conditional("Const(value=False)", "cheap", "half")).fact(TensorRef("y")).shape == Shape(2)


@pytest.mark.parametrize(("index", "total"), [(0, "4"), (1, "8"), (2, "0"), (7, "0"), (-1, "0")])
def test_a_case_out_of_range_runs_its_last_branch(index: int, total: str) -> None:
    graph = tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<4>)
        i = Const(value={index})
        y = Case(i, x, branches=None) -> float32
        """,
        "y",
        functions=FUNCTIONS,
    )
    from dataclasses import replace

    from graphcost.graph import EMPTY, FunctionRef

    case = graph.nodes["y"]
    branches = tuple(FunctionRef(name, EMPTY) for name in ("cheap", "dear", "half"))
    graph = graph.replacing([replace(case, attrs={**case.attrs, "branches": branches})])
    assert flops(graph) == total
