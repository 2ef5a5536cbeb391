"""Why a rewrite that was asked for left a node as it is."""

from __future__ import annotations

from explaining import analysed
from tiny_graph import tiny_graph

from graphcost.explain.node import explain_node
from graphcost.explain.rewrites import why_not
from graphcost.ir.graph import Graph
from graphcost.passes.pattern import Pattern, const, tensor
from graphcost.passes.rewrite import GraphRewrite, Match, Rewrite, RewriteSet
from graphcost.pipeline import Analysis

LAYER = """
x = Placeholder(dtype=float32, shape=<2,4>)
b = Const(value=[1.0, 2.0, 3.0, 4.0])
good = BiasAdd(x, b, T=float32)
fused = Relu(good, T=float32)
s = Sigmoid(fused, T=float32)
other = Tanh(s, T=float32)
y = Relu(other, T=float32)
"""


def biased_relu(match: Match):  # type: ignore[no-untyped-def]
    return match.make("Elu", match.tensor("x"))


def refused(match: Match):  # type: ignore[no-untyped-def]
    raise match.error("not today")


FUSE = Rewrite("fuse", Pattern("Relu", Pattern("BiasAdd", tensor("x"), const)), biased_relu)
REFUSE = Rewrite("refuse", Pattern("Tanh", tensor("x")), refused)


def asked(*rewrites: Rewrite | GraphRewrite, text: str = LAYER, **options: object) -> Analysis:
    return analysed(text, "y", rewrites=RewriteSet(*rewrites), **options)


def reasons(analysis: Analysis, name: str) -> list[str]:
    return [f"{each.rewrite}: {each.reason}" for each in explain_node(analysis, name).rewrites]


def test_what_of_the_pattern_is_missing() -> None:
    assert reasons(asked(FUSE), "y") == ["fuse: y: operand 0 is Tanh, not BiasAdd"]


def test_a_part_of_a_match_is_told_where_the_match_would_end() -> None:
    assert reasons(asked(FUSE), "other") == ["fuse: where it is a part, at y: y: operand 0 is Tanh, not BiasAdd"]


def test_what_could_be_no_part_is_told_what_it_is() -> None:
    assert reasons(asked(REFUSE), "s") == ["refuse: s is Sigmoid, not Tanh"]


def test_a_match_that_is_refused_says_why() -> None:
    assert reasons(asked(REFUSE), "other") == ["refuse: other: not today"]


def test_what_a_rewrite_made_was_a_match() -> None:
    found = explain_node(asked(FUSE), "good")
    assert (found.node.op, found.node.origins, found.rewrites) == ("Elu", ("fused", "good", "b"), ())


def test_what_does_not_run_is_not_rewritten() -> None:
    text = f"{LAYER} spare = Relu(x, T=float32)"
    assert reasons(asked(FUSE, text=text), "spare") == ["fuse: it doesn't run, and what doesn't is not rewritten"]


def test_whole_graphs_have_no_reasons_by_node() -> None:
    assert reasons(asked(GraphRewrite("whole", lambda graph: graph)), "y") == [
        "whole: it takes the graph as a whole, and says of no node why it stayed"
    ]


def test_a_function_s_nodes_are_looked_up_in_its_body() -> None:
    body = tiny_graph("v = _Arg(T=float32)\n t = Tanh(v, T=float32)\n out = Relu(t, T=float32)", "out")
    text = "x = Placeholder(dtype=float32, shape=<3>)\n y = PartitionedCall(x, f=@body) -> float32"
    analysis = asked(FUSE, text=text, functions={"body": body})
    assert reasons(analysis, "out") == ["fuse: out: operand 0 is Tanh, not BiasAdd"]


def test_without_rewrites_there_are_no_reasons() -> None:
    assert explain_node(analysed(LAYER, "y"), "y").rewrites == ()


def test_what_matches_still_was_stopped() -> None:
    graph: Graph = tiny_graph(LAYER, "y")
    assert why_not(FUSE, graph, "fused") == "it matches, but the rewrite was stopped before"
