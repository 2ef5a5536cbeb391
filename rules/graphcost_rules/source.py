"""Where tensors come from: constants and what is fed from outside."""

from __future__ import annotations

from graphcost import COMPUTES_NOTHING, VIEW, Free, FreeKind, Op, Role, Rule, RuleSet, Shape, ShapeUnknown, Value

FED = Free("is fed", FreeKind.COMPUTES_NOTHING)


def const_shape(op: Op) -> list[Shape]:
    return [Shape(*op.literal_attr("value").shape)]


def const_value(op: Op) -> list[Value | None]:
    return [op.literal_attr("value").value]


def placeholder_shape(op: Op) -> list[Shape]:
    return [op.opened(op.shape_attr("shape"))]


def default_value(op: Op) -> list[Value]:
    """The default's, unless what is fed may have another shape."""
    dims = op.shape_attr("shape").dims
    if dims is None or -1 in dims:
        raise ShapeUnknown("what is fed may have another shape than the default")
    return [op.value(0)]


RULES = RuleSet(
    Rule("Const", shape=const_shape, value=const_value, cost=COMPUTES_NOTHING, role=Role.CONSTANT),
    Rule("HostConst", shape=const_shape, value=const_value, cost=COMPUTES_NOTHING, role=Role.CONSTANT),
    Rule("Placeholder", shape=placeholder_shape, cost=FED, role=Role.INPUT),
    Rule("PlaceholderV2", shape=placeholder_shape, cost=FED, role=Role.INPUT),
    Rule(
        "PlaceholderWithDefault", shape=placeholder_shape, value=default_value, cost=VIEW, role=Role.INPUT | Role.MOVE
    ),
)
