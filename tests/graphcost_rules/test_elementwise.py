from __future__ import annotations

import pytest
from single_op import make_op

from graphcost import Cost, Fact, RuleError, Shape, ShapeUnknown, Value
from graphcost.dims import symbol
from graphcost.ir.node import Node, TensorRef
from graphcost.ops.op import Op
from graphcost_rules.elementwise import (
    broadcast_shape,
    elementwise_value,
    library_call,
    map_values,
    merged_shape,
    per_element,
    unchanged_shape,
)
from graphcost_rules.scalars import both, plus

UNKNOWN = Fact("float32")


def test_unknown_inputs_take_the_shape_of_the_known_ones():
    assert merged_shape(make_op("AddN", UNKNOWN, Shape(2, 3), UNKNOWN)) == [Shape(2, 3)]
    n = symbol("N")
    assert merged_shape(make_op("AddN", Shape(n, 3), Shape(2, symbol("w")))) == [Shape(2, 3)]
    with pytest.raises(ShapeUnknown):
        merged_shape(make_op("AddN", UNKNOWN, UNKNOWN))
    with pytest.raises(RuleError):
        merged_shape(make_op("AddN", Shape(2), Shape(2, 1)))
    with pytest.raises(RuleError):
        merged_shape(make_op("AddN"))


def test_a_broadcast_needs_every_shape():
    assert broadcast_shape(2)(make_op("Add", Shape(2, 1), Shape(3))) == [Shape(2, 3)]
    with pytest.raises(ShapeUnknown):
        broadcast_shape(2)(make_op("Add", Shape(2), UNKNOWN))
    with pytest.raises(RuleError):
        broadcast_shape(2)(make_op("Add", Shape(2)))
    with pytest.raises(RuleError):
        unchanged_shape(make_op("Neg"))


def test_a_cost_names_its_formula():
    cost = per_element("x + y", Cost(add=1))
    assert cost.__doc__ == "For each element of the output: x + y."
    op = Op(Node("node", "Add"), outputs=[Fact("float32", Shape(symbol("N"), 3))])
    assert cost(op) == Cost(add=3 * symbol("N"))
    assert library_call("erf")(op) == Cost(transcendental=3 * symbol("N"))


def test_values_are_stretched_like_arrays():
    column, row = Value((2, 1), (10, 20)), Value((3,), (1, 2, None))
    op = make_op("Add", column, row)
    assert map_values(op, plus, [column, row]) == Value((2, 3), (11, 12, None, 21, 22, None))
    assert map_values(op, plus, [Value.scalar(5), row]) == Value((3,), (6, 7, None))
    assert map_values(op, plus, [Value((2, 0), ()), Value((1, 1), (5,))]) == Value((2, 0), ())


def test_a_result_that_is_too_large_is_not_tracked():
    column, row = Value((2000, 1), (1,) * 2000), Value((1, 2000), (1,) * 2000)
    with pytest.raises(ShapeUnknown):
        map_values(make_op("Add", column, row), plus, [column, row])
    vast = Value((0, 10**12), ())
    assert map_values(make_op("Add", vast, 1), plus, [vast, Value.scalar(1)]) == vast


def test_results_are_held_by_the_output_dtype():
    node = Node("node", "Add", (TensorRef("a"), TensorRef("b")), dtypes=("int8",))
    op = Op(node, [Fact("int8", Shape(), Value.scalar(100)), Fact("int8", Shape(), Value.scalar(28))])
    assert elementwise_value(plus, 2)(op) == [Value.scalar(None)]


def test_a_partial_rule_sees_unknown_operands_as_blanks():
    blank = Fact("bool", Shape(2))
    op = make_op("LogicalAnd", Value.vector([False, True]), blank)
    assert elementwise_value(both, 2, partial=True)(op) == [Value.vector([False, None])]
    with pytest.raises(ShapeUnknown):
        elementwise_value(both, 2)(op)
