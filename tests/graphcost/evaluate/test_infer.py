"""One node: rule, recorded shapes, and what a rule may get wrong."""

from __future__ import annotations

import pytest
from tiny_graph import parse_node

from graphcost.dims import Shape, symbol
from graphcost.evaluate.infer import infer
from graphcost.ir.literal import PartialShape, Value
from graphcost.ir.node import Node
from graphcost.ops.cost import FREE
from graphcost.ops.fact import Fact
from graphcost.ops.rule import Rule
from graphcost.ops.sizes import Sizes
from graphcost.ops.status import Status


def recorded(*dims: int | None) -> dict[str, object]:
    sizes = tuple(-1 if dim is None else dim for dim in dims)
    return {"_output_shapes": (PartialShape(sizes),)}


def node(attrs: dict[str, object] | None = None) -> Node:
    return Node("n", "Made", attrs=attrs or {}, dtypes=("float32",))  # type: ignore[arg-type]


def shape_rule(*shapes: Shape | None) -> Rule:
    return Rule("Made", shape=lambda op: list(shapes), cost=FREE)


def test_without_a_rule_the_file_tells() -> None:
    result = infer(node(recorded(2, None)), None, [], Sizes())
    assert result.facts == (Fact("float32", Shape(2, symbol("size(n:0,1)"))),)
    assert result.problem is not None
    assert result.problem.status is Status.NO_RULE


def test_the_file_fills_in_only_what_the_rule_leaves_open() -> None:
    rule = Rule("Made", shape=lambda op: [Shape(op.unknown_size(0), symbol("N"))], cost=FREE)
    result = infer(node(recorded(7, 9)), rule, [], Sizes())
    assert result.facts[0].shape == Shape(7, symbol("N"))


@pytest.mark.parametrize(("op", "shape"), [("If", Shape(2, 5)), ("StatelessWhile", Shape(2, 5)), ("MapDefun", None)])
def test_branches_and_loops_declare_their_outputs(op: str, shape: Shape | None) -> None:
    declared = Node("n", op, attrs={"output_shapes": (PartialShape((2, 5)),)}, dtypes=("float32",))
    assert infer(declared, None, [], Sizes()).facts[0].shape == shape


def test_what_the_file_recorded_goes_before_what_a_node_declares() -> None:
    attrs = {**recorded(3), "output_shapes": (PartialShape((-1,)),)}
    node = Node("n", "If", attrs=attrs, dtypes=("float32",))  # type: ignore[arg-type]
    assert infer(node, None, [], Sizes()).facts[0].shape == Shape(3)


def test_a_contradiction_is_a_warning_and_the_rule_wins() -> None:
    result = infer(node(recorded(2, 5)), shape_rule(Shape(2, 4)), [], Sizes())
    assert result.facts[0].shape == Shape(2, 4)
    assert result.warning == "n: the file recorded shape [2, 5], the rule for Made says [2, 4]"


def test_another_rank_is_a_contradiction_too() -> None:
    assert infer(node(recorded(2)), shape_rule(Shape(2, 4)), [], Sizes()).warning is not None


def test_a_value_gives_its_shape() -> None:
    rule = Rule("Made", value=lambda op: [Value.vector([1, 2, 3])])
    assert infer(node(), rule, [], Sizes()).facts[0].shape == Shape(3)


@pytest.mark.parametrize("value", [Value.vector([1, 2]), Value.vector([0] * 5000)])
def test_a_value_at_odds_with_the_shape_or_too_large_is_dropped(value: Value) -> None:
    rule = Rule("Made", shape=lambda op: [Shape(3)], value=lambda op: [value])
    assert infer(node(), rule, [], Sizes()).facts[0] == Fact("float32", Shape(3))


def test_more_elements_than_tensorflow_can_have() -> None:
    result = infer(node(), shape_rule(Shape(2**62, 4)), [], Sizes())
    assert result.facts[0].shape is None
    assert result.problem is not None
    assert result.problem.reason == "output 0 has more than 2^63 - 1 elements"
    assert infer(node(), shape_rule(Shape(2**62, 4, 0)), [], Sizes()).problem is None


def test_a_rule_s_own_mistakes_are_its_line_s() -> None:
    wrong_count = infer(node(), shape_rule(Shape(), Shape()), [], Sizes()).problem
    crash = infer(node(), Rule("Made", shape=lambda op: [1 // 0]), [], Sizes()).problem  # type: ignore[list-item]
    assert wrong_count is not None
    assert crash is not None
    assert wrong_count.reason == "its rule gives 2 outputs, the node has 1"
    assert crash.status is Status.INVALID
    assert "ZeroDivisionError" in crash.reason


def test_an_unknown_op_gets_the_dtype_that_it_declares() -> None:
    unknown = Node("n", "Foo", attrs={"T": "int64"}, dtypes=(None,))
    assert infer(unknown, None, [], Sizes()).facts[0].dtype == "int64"


def test_a_real_node() -> None:
    conv = parse_node("c = Conv2D(x, w, T=float32, strides=[1, 2, 2, 1], padding=b'SAME')")
    from graphcost.plugins import installed_rules

    inputs = [Fact("float32", Shape(symbol("N"), 9, 9, 3)), Fact("float32", Shape(3, 3, 3, 8))]
    result = infer(conv, installed_rules().get("Conv2D"), inputs, Sizes())
    assert result.facts == (Fact("float32", Shape(symbol("N"), 5, 5, 8)),)
