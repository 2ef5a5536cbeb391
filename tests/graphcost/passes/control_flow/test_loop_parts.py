"""What the nodes of a TF1 loop are for, and what is no loop."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from tiny_graph import tiny_graph

from graphcost.ir.graph import Graph
from graphcost.ir.node import Node
from graphcost.passes.control_flow.frames import CONTROL_FLOW_V1, EXITS, find_frames
from graphcost.passes.control_flow.loop_parts import Loop, find_loop, loops_apart

LOOP = """
zero = Const(value=0)
ten = Const(value=10)
Enter = Enter(zero, frame_name=b"frame", T=int32)
limit = Enter(ten, frame_name=b"frame", is_constant=True, T=int32)
Merge = Merge(Enter, Next, T=int32, N=2)
Less = Less(Merge, limit, T=int32)
LoopCond = LoopCond(Less)
Switch = Switch(Merge, LoopCond, T=int32)
Body = Identity(Switch:1, T=int32)
Neg = Neg(Body, T=int32)
Next = NextIteration(Neg, T=int32)
Exit = Exit(Switch:0, T=int32)
"""

SECOND = """
one = Const(value=1)
Enter2 = Enter(one, frame_name=b"frame", T=int32)
Merge2 = Merge(Enter2, Next2, T=int32, N=2)
Switch2 = Switch(Merge2, LoopCond, T=int32)
Mul2 = Mul(Switch2:1, Switch:1, T=int32)
Next2 = NextIteration(Mul2, T=int32)
Exit2 = Exit(Switch2:0, T=int32)
"""


def frame_of(graph: Graph) -> tuple[list[Node], frozenset[str]]:
    """The nodes in the loop's frame, and its control-flow nodes."""
    home = find_frames(graph).home
    nodes = [node for node in graph.order if home[node.name] == 1]
    return nodes, frozenset(node.name for node in nodes if node.op in CONTROL_FLOW_V1)


def loop_of(text: str, foreign: Collection[str] = ()) -> Loop | None:
    """The loop of the frame; `foreign` are control-flow nodes that are taken for those of an inner frame."""
    nodes, own = frame_of(tiny_graph(text))
    return find_loop(nodes, own - set(foreign))


def found(text: str) -> Loop:
    loop = loop_of(text)
    assert loop is not None
    return loop


def names(nodes: Collection[Node]) -> list[str]:
    return [node.name for node in nodes]


def test_the_parts_of_a_loop() -> None:
    loop = found(LOOP)
    assert names(loop.before) == ["Less", "LoopCond"]
    assert names(loop.inside) == ["Switch", "Body", "Neg", "Next"]
    assert names(loop.after) == ["Exit"]
    assert loop.condition.name == "LoopCond"
    assert list(loop.switches) == ["Switch"]
    assert list(loop.enters) == ["Enter", "limit"]
    (variable,) = loop.variables
    assert (variable.merge.name, variable.enter.name) == ("Merge", "Enter")
    assert variable.update is not None
    assert variable.update.name == "Next"


def test_variables_come_in_the_order_of_their_merges() -> None:
    assert [each.merge.name for each in found(LOOP + SECOND).variables] == ["Merge", "Merge2"]


def test_the_inputs_of_a_merge_may_come_in_any_order() -> None:
    (variable,) = found(LOOP.replace("Merge(Enter, Next", "Merge(Next, Enter")).variables
    assert variable.enter.name == "Enter"
    assert variable.update is not None


def test_a_variable_without_an_update_has_none() -> None:
    (_, second) = found(
        LOOP + SECOND.replace("Merge(Enter2, Next2, T=int32, N=2", "Merge(Enter2, T=int32, N=1")
    ).variables
    assert (second.enter.name, second.update) == ("Enter2", None)


def test_a_merge_that_reads_its_enter_twice_has_no_update() -> None:
    (_, second) = found(LOOP + SECOND.replace("Merge(Enter2, Next2", "Merge(Enter2, Enter2")).variables
    assert second.update is None


@pytest.mark.parametrize(
    "merge",
    [
        "Merge(Enter, limit, Next",
        "Merge(Enter, Next, Next2",
        "Merge(Enter, other, Next",
        "Merge(Enter, limit",
        "Merge(Enter, other",
    ],
    ids=["two Enters and an update", "two updates", "what is neither", "two Enters", "no update"],
)
def test_a_merge_of_anything_but_an_enter_and_an_update_makes_no_loop(merge: str) -> None:
    assert loop_of(LOOP + SECOND) is not None
    other = "other = Neg(limit, T=int32)"
    assert loop_of((LOOP + SECOND + other).replace("Merge(Enter, Next", merge)) is None


def test_what_belongs_to_an_inner_frame_is_no_part_of_a_variable() -> None:
    assert loop_of(LOOP, foreign=["Next"]) is None
    assert loop_of(LOOP, foreign=["Enter"]) is None


def test_a_frame_without_its_own_condition_is_no_loop() -> None:
    assert loop_of(LOOP, foreign=["LoopCond"]) is None
    assert loop_of(LOOP.replace("LoopCond = LoopCond(Less)", "LoopCond = Identity(Less, T=bool)")) is None


def test_a_frame_with_two_conditions_is_no_loop() -> None:
    assert loop_of(LOOP + "again = LoopCond(Less)") is None


def test_a_next_iteration_of_an_invariant_is_no_variable_itself() -> None:
    loop = found(LOOP.replace("NextIteration(Neg", "NextIteration(limit"))
    assert set(names(loop.inside)) == {"Switch", "Body", "Neg", "Next"}
    assert len(loop.variables) == 1


CONDITIONAL = (
    LOOP.replace("NextIteration(Neg", "NextIteration(m").replace("Neg(Body", "Neg(s:1")
    + """
q = Greater(Body, Body, T=int32)
s = Switch(Body, q, T=int32)
m = Merge(s:0, Neg, T=int32, N=2)
"""
)


def test_a_cond_in_the_body_has_switches_and_merges_of_its_own() -> None:
    loop = found(CONDITIONAL)
    assert list(loop.switches) == ["Switch"]
    assert len(loop.variables) == 1
    assert set(names(loop.inside)) == {"Switch", "Body", "q", "s", "Neg", "m", "Next"}


def test_what_reads_the_condition_but_is_no_switch_is_none() -> None:
    loop = found(LOOP + "both = LogicalAnd(Less, LoopCond)")
    assert list(loop.switches) == ["Switch"]
    assert names(loop.before) == ["Less", "LoopCond", "both"]


def test_a_switch_may_read_the_condition_behind_identities() -> None:
    text = LOOP.replace("Switch(Merge, LoopCond", "Switch(Merge, second")
    loop = found(text + "first = Identity(LoopCond, T=bool)\nsecond = Identity(first, T=bool)")
    assert list(loop.switches) == ["Switch"]
    assert set(names(loop.before)) == {"Less", "LoopCond", "first", "second"}


def test_a_switch_of_one_input_is_none_of_the_loop() -> None:
    loop = found(LOOP + "broken = Switch(Merge, T=int32)")
    assert list(loop.switches) == ["Switch"]
    assert "broken" in names(loop.before)


def test_a_switch_of_a_predicate_from_outside_is_none_of_the_loop() -> None:
    assert list(found(LOOP + "t = Const(value=True)\nother = Switch(Merge, t, T=int32)").switches) == ["Switch"]


@pytest.mark.parametrize(
    ("node", "part"),
    [
        ("n = Const(^Body, value=1)", "inside"),
        ("n = Neg(Switch:1, T=int32)", "inside"),
        ("n = Add(Merge, Body, T=int32)", "inside"),
        ("n = Const(^Next, value=1)", "inside"),
        ("n = Const(^Merge, value=1)", "before"),
        ("n = Const(^Switch, value=1)", "before"),
        ("n = Neg(limit, T=int32)", "before"),
        ("n = Const(^limit, ^Less, value=1)", "before"),
        ("n = Neg(Switch:0, T=int32)", "after"),
        ("n = Add(Switch, limit, ^Less, T=int32)", "after"),
    ],
)
def test_a_node_runs_when_all_that_it_reads_or_waits_for_does(node: str, part: str) -> None:
    loop = found(LOOP + node)
    parts = {"before": loop.before, "inside": loop.inside, "after": loop.after}
    assert [name for name, nodes in parts.items() if "n" in names(nodes)] == [part]


def test_what_waits_for_something_after_the_loop_comes_after_it() -> None:
    loop = found(
        LOOP.replace("Exit(Switch:0", "Exit(n") + "w = Neg(Switch:0, T=int32)\nn = Identity(Merge, ^w, T=int32)"
    )
    assert set(names(loop.after)) == {"w", "n", "Exit"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Neg(Body", "Add(Body, Switch:0"),
        ("Exit(Switch:0", "Exit(Switch:1"),
        ("Exit(Switch:0", "Exit(Merge"),
        ("Less(Merge, limit", "Less(Merge, next"),
        ("Switch = Switch(Merge,", "Switch = Switch(late:1,"),
        ("NextIteration(Neg", "NextIteration(Switch:0"),
        ("NextIteration(Neg", "NextIteration(Neg, Neg"),
        ("Exit(Switch:0", "Exit(Switch:0, Switch:0"),
        ("LoopCond(Less)", "LoopCond(Less, Less)"),
        ("Exit(Switch:0", "Exit("),
    ],
    ids=[
        "both sides of a Switch",
        "an Exit from inside",
        "an Exit from before",
        "a condition in the iteration",
        "a Switch in the iteration",
        "a NextIteration after the loop",
        "a NextIteration of two",
        "an Exit of two",
        "a condition of two",
        "an Exit of none",
    ],
)
def test_what_could_never_run_so_is_no_loop(before: str, after: str) -> None:
    late = "late = Switch(Merge, LoopCond, T=int32)\nnext = NextIteration(limit, T=int32)\n"
    assert loop_of(LOOP + late) is not None
    assert before in LOOP
    nodes = [node for node in tiny_graph(LOOP.replace(before, after) + late).order if node.op != "Const"]
    assert find_loop(nodes, frozenset(node.name for node in nodes if node.op in CONTROL_FLOW_V1)) is None


def test_the_position_of_a_merge_is_not_to_be_read() -> None:
    assert loop_of(LOOP + "n = Neg(Merge:1, T=int32)") is None


def test_that_of_a_cond_in_the_body_may_be() -> None:
    assert loop_of(CONDITIONAL + "n = Neg(m:1, T=int32)") is not None


def test_an_exit_of_an_inner_frame_that_stayed_may_stand_anywhere() -> None:
    text = LOOP + "inner = Exit(Body, T=int32)"
    assert loop_of(text) is None
    nodes, own = frame_of(tiny_graph(text))
    assert {node.op for node in nodes} >= EXITS - {"RefExit"}
    assert find_loop(nodes, own - {"inner"}) is not None


def test_a_next_iteration_of_an_inner_frame_runs_when_what_it_reads_does() -> None:
    loop = loop_of(LOOP + "inner = NextIteration(Less, T=bool)", foreign=["inner"])
    assert loop is not None
    assert "inner" in names(loop.before)


def test_one_loop_is_not_taken_apart() -> None:
    nodes, own = frame_of(tiny_graph(LOOP))
    assert loops_apart(nodes, own) == [nodes]
    assert loops_apart(nodes, own - {"LoopCond"}) == [nodes]


def test_one_loop_is_not_taken_apart_for_what_it_does_not_touch() -> None:
    nodes, own = frame_of(tiny_graph(LOOP + 'idle = Enter(ten, frame_name=b"frame", T=int32)'))
    assert loops_apart(nodes, own) == [nodes]


def test_two_loops_of_one_frame_come_apart() -> None:
    second = LOOP.partition("Enter = ")
    other = (second[1] + second[2]).replace(" = ", "_b = ")
    for name in ("Enter", "limit", "Merge", "Less", "LoopCond", "Switch", "Body", "Neg", "Next"):
        for end in (",", ")", ":"):
            other = other.replace(f"({name}{end}", f"({name}_b{end}").replace(f" {name}{end}", f" {name}_b{end}")
    nodes, own = frame_of(tiny_graph(LOOP + other))
    first, last = loops_apart(nodes, own)
    assert {name.endswith("_b") for name in names(first)} == {False}
    assert {name.endswith("_b") for name in names(last)} == {True}
    assert len(first) == len(last) == len(nodes) // 2
    assert find_loop(first, own) is not None
