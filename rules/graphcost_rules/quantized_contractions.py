"""Quantized convolutions and matrix products, which also answer with the range of their result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape
from graphcost_rules.conv import DENSE, DEPTHWISE, ConvFamily
from graphcost_rules.elementwise import merged_if_known
from graphcost_rules.matmul import matmul_cost, matmul_shape
from graphcost_rules.windows import layout

REQUANTIZE = Cost(mul=1, compare=3)
"""The work for one element: scale, round, clamp at both ends."""

WORK = {
    "WithBias": Cost(add=1),
    "SignedSum": Cost(add=1),
    "Sum": Cost(add=1),
    "AndRelu": Cost(compare=1),
    "AndRequantize": REQUANTIZE,
    "AndDequantize": Cost(mul=1),
}
"""What each part of a kernel's name adds for one output element."""


@dataclass(frozen=True, slots=True)
class Contraction:
    """What the product itself gives and takes, before the fused steps."""

    shape: Callable[[Op], Shape]
    macs: Callable[[Op], Dim]


def _convolution(family: ConvFamily) -> Contraction:
    def shape(op: Op) -> Shape:
        return family.shape(op, layout(op, 2), op.input(0, rank=4), op.input(1, rank=4))

    def macs(op: Op) -> Dim:
        return op.output().size * family.taps(op.input(1, rank=4))

    return Contraction(shape, macs)


CONV = _convolution(DENSE)
DEPTHWISE_CONV = _convolution(DEPTHWISE)
MATMUL = Contraction(lambda op: matmul_shape(op)[0], lambda op: matmul_cost(op).mac)


def quantized(contraction: Contraction, name: str, *steps: str) -> Rule:
    """The rule of the op `name` + steps, such as QuantizedMatMul + WithBias + AndRelu.

    Its range has one pair for each channel where the filters' has, unless the result is requantized or the operation is
    the plain QuantizedConv2D.
    """
    work = sum((WORK[step] for step in steps), Cost())
    filters_range = 5 if "WithBias" in steps else 4
    is_plain = name.endswith("QuantizedConv2D") and not steps

    def shape(op: Op) -> list[Shape | None]:
        result = contraction.shape(op)
        if "AndDequantize" in steps:
            return [result]
        if is_plain or "AndRequantize" in steps or contraction is MATMUL:
            return [result, Shape(), Shape()]
        bounds = merged_if_known(op, (filters_range, filters_range + 1))
        return [result, bounds, bounds]

    def cost(op: Op) -> Cost:
        """The multiply-adds of the product alone, then the work of each fused step for each output element."""
        return Cost(mac=contraction.macs(op)) + work * op.output().size

    return Rule(name + "".join(steps), shape=shape, cost=cost, role=Role.CONTRACTION)


FORMS: tuple[tuple[Contraction, str, tuple[str, ...]], ...] = (
    (CONV, "QuantizedConv2D", ()),
    (CONV, "QuantizedConv2DPerChannel", ()),
    (CONV, "QuantizedConv2D", ("AndRelu",)),
    (CONV, "QuantizedConv2D", ("AndRequantize",)),
    (CONV, "QuantizedConv2D", ("AndRelu", "AndRequantize")),
    (CONV, "QuantizedConv2D", ("WithBias",)),
    (CONV, "QuantizedConv2D", ("WithBias", "AndRelu")),
    (CONV, "QuantizedConv2D", ("WithBias", "AndRequantize")),
    (CONV, "QuantizedConv2D", ("WithBias", "AndRelu", "AndRequantize")),
    (CONV, "QuantizedConv2D", ("WithBias", "Sum", "AndRelu")),
    (CONV, "QuantizedConv2D", ("WithBias", "Sum", "AndRelu", "AndRequantize")),
    (CONV, "QuantizedConv2D", ("WithBias", "SignedSum", "AndRelu", "AndRequantize")),
    (DEPTHWISE_CONV, "QuantizedDepthwiseConv2D", ()),
    (DEPTHWISE_CONV, "QuantizedDepthwiseConv2D", ("WithBias",)),
    (DEPTHWISE_CONV, "QuantizedDepthwiseConv2D", ("WithBias", "AndRelu")),
    (DEPTHWISE_CONV, "QuantizedDepthwiseConv2D", ("WithBias", "AndRelu", "AndRequantize")),
    (MATMUL, "QuantizedMatMul", ("WithBias",)),
    (MATMUL, "QuantizedMatMul", ("WithBias", "AndRelu")),
    (MATMUL, "QuantizedMatMul", ("WithBias", "AndRequantize")),
    (MATMUL, "QuantizedMatMul", ("WithBias", "AndDequantize")),
    (MATMUL, "QuantizedMatMul", ("WithBias", "AndRelu", "AndRequantize")),
)
"""The forms that plain and oneDNN kernels share: the contraction, its name, and the steps fused behind it."""

RULES = RuleSet(
    quantized(MATMUL, "QuantizedMatMul"),
    *(quantized(contraction, name, *steps) for contraction, name, steps in FORMS),
)
