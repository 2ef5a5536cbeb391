"""Operations that run a program which graphcost can't read: shapes are known, costs aren't, and the line says so."""

from __future__ import annotations

from graphcost import Op, PartialShape, Rule, RuleSet, Shape


def declared_results(op: Op) -> list[Shape | None]:
    """The shapes that the module's caller declared, open sizes as symbols."""
    return [_opened(op, shape, port) for port, shape in enumerate(op.list_attr("Sout"))]


def _opened(op: Op, shape: object, port: int) -> Shape | None:
    if not isinstance(shape, PartialShape) or shape.dims is None:
        return None
    return op.opened(shape, port)


STABLEHLO = (
    "the StableHLO program inside is opaque to graphcost; where it comes from jax2tf, "
    "convert with native_serialization=False to have it as a graph"
)

RULES = RuleSet(
    Rule("XlaCallModule", shape=declared_results, opaque=STABLEHLO),
)
