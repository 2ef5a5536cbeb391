"""Arithmetic on two tensors that are broadcast against each other, element by element."""

from __future__ import annotations

import math

from graphcost import COPIES, Cost, Dim, Item, Op, Role, Rule, RuleSet, Shape, Value, floor_div, is_at_least
from graphcost_rules.elementwise import (
    ValueRule,
    broadcast_shape,
    elementwise_value,
    library_call,
    merged_shape,
    per_element,
)
from graphcost_rules.scalars import Binary, exact_quotient, greater, is_floating, lesser, on_two, plus, times

BROADCAST = broadcast_shape(2)
GREATEST_SHIFT = 63
GREATEST_EXPONENT = 64
GREATEST_EXPONENT_OF_A_FORMULA = 8
EXACT_FLOATS = 1 << 24
"""Below this every whole number has a single-precision float."""


def binary(name: str, formula: str, work: Cost, function: Binary | None = None) -> Rule:
    """A function of two broadcast operands that takes `work` for each element of the output."""
    value = None if function is None else elementwise_value(function, 2)
    return Rule(name, shape=BROADCAST, cost=per_element(formula, work), value=value)


def library(name: str) -> Rule:
    """A function of two broadcast operands that is one call into a mathematical library."""
    return Rule(name, shape=BROADCAST, cost=library_call(name.lower()))


def cross_shape(op: Op) -> list[Shape]:
    """The operands' common shape, whose last size is 3."""
    (shape,) = merged_shape(op)
    if shape.rank == 0:
        raise op.error("vectors of rank 0 have no cross product")
    return [Shape(*shape[:-1], op.same(shape[-1], 3))]


def floor_mod(a: Dim, b: Dim) -> Item:
    return None if b == 0 else a - b * floor_div(a, b)


def floor_quotient(a: Dim, b: Dim) -> Item:
    return None if b == 0 else floor_div(a, b)


def truncated_quotient(a: Dim, b: Dim) -> Item:
    """Rounded towards zero, which is downwards where both signs are known to be equal."""
    if b == 0:
        return None
    if isinstance(a, int) and isinstance(b, int):
        return -(-a // b) if (a < 0) != (b < 0) else a // b
    return floor_div(a, b) if is_at_least(a, 0) and is_at_least(b, 1) else None


def truncated_remainder(a: Dim, b: Dim) -> Item:
    quotient = truncated_quotient(a, b)
    return None if quotient is None or isinstance(quotient, float) else a - b * quotient


def power(a: Dim, b: Dim) -> Item:
    greatest = GREATEST_EXPONENT if isinstance(a, int) else GREATEST_EXPONENT_OF_A_FORMULA
    return a**b if isinstance(b, int) and 0 <= b <= greatest else None


def left_shift(a: Dim, b: Dim) -> Item:
    if not isinstance(b, int) or not 0 <= b <= GREATEST_SHIFT:
        return None
    return a * (1 << b)


def right_shift(a: Dim, b: Dim) -> Item:
    if not isinstance(b, int) or not 0 <= b <= GREATEST_SHIFT:
        return None
    return floor_div(a, 1 << b)


def bitwise_and(a: Dim, b: Dim) -> Item:
    return a & b if isinstance(a, int) and isinstance(b, int) else None


def bitwise_or(a: Dim, b: Dim) -> Item:
    return a | b if isinstance(a, int) and isinstance(b, int) else None


def bitwise_xor(a: Dim, b: Dim) -> Item:
    return a ^ b if isinstance(a, int) and isinstance(b, int) else None


def div_value(op: Op) -> list[Value | None]:
    """A quotient of floats, or of integers towards zero."""
    rule = _REAL_QUOTIENT if is_floating(op.input_dtype(0)) else _TRUNCATED_QUOTIENT
    return list(rule(op))


def _product_or_zero(a: float, b: float) -> float:
    return 0.0 if b == 0 else a * b


def _float_power(a: float, b: float) -> Item:
    """Only where the answer has no rounding in it: whole numbers of moderate size."""
    result = math.pow(a, b)
    return result if a.is_integer() and b.is_integer() and abs(result) < EXACT_FLOATS and result.is_integer() else None


def _float_floor_quotient(a: float, b: float) -> Item:
    """Only of whole numbers of moderate size: others may round up to the next one before they are floored."""
    is_exact = a.is_integer() and b.is_integer() and max(abs(a), abs(b)) < EXACT_FLOATS
    return float(a // b) if is_exact else None


ADD, MUL, DIV, COMPARE = Cost(add=1), Cost(mul=1), Cost(div=1), Cost(compare=1)
BIT = "a bit operation counts as one comparison"

_quotient = on_two(exact_quotient, lambda a, b: a / b)
_remainder = on_two(truncated_remainder, math.fmod)

_REAL_QUOTIENT: ValueRule = elementwise_value(_quotient, 2)
_TRUNCATED_QUOTIENT: ValueRule = elementwise_value(on_two(truncated_quotient), 2)

RULES = RuleSet(
    binary("Add", "x + y", ADD, plus),
    binary("AddV2", "x + y", ADD, plus),
    binary("Sub", "x - y", ADD, on_two(lambda a, b: a - b, lambda a, b: a - b)),
    binary("Mul", "x * y", MUL, times),
    binary(
        "MulNoNan", "0 where y is 0, else x * y", Cost(mul=1, compare=1), on_two(lambda a, b: a * b, _product_or_zero)
    ),
    binary("RealDiv", "x / y", DIV, _quotient),
    Rule("Div", shape=BROADCAST, cost=per_element("x / y", DIV), value=div_value),
    binary("DivNoNan", "0 where y is 0, else x / y", Cost(div=1, compare=1)),
    binary("TruncateDiv", "x / y", DIV, on_two(truncated_quotient)),
    binary(
        "FloorDiv", "x / y, rounded by one comparison", DIV + COMPARE, on_two(floor_quotient, _float_floor_quotient)
    ),
    binary("Mod", "the remainder of one division", DIV, _remainder),
    binary("TruncateMod", "the remainder of one division", DIV, _remainder),
    binary(
        "FloorMod", "x - y * floor(x / y), rounding by one comparison", DIV + COMPARE + MUL + ADD, on_two(floor_mod)
    ),
    binary("Xdivy", "0 where x is 0, else x / y", Cost(div=1, compare=1)),
    binary("Xlogy", "0 where x is 0, else x * log(y)", Cost(mul=1, compare=1, transcendental=1)),
    binary("Xlog1py", "0 where x is 0, else x * log1p(y)", Cost(mul=1, compare=1, transcendental=1)),
    binary("SquaredDifference", "(x - y) * (x - y)", ADD + MUL, on_two(lambda a, b: (a - b) * (a - b))),
    binary("Maximum", "max(x, y)", COMPARE, greater),
    binary("Minimum", "min(x, y)", COMPARE, lesser),
    binary("NextAfter", "one more or less in the last bit of x, as it is compared with y", COMPARE + ADD),
    Rule("Pow", shape=BROADCAST, cost=library_call("pow"), value=elementwise_value(on_two(power, _float_power), 2)),
    *(library(name) for name in ("Atan2", "Igamma", "Igammac", "IgammaGradA", "RandomGammaGrad", "Zeta", "Polygamma")),
    binary("BitwiseAnd", BIT, COMPARE, on_two(bitwise_and)),
    binary("BitwiseOr", BIT, COMPARE, on_two(bitwise_or)),
    binary("BitwiseXor", BIT, COMPARE, on_two(bitwise_xor)),
    binary("LeftShift", BIT, COMPARE, on_two(left_shift)),
    binary("RightShift", BIT, COMPARE, on_two(right_shift)),
    Rule("Complex", shape=BROADCAST, cost=COPIES),
    Rule("Cross", shape=cross_shape, cost=per_element("a * b - c * d", Cost(add=1, mul=2))),
).with_roles(
    {
        Role.CLIP: ("Add", "AddV2", "Maximum", "Minimum", "Sub"),
        Role.LOSS_START: ("SquaredDifference",),
        Role.GRADIENT: ("RandomGammaGrad",),
    }
)
