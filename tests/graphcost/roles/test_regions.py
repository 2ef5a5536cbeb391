"""The parts of a training graph that aren't the network."""

from __future__ import annotations

from tiny_graph import tiny_graph

from graphcost.plugins import installed_rules
from graphcost.roles.flow import Flow
from graphcost.roles.regions import find_regions, only_for
from graphcost.roles.weights import find_weight_uses

FORWARD = """
x = Placeholder(dtype=float32)
w = VariableV2(dtype=float32)
h = MatMul(x, w, T=float32)
loss = Square(h, T=float32)
nothing = Const(value=[])
one = Const(value=1.0)
rate = Const(value=0.5)
"""

BACKWARD = """
seed = Fill(nothing, one, T=float32)
dh = Mul(seed, h, T=float32)
dw = MatMul(x, dh, T=float32)
train = ApplyGradientDescent(w, rate, dw, T=float32)
"""


def parts(text: str) -> dict[str, set[str]]:
    """The names in each region."""
    graph = tiny_graph(text)
    flow = Flow.of(graph, installed_rules())
    regions = find_regions(flow, find_weight_uses(flow, graph.inputs))
    found = {"gradient": regions.gradient, "trained": regions.trained, "effects": regions.effects}
    named = {part: {flow.nodes[point].name for point in points} for part, points in found.items()}
    return {**named, "complete": {str(regions.is_complete)}}


def test_a_graph_that_is_not_trained_has_none() -> None:
    assert parts(FORWARD) == {"gradient": set(), "trained": set(), "effects": set(), "complete": {"True"}}


def test_the_gradient_is_what_the_seed_reaches_and_what_only_that_reads() -> None:
    found = parts(FORWARD + BACKWARD + "scale = Exp(x, T=float32)\ndx = Mul(dh, scale, T=float32)")
    assert found["gradient"] >= {"seed", "dh", "dw", "train", "dx", "scale"}
    assert found["gradient"].isdisjoint({"h", "x", "w"})
    assert (found["trained"], found["effects"], found["complete"]) == ({"w"}, set(), {"True"})


def test_a_variable_that_no_gradient_changes_is_not_trained() -> None:
    text = FORWARD.replace("MatMul(x, w", "MatMul(k, w") + "v = VariableV2(dtype=float32)\nk = MatMul(x, v, T=float32)"
    assert parts(text + BACKWARD)["trained"] == {"w"}


def test_updates_and_summaries_are_effects() -> None:
    more = """
    mean = VariableV2(dtype=float32)
    average = AssignSub(mean, h, T=float32)
    tag = Const(value=[0])
    log = HistogramSummary(tag, h, T=float32)
    """
    found = parts(FORWARD + BACKWARD + more)
    assert found["effects"] == {"average", "log"}
    assert found["trained"] == {"w"}


def test_an_optimizer_whose_gradient_has_no_seed_is_not_complete() -> None:
    found = parts(FORWARD + "fed = Placeholder(dtype=float32)\ntrain = ApplyGradientDescent(w, rate, fed, T=float32)")
    assert found["complete"] == {"False"}


def test_what_only_some_points_read_straight_or_through_one_another() -> None:
    graph = tiny_graph("""
    a = Const(value=1.0)
    b = Neg(a, T=float32)
    c = Neg(b, T=float32)
    end = Neg(c, T=float32)
    d = Const(value=1.0)
    other = Add(d, d, T=float32)
    last = Add(end, d, T=float32)
    """)
    flow = Flow.of(graph, installed_rules())
    index = flow.index
    names = {point: name for name, point in index.items()}
    assert {names[each] for each in only_for(flow, {index["end"]})} == {"a", "b", "c"}
    assert {names[each] for each in only_for(flow, {index["end"]}, {index["b"]})} == {"c"}
    assert {names[each] for each in only_for(flow, {index["last"]})} == {"a", "b", "c", "end"}
    assert {names[each] for each in only_for(flow, {index["last"], index["other"]})} == {"a", "b", "c", "end", "d"}
    assert only_for(flow, set()) == set()


def test_an_assignment_of_a_gradient_to_some_rows_trains_too() -> None:
    rows = "rows = Const(value=[0])\ntrain = ScatterSub(w, rows, dw, T=float32, Tindices=int32)\n"
    found = parts(FORWARD + BACKWARD.replace("train = ApplyGradientDescent(w, rate, dw, T=float32)", rows))
    assert found["trained"] == {"w"}
    assert found["effects"] == set()


def test_what_an_optimizer_only_reads_is_not_trained() -> None:
    text = FORWARD.replace("MatMul(x, w", "MatMul(k, w") + "v = VariableV2(dtype=float32)\nk = MatMul(x, v, T=float32)"
    assert parts(text + BACKWARD.replace("(w, rate, dw", "(w, v, dw"))["trained"] == {"w"}
