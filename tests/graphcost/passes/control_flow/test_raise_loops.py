"""TF1 loops, written by hand, and the While that each becomes."""

from __future__ import annotations

import pytest
from interpret import interpret
from tiny_graph import tiny_graph, wiring

from graphcost.ir.graph import Graph
from graphcost.ir.node import FunctionRef, Node, TensorRef, count_ops
from graphcost.ir.stand_ins import COPY
from graphcost.passes.control_flow.frames import CONTROL_FLOW_V1
from graphcost.passes.control_flow.raise_loops import raise_loops

COUNT_TO_TEN = """
zero = Const(value=0)
ten = Const(value=10)
three = Const(value=3)
while/Enter = Enter(zero, frame_name=b"while/while_context", parallel_iterations=7, T=int32)
while/limit = Enter(ten, frame_name=b"while/while_context", is_constant=True, T=int32)
while/Merge = Merge(while/Enter, while/NextIteration, T=int32, N=2)
while/Less = Less(while/Merge, while/limit, T=int32)
while/LoopCond = LoopCond(while/Less)
while/Switch = Switch(while/Merge, while/LoopCond, T=int32)
while/Identity = Identity(while/Switch:1, T=int32)
while/add = Add(while/Identity, while/step, T=int32)
while/step = Const(^while/Identity, value=3)
while/NextIteration = NextIteration(while/add, T=int32)
while/Exit = Exit(while/Switch:0, T=int32)
after = Neg(while/Exit, T=int32)
"""


def body_of(graph: Graph, name: str, key: str = "body") -> Graph:
    ref = graph.nodes[name].attrs[key]
    assert isinstance(ref, FunctionRef)
    return graph.functions[ref.name]


def is_raised(graph: Graph) -> bool:
    every = [graph, *graph.functions.values()]
    return not any(node.op in CONTROL_FLOW_V1 for each in every for node in each.nodes.values())


def copies(graph: Graph) -> list[str]:
    every = [graph, *graph.functions.values()]
    return [node.name for each in every for node in each.nodes.values() if node.op == COPY]


def test_a_loop_becomes_a_while_with_two_functions() -> None:
    raised = raise_loops(tiny_graph(COUNT_TO_TEN, "after"))
    assert wiring(raised) == [
        "zero = Const()",
        "ten = Const()",
        "three = Const()",
        "while = While(zero, ten)",
        "while/Exit = Identity(while)",
        "after = Neg(while/Exit)",
    ]
    assert wiring(raised.functions["while/cond"]) == [
        "while/Merge = _Arg()",
        "while/limit = _Arg()",
        "while/Less = Less(while/Merge, while/limit)",
        "while/LoopCond = Identity(while/Less)",
    ]
    assert wiring(raised.functions["while/body"]) == [
        "while/Merge = _Arg()",
        "while/limit = _Arg()",
        "while/Switch = Identity(while/Merge)",
        "while/Identity = Identity(while/Switch)",
        "while/add = Add(while/Identity, while/step)",
        "while/step = Const(^while/Identity)",
        "while/NextIteration = Identity(while/add)",
    ]
    assert raised.functions["while/cond"].outputs == (TensorRef("while/LoopCond"),)
    assert raised.functions["while/body"].outputs == (TensorRef("while/NextIteration"), TensorRef("while/limit"))


def test_the_while_has_the_attributes_of_tf2() -> None:
    node = raise_loops(tiny_graph(COUNT_TO_TEN, "after")).nodes["while"]
    assert node.dtypes == node.attrs["T"] == ("int32", "int32")
    assert node.attrs["parallel_iterations"] == 7
    arguments = [body.attrs["index"] for body in body_of(raise_loops(tiny_graph(COUNT_TO_TEN)), "while").nodes.values()
                 if body.op == "_Arg"]  # fmt: skip
    assert arguments == [0, 1]


def test_the_condition_runs_once_more_than_the_body() -> None:
    outputs, runs = interpret(raise_loops(tiny_graph(COUNT_TO_TEN, "after")))
    assert outputs == [-12]
    assert (runs["while/Less"], runs["while/add"]) == (5, 4)


def test_a_graph_without_loops_is_returned_as_it_is() -> None:
    graph = tiny_graph("x = Const(value=1)\ny = Neg(x, T=int32)", "y")
    assert raise_loops(graph) is graph


def test_constants_of_the_root_frame_are_invariants() -> None:
    text = COUNT_TO_TEN.replace("while/Identity, while/step", "while/Identity, three")
    raised = raise_loops(tiny_graph(text, "after"))
    assert raised.nodes["while"].inputs == (TensorRef("zero"), TensorRef("ten"), TensorRef("three"))
    assert interpret(raised)[0] == [-12]


def test_outputs_may_name_an_exit() -> None:
    raised = raise_loops(tiny_graph(COUNT_TO_TEN, "while/Exit"))
    assert raised.outputs == (TensorRef("while/Exit"),)
    assert interpret(raised)[0] == [12]


def test_an_output_inside_the_loop_makes_the_loop_run() -> None:
    raised = raise_loops(tiny_graph(COUNT_TO_TEN, "while/add"))
    assert raised.outputs == ()
    assert raised.controls == ("while",)
    assert body_of(raised, "while").controls == ("while/add",)


def test_exits_may_sit_behind_an_identity() -> None:
    text = (
        COUNT_TO_TEN.replace("Exit(while/Switch:0", "Exit(while/last")
        + "while/last = Mul(while/Switch:0, while/limit, T=int32)"
    )
    raised = raise_loops(tiny_graph(text, "after"))
    assert is_raised(raised)
    outputs, runs = interpret(raised)
    assert outputs == [-120]
    assert runs["while/last"] == 1


def test_a_loop_whose_exit_nobody_reads() -> None:
    text = "\n".join(line for line in COUNT_TO_TEN.splitlines() if not line.startswith(("while/Exit", "after")))
    raised = raise_loops(tiny_graph(text, "zero"))
    assert is_raised(raised)
    assert raised.nodes["while"].dtypes == ("int32", "int32")


def test_control_edges_into_and_out_of_the_loop() -> None:
    text = COUNT_TO_TEN.replace("Neg(while/Exit,", "Neg(three, ^while/Exit,")
    text = text.replace("Enter(zero,", "Enter(zero, ^first,").replace(
        "Const(^while/Identity", "Const(^while/Identity, ^init"
    )
    raised = raise_loops(tiny_graph(text + "init = NoOp()\nfirst = NoOp()", "after"))
    assert raised.nodes["while"].controls == ("first", "init")
    assert raised.nodes["after"].controls == ("while/Exit",)
    assert body_of(raised, "while").nodes["while/step"].controls == ("while/Identity",)


VALUE_BEFORE_THE_SWITCH = """
zero = Const(value=0)
one = Const(value=1)
ten = Const(value=10)
w/Enter = Enter(zero, frame_name=b"w", T=int32)
w/Enter_1 = Enter(one, frame_name=b"w", T=int32)
w/Merge = Merge(w/Enter, w/NextIteration, T=int32, N=2)
w/Merge_1 = Merge(w/Enter_1, w/NextIteration_1, T=int32, N=2)
w/square = Square(w/Merge, T=int32)
w/twice = Add(w/Merge_1, w/Merge_1, T=int32)
w/fixed = Add(ten, one, T=int32, ^w/Merge)
w/Less = Less(w/square, ten, T=int32)
w/LoopCond = LoopCond(w/Less)
w/Switch = Switch(w/Merge, w/LoopCond, T=int32)
w/Switch_1 = Switch(w/Merge_1, w/LoopCond, T=int32)
w/Switch_2 = Switch(w/square, w/LoopCond, T=int32)
w/add = Add(w/Switch:1, w/one, T=int32)
w/one = Const(^w/Switch, value=1)
w/sum = Add(w/twice, w/square, T=int32)
w/all = Add(w/sum, w/fixed, T=int32)
w/more = Add(w/all, w/Switch_1:1, T=int32)
w/NextIteration = NextIteration(w/add, T=int32)
w/NextIteration_1 = NextIteration(w/more, T=int32)
w/Exit = Exit(w/Switch_1, T=int32)
w/Exit_2 = Exit(w/Switch_2, T=int32)
"""


def naive_before_the_switch() -> tuple[int, int]:
    i, x = 0, 1
    while i * i < 10:
        x += 2 * x + i * i + 11
        i += 1
    return x, i * i


def test_what_runs_before_the_switch_runs_in_the_condition_and_counts_once() -> None:
    raised = raise_loops(tiny_graph(VALUE_BEFORE_THE_SWITCH, "w/Exit, w/Exit_2"))
    outputs, runs = interpret(raised)
    assert tuple(outputs) == naive_before_the_switch()
    assert (runs["w/square"], runs["w/twice"], runs["w/add"]) == (5, 5, 4)
    condition = body_of(raised, "w", "cond")
    assert {"w/square", "w/twice", "w/sum"} <= set(condition.nodes)
    assert condition.controls == ("w/all",)
    assert set(copies(raised)) == {"w/square", "w/twice", "w/sum", "w/all", "w/fixed"}


def test_what_only_depends_on_invariants_stands_in_the_body() -> None:
    text = COUNT_TO_TEN.replace("while/Identity, while/step", "while/Identity, while/fixed")
    raised = raise_loops(tiny_graph(text + "while/fixed = Add(while/limit, while/limit, T=int32)", "after"))
    assert "while/fixed" in body_of(raised, "while").nodes
    assert "while/fixed" not in body_of(raised, "while", "cond").nodes
    outputs, runs = interpret(raised)
    assert (outputs, runs["while/fixed"]) == ([-20], 1)


NESTED = """
x = Placeholder(dtype=int32)
zero = Const(value=0)
a/Enter = Enter(zero, frame_name=b"a", T=int32)
a/Enter_1 = Enter(x, frame_name=b"a", T=int32)
a/x = Enter(x, frame_name=b"a", is_constant=True, T=int32)
a/Merge = Merge(a/Enter, a/NextIteration, T=int32, N=2)
a/Merge_1 = Merge(a/Enter_1, a/NextIteration_1, T=int32, N=2)
a/Less = Less(a/Merge, a/x, T=int32)
a/LoopCond = LoopCond(a/Less)
a/Switch = Switch(a/Merge, a/LoopCond, T=int32)
a/Switch_1 = Switch(a/Merge_1, a/LoopCond, T=int32)
a/one = Const(^a/Switch, value=1)
a/add = Add(a/Switch:1, a/one, T=int32)
a/b/Enter = Enter(a/Switch:1, frame_name=b"b", T=int32)
a/b/Enter_1 = Enter(a/Switch_1:1, frame_name=b"b", T=int32)
a/b/x = Enter(a/x, frame_name=b"b", is_constant=True, T=int32)
a/b/Merge = Merge(a/b/Enter, a/b/NextIteration, T=int32, N=2)
a/b/Merge_1 = Merge(a/b/Enter_1, a/b/NextIteration_1, T=int32, N=2)
a/b/Less = Less(a/b/Merge, a/b/x, T=int32)
a/b/LoopCond = LoopCond(a/b/Less)
a/b/Switch = Switch(a/b/Merge, a/b/LoopCond, T=int32)
a/b/Switch_1 = Switch(a/b/Merge_1, a/b/LoopCond, T=int32)
a/b/add = Add(a/b/Switch:1, a/one, T=int32)
a/b/add_1 = Add(a/b/Switch_1:1, a/add, T=int32)
a/b/NextIteration = NextIteration(a/b/add, T=int32)
a/b/NextIteration_1 = NextIteration(a/b/add_1, T=int32)
a/b/Exit = Exit(a/b/Switch_1, T=int32)
a/NextIteration = NextIteration(a/add, T=int32)
a/NextIteration_1 = NextIteration(a/b/Exit, T=int32)
a/Exit = Exit(a/Switch_1, T=int32)
"""


def test_nested_loops() -> None:
    raised = raise_loops(tiny_graph(NESTED, "a/Exit"))
    assert is_raised(raised)
    assert sorted(raised.functions) == ["a/body", "a/cond", "b/body", "b/cond"]
    outputs, runs = interpret(raised, {"x": 5})
    assert outputs == [5 + sum(i + 1 for i in range(5) for _ in range(i, 5))]
    assert (runs["a/add"], runs["a/b/Less"], runs["a/b/add"]) == (5, 15 + 5, 15)


def test_equal_frame_names_in_different_frames_are_different_loops() -> None:
    raised = raise_loops(tiny_graph(NESTED.replace('b"b"', 'b"a"'), "a/Exit"))
    assert is_raised(raised)
    assert interpret(raised, {"x": 3})[0] == interpret(raise_loops(tiny_graph(NESTED, "a/Exit")), {"x": 3})[0]


def test_two_loops_that_share_a_frame_come_apart() -> None:
    again = COUNT_TO_TEN.replace("while/", "again/").replace('b"again/while_context"', 'b"while/while_context"')
    shared = [line for line in again.splitlines() if not line.startswith(("zero", "ten", "three", "after"))]
    raised = raise_loops(tiny_graph("\n".join([COUNT_TO_TEN, *shared]), "after, again/Exit"))
    assert is_raised(raised)
    assert count_ops(raised.nodes.values())["While"] == 2
    assert interpret(raised)[0] == [-12, 12]


def test_ref_operations() -> None:
    text = COUNT_TO_TEN
    for op in ("Enter", "Merge", "Switch", "NextIteration", "Exit"):
        text = text.replace(f" = {op}(", f" = Ref{op}(")
    raised = raise_loops(tiny_graph(text, "after"))
    assert is_raised(raised)
    assert interpret(raised)[0] == [-12]


def test_a_variable_without_an_update_keeps_its_value() -> None:
    text = (
        COUNT_TO_TEN
        + """
    while/Enter_1 = Enter(three, frame_name=b"while/while_context", T=int32)
    while/Merge_1 = Merge(while/Enter_1, while/Enter_1, T=int32, N=2)
    while/Switch_1 = Switch(while/Merge_1, while/LoopCond, T=int32)
    while/Exit_1 = Exit(while/Switch_1, T=int32)
    """
    )
    raised = raise_loops(tiny_graph(text, "after, while/Exit_1"))
    assert interpret(raised)[0] == [-12, 3]


def test_loops_in_function_bodies() -> None:
    text = COUNT_TO_TEN.replace("ten = Const(value=10)", "ten = _Arg(T=int32)")
    call = "n = Const(value=10)\ny = PartitionedCall(n, f=@count, Tin=[], Tout=['int32'])"
    graph = tiny_graph(call, "y", functions={"count": tiny_graph(text, "after")})
    raised = raise_loops(graph)
    assert set(raised.functions) == {"count", "while/cond", "while/body"}
    assert is_raised(raised)
    assert raised.functions["count"].inputs == (TensorRef("ten"),)


def test_names_that_are_taken() -> None:
    taken = "while = Identity(after, T=int32)\n"
    function = tiny_graph("x = _Arg()", "x")
    raised = raise_loops(tiny_graph(COUNT_TO_TEN + taken, "while", functions={"while/While/body": function}))
    assert raised.nodes["while"].op == "Identity"
    assert raised.nodes["while/While"].op == "While"
    assert set(raised.functions) == {"while/While/body", "while/While/body_1", "while/While/cond"}


def test_a_while_stands_for_what_it_was_made_from() -> None:
    raised = raise_loops(tiny_graph(COUNT_TO_TEN, "after"))
    inside = {"while/Enter", "while/Merge", "while/Less", "while/LoopCond", "while/add"}
    assert inside <= set(raised.nodes["while"].origins)
    assert raised.nodes["after"].origins == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("while/LoopCond = LoopCond(while/Less)", "while/LoopCond = Identity(while/Less, T=bool)"),
        ("Exit(while/Switch:0", "Exit(while/Merge"),
        ("Exit(while/Switch:0", "Exit(while/Switch:1"),
        ("NextIteration(while/add", "NextIteration(while/Switch:0"),
        ("Merge(while/Enter, while/NextIteration", "Merge(while/NextIteration, while/NextIteration"),
        ("Neg(while/Exit,", "Neg(while/NextIteration,"),
        ("Add(while/Identity, while/step", "Add(while/Identity, while/Switch:0"),
        ("Less(while/Merge, while/limit", "Less(while/Merge:1, while/limit"),
        ("LoopCond(while/Less)", "LoopCond()"),
    ],
)
def test_what_is_no_loop_stays_as_it_is(before: str, after: str) -> None:
    text = COUNT_TO_TEN.replace(before, after)
    assert text != COUNT_TO_TEN
    graph = tiny_graph(text, "after")
    raised = raise_loops(graph)
    assert raised.functions == {}
    assert raised.nodes == graph.nodes


def test_loops_that_feed_each_other_stay_as_they_are() -> None:
    again = COUNT_TO_TEN.replace("while/", "again/")
    again = "\n".join(line for line in again.splitlines() if not line.startswith(("zero", "ten", "three", "after")))
    again = again.replace("Enter(ten,", "Enter(while/Exit,")
    text = COUNT_TO_TEN.replace("Neg(while/Exit", "Neg(again/Exit")
    text += 'while/late = Enter(again/Exit, frame_name=b"while/while_context", is_constant=True, T=int32)\n'
    text += "while/unused = Neg(while/late, T=int32)\n"
    graph = tiny_graph(text + again, "after")
    raised = raise_loops(graph)
    assert raised.functions == {}
    assert dict(raised.nodes) == dict(graph.nodes)


def test_frames_that_do_not_nest_stay_as_they_are() -> None:
    again = COUNT_TO_TEN.replace("while/", "again/").replace(
        "Add(again/Identity, again/step", "Add(again/Identity, while/add"
    )
    shared = [line for line in again.splitlines() if not line.startswith(("zero", "ten", "three", "after"))]
    graph = tiny_graph("\n".join([COUNT_TO_TEN, *shared]), "after")
    assert raise_loops(graph).nodes == graph.nodes


def nested_loops(depth: int) -> Graph:
    """Each loop's body is the next loop; the innermost doubles."""
    nodes = [Node("x", "Placeholder", dtypes=("int32",)), Node("limit", "Const", dtypes=("int32",))]
    inner: list[Node] = []
    value = TensorRef("x")
    for level in range(depth):
        scope = f"loop{level}"
        nodes += [
            Node(f"{scope}/Enter", "Enter", (value,), attrs={"frame_name": scope.encode()}),
            Node(
                f"{scope}/Merge", "Merge", (TensorRef(f"{scope}/Enter"), TensorRef(f"{scope}/Next")), dtypes=(None,) * 2
            ),
            Node(f"{scope}/Less", "Less", (TensorRef(f"{scope}/Merge"), TensorRef("limit"))),
            Node(f"{scope}/LoopCond", "LoopCond", (TensorRef(f"{scope}/Less"),)),
            Node(
                f"{scope}/Switch",
                "Switch",
                (TensorRef(f"{scope}/Merge"), TensorRef(f"{scope}/LoopCond")),
                dtypes=(None,) * 2,
            ),
        ]
        inner.append(Node(f"{scope}/Exit", "Exit", (TensorRef(f"{scope}/Switch"),)))
        value = TensorRef(f"{scope}/Switch", 1)
    nodes.append(Node("double", "Add", (value, value)))
    result = TensorRef("double")
    for level in reversed(range(depth)):
        nodes += [Node(f"loop{level}/Next", "NextIteration", (result,)), inner[level]]
        result = TensorRef(f"loop{level}/Exit")
    return Graph.of(nodes, outputs=[result])


def test_a_thousand_nested_frames() -> None:
    raised = raise_loops(nested_loops(1000))
    assert is_raised(raised)
    assert len(raised.functions) == 2000
    assert wiring(raised) == [
        "x = Placeholder()",
        "limit = Const()",
        "loop0 = While(x, limit)",
        "loop0/Exit = Identity(loop0)",
    ]
