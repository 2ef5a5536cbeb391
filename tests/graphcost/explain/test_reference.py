"""What a reference rule counts of nodes whose sizes are numbers, and why it counts nothing of others."""

from __future__ import annotations

import pytest
from tiny_graph import tiny_graph

from graphcost import FREE, Cost, Op, Rule, RuleSet
from graphcost.dims import Shape, symbol
from graphcost.explain.reference import counts
from graphcost.ops.fact import Fact
from graphcost.ops.status import Status


def elements(op: Op) -> Cost:
    return Cost(add=op.output().size)


def refused(op: Op) -> Cost:
    raise op.error("not this one")


GRAPH = tiny_graph("x = Placeholder(dtype=float32)\ny = Relu(x, T=float32)")


def counted(rule: Rule | None, shape: Shape | None) -> tuple[int, Status | None]:
    facts = {"x": (Fact("float32", shape),), "y": (Fact("float32", shape),)}
    found = counts(GRAPH, facts, RuleSet(*([] if rule is None else [rule])))["y"]
    return found.flops, found.problem and found.problem.status


@pytest.mark.parametrize(
    ("rule", "shape", "expected"),
    [
        (Rule("Relu", cost=elements), Shape(3, 4), (12, None)),
        (Rule("Relu", cost=elements), Shape(symbol("N"), 4), (0, Status.NO_SHAPE)),
        (Rule("Relu", cost=elements), None, (0, Status.NO_SHAPE)),
        (Rule("Relu", cost=refused), Shape(3), (0, Status.INVALID)),
        (Rule("Relu", cost=FREE), Shape(3), (0, Status.NO_RULE)),
        (Rule("Relu"), Shape(3), (0, Status.NO_RULE)),
        (None, Shape(3), (0, Status.NO_RULE)),
    ],
)
def test_a_node(rule: Rule | None, shape: Shape | None, expected: tuple[int, Status | None]) -> None:
    assert counted(rule, shape) == expected


def test_every_node_of_the_top_level_has_an_answer() -> None:
    facts = {name: (Fact("float32", Shape(2)),) for name in "xy"}
    assert counts(GRAPH, facts, RuleSet(Rule("Relu", cost=elements))).keys() == {"x", "y"}


def test_a_cost_that_reads_its_inputs() -> None:
    rule = Rule("Relu", cost=lambda op: Cost(mul=op.input(0)[0]))
    assert counted(rule, Shape(5, 7)) == (5, None)
