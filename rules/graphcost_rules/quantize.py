"""Numbers in few bits: quantization, its inverse, and what imitates both in floating point."""

from __future__ import annotations

from collections.abc import Callable

from graphcost import Cost, Op, Role, Rule, RuleSet, Shape, dim_max

CLAMP = Cost(compare=2)
ROUND = Cost(compare=1)
AFFINE = Cost(mul=1, add=1)
"""x * scale + offset. The scale and the offset come once for each range and don't count."""

FAKE = CLAMP + Cost(add=1, mul=1) + Cost(add=1) + ROUND + AFFINE
"""floor((clamp(x) - min) / scale + 0.5) * scale + min, with the scale's inverse at hand."""


def quantize_shape(op: Op) -> list[Shape | None]:
    """The input's shape, and that of its ranges: one for each slice along `axis`, where it is given."""
    axis = op.int_attr("axis", -1)
    ranges = Shape() if axis == -1 else op.same_shape(op.input(1, rank=1), op.input(2, rank=1))
    if not op.has_shape(0):
        return [None, ranges, ranges]
    shape = op.input(0)
    ranges = op.same_shape(ranges, _ranges(op, shape))
    return [op.input(0), ranges, ranges]


def dequantize_shape(op: Op) -> list[Shape]:
    shape = op.input(0)
    _ranges(op, shape)
    return [shape]


def _ranges(op: Op, shape: Shape) -> Shape:
    axis = op.int_attr("axis", -1)
    if axis == -1:
        return Shape()
    if not 0 <= axis < shape.rank:
        raise op.error(f"axis {axis} of a tensor of rank {shape.rank}")
    return Shape(shape[axis])


def _is_scaled(op: Op) -> bool:
    """In mode SCALED 0 stays 0, so that there is no offset."""
    modes = ("MIN_COMBINED", "MIN_FIRST", "SCALED")
    return op.text_attr("mode", "MIN_COMBINED", choices=modes) == "SCALED"


def quantize_cost(op: Op) -> Cost:
    """round(clamp(x) * scale + offset) for each element."""
    return op.input_size(0) * (CLAMP + (Cost(mul=1) if _is_scaled(op) else AFFINE) + ROUND)


def dequantize_cost(op: Op) -> Cost:
    """q * scale + min for each element."""
    return op.input_size(0) * (Cost(mul=1) if _is_scaled(op) else AFFINE)


def requantize_shape(op: Op) -> list[Shape | None]:
    return [op.input(0) if op.has_shape(0) else None, Shape(), Shape()]


def requantize_cost(op: Op) -> Cost:
    """Dequantized and quantized again, element by element."""
    return op.input_size(0) * (AFFINE + CLAMP + AFFINE + ROUND)


def range_shape(op: Op) -> list[Shape]:
    return [Shape(), Shape()]


def range_cost(op: Op) -> Cost:
    """The least and the greatest element."""
    return Cost(compare=dim_max(2 * (op.input_size(0) - 1), 0))


def shrink_cost(op: Op) -> Cost:
    """The range, then the elements quantized to it."""
    return range_cost(op) + requantize_cost(op)


def same_shape(op: Op) -> list[Shape]:
    return [op.input(0)]


def per_channel_shape(op: Op) -> list[Shape]:
    """The input's, whose last axis has a range for each channel."""
    shape = op.input(0, least_rank=1)
    channels = op.same(op.input(1, rank=1)[0], op.input(2, rank=1)[0])
    return [Shape(*shape[:-1], op.same(shape[-1], channels))]


def per_element(work: Cost, algorithm: str) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        return op.input_size(0) * work

    cost.__doc__ = f"For each element: {algorithm}."
    return cost


fake_cost = per_element(FAKE, "floor((clamp(x) - min) / scale + 0.5) * scale + min")

RULES = RuleSet(
    Rule("QuantizeV2", shape=quantize_shape, cost=quantize_cost, role=Role.MOVE | Role.RANGED),
    Rule("Dequantize", shape=dequantize_shape, cost=dequantize_cost, role=Role.MOVE | Role.RANGED),
    Rule("Requantize", shape=requantize_shape, cost=requantize_cost),
    Rule("RequantizationRange", shape=range_shape, cost=range_cost),
    Rule("QuantizeDownAndShrinkRange", shape=requantize_shape, cost=shrink_cost),
    Rule("FakeQuantWithMinMaxArgs", shape=same_shape, cost=fake_cost),
    Rule("FakeQuantWithMinMaxVars", shape=same_shape, cost=fake_cost),
    Rule("FakeQuantWithMinMaxVarsPerChannel", shape=per_channel_shape, cost=fake_cost),
    Rule("FakeQuantWithMinMaxArgsGradient", shape=same_shape, cost=per_element(CLAMP, "compared with both limits")),
)
