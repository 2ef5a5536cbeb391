"""Functions of one tensor, element by element."""

from __future__ import annotations

import math

from graphcost import COPIES, Cost, Dim, Free, Item, Op, Role, Rule, RuleSet, Value, dim_max, is_at_least
from graphcost_rules.elementwise import (
    ValueRule,
    elementwise_value,
    library_call,
    output_dtype,
    per_element,
    unchanged_shape,
)
from graphcost_rules.scalars import Unary, on_one, stored
from graphcost_rules.small_values import filled

FILLS = Free("fills memory")


def unary(name: str, formula: str, work: Cost, value: ValueRule | None = None, *, real: bool = False) -> Rule:
    """A function whose output has its input's shape and takes `work` for each element."""
    return Rule(name, shape=unchanged_shape, cost=per_element(formula, work), value=value, real=real)


def library(name: str) -> Rule:
    """A function that is one call into a mathematical library."""
    return Rule(name, shape=unchanged_shape, cost=library_call(name.lower()))


def value_of(function: Unary) -> ValueRule:
    return elementwise_value(function, 1)


def like_value(item: int) -> ValueRule:
    """Known from the shape alone."""

    def value(op: Op) -> list[Value]:
        dtype = output_dtype(op)
        return [filled(op.input(), bool(item) if dtype == "bool" else stored(item, dtype))]

    return value


def absolute(a: Dim) -> Item:
    return dim_max(a, -a)


def sign(a: Dim) -> Item:
    if is_at_least(a, 1):
        return 1
    if is_at_least(-a, 1):
        return -1
    return 0 if a == 0 else None


def negated(a: Dim) -> Item:
    return not a if isinstance(a, bool) else None


def _float_sign(a: float) -> float:
    return a if a == 0 or math.isnan(a) else math.copysign(1.0, a)


def _same(a: Dim) -> Item:
    return a


def _float_floor(a: float) -> float:
    return float(math.floor(a))


def _float_ceil(a: float) -> float:
    return float(math.ceil(a))


def _float_round(a: float) -> float:
    """Halves go to the even neighbour."""
    return float(round(a))


ADD, MUL, DIV, COMPARE, SQRT = Cost(add=1), Cost(mul=1), Cost(div=1), Cost(compare=1), Cost(sqrt=1)

_rounding = {
    "Floor": value_of(on_one(_same, _float_floor)),
    "Ceil": value_of(on_one(_same, _float_ceil)),
    "Round": value_of(on_one(_same, _float_round)),
    "Rint": value_of(on_one(_same, _float_round)),
}

LIBRARY = (
    *("Exp", "Expm1", "Log", "Log1p"),
    *("Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Tanh", "Asinh", "Acosh", "Atanh"),
    *("Sigmoid", "Erf", "Erfc", "Erfinv", "Ndtri", "Lgamma", "Digamma"),
    *("BesselI0", "BesselI0e", "BesselI1", "BesselI1e", "BesselJ0", "BesselJ1", "BesselK0", "BesselK0e"),
    *("BesselK1", "BesselK1e", "BesselY0", "BesselY1", "Dawsn", "Expint", "FresnelCos", "FresnelSin", "Spence"),
)

RULES = RuleSet(
    *(library(name) for name in LIBRARY),
    unary("Neg", "-x", ADD, value_of(on_one(lambda a: -a, lambda a: -a))),
    unary("Abs", "|x|", ADD, value_of(on_one(absolute, abs))),
    unary("Square", "x * x", MUL, value_of(on_one(lambda a: a * a, lambda a: a * a))),
    unary("Reciprocal", "1 / x", DIV),
    unary("Inv", "1 / x", DIV),
    unary("Sqrt", "the square root", SQRT, value_of(on_one(None, math.sqrt))),
    unary("Rsqrt", "the reciprocal square root", SQRT),
    unary("Sign", "one comparison", COMPARE, value_of(on_one(sign, _float_sign))),
    *(unary(name, "rounding counts as one comparison", COMPARE, value) for name, value in _rounding.items()),
    *(unary(name, "one comparison", COMPARE) for name in ("IsNan", "IsInf", "IsFinite")),
    unary("LogicalNot", "not x", COMPARE, value_of(on_one(negated))),
    unary("Invert", "a bit operation counts as one comparison", COMPARE, value_of(on_one(lambda a: -a - 1))),
    unary("PopulationCount", "a bit operation counts as one comparison", COMPARE),
    unary("Conj", "the imaginary part's sign is changed", ADD, real=True),
    unary("ComplexAbs", "sqrt(re * re + im * im)", Cost(add=1, mul=2, sqrt=1), real=True),
    unary("Angle", "one call of atan2", Cost(transcendental=1), real=True),
    Rule("Real", shape=unchanged_shape, cost=COPIES),
    Rule("Imag", shape=unchanged_shape, cost=COPIES),
    Rule("ZerosLike", shape=unchanged_shape, cost=FILLS, value=like_value(0), role=Role.SHAPE_ONLY),
    Rule("OnesLike", shape=unchanged_shape, cost=FILLS, value=like_value(1), role=Role.SHAPE_ONLY | Role.ONES),
).with_roles(
    {
        Role.LOSS_START: ("Abs", "Exp", "Log", "Log1p", "Neg", "Square"),
        Role.ACTIVATION: ("Round", "Tanh"),
        Role.ACTIVATION | Role.PROBABILITIES: ("Sigmoid",),
    }
)
