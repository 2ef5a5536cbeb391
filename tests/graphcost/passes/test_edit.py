"""A graph under rewriting: one replacement after the other, and what each leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest
from tiny_graph import parse_node, parse_ref, tiny_graph, wiring

from graphcost.errors import RewriteError
from graphcost.ir.graph import Graph
from graphcost.ir.node import EMPTY, TensorRef
from graphcost.passes.edit import Edit
from graphcost.passes.rewrite import Match, Replacement

X = "x = Placeholder(dtype=float32, shape=<2>)\n"

CHAIN = (
    X
    + """
a = Abs(x, T=float32)
s = Sigmoid(a, T=float32)
y = Neg(s, T=float32)
z = Exp(y, T=float32)
"""
)


def replaced(edit: Edit, matched: str, *lines: str, tensors: Mapping[str, str] = EMPTY) -> set[str]:
    """Puts the nodes, and the tensors, in the place of the matched nodes, of which the first is the root."""
    match = Match(tuple(edit.nodes[name] for name in matched.split()), {}, edit.nodes)
    refs = {parse_ref(old): parse_ref(new) for old, new in tensors.items()}
    return edit.replace(match, Replacement([parse_node(line) for line in lines], refs))


def after(graph: Graph, matched: str, *lines: str, tensors: Mapping[str, str] = EMPTY) -> list[str]:
    edit = Edit(graph)
    replaced(edit, matched, *lines, tensors=tensors)
    return wiring(edit.graph())


def refusal(graph: Graph, matched: str, *lines: str, tensors: Mapping[str, str] = EMPTY) -> str:
    edit = Edit(graph)
    with pytest.raises(RewriteError) as caught:
        replaced(edit, matched, *lines, tensors=tensors)
    assert edit.nodes == graph.nodes
    assert wiring(edit.graph()) == wiring(graph)
    return str(caught.value)


def test_a_graph_that_nothing_was_done_to_is_the_same() -> None:
    functions = {"f": tiny_graph("x = _Arg(T=float32)", "x")}
    graph = tiny_graph(CHAIN, "z, s", inputs="x", controls="y", functions=functions)
    same = Edit(graph).graph()
    assert wiring(same) == wiring(graph)
    assert (same.inputs, same.outputs, same.controls) == (graph.inputs, graph.outputs, graph.controls)
    assert same.functions == functions


def test_a_new_node_stands_before_the_first_that_reads_it() -> None:
    new = ["t = Tanh(x, T=float32)", "s = Relu(t, T=float32)"]
    assert after(tiny_graph(CHAIN, "z"), "s a", *new) == [
        "x = Placeholder()",
        "t = Tanh(x)",
        "s = Relu(t)",
        "y = Neg(s)",
        "z = Exp(y)",
    ]


def test_a_new_node_may_read_nothing() -> None:
    assert after(tiny_graph(CHAIN, "z"), "s", "s = Const(value=1.0)") == ["s = Const()", "y = Neg(s)", "z = Exp(y)"]


def test_matches_may_now_appear_around_what_changed_and_what_lost_a_reader() -> None:
    text = (
        X
        + """
    one = Abs(x, T=float32)
    two = Neg(x, T=float32)
    three = Exp(x, T=float32)
    s = AddN(one, two, three, T=float32)
    b = AddN(two, three, T=float32)
    c = AddN(three, T=float32)
    """
    )
    graph = tiny_graph(text, "s,b,c")
    assert replaced(Edit(graph), "s", "s = Relu(x, T=float32)") == {"s", "two"}


def test_matches_may_now_appear_around_readers_that_read_something_else() -> None:
    graph = tiny_graph(CHAIN, "z")
    assert replaced(Edit(graph), "s", tensors={"s": "a"}) == {"a", "y"}
    assert replaced(Edit(graph), "s", tensors={"s": "x"}) == {"x", "y"}


LATER = (
    X
    + """
a = Abs(x, T=float32)
b = Abs(a, T=float32)
c = Abs(b, T=float32)
s = Sigmoid(x, T=float32)
y = Neg(s, T=float32)
"""
)


def test_a_cycle_through_an_earlier_replacement_is_refused() -> None:
    edit = Edit(tiny_graph(LATER, "y,c"))
    replaced(edit, "s", "s = Relu(c, T=float32)")
    with pytest.raises(RewriteError, match="would make a cycle"):
        replaced(edit, "a", "a = Relu(y, T=float32)")
    assert edit.levels["c"] < edit.levels["s"] < edit.levels["y"]


def test_a_cycle_through_a_new_node_is_refused() -> None:
    edit = Edit(tiny_graph(LATER, "y,c"))
    replaced(edit, "s", "n = Exp(c, T=float32)", "s = Relu(n, T=float32)")
    with pytest.raises(RewriteError, match="would make a cycle"):
        replaced(edit, "b", "b = Add(y, a, T=float32)")
    assert "a = Tanh(x)" in _after_more(edit)


def _after_more(edit: Edit) -> list[str]:
    replaced(edit, "a", "a = Tanh(x, T=float32)")
    return wiring(edit.graph())


def test_a_cycle_through_a_moved_reader_is_refused() -> None:
    graph = tiny_graph(LATER, "y,c")
    assert "would make a cycle" in refusal(graph, "a", tensors={"a": "c"})
    assert "would make a cycle" in refusal(graph, "b", tensors={"b": "c"})


def test_a_node_that_reads_itself_is_refused() -> None:
    assert refusal(tiny_graph(CHAIN, "z"), "s", "s = Relu(s, T=float32)") == (
        "s: the replacement would make a cycle through 's'"
    )


def test_new_nodes_that_read_each_other_are_refused() -> None:
    new = ["t = Relu(s, T=float32)", "s = Relu(t, T=float32)"]
    assert "would make a cycle" in refusal(tiny_graph(CHAIN, "z"), "s", *new)


def test_two_ways_to_one_node_are_no_cycle() -> None:
    text = CHAIN + "d = Add(y, z, T=float32)\nq = Add(d, y, T=float32)"
    assert "s = Add(a, x)" in after(tiny_graph(text, "q"), "s", "s = Add(a, x, T=float32)")
    later = "w = Abs(x, T=float32)\nv = Abs(w, T=float32)\nu = Abs(v, T=float32)\nt = Abs(u, T=float32)"
    assert "s = Add(t, a)" in after(tiny_graph(text + "\n" + later, "q,t"), "s", "s = Add(t, a, T=float32)")


def test_what_a_moved_reader_read_before_makes_no_cycle() -> None:
    text = (
        X
        + """
    k = Const(value=1)
    p = Abs(x, T=float32)
    a = TopKV2(p, k, T=float32)
    b = Exp(a, T=float32)
    c = Tanh(b, T=float32)
    j = Neg(a:1, T=int32)
    """
    )
    lines = after(tiny_graph(text, "c,j"), "p a", "p = Relu(c, T=float32)", tensors={"a": "x"})
    assert {"p = Relu(c)", "a = TopKV2(p, k)", "b = Exp(x)", "c = Tanh(b)"} <= set(lines)


LOOP = """
zero = Const(value=0.0)
e = Enter(zero, frame_name=b"w", T=float32)
m = Merge(e, n, T=float32, N=2)
s = Sigmoid(m, T=float32)
y = Neg(s, T=float32)
n = NextIteration(y, T=float32)
"""


@pytest.mark.parametrize("ref", ["", "Ref"])
def test_a_nodes_way_back_through_a_loop_is_no_cycle(ref: str) -> None:
    graph = tiny_graph(LOOP.replace("NextIteration(", f"{ref}NextIteration("), "y")
    lines = after(graph, "s", "s = Relu(m, T=float32)")
    assert lines[3:5] == ["s = Relu(m)", "y = Neg(s)"]


def test_an_edge_from_a_later_node_in_a_loop_is_a_cycle() -> None:
    assert "would make a cycle" in refusal(tiny_graph(LOOP, "y"), "s", "s = Relu(y, T=float32)")


def test_levels_in_a_loop_rise_once() -> None:
    chain = "\n".join(f"c{i + 1} = Abs(c{i}, T=float32)" for i in range(9)) + "\nc = Abs(c9, T=float32)"
    edit = Edit(tiny_graph(LOOP + X.replace("x", "c0", 1) + chain, "y,c"))
    assert edit.levels["n"] < edit.levels["c"]
    replaced(edit, "s", "s = Add(m, c, T=float32)")
    assert edit.levels["m"] < edit.levels["s"] < edit.levels["y"] < edit.levels["n"]
    assert edit.levels["c"] < edit.levels["s"]


TWO = (
    X
    + """
u = TopKV2(x, k, T=float32)
k = Const(value=1)
y = Neg(u, T=float32)
w = Const(^u, value=2.0)
z = AddN(y, w, T=float32)
"""
)


def test_who_waits_for_what_goes_waits_for_what_its_first_output_is_replaced_by() -> None:
    graph = tiny_graph(TWO + "b = Abs(x, T=float32)\nj = Neg(u:1, T=int32)", "z,j,b")
    assert "w = Const(^x)" in after(graph, "u", tensors={"u:1": "k", "u": "x"})
    assert "w = Const(^b)" in after(graph, "u", tensors={"u": "b", "u:1": "k"})


def test_who_waits_for_what_is_still_read_goes_on_to_wait_for_it() -> None:
    graph = tiny_graph(TWO + "j = Neg(u:1, T=int32)\np = Exp(u, T=float32)", "z,j,p")
    edit = Edit(graph)
    with pytest.raises(RewriteError, match="nothing takes its place"):
        replaced(edit, "u", tensors={"u": "x"})
    lines = after(graph, "y u", "y = Relu(x, T=float32)", tensors={"u:1": "k"})
    assert {"w = Const(^u)", "p = Exp(u)"} <= set(lines)
    assert "j = Neg(k)" in lines


def test_who_waits_for_what_a_new_node_reads_goes_on_to_wait_for_it() -> None:
    graph = tiny_graph(TWO + "j = Neg(u:1, T=int32)", "z,j")
    lines = after(graph, "y u", "y = Relu(u, T=float32)", tensors={"u:1": "k"})
    assert {"u = TopKV2(x, k)", "y = Relu(u)", "j = Neg(k)", "w = Const(^u)"} <= set(lines)
    lines = after(graph, "y u", "y = Relu(^u, x, T=float32)", tensors={"u:1": "k"})
    assert {"y = Relu(x, ^u)", "w = Const(^u)"} <= set(lines)


def test_who_waits_for_a_node_that_is_replaced_under_its_name_goes_on_to() -> None:
    lines = after(tiny_graph(TWO, "z"), "u", "u = Relu(x, T=float32)", tensors={"u:1": "k"})
    assert "w = Const(^u)" in lines


def test_who_waits_for_two_nodes_of_which_one_replaces_the_other_waits_once() -> None:
    text = X + "s = Sigmoid(x, T=float32)\nc = Const(^x, ^s, value=1.0)\ny = Add(s, c, T=float32)"
    assert after(tiny_graph(text, "y"), "s", tensors={"s": "x"}) == [
        "x = Placeholder()",
        "c = Const(^x)",
        "y = Add(x, c)",
    ]


def test_an_output_that_the_node_does_not_have_is_replaced_nowhere() -> None:
    lines = after(tiny_graph(CHAIN, "z"), "s", tensors={"s": "a", "s:1": "x"})
    assert lines == ["x = Placeholder()", "a = Abs(x)", "y = Neg(a)", "z = Exp(y)"]


def test_a_tensor_is_replaced_by_one_of_its_dtype_alone() -> None:
    graph = tiny_graph(CHAIN + "i = Const(value=1)\nj = Foo(x) -> float32, int32", "z,i,j")
    assert refusal(graph, "s", tensors={"s": "i"}) == "s: 's' is float32, and what replaces it is int32"
    assert "y = Neg(j)" in after(graph, "s", tensors={"s": "j"})
    assert "and what replaces it is int32" in refusal(graph, "s", tensors={"s": "j:1"})


def test_a_tensor_of_unknown_dtype_may_take_any_place() -> None:
    graph = tiny_graph(CHAIN + "f = Foo(x)", "z,f")
    assert "y = Neg(f)" in after(graph, "s", tensors={"s": "f"})
    assert "q = Neg(x)" in after(tiny_graph(X + "f = Foo(x)\nq = Neg(f)", "q"), "f", tensors={"f": "x"})


@pytest.mark.parametrize("port", ["x:1", "q", "x:-1"])
def test_a_tensor_that_is_not_there_replaces_none(port: str) -> None:
    assert "it is to be replaced by" in refusal(tiny_graph(CHAIN, "z"), "s", tensors={"s": port})


def test_an_input_of_the_graph_keeps_its_name() -> None:
    graph = tiny_graph(CHAIN, "z", inputs="s")
    assert refusal(graph, "s", tensors={"s": "a"}) == "s: 's' is an input or output of the graph and keeps its name"
    assert Edit(graph).is_fixed("s")
    assert not Edit(graph).is_fixed("a")


def test_each_tensor_that_the_graph_asks_for_is_known() -> None:
    edit = Edit(tiny_graph(TWO, "u:1, u, z", inputs="u"))
    assert list(edit.asked_refs("u")) == [TensorRef("u"), TensorRef("u", 1)]
    assert list(edit.asked_refs("y")) == []


def test_what_the_graph_asks_for_must_be_there_after_it() -> None:
    graph = tiny_graph(TWO, "z,u:1")
    assert refusal(graph, "u", "u = Relu(x, T=float32)") == (
        "u: the graph asks for output 1 of 'u' (Relu), which has 1"
    )
    assert "is int32, and what replaces it is float32" in refusal(graph, "u", "u = Foo(x) -> float32, float32")


def test_readers_find_the_same_ports_and_dtypes() -> None:
    graph = tiny_graph(TWO + "j = Neg(u:1, T=int32)", "z,j")
    assert refusal(graph, "u", "u = Relu(x, T=float32)") == "u: 'j' reads output 1 of 'u' (Relu), which has 1"
    assert "u = Relu(x)" in after(graph, "u", "u = Relu(x, T=float32)", tensors={"u:1": "k"})
    assert "'u' is float32, and what replaces it is int32" in refusal(graph, "u", "u = Foo(x) -> int32, int32")


def test_what_nobody_reads_any_more_goes_with_all_that_only_it_read() -> None:
    text = (
        X
        + """
    c = Const(value=1.0)
    d = Neg(c, T=float32)
    e = Neg(d, ^waited, T=float32)
    waited = Const(value=1.0)
    shared = Const(value=3.0)
    s = AddN(e, shared, x, T=float32)
    y = Neg(s, T=float32)
    o = Neg(shared, T=float32)
    """
    )
    lines = after(tiny_graph(text, "y,o"), "s", "s = Relu(x, T=float32)")
    assert lines == ["x = Placeholder()", "shared = Const()", "s = Relu(x)", "y = Neg(s)", "o = Neg(shared)"]


def test_what_the_graph_names_stays_though_nobody_reads_it() -> None:
    assert "a = Abs(x)" in after(tiny_graph(CHAIN, "z,a"), "s", "s = Relu(x, T=float32)")
    assert "a = Abs(x)" in after(tiny_graph(CHAIN, "z", controls="a"), "s", "s = Relu(x, T=float32)")
    assert "a = Abs(x)" not in after(tiny_graph(CHAIN, "z"), "s", "s = Relu(x, T=float32)")


def test_what_a_replacement_reads_stays() -> None:
    assert "a = Abs(x)" in after(tiny_graph(CHAIN, "z"), "s a", "s = Relu(a, T=float32)")
    assert "a = Abs(x)" in after(tiny_graph(CHAIN, "z"), "s a", tensors={"s": "a"})
    waiting = after(tiny_graph(CHAIN, "z"), "s a", "s = Relu(x, ^a, T=float32)")
    assert "s = Relu(x, ^a)" in waiting
    assert "a = Abs(x)" in waiting


WAITS = "i = NoOp()\nj = NoOp()\n" + CHAIN.replace("Abs(x,", "Abs(x, ^i,").replace("Sigmoid(a,", "Sigmoid(a, ^j, ^a,")


def test_a_new_node_waits_for_what_those_that_go_waited_for() -> None:
    assert "s = Relu(x, ^j, ^i)" in after(tiny_graph(WAITS, "z"), "s a", "s = Relu(x, T=float32)")


def test_the_new_node_of_a_name_waits_for_what_the_old_one_waited_for() -> None:
    lines = after(tiny_graph(WAITS, "z"), "s a", "a = Tanh(x, T=float32)", "s = Relu(a, T=float32)")
    assert {"a = Tanh(x, ^i)", "s = Relu(a, ^j)"} <= set(lines)


def test_nothing_is_waited_for_twice() -> None:
    assert "s = Relu(x, ^j, ^i)" in after(tiny_graph(WAITS, "z"), "s a", "s = Relu(x, ^j, T=float32)")


def test_what_stays_goes_on_to_wait_for_itself() -> None:
    text = WAITS + "o = Neg(a, T=float32)"
    lines = after(tiny_graph(text, "z,o"), "s a", "s = Relu(x, T=float32)")
    assert {"a = Abs(x, ^i)", "s = Relu(x, ^j)"} <= set(lines)


def test_a_new_node_that_is_read_instead_of_the_root_waits() -> None:
    lines = after(tiny_graph(WAITS, "z"), "s a", "t = Relu(x, T=float32)", tensors={"s": "t"})
    assert {"t = Relu(x, ^j, ^i)", "y = Neg(t)"} <= set(lines)


def test_what_none_would_wait_for_is_refused() -> None:
    assert refusal(tiny_graph(WAITS, "z"), "s", tensors={"s": "x"}) == (
        "s: 's' waits for 'j', and no new node in its place would"
    )


def test_what_was_waited_for_and_nothing_else_stays() -> None:
    """It has no reader any more while the change is thought through, until the new node waits for it."""
    text = X + "i = NoOp()\ns = Sigmoid(x, ^i, T=float32)\ny = Neg(s, T=float32)"
    assert after(tiny_graph(text, "y"), "s", "s = Relu(x, T=float32)") == [
        "x = Placeholder()",
        "i = NoOp()",
        "s = Relu(x, ^i)",
        "y = Neg(s)",
    ]


def test_an_inner_node_that_others_read_or_the_graph_names_is_not_replaced() -> None:
    new = ["a = Tanh(x, T=float32)", "s = Relu(a, T=float32)"]
    text = CHAIN + "o = Neg(a, T=float32)"
    assert "a = Tanh(x)" in after(tiny_graph(CHAIN, "z"), "s a", *new)
    assert refusal(tiny_graph(text, "z,o"), "s a", *new) == "s: 'a' can't be replaced: o reads it too"
    assert refusal(tiny_graph(CHAIN, "z,a"), "s a", *new) == ("s: 'a' can't be replaced: the graph itself reads it too")
    assert "o = Neg(x)" in after(tiny_graph(text, "z,o"), "a", tensors={"a": "x"})


def test_the_root_may_be_read_by_others_and_named_by_the_graph() -> None:
    assert "s = Relu(a)" in after(tiny_graph(CHAIN + "o = Neg(s, T=float32)", "z,o,s"), "s", "s = Relu(a, T=float32)")


def test_nothing_in_the_place_of_what_is_still_read_is_refused() -> None:
    reason = "s: nothing takes its place: it is still read, or asked for by the graph"
    assert refusal(tiny_graph(CHAIN, "z"), "s", "t = Relu(a, T=float32)") == reason
    assert refusal(tiny_graph(CHAIN, "z,s"), "s", "t = Relu(a, T=float32)") == reason


def test_a_node_may_read_two_tensors_that_are_replaced() -> None:
    text = X + "a = Abs(x, T=float32)\ns = Sigmoid(a, T=float32)\ny = AddN(a, s, a, x, T=float32)"
    assert after(tiny_graph(text, "y"), "s a", tensors={"s": "x", "a": "x"}) == [
        "x = Placeholder()",
        "y = AddN(x, x, x, x)",
    ]


def test_a_new_node_reads_what_it_says_though_that_is_replaced_for_others() -> None:
    lines = after(tiny_graph(CHAIN, "z"), "s", "t = Relu(s, T=float32)", "s = Tanh(a, T=float32)", tensors={"s": "t"})
    assert lines[2:] == ["s = Tanh(a)", "t = Relu(s)", "y = Neg(t)", "z = Exp(y)"]


def test_a_new_node_stands_for_all_that_it_replaces() -> None:
    edit = Edit(tiny_graph(CHAIN, "z"))
    replaced(edit, "s a", "s = Relu(x, T=float32)")
    assert edit.nodes["s"].origins == ("s", "a")
    replaced(edit, "y s", "y = Exp(x, T=float32)")
    assert edit.nodes["y"].origins == ("y", "s", "a")


def test_it_stands_for_nothing_that_stays() -> None:
    edit = Edit(tiny_graph(CHAIN + "o = Neg(a, T=float32)", "z,o"))
    replaced(edit, "s a", "s = Relu(x, T=float32)")
    assert edit.nodes["s"].origins == ("s",)


def test_nodes_that_are_replaced_twice_are_named_once() -> None:
    graph = tiny_graph(CHAIN, "z")
    graph = graph.replacing([replace(graph.nodes["a"], origins=("p", "s"))])
    edit = Edit(graph)
    replaced(edit, "s a", "s = Relu(x, T=float32)")
    assert edit.nodes["s"].origins == ("s", "p")


def test_readers_follow_every_change() -> None:
    edit = Edit(tiny_graph(CHAIN, "z"))
    replaced(edit, "s", "t = Tanh(a, T=float32)", "s = Add(t, x, T=float32)")
    assert _readers(edit) == {"x": ["a", "s"], "a": ["t"], "t": ["s"], "s": ["y"], "y": ["z"], "z": []}
    replaced(edit, "s t", tensors={"s": "x"})
    assert _readers(edit) == {"x": ["y"], "y": ["z"], "z": []}
    assert edit.levels.keys() == edit.nodes.keys() == edit.readers.keys()


def _readers(edit: Edit) -> dict[str, Iterable[str]]:
    return {name: sorted(readers) for name, readers in edit.readers.items()}
