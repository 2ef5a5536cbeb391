"""Programs inside a node: never a zero, always a reason."""

from __future__ import annotations

from evaluation import counted
from single_op import apply
from tiny_graph import tiny_graph

from graphcost import PartialShape, Shape
from graphcost.graph import Node
from graphcost.report import Status
from graphcost_rules.closed import RULES


def test_shapes_are_those_that_the_caller_declared() -> None:
    results = [PartialShape((2, 3)), PartialShape(None), PartialShape((-1, 4))]
    known, unknown, partial = apply(RULES, "XlaCallModule", Shape(2), Sout=results).shapes
    assert known == Shape(2, 3)
    assert unknown is None
    assert partial is not None
    assert partial[1] == 4


def test_the_line_says_that_the_program_is_closed() -> None:
    graph = tiny_graph("x = Placeholder(dtype=float32, shape=<2>)\n y = XlaCallModule(x) -> float32", "y")
    call = graph.nodes["y"]
    attrs = {**call.attrs, "Sout": (PartialShape((2,)),)}
    graph = graph.replacing([Node("y", call.op, call.inputs, attrs=attrs, dtypes=("float32",))])
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert line.status is Status.NO_RULE
    assert "StableHLO" in line.reason
    assert line.outputs == (Shape(2),)


def test_nothing_that_is_closed_has_a_cost() -> None:
    assert all(rule.cost is None and rule.opaque for rule in RULES)


def test_reductions_by_a_function_drop_their_axes() -> None:
    shapes = apply(
        RULES, "XlaVariadicReduce", Shape(2, 3), Shape(2, 3), Shape(), Shape(), dimensions_to_reduce=[1]
    ).shapes
    assert shapes == (Shape(2), Shape(2))
    assert apply(RULES, "XlaVariadicSort", Shape(2, 3), Shape(2, 3), 1).shapes == (Shape(2, 3),) * 2


def test_a_mapped_function_gives_a_row_for_each_row() -> None:
    declared = [PartialShape((4,)), PartialShape(None)]
    assert apply(RULES, "MapDefun", Shape(7, 2), output_shapes=declared).shapes == (Shape(7, 4), None)
