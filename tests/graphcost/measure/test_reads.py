"""Which lines read which, in one body and over the borders of bodies."""

from __future__ import annotations

import networkx as nx
from evaluation import counted
from tiny_graph import tiny_graph

from graphcost.ir.graph import Graph

INNER = tiny_graph("a = _Arg(T=float32)\n b = Neg(a, T=float32)\n c = Abs(b, T=float32)", "c")


def edges(graph: Graph) -> dict[str, list[str]]:
    found = counted(graph)
    names = [line.node for line in found.lines]
    assert len(found.reads) == len(names)
    return {name: [names[each] for each in read] for name, read in zip(names, found.reads, strict=True)}


def test_a_line_reads_each_of_its_operands_once_and_no_control() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<2>)
        y = Mul(x, x, T=float32)
        z = Add(y, x, ^y, T=float32)
        """,
        "z",
    )
    assert edges(graph) == {"x": [], "y": ["x"], "z": ["y", "x"]}


def test_what_a_call_gives_and_takes_is_read_from_its_line() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<2>)
        call = PartitionedCall(x, f=@inner, Tin=[]) -> float32
        y = Neg(call, T=float32)
        """,
        "y",
        functions={"inner": INNER},
    )
    assert edges(graph) == {"x": [], "call": ["x"], "y": ["call"], "call/b": ["call"], "call/c": ["call/b"]}


def test_a_body_that_runs_twice_reads_the_first_that_runs_it() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<2>)
        one = PartitionedCall(x, f=@inner, Tin=[]) -> float32
        two = PartitionedCall(one, f=@inner, Tin=[]) -> float32
        """,
        "two",
        functions={"inner": INNER},
    )
    found = edges(graph)
    assert (found["two"], found["one/b"]) == (["one"], ["one"])


def test_what_was_folded_is_read_from_nothing() -> None:
    graph = tiny_graph(
        """
        c = Const(value=[1.0, 2.0])
        d = Neg(c, T=float32)
        x = Placeholder(dtype=float32, shape=<2>)
        y = Mul(x, d, T=float32)
        """,
        "y",
    )
    assert edges(graph)["y"] == ["x"]


def test_the_edges_make_a_dag() -> None:
    outer = tiny_graph("a = _Arg(T=float32)\n b = Inner(a) -> float32\n c = Inner(b) -> float32", "c")
    graph = tiny_graph(
        "x = Placeholder(dtype=float32, shape=<2>)\n o = Outer(x) -> float32\n p = Outer(o) -> float32",
        "p",
        functions={"Inner": INNER, "Outer": outer},
    )
    read = counted(graph).reads
    made = nx.DiGraph((source, line) for line, sources in enumerate(read) for source in sources)
    assert nx.is_directed_acyclic_graph(made)
