"""Activation functions that aren't a single library call, and the gradients of activations and of simple functions."""

from __future__ import annotations

from collections.abc import Mapping

from graphcost import Cost, Op, Role, Rule, RuleSet, Shape
from graphcost_rules.elementwise import merged_shape, per_element, unchanged_shape

ACTIVATIONS: Mapping[str, tuple[str, Cost]] = {
    "Relu": ("max(x, 0)", Cost(compare=1)),
    "Relu6": ("min(max(x, 0), 6)", Cost(compare=2)),
    "LeakyRelu": ("x where x > 0, else alpha * x", Cost(compare=1, mul=1)),
    "Elu": ("x where x > 0, else exp(x) - 1", Cost(compare=1, add=1, transcendental=1)),
    "Selu": (
        "scale * (x where x > 0, else alpha * (exp(x) - 1))",
        Cost(compare=1, add=1, mul=2, transcendental=1),
    ),
    "Softplus": ("one call of softplus", Cost(transcendental=1)),
    "Softsign": ("x / (1 + |x|)", Cost(add=2, div=1)),
}
"""For each activation its formula and its work for one element; both sides of a condition are computed."""

GRADIENTS: Mapping[str, tuple[str, Cost]] = {
    "ReluGrad": ("dy where x > 0, else 0", Cost(compare=1)),
    "Relu6Grad": ("dy where 0 < x < 6, else 0", Cost(compare=2)),
    "LeakyReluGrad": ("dy where x > 0, else alpha * dy", Cost(compare=1, mul=1)),
    "EluGrad": ("dy * (1 where y >= 0, else y + 1)", Cost(compare=1, add=1, mul=1)),
    "SeluGrad": ("dy * (scale where y >= 0, else y + scale * alpha)", Cost(compare=1, add=1, mul=1)),
    "SoftplusGrad": ("dy / (exp(-x) + 1)", Cost(add=2, div=1, transcendental=1)),
    "SoftsignGrad": ("dy / (1 + |x|)^2", Cost(add=2, mul=1, div=1)),
    "SigmoidGrad": ("dy * y * (1 - y)", Cost(add=1, mul=2)),
    "TanhGrad": ("dy * (1 - y * y)", Cost(add=1, mul=2)),
    "SqrtGrad": ("dy * 0.5 / y", Cost(mul=1, div=1)),
    "RsqrtGrad": ("dy * -0.5 * y * y * y", Cost(mul=4)),
    "InvGrad": ("-dy * y * y", Cost(add=1, mul=2)),
    "ReciprocalGrad": ("-dy * y * y", Cost(add=1, mul=2)),
}
"""For each gradient its formula and its work for one element."""


def prelu_shape(op: Op) -> list[Shape]:
    """The first input's shape, which the slopes are broadcast to."""
    shape = op.input(0)
    return [op.broadcast(shape, op.input(1))] if len(op.inputs) > 1 and op.has_shape(1) else [shape]


ELSEWHERE = {"Prelu": "TensorFlow.js"}
"""Operations that TensorFlow doesn't register, and who has them."""

RULES = RuleSet(
    *(Rule(name, shape=unchanged_shape, cost=per_element(*work)) for name, work in ACTIVATIONS.items()),
    *(Rule(name, shape=merged_shape, cost=per_element(*work), role=Role.GRADIENT) for name, work in GRADIENTS.items()),
    Rule("Prelu", shape=prelu_shape, cost=per_element("x where x > 0, else alpha * x", Cost(compare=1, mul=1))),
).with_roles(
    {
        Role.ACTIVATION: ("Elu", "Relu", "Relu6", "Softplus"),
    }
)
