"""The shapes of calls as TensorFlow infers them on import."""

from __future__ import annotations

import pytest
from tiny_graph import parse_node, tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.explain.called import Calls
from graphcost.ops.fact import Fact
from graphcost.plugins import installed_rules

SQUARES = tiny_graph(
    """
    a = _Arg(T=float32)
    b = _Arg(T=float32)
    product = MatMul(a, b, T=float32)
    size = Shape(a, T=float32)
    """,
    "product, size",
)
CALL = "y = {}(u, v, ^init, f=@squares, Tin=['float32', 'float32'], Tout=['float32', 'int32']) -> float32, int32"


@pytest.fixture
def calls() -> Calls:
    return Calls({"squares": SQUARES}, installed_rules())


@pytest.mark.parametrize("op", ["PartitionedCall", "StatefulPartitionedCall"])
def test_outputs_have_the_shapes_of_the_body(calls: Calls, op: str) -> None:
    node = parse_node(CALL.format(op))
    assert calls.has(node)
    product, size = calls.outputs(node, [Fact("float32", Shape(2, 3)), Fact("float32", Shape(3, 5))])
    assert (product.dtype, product.shape) == ("float32", Shape(2, 5))
    assert (size.shape, size.value and size.value.items) == (Shape(2), (2, 3))


def test_a_function_may_be_called_by_its_name(calls: Calls) -> None:
    node = parse_node("y = squares(u, v) -> float32, int32")
    assert calls.has(node)
    assert calls.outputs(node, [Fact("float32", Shape(2, 3)), Fact("float32", Shape(3, 5))])[0].shape == Shape(2, 5)


def test_other_nodes_call_nothing(calls: Calls) -> None:
    assert not calls.has(parse_node("y = Relu(u, T=float32)"))


def test_open_sizes_are_named_after_the_argument(calls: Calls) -> None:
    node = parse_node(CALL.format("PartitionedCall"))
    open_rows = [Fact("float32", Shape(symbol("N"), 3)), Fact("float32", Shape(3, 5))]
    (rows, columns) = calls.outputs(node, open_rows)[0].shape or ()
    assert columns == 5
    assert str(rows) == "size(argument 0:0,0)"
    assert calls.outputs(node, [Fact("float32", Shape(symbol("K"), 3)), open_rows[1]])[0].shape == Shape(rows, 5)


def test_what_two_calls_equate_is_not_carried_over(calls: Calls) -> None:
    node = parse_node(CALL.format("PartitionedCall"))
    inner = Fact("float32", Shape(2, symbol("K")))
    calls.outputs(node, [inner, Fact("float32", Shape(3, 5))])
    (other,) = calls.outputs(node, [inner, Fact("float32", Shape(4, 5))])[:1]
    assert other.shape == Shape(2, 5)
