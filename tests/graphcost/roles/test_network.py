"""The network in a graph: its parts, as names."""

from __future__ import annotations

import re

import pytest
from networks import network_of
from tiny_graph import tiny_graph

from graphcost.ir.graph import Graph

DENSE = """
x = Placeholder(dtype=float32)
w = VariableV2(dtype=float32)
h = MatMul(x, w, T=float32)
"""
COMPARED = "y = Placeholder(dtype=float32)\nd = Sub(h, y, T=float32)\n"
SUMMED = "axes = Const(value=[0])\nm = Mean(d, axes, T=float32)\n"
SUMMARY = "tag = Const(value=[0])\nlog = HistogramSummary(tag, {0}, T=float32)\n"
BACKWARD = """
    l = Square(h, T=float32)
    nothing = Const(value=[])
    one = Const(value=1.0)
    seed = Fill(nothing, one, T=float32)
    dw = Mul(seed, h, T=float32)
    rate = Const(value=0.1)
    train = ApplyGradientDescent(w, rate, dw, T=float32)
"""


def part(which: str, graph: Graph | str) -> set[str]:
    network = network_of(tiny_graph(graph) if isinstance(graph, str) else graph)
    points: frozenset[int] = getattr(network, which)
    return {str(network.flow.ref(point)) for point in points}


def test_a_graph_without_labels() -> None:
    network = network_of(tiny_graph(DENSE + "p = Softmax(h, T=float32)"))
    assert not network.has_loss
    assert not network.is_trained
    text = DENSE + "p = Softmax(h, T=float32)"
    assert [part(each, text) for each in ("weighted", "last", "live")] == [{"h"}, {"h"}, {"h", "p"}]
    assert not any(part(each, text) for each in ("labels", "suspects", "judged", "served", "hidden"))


def test_what_follows_a_label_is_no_part_of_the_network() -> None:
    text = DENSE + COMPARED + SUMMED
    assert network_of(tiny_graph(text)).has_loss
    assert part("labels", text) == {"y"}
    assert part("judged", text) == {"y", "d", "m"}
    assert part("live", text) == {"h"}


def test_an_input_that_no_loss_follows_is_only_suspected() -> None:
    text = DENSE + COMPARED
    assert not network_of(tiny_graph(text)).has_loss
    assert part("suspects", text) == {"y"}
    assert part("judged", text) == set()
    assert part("live", text) == {"h", "d"}


@pytest.mark.parametrize(
    "rest", [SUMMED, SUMMARY.format("d"), SUMMED + SUMMARY.format("m"), SUMMED + "z = Exp(m, T=float32)\n"]
)
def test_a_mean_over_the_batch_or_an_effect_ends_a_loss(rest: str) -> None:
    assert part("labels", DENSE + COMPARED + rest) == {"y"}
    assert part("suspects", DENSE + COMPARED + rest) == set()


def test_one_end_that_is_no_mean_leaves_the_labels_in_doubt() -> None:
    text = DENSE + COMPARED + SUMMED + "z = Exp(d, T=float32)\n"
    assert part("suspects", text) == {"y"}
    assert part("labels", text) == set()


def test_an_op_made_for_it_compares_whatever_follows() -> None:
    text = DENSE + "y = Placeholder(dtype=int64)\nd = SparseSoftmaxCrossEntropyWithLogits(h, y, T=float32)\n"
    assert part("labels", text) == {"y"}
    assert part("labels", text + "z = Exp(d, T=float32)\n") == {"y"}


def test_a_graph_that_is_trained_has_a_loss_without_labels() -> None:
    network = network_of(tiny_graph(DENSE + BACKWARD))
    assert network.is_trained
    assert network.has_loss
    assert part("weighted", DENSE + BACKWARD) == {"h"}


def test_only_trained_weights_count_where_any_are() -> None:
    more = "v = VariableV2(dtype=float32)\ng = MatMul(x, v, T=float32)\nq = Mul(x, w, T=float32)\n"
    assert part("weighted", DENSE + more) == {"h", "g", "q"}
    assert part("weighted", DENSE + more + BACKWARD) == {"h", "q"}


def test_labels_of_a_graph_that_is_trained_are_labels_whatever_follows() -> None:
    text = DENSE + COMPARED + BACKWARD.replace("Square(h", "Square(d")
    assert part("labels", text) == {"y"}
    assert part("suspects", text) == set()


def test_effects_and_what_only_they_read_are_served() -> None:
    text = DENSE + "p = Softmax(h, T=float32)\ns = Exp(h, T=float32)\n" + SUMMARY.format("s")
    assert part("served", text) == {"log", "s", "tag"}
    assert part("live", text) == {"h", "p"}


def test_what_leads_to_weights_is_not_served_where_all_would_be() -> None:
    text = DENSE + "s = Exp(h, T=float32)\n" + SUMMARY.format("s")
    assert part("served", text) == {"log", "s", "tag"}
    assert part("weighted", text) == {"h"}
    assert part("live", text) == {"h"}


def test_weights_that_serve_an_effect_beside_others_are_none_of_the_network() -> None:
    text = DENSE + "v = VariableV2(dtype=float32)\ns = MatMul(h, v, T=float32)\n" + SUMMARY.format("s")
    text += "p = Softmax(h, T=float32)\n"
    assert part("weighted", text) == {"h"}
    assert part("served", text) == {"log", "s", "tag", "v"}


def test_without_weights_the_inputs_are_what_all_depends_on() -> None:
    text = "x = Placeholder(dtype=float32)\nz = Exp(x, T=float32)\nc = Const(value=1.0)\nk = Exp(c, T=float32)\n"
    assert part("weighted", text) == set()
    assert part("live", text) == {"x", "z"}
    assert part("last", text) == {"x"}


def test_of_a_source_with_several_results_each_stands_alone() -> None:
    text = "data = IteratorGetNext() -> float32, float32\nz = Exp(data, T=float32)\n"
    network = network_of(tiny_graph(text))
    assert {network.flow.ref(point) for point in network.live if network.flow.is_port(point)} == {
        network.flow.ref(point) for point in range(3) if network.flow.is_port(point)
    }
    assert 0 not in network.live


CHAIN = DENSE + "v = VariableV2(dtype=float32)\ng = MatMul(h, v, T=float32)\n"


def test_the_last_weighted_points_are_those_that_none_follows() -> None:
    assert part("last", CHAIN) == {"g"}
    assert part("last", CHAIN + "u = VariableV2(dtype=float32)\nk = MatMul(h, u, T=float32)\n") == {"g", "k"}


def test_weights_behind_what_is_compared_are_those_of_the_loss() -> None:
    """As the transitions of a conditional random field, which follow what is compared with labels, and end in it."""
    text = (
        DENSE
        + COMPARED
        + """
    transitions = VariableV2(dtype=float32)
    paths = Mul(h, transitions, T=float32)
    all = Const(value=[0, 1])
    norm = Sum(paths, all, T=float32)
    off = Sub(norm, m, T=float32)
    """
        + SUMMED
    )
    assert part("weighted", text) == {"h", "paths"}
    assert part("last", text) == {"h"}


def test_a_saver_and_what_waits_for_it_is_hidden() -> None:
    text = (
        DENSE
        + """
    file = Const(value=0)
    save = SaveV2(file, file, file, w, dtypes=('float32',))
    saved = Identity(file, ^save, T=int32)
    after = Identity(file, ^h, T=int32)
    """
    )
    assert part("hidden", text) == {"saved"}


def test_a_call_that_saves_is_hidden_with_all_that_reads_it() -> None:
    saves = tiny_graph("a = _Arg(T=float32)\nn = Const(value=0)\nsave = SaveV2(n, n, n, a, dtypes=('float32',))", "a")
    plain = tiny_graph("a = _Arg(T=float32)\nb = Neg(a, T=float32)", "b")
    text = """
    x = Placeholder(dtype=float32)
    saving = PartitionedCall(x, f=@saves) -> float32
    behind = Identity(saving, T=float32)
    other = PartitionedCall(x, f=@plain) -> float32
    """
    assert part("hidden", tiny_graph(text, functions={"saves": saves, "plain": plain})) == {"saving", "behind"}
    assert part("hidden", tiny_graph(text, functions={"saves": plain, "plain": plain})) == set()


def test_what_chooses_a_branch_or_stands_on_a_side_of_one_is_hidden() -> None:
    text = (
        DENSE
        + """
    p = Placeholder(dtype=bool)
    s = Switch(h, p, T=float32) -> float32, float32
    side = Identity(s:1, T=float32)
    named = Identity(h, T=float32)
    merged = Merge(side, s, T=float32) -> float32, int32
    q = Placeholder(dtype=bool)
    y = If(q, h, then_branch=@f, else_branch=@f) -> float32
    """
    )
    body = tiny_graph("a = _Arg(T=float32)\nb = Neg(a, T=float32)", "b")
    assert part("hidden", tiny_graph(text, functions={"f": body})) == {"p", "q", "s", "side"}


@pytest.mark.parametrize(
    ("reader", "hidden"),
    [("", set()), ("z = Exp(one, T=float32)\n", {"two"}), ("z = Exp(two, T=float32)\n", {"one"})],
)
def test_of_a_call_s_results_those_that_nobody_reads_are_hidden_beside_one_that_is(
    reader: str, hidden: set[str]
) -> None:
    body = tiny_graph("a = _Arg(T=float32)\nb = Neg(a, T=float32)", "a, b")
    text = (
        DENSE
        + """
    p = Const(value=True)
    y = If(p, h, then_branch=@f, else_branch=@f) -> float32, float32
    one = Identity(y, T=float32)
    two = Identity(y:1, T=float32)
    other = Identity(h, T=float32)
    """
    )
    assert part("hidden", tiny_graph(text + reader, functions={"f": body})) == {"p", *hidden}


def test_the_one_result_of_a_call_is_not_hidden() -> None:
    body = tiny_graph("a = _Arg(T=float32)\nb = Neg(a, T=float32)", "b")
    text = (
        DENSE
        + """
    p = Const(value=True)
    y = If(p, h, then_branch=@f, else_branch=@f) -> float32
    one = Identity(y, T=float32)
    two = Identity(y, T=float32)
    z = Exp(one, T=float32)
    """
    )
    assert part("hidden", tiny_graph(text, functions={"f": body})) == {"p"}


def loop(source: str, frame: str = "") -> str:
    """A loop of the old kind, which multiplies what it carries with a weight; `frame` ends the names of its nodes."""
    text = """
    enter_ = Enter(SOURCE, T=float32, frame_name=b'f_')
    weight_ = Enter(w, T=float32, frame_name=b'f_', is_constant=True)
    merge_ = Merge(enter_, next_, T=float32) -> float32, int32
    less_ = Less(merge_, merge_, T=float32)
    cond_ = LoopCond(less_)
    switch_ = Switch(merge_, cond_, T=float32) -> float32, float32
    step_ = MatMul(switch_:1, weight_, T=float32)
    next_ = NextIteration(step_, T=float32)
    exit_ = Exit(switch_, T=float32)
    """
    return re.sub(r"_(?=\W)", frame, text).replace("SOURCE", source)


LOOP = "x = Placeholder(dtype=float32)\nw = VariableV2(dtype=float32)\n" + loop("x")
READ = "y = Tanh(exit, T=float32)\n"


def test_a_loop_is_hidden_but_for_what_leaves_it_and_is_read() -> None:
    inside = {"enter", "weight", "merge", "less", "cond", "switch", "step", "next"}
    assert part("hidden", LOOP + READ) == inside
    assert part("hidden", LOOP) == {*inside, "exit"}


def test_for_weights_in_a_loop_its_exit_stands() -> None:
    assert part("last", LOOP + READ) == {"exit"}


def test_an_exit_that_weights_follow_is_not_the_last() -> None:
    more = READ + "v = VariableV2(dtype=float32)\no = MatMul(y, v, T=float32)\n"
    assert part("last", LOOP + more) == {"o"}


def test_a_loop_without_weights_has_no_last_point() -> None:
    plain = LOOP.replace("MatMul(switch:1, weight", "AddV2(switch:1, switch:1") + READ
    assert part("last", plain + "v = VariableV2(dtype=float32)\no = MatMul(x, v, T=float32)\n") == {"o"}


def nested(inner: str, outer: str = "AddV2(inner_exit, inner_exit, T=float32)", after: str = "") -> str:
    """A loop in a loop, each with a step of its own."""
    return f"""
    x = Placeholder(dtype=float32)
    w = VariableV2(dtype=float32)
    enter = Enter(x, T=float32, frame_name=b'f')
    w_f = Enter(w, T=float32, frame_name=b'f', is_constant=True)
    merge = Merge(enter, next, T=float32) -> float32, int32
    less = Less(merge, merge, T=float32)
    cond = LoopCond(less)
    switch = Switch(merge, cond, T=float32) -> float32, float32
    inner_enter = Enter(switch:1, T=float32, frame_name=b'g')
    w_g = Enter(w_f, T=float32, frame_name=b'g', is_constant=True)
    inner_merge = Merge(inner_enter, inner_next, T=float32) -> float32, int32
    inner_less = Less(inner_merge, inner_merge, T=float32)
    inner_cond = LoopCond(inner_less)
    inner_switch = Switch(inner_merge, inner_cond, T=float32) -> float32, float32
    inner_step = {inner}
    inner_next = NextIteration(inner_step, T=float32)
    inner_exit = Exit(inner_switch, T=float32)
    step = {outer}
    next = NextIteration(step, T=float32)
    exit = Exit(switch, T=float32)
    y = Tanh(exit, T=float32)
    {after}
    """


def test_for_weights_in_a_loop_within_a_loop_the_outer_exit_stands() -> None:
    weighing = "MatMul(inner_switch:1, w_g, T=float32)"
    plain = "AddV2(inner_switch:1, inner_switch:1, T=float32)"
    assert part("last", nested(weighing)) == {"exit"}
    assert part("last", nested(plain, "MatMul(inner_exit, w_f, T=float32)")) == {"exit"}
    assert part("hidden", nested(weighing)) >= {"inner_exit", "inner_step", "step", "merge"}
    assert part("hidden", nested(weighing)).isdisjoint({"exit", "y", "x", "w"})


def test_of_two_loops_that_follow_one_another_the_exit_of_the_last_stands() -> None:
    assert part("last", LOOP + loop("exit", "2") + "y = Tanh(exit2, T=float32)\n") == {"exit2"}
    assert part("last", LOOP + loop("x", "2") + "y = AddV2(exit, exit2, T=float32)\n") == {"exit", "exit2"}


def test_a_head_that_no_label_is_compared_with_is_one_of_the_last() -> None:
    more = "v = VariableV2(dtype=float32)\ng = MatMul(x, v, T=float32)\np = Softmax(g, T=float32)\n"
    assert part("last", DENSE + more + COMPARED + SUMMED) == {"h", "g"}


def test_what_computes_of_a_call_s_results_is_not_hidden() -> None:
    body = tiny_graph("a = _Arg(T=float32)\nb = Neg(a, T=float32)", "a, b")
    text = (
        DENSE
        + """
    p = Const(value=True)
    y = If(p, h, then_branch=@f, else_branch=@f) -> float32, float32
    one = Neg(y, T=float32)
    two = Neg(y:1, T=float32)
    z = Exp(one, T=float32)
    """
    )
    assert part("hidden", tiny_graph(text, functions={"f": body})) == {"p"}


def test_a_name_on_one_side_of_a_branch_is_hidden_though_it_is_read() -> None:
    text = """
    x = Placeholder(dtype=float32)
    p = Placeholder(dtype=bool)
    s = Switch(x, p, T=float32) -> float32, float32
    side = Identity(s:1, T=float32)
    n = Neg(side, T=float32)
    """
    assert part("hidden", DENSE + text.replace("x = Placeholder(dtype=float32)", "")) == {"p", "s", "side"}
