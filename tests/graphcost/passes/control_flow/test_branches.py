"""The branches that nodes of small graphs are in."""

from __future__ import annotations

import pytest
from tiny_graph import tiny_graph

from graphcost.ir.node import TensorRef
from graphcost.passes.control_flow import branches
from graphcost.passes.control_flow.branches import ELSE, LEAST_NESTING, THEN, Step, find_branches

P, Q = TensorRef("p"), TensorRef("q")

BRANCHES = """
x = Placeholder(dtype=int32)
p = Placeholder(dtype=bool)
q = Placeholder(dtype=bool)
same = Identity(p, T=bool)
s = Switch(x, same, T=int32)
then = Neg(s:1, T=int32)
else = Neg(s:0, T=int32)
waits = Const(^then, value=1)
inner = Switch(then, q, T=int32)
both = Neg(inner:0, T=int32)
m = Merge(else, then, T=int32, N=2)
never = Add(then, else, T=int32)
trigger = ControlTrigger(^then)
t = Switch(x, q, T=int32)
met = Add(t:0, then, T=int32)
"""


def test_a_node_runs_where_all_that_it_reads_does() -> None:
    places = find_branches(tiny_graph(BRANCHES)).places
    assert places["s"] == places["m"] == places["trigger"] == ()
    assert places["then"] == places["waits"] == places["inner"] == (Step(P, THEN),)
    assert places["else"] == (Step(P, ELSE),)
    assert places["both"] == (Step(P, THEN), Step(Q, ELSE))
    assert set(places["met"]) == {Step(P, THEN), Step(Q, ELSE)}


def test_branches_that_contradict_each_other_meet_where_they_part() -> None:
    assert find_branches(tiny_graph(BRANCHES)).places["never"] == ()


def test_a_merge_closes_the_predicate_in_which_its_inputs_differ() -> None:
    closing = find_branches(tiny_graph(BRANCHES)).merges
    assert list(closing) == ["m"]
    assert closing["m"].predicate == P
    assert closing["m"].positions == {ELSE: 0, THEN: 1}


def test_predicates_are_told_apart_behind_identities() -> None:
    assert find_branches(tiny_graph(BRANCHES)).switches == {"s": P, "inner": Q, "t": Q}


def test_a_switch_inside_a_branch_of_its_own_predicate_opens_nothing() -> None:
    text = BRANCHES + "again = Switch(then, p, T=int32)\nz = Neg(again:0, T=int32)"
    branches = find_branches(tiny_graph(text))
    assert "again" not in branches.switches
    assert branches.places["z"] == (Step(P, THEN),)


def test_branches_that_many_nodes_stand_in_nest_less_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain of Switches, each on a predicate of its own: every node stands in the branches of all before it."""
    lines = ["x0 = Placeholder(dtype=float32, shape=<>)"]
    for i in range(1, 20):
        lines.append(f"p{i} = Placeholder(dtype=bool, shape=<>)")
        lines.append(f"x{i} = Switch(x{i - 1}{':1' if i > 1 else ''}, p{i}, T=float32)")
    graph = tiny_graph("\n".join(lines), "x19")
    assert max(map(len, find_branches(graph).places.values())) == 18
    monkeypatch.setattr(branches, "MAX_VISITS", 16 + 15)
    assert max(map(len, find_branches(graph).places.values())) == LEAST_NESTING + 2
    monkeypatch.setattr(branches, "MAX_VISITS", 0)
    assert max(map(len, find_branches(graph).places.values())) == LEAST_NESTING
