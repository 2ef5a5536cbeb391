"""Strips what serves training alone: dropout, assertions and checks."""

from __future__ import annotations

from graphcost import Match, Maybe, Node, OneOf, Operand, Pattern, Rewrite, any_, tensor

CHECKS = ("CheckNumerics", "CheckNumericsV2", "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3")
RANDOM = Pattern(("RandomUniform", "StatelessRandomUniform", "StatelessRandomUniformV2"))


def _ranged(noise: Operand) -> Operand:
    """Random numbers between 0 and 1, also where TensorFlow wrote the range out: noise * (high - low) + low."""
    return Maybe(Pattern(("Add", "AddV2"), Maybe(Pattern("Mul", noise, any_)), any_))


NOISE = _ranged(RANDOM)
KEPT = Pattern("GreaterEqual", NOISE, any_)
SCALED = Pattern(("Mul", "RealDiv"), tensor("x"), any_)
DROPOUT = OneOf(
    Pattern("Mul", SCALED, Pattern("Cast", KEPT), commutative=True),
    Pattern(
        "Mul", SCALED, Pattern("Floor", Pattern(("Add", "AddV2"), NOISE, any_, commutative=True)), commutative=True
    ),
    Pattern(("Select", "SelectV2"), KEPT, SCALED, any_),
)


def strip(match: Match) -> Node:
    """Dropout hands its input on, as it does in inference; so does a check; an assertion does nothing.

    before: Mul(Mul(x, 1 / keep), Cast(GreaterEqual(RandomUniform(shape), rate)))
    before: SelectV2(GreaterEqual(RandomUniform(shape), rate), Mul(x, 1 / keep), 0)
    before: CheckNumerics(x)
    after:  Identity(x)

    before: Assert(condition, data)
    after:  NoOp()
    """
    if "x" in match:
        return match.make("Identity", match.tensor("x"))
    return match.make("NoOp")


REWRITE = Rewrite("strip_training", OneOf(DROPOUT, Pattern(CHECKS, tensor("x")), Pattern("Assert")), strip)
