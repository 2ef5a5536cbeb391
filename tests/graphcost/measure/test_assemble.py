"""The lines of every body that runs: where they stand, how often they run, and what is said of open branches."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from evaluation import counted, evaluated
from tiny_graph import tiny_graph

from graphcost.dims import Shape
from graphcost.ir.node import EMPTY, FunctionRef
from graphcost.measure.assemble import choice_notes, count, tensors
from graphcost.ops.cost import Cost
from graphcost.ops.rule import Rule, RuleSet
from graphcost.ops.status import Status
from graphcost.plugins import installed_rules
from graphcost.report import Line, Tensor

FUNCTIONS = {
    "body": tiny_graph(
        """
        a = _Arg(T=float32)
        i = _Arg(T=int32)
        deep/e = Neg(a, T=float32)
        j = Neg(i, T=int32)
        out = Identity(deep/e, ^j, T=float32)
        """,
        "out",
    ),
    "around": tiny_graph(
        "a = _Arg(T=float32)\ni = _Arg(T=int32)\ninner = PartitionedCall(a, i, f=@body) -> float32", "inner"
    ),
    "nothing": tiny_graph("a = _Arg(T=float32)\ni = _Arg(T=int32)\nsame = Identity(a, T=float32)", "same"),
}
FED = "x = Placeholder(dtype=float32, shape=<4>)\nn = Placeholder(dtype=int32, shape=<3>)\n"


def lines_of(text: str, outputs: str) -> dict[str, Line]:
    return {each.node: each for each in counted(tiny_graph(FED + text, outputs, functions=FUNCTIONS)).lines}


def phases_of(text: str, outputs: str, phases: dict[str, str]) -> dict[str, str]:
    facts = evaluated(tiny_graph(FED + text, outputs, functions=FUNCTIONS))
    return {each.node: each.phase for each in count(facts, installed_rules(), {}, phases).lines}


CALL = "some/call = PartitionedCall(x, n, f=@body) -> float32\n"


def test_what_a_body_is_given_has_no_line() -> None:
    assert list(lines_of(CALL, "some/call")) == [
        "x",
        "n",
        "some/call",
        "some/call/deep/e",
        "some/call/j",
        "some/call/out",
    ]


def test_lines_stand_below_the_call_that_runs_them() -> None:
    lines = lines_of(CALL, "some/call")
    assert {name: lines[f"some/call/{name}"].scope for name in ("deep/e", "j")} == {
        "deep/e": "some/call/deep",
        "j": "some/call",
    }
    assert lines["some/call"].scope == "some"
    assert lines["x"].scope == ""


def test_of_two_calls_they_stand_where_both_do() -> None:
    again = CALL + "some/more = PartitionedCall(some/call, n, f=@body) -> float32"
    line = lines_of(again, "some/more")["some/call/deep/e"]
    assert (line.scope, line.count, line.work.flops, line.work.int_ops) == ("some/deep", 2, 8, 0)


def test_work_that_isn_t_done_stays_nothing_however_often_a_body_runs() -> None:
    again = CALL + "some/more = PartitionedCall(some/call, n, f=@body) -> float32"
    lines = lines_of(again, "some/more")
    assert (lines["some/call/out"].count, lines["some/call/out"].work.flops) == (2, 0)
    assert (lines["some/call/j"].work.flops, lines["some/call/j"].work.int_ops) == (0, 6)


def test_one_operation_is_counted_for_each_run() -> None:
    text = "x = Placeholder(dtype=float32, shape=<1>)\nn = Placeholder(dtype=int32, shape=<1>)\n" + CALL
    again = text + "some/more = PartitionedCall(some/call, n, f=@body) -> float32"
    lines = {each.node: each for each in counted(tiny_graph(again, "some/more", functions=FUNCTIONS)).lines}
    assert (lines["some/call/deep/e"].work.flops, lines["some/call/j"].work.int_ops) == (2, 2)


@pytest.mark.parametrize(("calls", "operations"), [(1, 2), (2, 3)])
def test_a_share_of_an_operation_is_rounded_up_when_all_runs_are_added_up(calls: int, operations: int) -> None:
    """A third of four operations for each run."""
    third = RuleSet(Rule("Neg", cost=lambda op: Cost(add=Fraction(1, 3) * op.output().size)))
    again = "some/more = PartitionedCall(some/call, n, f=@body) -> float32"
    text, output = (CALL, "some/call") if calls == 1 else (CALL + again, "some/more")
    graph = tiny_graph(FED + text, output, functions=FUNCTIONS)
    lines = {each.node: each for each in counted(graph, rules=installed_rules() | third).lines}
    assert lines["some/call/deep/e"].work.flops == operations


def test_a_share_of_an_operation_outside_any_body_is_rounded_up_too() -> None:
    third = RuleSet(Rule("Neg", cost=lambda op: Cost(add=Fraction(1, 3) * op.output().size)))
    lines = counted(tiny_graph(FED + "y = Neg(x, T=float32)", "y"), rules=installed_rules() | third).lines
    assert [each.work.flops for each in lines if each.node == "y"] == [2]


@pytest.mark.parametrize("call", ["call", "a/call", "a/b/call"])
def test_phases_are_those_of_the_nodes_or_of_the_call_around_them_that_has_one(call: str) -> None:
    text = f"{call} = PartitionedCall(x, n, f=@around) -> float32\ny = Neg({call}, T=float32)"
    found = phases_of(text, "y", {call: "forward", "y": "backward"})
    assert found == {
        "x": "other",
        "n": "other",
        call: "forward",
        "y": "backward",
        f"{call}/inner": "forward",
        f"{call}/inner/deep/e": "forward",
        f"{call}/inner/j": "forward",
        f"{call}/inner/out": "forward",
    }


def test_a_body_whose_call_has_no_phase_is_other() -> None:
    found = phases_of(CALL, "some/call", {"x": "forward"})
    assert found["x"] == "forward"
    assert found["some/call/j"] == "other"


def test_without_phases_lines_have_none() -> None:
    assert set(phases_of(CALL, "some/call", {}).values()) == {""}


HANDLES = """
    v = Placeholder(dtype=resource)
    u = Placeholder(dtype=resource)
    w = VarHandleOp(dtype=float32, shape=<*>)
    r = ReadVariableOp(v, dtype=float32)
    s = ReadVariableOp(w, dtype=float32)
    k = AddV2(r, s, ^u, T=float32)
"""


def test_a_handle_whose_variable_has_no_shape_says_how_it_is_given() -> None:
    lines = lines_of(HANDLES, "k")
    assert lines["v"].status is Status.NO_SHAPE
    assert "--shape v=..." in lines["v"].reason
    assert {name: lines[name].status for name in "uwr"} == dict.fromkeys("uwr", Status.FREE)


@pytest.mark.parametrize(("then", "other", "value"), [("nothing", "body", 0), ("body", "nothing", 1)])
def test_a_note_says_how_an_input_is_bound_to_count_the_other_branch(then: str, other: str, value: int) -> None:
    text = (
        f"p = Placeholder(dtype=bool, shape=<>)\ny = If(p, x, n, then_branch=@{then}, else_branch=@{other}) -> float32"
    )
    found = counted(tiny_graph(FED + text, "y", functions=FUNCTIONS))
    (predicate,) = map(str, found.choices)
    said = f"branches on {predicate} are counted as if it were {value}, the most expensive way"
    assert list(choice_notes(found, [])) == [said]
    assert list(choice_notes(found, [predicate])) == [f"{said}; --bind {predicate}={1 - value} counts the other"]


def test_of_more_than_two_branches_none_is_named_but_for_the_first_two() -> None:
    text = "i = Placeholder(dtype=int32, shape=<>)\ny = Case(i, x, n, branches=None) -> float32"
    graph = tiny_graph(FED + text, "y", functions=FUNCTIONS)
    case = graph.nodes["y"]
    branches = tuple(FunctionRef(name, EMPTY) for name in ("nothing", "nothing", "body"))
    found = counted(graph.replacing([replace(case, attrs={**case.attrs, "branches": branches})]))
    (predicate,) = map(str, found.choices)
    assert list(choice_notes(found, [predicate])) == [
        f"branches on {predicate} are counted as if it were 2, the most expensive way"
    ]


def test_tensors_have_dtype_and_shape_as_far_as_they_are_known() -> None:
    graph = tiny_graph(FED + "u = Placeholder(dtype=int64)\ny = Neg(x, T=float32)", "y, u")
    assert tensors(evaluated(graph), graph.outputs) == (
        Tensor("y", "float32", Shape(4)),
        Tensor("u", "int64", None),
    )
    assert tensors(evaluated(graph), ()) == ()
