"""Choosing between tensors, clipping, and sums of many."""

from __future__ import annotations

from functools import reduce

from graphcost import Cost, Item, Op, Role, Rule, RuleSet, Shape, Value
from graphcost_rules.elementwise import (
    broadcast_shape,
    elementwise_value,
    library_call,
    map_values,
    merged,
    merged_shape,
    per_element,
    unchanged_shape,
)
from graphcost_rules.scalars import greater, lesser, plus
from graphcost_rules.small_values import value_or_blank

SELECT_COST = per_element("one of two, by a comparison", Cost(compare=1))


def select_shape(op: Op) -> list[Shape]:
    """The shape of both branches; the condition has it too, or is a scalar, or a vector along the first axis."""
    shape = merged(op, (1, 2))
    if not op.has_shape(0):
        return [shape]
    condition = op.input(0)
    if condition.rank == 0:
        return [shape]
    if condition.rank == 1 and shape.rank > 0:
        return [Shape(op.same(condition[0], shape[0]), *shape[1:])]
    return [op.same_shape(shape, condition)]


def select_value(op: Op) -> list[Value]:
    condition = op.value(0)
    branches = [value_or_blank(op, i) for i in (1, 2)]
    if len(condition.shape) == 1:
        condition = Value((*condition.shape, *(1,) * (len(branches[0].shape) - 1)), condition.items)
    return [map_values(op, choose, [condition, *branches])]


def choose(condition: Item, yes: Item, no: Item) -> Item:
    """Either branch, if the condition isn't known and both are the same."""
    if condition is None:
        return yes if yes == no else None
    return yes if condition else no


def clip(item: Item, least: Item, greatest: Item) -> Item:
    return greater(lesser(item, greatest), least)


def declared_sum_shape(op: Op) -> list[Shape]:
    """The one shape of all inputs, which an attribute declares too."""
    declared = op.shape_attr("shape").dims if op.has_attr("shape") else None
    if declared is None:
        return merged_shape(op)
    if not any(map(op.has_shape, range(len(op.inputs)))):
        return [op.opened(op.shape_attr("shape"))]
    shape = merged(op, range(len(op.inputs)))
    if len(declared) != shape.rank:
        raise op.error(f"a sum of shape {list(declared)} of tensors of shape {shape}")
    sizes = zip(declared, shape, strict=True)
    return [Shape(*(size if dim < 0 else op.same(dim, size) for dim, size in sizes))]


def sum_cost(op: Op) -> Cost:
    """One addition less than there are inputs, for each element."""
    return Cost(add=op.output_size() * max(len(op.inputs) - 1, 0))


def sum_value(op: Op) -> list[Value]:
    addends = [op.value(i) for i in range(max(len(op.inputs), 1))]
    return [map_values(op, lambda *items: reduce(plus, items), addends)]


def betainc_shape(op: Op) -> list[Shape]:
    """The one shape of the operands that aren't scalars."""
    tensors = [i for i in range(3) if not (op.has_shape(i) and op.input(i).rank == 0)]
    return [merged(op, tensors) if tensors else Shape()]


RULES = RuleSet(
    Rule("Select", shape=select_shape, cost=SELECT_COST, value=select_value),
    Rule("SelectV2", shape=broadcast_shape(3), cost=SELECT_COST, value=elementwise_value(choose, 3, partial=True)),
    Rule(
        "ClipByValue",
        shape=unchanged_shape,
        cost=per_element("max(min(x, greatest), least)", Cost(compare=2)),
        value=elementwise_value(clip, 3),
        role=Role.CLIP,
    ),
    Rule("AddN", shape=merged_shape, cost=sum_cost, value=sum_value),
    Rule("AccumulateNV2", shape=declared_sum_shape, cost=sum_cost, value=sum_value),
    Rule("Betainc", shape=betainc_shape, cost=library_call("betainc")),
)
