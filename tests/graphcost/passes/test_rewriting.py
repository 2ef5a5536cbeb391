"""Rewriting: what takes the place of a match, what is refused, and that it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_graphs import models
from tiny_graph import tiny_graph, wiring
from work import growth

from graphcost import (
    Graph,
    GraphRewrite,
    Match,
    Node,
    Pattern,
    Replacement,
    Rewrite,
    RewriteSet,
    TensorRef,
    any_,
    load,
    tensor,
)
from graphcost.errors import PluginError
from graphcost.loaders.graphdef import parse_tensor_name
from graphcost.passes.outputs import with_outputs
from graphcost.passes.rewriting import Rewritten, rewriting

every_graph = settings(
    max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)

X = "x = Placeholder(dtype=float32, shape=<2>)\n"
SIGMOID = Pattern("Sigmoid", tensor("x"), name="sigmoid")


def swish(match: Match) -> Node:
    """Mul(x, Sigmoid(x))  ->  _MklSwish(x)"""
    return match.make("_MklSwish", match.tensor("x"))


SWISH = Rewrite("swish", Pattern("Mul", tensor("x"), SIGMOID, commutative=True), swish)
SWISH_TEXT = X + "s = Sigmoid(x, T=float32)\n m = Mul(s, x, T=float32)\n y = Relu(m, T=float32)"


def applied(replacement: Callable[[Match], Any], graph: Graph, pattern: Pattern = SIGMOID) -> Rewritten:
    return rewriting(graph, RewriteSet(Rewrite("tried", pattern, replacement)))


def refusal(replacement: Callable[[Match], Any], graph: Graph, pattern: Pattern = SIGMOID) -> str:
    result = applied(replacement, graph, pattern)
    assert result.graph is graph
    return result.failures[0].reason


def test_before_and_after() -> None:
    result = rewriting(tiny_graph(SWISH_TEXT, "y"), RewriteSet(SWISH))

    assert wiring(result.graph) == ["x = Placeholder()", "m = _MklSwish(x)", "y = Relu(m)"]
    assert result.counts == {"swish": 1}
    assert result.notes == ("rewritten: swish 1 time",)


def test_a_new_node_says_what_it_stands_for() -> None:
    node = rewriting(tiny_graph(SWISH_TEXT, "y"), RewriteSet(SWISH)).graph.nodes["m"]

    assert node.origins == ("m", "s")
    assert node.dtypes == ("float32",)
    assert node.attrs["T"] == "float32"


def test_origins_go_on_to_what_replaces_the_replacement() -> None:
    again = Rewrite("again", Pattern("_MklSwish", tensor("x")), lambda match: match.make("Relu", match.tensor("x")))
    result = rewriting(tiny_graph(SWISH_TEXT, "y"), RewriteSet(SWISH, again))

    assert result.graph.nodes["m"].origins == ("m", "s")


def test_what_somebody_else_reads_stays() -> None:
    result = rewriting(tiny_graph(SWISH_TEXT + "\n z = Neg(s, T=float32)", "y,z"), RewriteSet(SWISH))

    assert wiring(result.graph)[1:3] == ["s = Sigmoid(x)", "m = _MklSwish(x)"]
    assert result.graph.nodes["m"].origins == ("m",)


def test_what_only_the_match_needed_goes() -> None:
    text = X + "c = Const(value=2.0)\n d = Neg(c, T=float32)\n s = Sigmoid(d, T=float32)\n y = Mul(x, s, T=float32)"
    result = applied(
        lambda match: match.make("Neg", match.tensor("x")),
        tiny_graph(text, "y"),
        Pattern("Mul", tensor("x"), Pattern("Sigmoid")),
    )

    assert wiring(result.graph) == ["x = Placeholder()", "y = Neg(x)"]


def test_functions_are_rewritten_too() -> None:
    body = tiny_graph("x = _Arg(T=float32)\n s = Sigmoid(x, T=float32)\n y = Mul(s, x, T=float32)", "y")
    graph = tiny_graph(SWISH_TEXT + "\n f = F(y) -> float32", "f", functions={"F": body})
    result = rewriting(graph, RewriteSet(SWISH))

    assert wiring(result.graph.functions["F"]) == ["x = _Arg()", "y = _MklSwish(x)"]
    assert result.graph.functions["F"].inputs == body.inputs
    assert result.counts == {"swish": 2}


def test_controls_of_what_goes_are_kept() -> None:
    text = X + "a = NoOp()\n b = NoOp()\n s = Sigmoid(x, ^a, T=float32)\n y = Mul(s, x, ^b, T=float32)"

    assert wiring(rewriting(tiny_graph(text, "y"), RewriteSet(SWISH)).graph)[-1] == "y = _MklSwish(x, ^b, ^a)"


def test_who_waits_for_the_root_waits_for_what_takes_its_place() -> None:
    text = X + "s = Sigmoid(x, T=float32)\n c = Const(^s, value=1.0)\n y = Mul(s, c, T=float32)"
    result = applied(lambda match: match.tensor("x"), tiny_graph(text, "y"))

    assert wiring(result.graph) == ["x = Placeholder()", "c = Const(^x)", "y = Mul(x, c)"]


ONE = tiny_graph(X + "s = Sigmoid(x, T=float32)\n y = Neg(s, T=float32)\n z = Abs(y, T=float32)", "z")


def test_a_cycle_is_refused() -> None:
    def backwards(match: Match) -> Node:
        return match.make("Relu", TensorRef("y"))

    assert refusal(backwards, ONE) == "s: the replacement would make a cycle through 's'"


def test_a_cycle_through_a_tensor_is_refused() -> None:
    assert "would make a cycle" in refusal(lambda match: TensorRef("z"), replace(ONE, outputs=(TensorRef("y"),)))


def test_a_cycle_through_a_control_is_refused() -> None:
    def waiting(match: Match) -> Node:
        return replace(match.make("Relu", match.tensor("x")), controls=("z",))

    assert "would make a cycle" in refusal(waiting, ONE)


def test_a_cycle_among_new_nodes_is_refused() -> None:
    def ring(match: Match) -> list[Node]:
        first = match.make("AddV2", match.tensor("x"), match.tensor("x"), name="first")
        root = match.make("Relu", first)
        return [replace(first, inputs=(TensorRef("x"), TensorRef("s"))), root]

    assert "would make a cycle" in refusal(ring, ONE)


def test_later_nodes_may_be_read_where_that_makes_no_cycle() -> None:
    text = X + "s = Sigmoid(x, T=float32)\n y = Neg(s, T=float32)\n a = Abs(x, T=float32)\n b = Abs(a, T=float32)"
    result = applied(lambda match: match.make("Relu", TensorRef("b")), tiny_graph(text, "y,b"))

    assert "s = Relu(b)" in wiring(result.graph)


@pytest.mark.parametrize(
    ("replacement", "reason"),
    [
        (lambda m: m.make("Relu", m.tensor("x"), name="y"), "s: there is a node 'y' already, outside of the match"),
        (lambda m: [m.make("Relu", m.tensor("x"))] * 2, "s: two new nodes are named 's'"),
        (lambda m: Node("s", "Relu", (TensorRef("q"),)), "s: the new node 's' reads 'q', which isn't in the graph"),
        (
            lambda m: Node("s", "Relu", (TensorRef("x", 1),)),
            "s: the new node 's' reads output 1 of 'x' (Placeholder), which has 1",
        ),
        (
            lambda m: Node("s", "Relu", controls=("q",)),
            "s: the new node 's' waits for 'q', which isn't in the graph",
        ),
        (lambda m: m.make("NoOp"), "s: 'y' reads output 0 of 's' (NoOp), which has 0"),
        (
            lambda m: m.make("Cast", m.tensor("x"), attrs={"DstT": "int32"}),
            "s: 's' is float32, and what replaces it is int32",
        ),
        (lambda m: [], "s: nothing takes its place: it is still read, or asked for by the graph"),
        (
            lambda m: Replacement(tensors={TensorRef("y"): TensorRef("x")}),
            "s: 'y', which is to be replaced, isn't part of the match",
        ),
    ],
)
def test_what_would_break_the_graph_is_refused(replacement: Callable[[Match], Any], reason: str) -> None:
    assert refusal(replacement, ONE) == reason


def test_an_output_can_only_be_replaced_under_its_name() -> None:
    graph = replace(ONE, outputs=(TensorRef("s"),))
    reason = "s: 's' is an input or output of the graph and keeps its name"

    assert refusal(lambda match: match.tensor("x"), graph) == reason
    assert wiring(applied(lambda match: match.make("Relu", match.tensor("x")), graph).graph)[1] == "s = Relu(x)"


def test_a_control_edge_that_nobody_would_inherit_is_refused() -> None:
    graph = tiny_graph(X + "a = NoOp()\n s = Sigmoid(x, ^a, T=float32)\n y = Neg(s, T=float32)", "y")

    assert refusal(lambda match: match.tensor("x"), graph) == "s: 's' waits for 'a', and no new node in its place would"


def test_an_inner_node_is_replaced_only_where_nobody_else_reads_it() -> None:
    def scaled(match: Match) -> list[Node]:
        inner = match.make("Relu", match.tensor("x"), name="s")
        return [inner, match.make("Neg", inner)]

    pattern = Pattern("Mul", any_, SIGMOID)
    text = X + "s = Sigmoid(x, T=float32)\n y = Mul(x, s, T=float32)"
    shared = tiny_graph(text + "\n z = Abs(s, T=float32)", "y,z")

    assert wiring(applied(scaled, tiny_graph(text, "y"), pattern).graph)[1:] == ["s = Relu(x)", "y = Neg(s)"]
    assert refusal(scaled, shared, pattern) == "y: 's' can't be replaced: z reads it too"


def test_the_other_order_is_tried_where_the_first_is_refused() -> None:
    def only_of_a_constant(match: Match) -> Node:
        if match.node("scale").op != "Const":
            raise match.error("the scale is no constant")
        return match.make("Neg", match.tensor("x"))

    pattern = Pattern("Mul", tensor("x"), tensor("scale"), commutative=True)
    graph = tiny_graph(X + "c = Const(value=2.0)\n y = Mul(c, x, T=float32)", "y")

    assert wiring(applied(only_of_a_constant, graph, pattern).graph)[-1] == "y = Neg(x)"


def test_code_that_breaks_is_named() -> None:
    with pytest.raises(
        PluginError, match=r"the rewrite tried fails at 's': test_rewriting\.py:\d+ in <lambda>: KeyError: 'nope'"
    ):
        applied(lambda match: match.tensor("nope"), ONE)


def test_a_rewrite_without_end_is_stopped_and_said() -> None:
    result = applied(lambda match: match.make("Sigmoid", match.tensor("x")), ONE)

    assert result.unfinished == ("tried",)
    assert "tried was stopped" in result.notes[1]


def test_rewrites_that_undo_each_other_are_stopped() -> None:
    there = Rewrite("there", Pattern("Sigmoid", tensor("x")), lambda match: match.make("Tanh", match.tensor("x")))
    back = Rewrite("back", Pattern("Tanh", tensor("x")), lambda match: match.make("Sigmoid", match.tensor("x")))

    assert rewriting(ONE, RewriteSet(there, back)).unfinished == ("there", "back")


def test_one_match_makes_the_next() -> None:
    """Each Neg can only go once the one after it has gone: all do."""
    lines = [f"n{i} = Neg({f'n{i - 1}' if i else 'x'}, T=float32)" for i in range(300)]
    graph = tiny_graph(X + "\n".join(lines) + "\n y = Sigmoid(n299, T=float32)", "y")
    pattern = Pattern("Sigmoid", Pattern("Neg", tensor("x")))
    result = applied(lambda match: match.make("Sigmoid", match.tensor("x")), graph, pattern)

    assert wiring(result.graph) == ["x = Placeholder()", "y = Sigmoid(x)"]
    assert result.counts == {"tried": 300}


def test_losing_a_reader_can_make_a_match() -> None:
    """Each product shares a factor with the one before, and is only matched once that one has let go of it."""
    lines = [f"n{i} = Neg(x, T=float32)" for i in range(302)]
    lines += [f"m{i} = Mul(n{i}, n{i + 1}, T=float32)" for i in range(301)]
    graph = tiny_graph(X + "\n".join(lines), ",".join(f"m{i}" for i in range(301)))
    pattern = Pattern("Mul", Pattern("Neg", tensor("x"), only_reader=True), any_)
    result = applied(lambda match: match.make("Relu", match.tensor("x")), graph, pattern)

    assert result.counts == {"tried": 301}
    assert not result.unfinished


def test_a_whole_graph_rewrite_keeps_inputs_and_outputs() -> None:
    renamed = GraphRewrite("broken", lambda graph: replace(graph, outputs=()))
    with pytest.raises(Exception, match="the rewrite broken changes the outputs"):
        rewriting(ONE, RewriteSet(renamed))


def test_a_rewrite_that_found_nothing_says_where_it_came_nearest() -> None:
    text = (
        X + "s = Tanh(x, T=float32)\n m = Mul(s, x, T=float32)\n t = Sigmoid(x, T=float32)\n y = Mul(t, m, T=float32)"
    )
    result = rewriting(tiny_graph(text, "y"), RewriteSet(SWISH))

    assert result.notes == ("swish changed nothing, for instance: t: operand 0 is x, but x is m",)


def test_names_clash_with_both_owners() -> None:
    ours, theirs = RewriteSet(SWISH).owned_by("ours"), RewriteSet(SWISH).owned_by("theirs")
    with pytest.raises(PluginError, match="two rewrites are named swish: from ours and theirs"):
        ours + theirs


def test_work_grows_with_the_nodes() -> None:
    def rewrite(count: int) -> None:
        lines = [f"s{i} = Sigmoid(y{i}, T=float32)\n y{i + 1} = Mul(s{i}, y{i}, T=float32)" for i in range(count)]
        graph = tiny_graph(X.replace("x =", "y0 =") + "\n".join(lines), f"y{count}")
        assert rewriting(graph, RewriteSet(SWISH)).counts == {"swish": count}

    assert growth(rewrite, 400) < 2.2


def built_in() -> RewriteSet:
    from graphcost_rules.rewrites import REWRITES

    return REWRITES


def drawn(model: Any) -> Graph:
    graph = with_outputs(load(model).graph, ["last"])
    kept = graph.ancestors(["last"])
    return Graph.of((node for node in graph.nodes.values() if node.name in kept), outputs=graph.outputs)


@every_graph
@given(models())
def test_a_rewritten_graph_is_a_graph_and_rewriting_it_again_changes_nothing(model: Any) -> None:
    once = rewriting(drawn(model), built_in()).graph
    again = Graph.of(once.nodes.values(), inputs=once.inputs, outputs=once.outputs, functions=once.functions)
    twice = rewriting(again, built_in())

    assert twice.graph is again
    assert not twice.counts


@every_graph
@given(models(), st.randoms())
def test_order_and_names_mean_nothing(model: Any, random: Any) -> None:
    graph = drawn(model)
    names = {name: f"n{index}" for index, name in enumerate(random.sample(sorted(graph.nodes), len(graph.nodes)))}
    names["last"] = "last"
    nodes = [renamed(node, names) for node in graph.nodes.values()]
    random.shuffle(nodes)
    other = Graph.of(nodes, outputs=[parse_tensor_name("last")])

    first, second = rewriting(graph, built_in()), rewriting(other, built_in())

    assert first.counts == second.counts
    assert sorted(shape_of(first.graph)) == sorted(shape_of(second.graph))


def renamed(node: Node, names: dict[str, str]) -> Node:
    inputs = tuple(TensorRef(names[ref.node], ref.port) for ref in node.inputs)
    return replace(node, name=names[node.name], inputs=inputs)


def shape_of(graph: Graph) -> list[str]:
    """Each node by its operation and those of its operands."""
    return [f"{node.op}({', '.join(graph.nodes[ref.node].op for ref in node.inputs)})" for node in graph.nodes.values()]
