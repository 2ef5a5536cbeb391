"""One operation at a time: what a rule set says of it, without a file or a graph around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphcost.dims import Shape
from graphcost.errors import ShapeUnknown
from graphcost.ir.literal import Value
from graphcost.ir.node import Node, TensorRef
from graphcost.ops.cost import Cost, Free
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost.ops.rule import Rule, RuleSet
from graphcost.ops.sizes import Sizes

Operand = Fact | Value | Shape | Sequence[int] | int


@dataclass(frozen=True)
class Outcome:
    """What the rule said: shapes and values of the outputs, and the cost of one run (Free stays Free)."""

    shapes: tuple[Shape | None, ...]
    values: tuple[Value | None, ...]
    cost: Cost | Free | None


def fact(operand: Operand) -> Fact:
    """A Shape is a float tensor; a Value, an int or a list of ints is an int32 tensor whose elements are known."""
    if isinstance(operand, Fact):
        return operand
    if isinstance(operand, Shape):
        return Fact("float32", operand)
    if isinstance(operand, int):
        operand = Value.scalar(operand)
    if not isinstance(operand, Value):
        operand = Value.vector(list(operand))
    return Fact("int32", Shape(*operand.shape), operand)


def make_op(kind: str, *operands: Operand, sizes: Sizes | None = None, **attrs: Any) -> Op:
    """The node as the loader would make it: strings as bytes where an attribute is text (pass bytes)."""
    inputs = tuple(TensorRef(f"input{i}") for i in range(len(operands)))
    node = Node("node", kind, inputs, attrs={k: tuple(v) if isinstance(v, list) else v for k, v in attrs.items()})
    return Op(node, [fact(operand) for operand in operands], sizes=sizes)


def apply(rules: RuleSet, kind: str, *operands: Operand, sizes: Sizes | None = None, **attrs: Any) -> Outcome:
    """Runs the shape, value and cost rules of `kind` as the engine does."""
    rule = rules.get(kind)
    assert rule is not None, f"no rule for {kind}"
    op = make_op(kind, *operands, sizes=sizes, **attrs)
    shapes = tuple(rule.shape(op)) if rule.shape else ()
    return Outcome(shapes, _values(rule, op), _cost(rule, op, shapes))


def _values(rule: Rule, op: Op) -> tuple[Value | None, ...]:
    """Empty where the rule can't tell any."""
    try:
        return tuple(rule.value(op)) if rule.value else ()
    except ShapeUnknown:
        return ()


def _cost(rule: Rule, op: Op, shapes: Sequence[Shape | None]) -> Cost | Free | None:
    if rule.cost is None or isinstance(rule.cost, Free):
        return rule.cost
    return rule.cost(Op(op.node, op.inputs, [Fact("float32", shape) for shape in shapes], op._sizes))
