"""What of the inside of conds becomes an output of an If, and which Switches stay."""

from __future__ import annotations

import pytest
from interpret import NOTHING, interpret
from tiny_graph import tiny_graph

from graphcost.ir.node import TensorRef
from graphcost.passes.control_flow.branches import ELSE, THEN, find_branches
from graphcost.passes.control_flow.cond_parts import Level
from graphcost.passes.control_flow.cond_uses import If, Uses
from graphcost.passes.control_flow.naming import Names
from graphcost.passes.control_flow.raise_conds import raise_conds

GIVEN = """
x = Placeholder(dtype=int32)
p = Placeholder(dtype=bool)
q = Placeholder(dtype=bool)
r = Placeholder(dtype=bool)
"""

COND = """
c/Switch = Switch(x, p, T=int32)
c/Neg = Neg(c/Switch:1, T=int32)
c/Abs = Abs(c/Switch:0, T=int32)
c/Merge = Merge(c/Abs, c/Neg, T=int32, N=2)
"""


def uses_of(text: str, outputs: str = "", controls: str = "") -> Uses:
    graph = tiny_graph(GIVEN + text, outputs, controls=controls)
    level = Level(tuple(graph.order), find_branches(graph))
    return Uses(level, graph.outputs, graph.controls, Names(graph.nodes))


def ifs(uses: Uses) -> dict[str, If]:
    return {item.name: item for item in uses.plan if isinstance(item, If)}


def ports(text: str, outputs: str = "", controls: str = "") -> list[str]:
    """The tensors that are outputs of the If `c`, in order."""
    found = ifs(uses_of(text, outputs, controls))["c"].ports
    assert list(found.values()) == list(range(len(found)))
    return list(map(str, found))


def test_the_merge_is_the_output() -> None:
    assert ports(COND) == ["c/Merge"]


def test_the_position_is_one_where_it_is_read() -> None:
    assert ports(COND + "y = Neg(c/Merge:1, T=int32)") == ["c/Merge", "c/Merge:1"]
    assert ports(COND, outputs="c/Merge:1") == ["c/Merge", "c/Merge:1"]


def test_what_is_read_outside_of_the_branch_is_one() -> None:
    assert ports(COND + "y = Add(c/Neg, c/Abs, T=int32)") == ["c/Merge", "c/Neg", "c/Abs"]


def test_what_is_asked_for_is_one() -> None:
    assert ports(COND, outputs="c/Abs, c/Merge") == ["c/Merge", "c/Abs"]


def test_what_is_read_in_its_own_branch_is_none() -> None:
    assert ports(COND + "c/y = Add(c/Neg, c/Neg, T=int32)") == ["c/Merge"]


def test_what_a_later_cond_reads_is_one() -> None:
    later = COND.replace("c/", "d/").replace("Neg(d/Switch:1,", "Add(d/Switch:1, c/Neg,") + "z = Neg(d/Merge, T=int32)"
    later = later.replace("Switch(x, p", "Switch(c/Merge, p")
    assert ports(COND + later) == ["c/Merge", "c/Neg"]


def test_a_merge_that_takes_a_tensor_as_the_result_of_the_other_branch_reads_it_from_outside() -> None:
    uses = uses_of(COND)
    assert uses.result("c/Merge", THEN) == TensorRef("c/Neg")
    assert uses.result("c/Merge", ELSE) == TensorRef("c/Abs")


def test_a_tensor_of_a_branch_is_an_output_of_the_if_seen_from_outside() -> None:
    uses = uses_of(COND, outputs="c/Neg")
    assert uses.seen(TensorRef("c/Neg")) == TensorRef("c", 1)
    assert uses.seen(TensorRef("x")) == TensorRef("x")
    assert uses.seen(TensorRef("c/Merge", 1)) == TensorRef("c/Merge", 1)
    assert [uses.seen_control(name) for name in ("c/Neg", "x", "c/Merge")] == ["c", "x", "c/Merge"]


def test_a_node_is_in_one_branch_of_one_if() -> None:
    uses = uses_of(COND)
    made = ifs(uses)["c"]
    assert uses.is_member("c/Neg", made, THEN)
    assert uses.is_member("c/Abs", made, ELSE)
    assert not uses.is_member("c/Neg", made, ELSE)
    assert not uses.is_member("c/Merge", made, THEN)
    assert not uses.is_member("x", made, THEN)


def test_who_waits_for_a_branch_from_outside_makes_it_run() -> None:
    made = ifs(uses_of(COND + "z = ControlTrigger(^c/Neg)"))["c"]
    assert made.effects == {"c/Neg"}
    assert list(map(str, made.ports)) == ["c/Merge"]


def test_what_the_graph_waits_for_runs() -> None:
    assert ifs(uses_of(COND, controls="c/Abs"))["c"].effects == {"c/Abs"}


def test_who_waits_in_the_same_branch_makes_nothing_run() -> None:
    assert ifs(uses_of(COND + "c/y = Add(c/Neg, c/Neg, ^c/Neg, T=int32)"))["c"].effects == set()


def test_nodes_come_in_the_order_of_the_level() -> None:
    uses = uses_of("z = Neg(x, T=int32)\na = Neg(z, T=int32)")
    assert [node.name for node in uses.in_order({"a", "z", "x"})] == ["x", "z", "a"]
    assert uses.node("a").inputs == (TensorRef("z"),)


@pytest.mark.parametrize("port", [0, 1])
def test_a_switch_of_which_only_a_branch_reads_one_output_goes(port: int) -> None:
    uses = uses_of(f"s = Switch(x, p, T=int32)\nNeg = Neg(s:{port}, T=int32)")
    assert not uses.is_used_outside("s")
    assert not uses.exposed


@pytest.mark.parametrize(
    ("more", "outputs", "controls"),
    [("", "s:1", ""), ("z = NoOp(^s)", "", ""), ("", "", "s"), ("idle = NoOp()", "", "s")],
    ids=["an output", "awaited by a node", "awaited by the graph", "awaited beside others"],
)
def test_a_switch_that_something_else_names_is_used(more: str, outputs: str, controls: str) -> None:
    text = f"s = Switch(x, p, T=int32)\nNeg = Neg(s:1, T=int32)\n{more}"
    assert uses_of(text, outputs, controls).is_used_outside("s")


def test_a_switch_that_nobody_reads_is_used_for_itself() -> None:
    assert uses_of("s = Switch(x, p, T=int32)").is_used_outside("s")


def test_a_switch_read_where_branches_contradict_each_other_is_exposed() -> None:
    assert uses_of(COND + "never = Add(c/Switch:1, c/Switch:0, T=int32)").exposed == {"c/Switch"}
    assert uses_of(COND).exposed == set()


CHAIN = """
a/s = Switch(x, p, T=int32)
a/v = Neg(a/s:1, T=int32)
b/s = Switch(x, q, T=int32)
b/t = Switch(b/s:1, r, T=int32)
deep = Switch(a/v, q, T=int32)
both = Add(deep:1, b/t:1, T=int32)
"""
"""`b/t` stands in a branch of q and opens one of r; `both`, inside that of p, reads it."""


def test_a_branch_has_its_own_of_the_switches_elsewhere_that_open_one_inside() -> None:
    made = ifs(uses_of(CHAIN, controls="both"))
    assert {name: tuple(map(set, each.switches)) for name, each in made.items()} == {
        "b": (set(), set()),
        "cond": (set(), {"b/s", "b/t"}),
    }
    assert made["b"].ports == {}


@pytest.mark.parametrize("q", [True, False])
def test_which_gives_what_tensorflow_gives(q: bool) -> None:
    values, _ = interpret(raise_conds(tiny_graph(GIVEN + CHAIN, "both")), {"x": 3, "p": True, "q": q, "r": True})
    assert values == ([0] if q else [NOTHING])


def test_what_such_a_switch_reads_inside_another_cond_is_an_output_of_that() -> None:
    text = CHAIN.replace("b/t = Switch(b/s:1", "b/v = Square(b/s:1, T=int32)\nb/t = Switch(b/v")
    made = ifs(uses_of(text, controls="both"))
    assert list(map(str, made["b"].ports)) == ["b/v"]


def test_a_cond_takes_the_name_of_its_scope_or_one_inside_it() -> None:
    assert list(ifs(uses_of(COND))) == ["c"]
    assert list(ifs(uses_of(COND + "c = Neg(x, T=int32)"))) == ["c/If"]
