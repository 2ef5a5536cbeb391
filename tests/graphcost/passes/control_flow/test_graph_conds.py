"""The conds of one graph, apart from those of its functions."""

from __future__ import annotations

from tiny_graph import tiny_graph

from graphcost.passes.control_flow.graph_conds import raise_conds_of
from graphcost.passes.control_flow.naming import Names

NESTED = """
p = Placeholder(dtype=bool, shape=<>)
q = Placeholder(dtype=bool, shape=<>)
x = Placeholder(dtype=float32, shape=<>)
outer = Switch(x, p, T=float32)
choice = Switch(q, p, T=bool)
inner = Switch(outer:1, choice:1, T=float32)
Neg = Neg(inner:1, T=float32)
Abs = Abs(inner:0, T=float32)
inside = Merge(Neg, Abs, T=float32, N=2)
Sqrt = Sqrt(outer:0, T=float32)
Merge = Merge(inside, Sqrt, T=float32, N=2)
"""


def test_a_cond_in_a_branch_becomes_an_if_of_that_branch() -> None:
    graph = tiny_graph(NESTED, outputs="Merge")
    raised, made = raise_conds_of(graph, Names(graph.nodes), Names())
    assert [node.op for node in raised.nodes.values()].count("If") == 1
    assert sorted("If" in {node.op for node in body.nodes.values()} for body in made.values()) == [False] * 3 + [True]
    assert not raised.functions


def test_a_predicate_from_inside_another_branch_is_read_where_it_comes_out() -> None:
    """Control edges move a cond to a place that its predicate, behind its Identity, doesn't stand in."""
    graph = tiny_graph(
        """
        p = Placeholder(dtype=bool, shape=<>)
        x = Placeholder(dtype=bool, shape=<>)
        y = Placeholder(dtype=int32, shape=<>)
        equal = Switch(x, p, T=bool)
        all = All(equal:1)
        guard = Switch(all, T=bool)
        passed = Identity(guard:1, T=bool)
        low = Switch(y, p, T=int32)
        less = LessEqual(low, low, T=int32)
        inner = Identity(less, T=bool)
        given = Switch(^passed, T=float32)
        chosen = Switch(given, inner, T=float32)
        end = Identity(chosen:1, T=float32)
        """,
        outputs="end",
    )
    raised, _ = raise_conds_of(graph, Names(graph.nodes), Names())
    assert {node.op for node in raised.nodes.values()} & {"If"}
