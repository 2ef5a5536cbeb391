"""Constants and what is fed."""

from __future__ import annotations

import pytest
from evaluation import evaluated
from shape_function import constant, prove_shapes, tensor
from single_op import apply
from tiny_graph import tiny_graph

from graphcost import COMPUTES_NOTHING, VIEW, Fact, Free, FreeKind, Literal, PartialShape, Role, Shape, Value
from graphcost.dims import symbol
from graphcost_rules.source import RULES

N = symbol("N")
LITERAL = Literal("int32", (2, 2), Value((2, 2), (1, 2, 3, 4)))


@pytest.mark.parametrize("kind", ["Const", "HostConst"])
def test_a_constant_has_the_shape_and_the_elements_of_its_attribute(kind: str) -> None:
    known = apply(RULES, kind, value=LITERAL, dtype="int32")
    assert (known.shapes, known.values, known.cost) == ((Shape(2, 2),), (LITERAL.value,), COMPUTES_NOTHING)
    unread = apply(RULES, kind, value=Literal("float32", (1000, 3), None), dtype="float32")
    assert (unread.shapes, unread.values) == ((Shape(1000, 3),), (None,))


@pytest.mark.parametrize("kind", ["Placeholder", "PlaceholderV2"])
def test_what_is_fed_has_the_declared_shape(kind: str) -> None:
    known = apply(RULES, kind, shape=PartialShape((2, 3)), dtype="float32")
    assert (known.shapes, known.values) == ((Shape(2, 3),), ())
    assert known.cost == Free("is fed", FreeKind.COMPUTES_NOTHING)


def test_a_default_is_the_value_where_nothing_of_another_shape_can_be_fed() -> None:
    kind = "PlaceholderWithDefault"
    vector = apply(RULES, kind, [5, 6], shape=PartialShape((2,)), dtype="int32")
    assert (vector.shapes, vector.values, vector.cost) == ((Shape(2),), (Value.vector([5, 6]),), VIEW)
    scalar = apply(RULES, kind, 7, shape=PartialShape(()), dtype="int32")
    assert (scalar.shapes, scalar.values) == ((Shape(),), (Value.scalar(7),))
    assert apply(RULES, kind, [5, 6], shape=PartialShape((-1,)), dtype="int32").values == ()
    text = "d = Const(value=[5, 6])\n x = PlaceholderWithDefault(d, dtype=int32, shape=<*>)\n y = Neg(x, T=int32)"
    assert evaluated(tiny_graph(text, "y")).facts["x"][0].value is None


def test_an_open_size_of_what_is_fed_is_a_size_of_its_own() -> None:
    (shape,) = apply(RULES, "PlaceholderWithDefault", Fact("float32", Shape(4, 3)), shape=PartialShape((-1, 3))).shapes
    assert shape is not None
    assert (str(shape[0]), shape[1]) == ("size(node:0,0)", 3)


@pytest.mark.tensorflow
def test_shapes_are_those_of_tensorflow() -> None:
    tf = pytest.importorskip("tensorflow")
    prove_shapes(RULES, "Placeholder", [], dtype=tf.float32, shape=tf.TensorShape([2, None]))
    for shape in ([2], [None]):
        given = tf.TensorShape(shape)
        prove_shapes(RULES, "PlaceholderWithDefault", [constant([1, 2])], dtype=tf.int32, shape=given)
        prove_shapes(RULES, "PlaceholderWithDefault", [tensor(2)], dtype=tf.float32, shape=given)


def test_each_is_known_for_what_it_is() -> None:
    assert set(RULES.ops_in(Role.INPUT)) == {"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"}
    assert set(RULES.ops_in(Role.CONSTANT)) == {"Const", "HostConst"}
    assert set(RULES.ops_in(Role.MOVE)) == {"PlaceholderWithDefault"}
