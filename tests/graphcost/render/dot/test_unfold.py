"""What runs is drawn where it runs: calls in place, loops and branches in boxes, every body once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from counted_loops import body, condition
from tiny_graph import tiny_graph

from graphcost.ir.graph import Graph
from graphcost.loaders import Model
from graphcost.pipeline import run_pipeline
from graphcost.render.dot import Drawing, render
from graphcost.render.dot.dot_graph import MAX_DEPTH, DotGraph
from graphcost.render.dot.unfold import unfold

TWICE = tiny_graph("a = _Arg(T=float32)\n dense/Neg = Neg(a, T=float32)\n out = Exp(dense/Neg, T=float32)", "out")
COND = condition()
BODY = body("out = Exp(v, T=float32)")
THEN = tiny_graph("a = _Arg(T=float32)\n b = Neg(a, T=float32)", "b")
ELSE = tiny_graph("a = _Arg(T=float32)\n m = Exp(a, T=float32)\n b = Mul(m, a, T=float32)", "b")

CALLING = tiny_graph(
    """
    x = Placeholder(dtype=float32, shape=<2,3>)
    StatefulPartitionedCall = StatefulPartitionedCall(x, f=@twice, Tin=[]) -> float32
    y = Neg(StatefulPartitionedCall, T=float32)
    """,
    "y",
    functions={"twice": TWICE},
)
LOOPING = tiny_graph(
    """
    x = Placeholder(dtype=float32, shape=<2,3>)
    start = Const(value=0)
    limit = Const(value=10)
    rnn/while = While(start, limit, x, cond=@cond, body=@body, T=[]) -> int32, int32, float32
    y = Neg(rnn/while:2, T=float32)
    """,
    "y",
    functions={"cond": COND, "body": BODY},
)
BRANCHING = tiny_graph(
    """
    x = Placeholder(dtype=float32, shape=<2,3>)
    is_training = Placeholder(dtype=bool, shape=<>)
    mode/cond = If(is_training, x, then_branch=@then, else_branch=@else) -> float32
    y = Neg(mode/cond, T=float32)
    """,
    "y",
    functions={"then": THEN, "else": ELSE},
)


ADD = tiny_graph("a = _Arg(T=float32)\n b = _Arg(T=float32)\n c = AddV2(a, b, T=float32)", "c")
LESS = tiny_graph(
    "a = _Arg(T=float32)\n b = _Arg(T=float32)\n i = _Arg(T=int32)\n j = _Arg(T=int32)\n c = Less(a, b, T=float32)", "c"
)
SORTING = tiny_graph(
    """
    x = Placeholder(dtype=float32, shape=<2,4>)
    i = Placeholder(dtype=int32, shape=<2,4>)
    axis = Const(value=1)
    net/sort = XlaVariadicSort(x, i, axis, T=['float32', 'int32'], comparator=@less)
    y = Neg(net/sort, T=float32)
    """,
    "y",
    functions={"less": LESS},
)


def dot_graph(graph: Graph, drawing: Drawing = Drawing()) -> DotGraph:  # noqa: B008
    return unfold(run_pipeline(Model("model.pb", "graphdef", graph)), drawing)


def edges(found: DotGraph) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in found.edges}


def labels(found: DotGraph) -> dict[str, tuple[tuple[str, ...], str, str]]:
    return {name: (vertex.scope, vertex.label, vertex.op) for name, vertex in found.vertices.items()}


def test_a_body_takes_the_place_of_its_call() -> None:
    found = dot_graph(CALLING)
    call = "StatefulPartitionedCall"
    assert edges(found) == {("x", f"{call}/dense/Neg"), (f"{call}/dense/Neg", f"{call}/out"), (f"{call}/out", "y")}
    assert labels(found)[f"{call}/dense/Neg"] == (("dense",), "Neg", "Neg")


def test_an_output_inside_a_body_is_marked() -> None:
    graph = tiny_graph(
        "x = Placeholder(dtype=float32, shape=<2,3>)\n call = PartitionedCall(x, f=@twice, Tin=[]) -> float32",
        "call",
        functions={"twice": TWICE},
    )
    assert [name for name, vertex in dot_graph(graph).vertices.items() if vertex.is_output] == ["call/out"]


def test_a_loop_is_a_box_that_says_how_often_it_runs() -> None:
    found = dot_graph(LOOPING)
    box = ("rnn", "while, 10 times")
    assert labels(found)["rnn/while/body/out"] == (box, "out", "Exp")
    assert labels(found)["rnn/while/cond/c"] == ((*box, "condition"), "c", "Less")
    assert found.bodies == {box, (*box, "condition")}
    assert found.vertices["rnn/while/body/out"].row.work.flops == 60


def test_a_loop_variable_is_fed_from_outside_and_by_the_body() -> None:
    found = dot_graph(LOOPING)
    assert labels(found)["rnn/while/body/v"][2] == "loop variable"
    assert ("x", "rnn/while/body/v") in edges(found)
    back = {(edge.source, edge.target) for edge in found.edges if edge.is_back}
    assert back == {("rnn/while/body/out", "rnn/while/body/v"), ("rnn/while/body/next", "rnn/while/body/i")}
    assert ("rnn/while/body/out", "y") in edges(found)


def test_what_a_loop_only_hands_on_is_no_variable() -> None:
    assert "rnn/while/body/n" not in dot_graph(LOOPING).vertices


def test_branches_are_boxes_that_meet_in_their_node() -> None:
    found = dot_graph(BRANCHING)
    box = ("mode", "cond, if is_training")
    assert labels(found)["mode/cond/else/m"][0] == (*box, "else")
    assert labels(found)["mode/cond/then/b"][0] == (*box, "then, not counted")
    assert labels(found)["mode/cond"] == (box, "cond", "If")
    assert {source for source, target in edges(found) if target == "mode/cond"} == {
        "is_training",
        "mode/cond/then/b",
        "mode/cond/else/b",
    }
    assert ("x", "mode/cond/then/b") in edges(found)


def test_branches_whose_nodes_have_the_same_names_are_told_apart() -> None:
    named = "a = _Arg(T=float32)\n mode/cond/b = {}(a, T=float32)\n mode/cond/out = {}(mode/cond/b, T=float32)"
    functions = {
        "then": tiny_graph(named.format("Exp", "Identity"), "mode/cond/out"),
        "else": tiny_graph(named.format("Identity", "Identity"), "mode/cond/out"),
    }
    found = dot_graph(replace(BRANCHING, functions=functions), Drawing(identities=True))
    boxes = {vertex.op: vertex.scope[-1] for name, vertex in found.vertices.items() if name.startswith("mode/cond/b")}
    assert boxes == {"Exp": "then", "Identity": "else, not counted"}


def test_a_known_predicate_leaves_one_branch_in_place() -> None:
    text = "x = Placeholder(dtype=float32, shape=<2>)\n p = Const(value=True)\n"
    text += "y = If(p, x, then_branch=@then, else_branch=@else) -> float32"
    found = dot_graph(tiny_graph(text, "y", functions={"then": THEN, "else": ELSE}))
    assert edges(found) == {("x", "y/then/b")}
    assert not found.bodies


def test_a_function_on_elements_is_a_box_before_its_node() -> None:
    found = dot_graph(SORTING)
    box = ("net", "sort")
    assert labels(found)["net/sort/comparator/c"] == ((*box, "comparator, 16 times"), "c", "Less")
    assert labels(found)["net/sort"] == (box, "sort", "XlaVariadicSort")
    assert edges(found) == {
        ("x", "net/sort/comparator/c"),
        ("net/sort/comparator/c", "net/sort"),
        ("net/sort", "y"),
    }
    assert found.vertices["net/sort/comparator/c"].row.work.flops == 16


def test_functions_of_one_node_are_boxes_beside_each_other() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<6>)
        source = Placeholder(dtype=float32, shape=<2>)
        zero = Const(value=0.0)
        three = Const(value=[3])
        none = Const(value=[0, 0])
        y = XlaSelectAndScatter(x, three, three, none, source, zero, T=float32, select=@add, scatter=@twice)
        """,
        "y",
        functions={
            "add": ADD,
            "twice": tiny_graph("a = _Arg(T=float32)\n b = _Arg(T=float32)\n c = Mul(a, b, T=float32)", "c"),
        },
    )
    found = dot_graph(graph)
    scopes = {vertex.op: vertex.scope for vertex in found.vertices.values()}
    assert scopes["AddV2"] == ("y", "select, 4 times")
    assert scopes["Mul"] == ("y", "scatter, 2 times")
    assert ("source", "y/scatter/c") in edges(found)


@pytest.mark.parametrize("graph", [CALLING, LOOPING, BRANCHING, SORTING])
def test_costs_are_those_of_the_report(graph: Graph) -> None:
    analysis = run_pipeline(Model("model.pb", "graphdef", graph))
    rows = [vertex.row for vertex in unfold(analysis, Drawing()).vertices.values()]
    assert sum(row.work.flops for row in rows) == analysis.report.total.work.flops
    assert sum(row.work.int_ops for row in rows) == analysis.report.total.work.int_ops


def test_a_body_is_drawn_once_and_referred_to() -> None:
    text = "x = Placeholder(dtype=float32, shape=<2,3>)\n"
    text += "one = PartitionedCall(x, f=@twice, Tin=[]) -> float32\n"
    text += "two = PartitionedCall(one, f=@twice, Tin=[]) -> float32\n y = Neg(two, T=float32)"
    found = dot_graph(tiny_graph(text, "y", functions={"twice": TWICE}))
    assert found.vertices["two"].note == "counted at one"
    assert {("one/out", "two"), ("two", "y")} <= edges(found)


def calling_next_twice(depth: int) -> Mapping[str, Graph]:
    last = tiny_graph("a = _Arg(T=float32)\n b = Neg(a, T=float32)", "b")
    functions = {f"f{depth - 1}": last}
    for i in range(depth - 1):
        call = f"PartitionedCall(a, f=@f{i + 1}, Tin=[]) -> float32"
        text = f"a = _Arg(T=float32)\n l = {call}\n r = {call}\n b = Add(l, r, T=float32)"
        functions[f"f{i}"] = tiny_graph(text, "b")
    return functions


def test_sixty_functions_that_call_the_next_twice_stay_small() -> None:
    text = "x = Placeholder(dtype=float32, shape=<1>)\n y = PartitionedCall(x, f=@f0, Tin=[]) -> float32"
    found = dot_graph(tiny_graph(text, "y", functions=calling_next_twice(60)))
    assert len(found.vertices) == 1 + 60 + 59


def test_calls_as_deep_as_any_need_no_recursion() -> None:
    functions = {f"f{i}": tiny_graph(
        f"a = _Arg(T=float32)\n c = PartitionedCall(a, f=@f{i + 1}, Tin=[]) -> float32", "c"
    ) for i in range(1200)}  # fmt: skip
    functions["f1200"] = THEN
    text = "x = Placeholder(dtype=float32, shape=<1>)\n y = PartitionedCall(x, f=@f0, Tin=[]) -> float32"
    found = dot_graph(tiny_graph(text, "y", functions=functions))
    assert len(found.vertices) == 2
    assert max(len(vertex.scope) for vertex in found.vertices.values()) <= MAX_DEPTH


def test_a_node_without_outputs_is_drawn() -> None:
    text = "x = Placeholder(dtype=bool, shape=<>)\n m = Const(value=1)\n ok = Assert(x, m, T=[]) ->\n"
    text += "y = Identity(x, ^ok, T=bool)"
    assert "ok" in dot_graph(tiny_graph(text, "y")).vertices


def test_small_loops_have_boxes_too() -> None:
    text = render(run_pipeline(Model("model.pb", "graphdef", LOOPING)), Drawing())
    assert 'label="rnn/while, 10 times"; style="rounded"; color="#1f5fa8"' in text
    assert 'label="condition"' in text
    assert "style=dotted" in text
