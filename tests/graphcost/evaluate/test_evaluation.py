"""What is known inside a body, and what its calls hand over."""

from __future__ import annotations

from tiny_graph import tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.evaluate.evaluation import Call, Evaluation, symbols_of
from graphcost.ir.literal import Value
from graphcost.ir.node import TensorRef
from graphcost.ops.fact import UNKNOWN, Fact
from graphcost.ops.sizes import Sizes

BODY = tiny_graph("a = _Arg(T=float32)\nb = _Arg(T=float32)\nc = Foo(a, b) -> float32, float32", "c:1, a")
FIRST, SECOND = Fact("float32", Shape(1)), Fact("float32", Shape(2))


def test_a_tensor_has_the_fact_of_its_port() -> None:
    evaluation = Evaluation(BODY, "", Sizes(), facts={"c": (FIRST, SECOND)})
    assert evaluation.fact(TensorRef("c", 1)) is SECOND
    assert evaluation.fact(TensorRef("a")) is UNKNOWN
    assert evaluation.outputs == (SECOND, UNKNOWN)


def test_arguments_are_the_last_inputs_of_the_node_unless_it_says_which() -> None:
    callee = Evaluation(BODY, "", Sizes())
    assert Call(callee).given(["predicate", "x", "y"]) == ["x", "y"]
    assert Call(callee).given(["x", "y"]) == ["x", "y"]
    assert Call(callee, operands=(2, 0)).given(["x", "y", "z"]) == ["z", "x"]


def test_a_body_without_arguments_is_given_nothing() -> None:
    callee = Evaluation(tiny_graph("c = Const(value=1)", "c"), "", Sizes())
    assert Call(callee).given(["predicate"]) == []


def test_symbols_stand_in_shapes_in_values_and_in_elements() -> None:
    n, m, t = symbol("N"), symbol("M"), symbol("T")
    facts = [
        Fact(shape=Shape(n, 3)),
        Fact(value=Value.vector([m + 1, None, 2])),
        Fact(element=Fact(shape=Shape(t))),
        UNKNOWN,
    ]
    assert symbols_of(facts) == {"N", "M", "T"}
    assert symbols_of([]) == frozenset()
