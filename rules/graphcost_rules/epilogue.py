"""What a fused kernel does to each element of a convolution or matrix product before it stores it."""

from __future__ import annotations

from collections.abc import Mapping

from graphcost import NOTHING, Cost, Dim, Op

ADD, MUL, COMPARE, CALL = Cost(add=1), Cost(mul=1), Cost(compare=1), Cost(transcendental=1)

PER_ELEMENT: Mapping[str, Cost] = {
    "Add": ADD,
    "BiasAdd": ADD,
    "Mul": MUL,
    "Relu": COMPARE,
    "Relu6": COMPARE * 2,
    "LeakyRelu": COMPARE + MUL,
    "Prelu": COMPARE + MUL,
    "Elu": COMPARE + CALL + ADD,
    "Selu": COMPARE + CALL + ADD + MUL * 2,
    "Sigmoid": CALL,
    "Tanh": CALL,
    "Swish": CALL + MUL,
    "_MklSwish": CALL + MUL,
    "_FusedHardSwish": ADD + COMPARE * 2 + MUL * 2,
    "GeluExact": CALL + ADD + MUL * 3,
    "GeluApproximate": CALL + ADD * 2 + MUL * 6,
}
"""The work of each function that `fused_ops` may name, for one element.

gelu exactly is (x * 0.5) * (1 + erf(x * c)); approximately, (x * 0.5) * (1 + tanh(c * (x + d * x * x * x))).
"""

BATCH_NORM_PER_ELEMENT = MUL + ADD
BATCH_NORM_PER_CHANNEL = Cost(add=2, mul=2, sqrt=1)
"""factor = scale * rsqrt(variance + epsilon) and offset - mean * factor, once for each channel."""


def epilogue(op: Op, elements: Dim, channels: Dim) -> Cost:
    """What the functions in `fused_ops` cost on so many elements of so many channels.

    RuleError where one of them isn't known.
    """
    names = op.list_attr("fused_ops") if op.has_attr("fused_ops") else ()
    return sum((_fused(op, name, elements, channels) for name in names), NOTHING)


def activation(op: Op, name: str, elements: Dim) -> Cost:
    """What a function costs on so many elements. RuleError where it isn't known."""
    work = PER_ELEMENT.get(name)
    if work is None:
        raise op.error(f"no cost for the fused function {name[:60]!r}")
    return work * elements


def _fused(op: Op, name: object, elements: Dim, channels: Dim) -> Cost:
    if not isinstance(name, bytes):
        raise op.error(f"fused_ops holds {str(name)[:60]}, not a name")
    if name == b"FusedBatchNorm":
        return BATCH_NORM_PER_ELEMENT * elements + BATCH_NORM_PER_CHANNEL * channels
    return activation(op, name.decode(errors="replace"), elements)
