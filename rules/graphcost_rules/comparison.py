"""Comparisons and logic, element by element: one `compare` each, on numbers and on bools."""

from __future__ import annotations

from graphcost import Cost, Op, Rule, RuleSet, Shape, Value
from graphcost_rules.elementwise import broadcast_shape, elementwise_value, map_values, merged_shape, per_element
from graphcost_rules.scalars import Binary, both, either, is_equal, is_less, on_two

COMPARE = Cost(compare=1)
BROADCAST = broadcast_shape(2)


def comparison(name: str, formula: str, function: Binary) -> Rule:
    return Rule(name, shape=BROADCAST, cost=per_element(formula, COMPARE), value=elementwise_value(function, 2))


def logic(name: str, formula: str, function: Binary) -> Rule:
    value = elementwise_value(function, 2, partial=True)
    return Rule(name, shape=BROADCAST, cost=per_element(formula, COMPARE), value=value)


def equality(name: str, formula: str, function: Binary) -> Rule:
    """Equal or NotEqual, which may be allowed to compare shapes that can't be broadcast."""

    def value(op: Op) -> list[Value]:
        if _is_shape_mismatch(op):
            return [Value.scalar(name == "NotEqual")]
        return [map_values(op, function, [op.value(0), op.value(1)])]

    return Rule(name, shape=equality_shape, cost=per_element(formula, COMPARE), value=value)


def equality_shape(op: Op) -> list[Shape]:
    """Broadcast; one bool for shapes that don't fit, where `incompatible_shape_error` is off."""
    return [Shape()] if _is_shape_mismatch(op) else BROADCAST(op)


def _is_shape_mismatch(op: Op) -> bool:
    if op.bool_attr("incompatible_shape_error", True):
        return False
    pairs = zip(reversed(op.input(0)), reversed(op.input(1)), strict=False)
    return any(isinstance(a, int) and isinstance(b, int) and a != b and 1 not in (a, b) for a, b in pairs)


def opposite(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


RULES = RuleSet(
    comparison("Less", "x < y", on_two(is_less, lambda a, b: a < b)),
    comparison("Greater", "x > y", on_two(lambda a, b: is_less(b, a), lambda a, b: a > b)),
    comparison("LessEqual", "x <= y", on_two(lambda a, b: opposite(is_less(b, a)), lambda a, b: a <= b)),
    comparison("GreaterEqual", "x >= y", on_two(lambda a, b: opposite(is_less(a, b)), lambda a, b: a >= b)),
    equality("Equal", "x == y", on_two(is_equal, lambda a, b: a == b)),
    equality("NotEqual", "x != y", on_two(lambda a, b: opposite(is_equal(a, b)), lambda a, b: a != b)),
    logic("LogicalAnd", "x and y", both),
    logic("LogicalOr", "x or y", either),
    Rule("ApproximateEqual", shape=merged_shape, cost=per_element("|x - y| < tolerance", Cost(add=2, compare=1))),
)
