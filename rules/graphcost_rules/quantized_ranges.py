"""Floats rounded to what few bits can hold, the gradients of that, and ranges of single channels.

What follows from ranges alone, such as a scale, comes once for each range and doesn't count.
"""

from __future__ import annotations

from collections.abc import Callable

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape, dim_max
from graphcost_rules.elementwise import merged, merged_if_known
from graphcost_rules.quantize import CLAMP, ROUND, per_channel_shape, range_shape, same_shape
from graphcost_rules.quantized_elementwise import with_range

SCALED_TWICE = Cost(mul=2) + ROUND
"""round(x * scale) * (1 / scale)."""


def rounded_shape(op: Op) -> list[Shape]:
    """The input's shape, whose channels along `axis`, where that is given, have a range each."""
    shape = op.input(0)
    channels = _channels(op, shape)
    if channels is None:
        return [shape]
    for bound in (1, 2):
        channels = op.same(channels, op.input(bound, rank=1)[0])
    axis = op.int_attr("axis")
    return [Shape(*shape[:axis], channels, *shape[axis + 1 :])]


def rounded_cost(range_given: bool) -> Callable[[Op], Cost]:
    """`range_given` is the attribute's default."""

    def cost(op: Op) -> Cost:
        """Scaled, rounded and scaled back, element by element; clamped first where the range is given, while
        otherwise the least and the greatest element are searched, of each channel where there is an axis."""
        elements = op.input_size(0)
        if op.bool_attr("range_given", range_given):
            return (CLAMP + SCALED_TWICE) * elements
        groups: Dim = 1 if op.int_attr("axis", -1) == -1 else op.input(1, rank=1)[0]
        return SCALED_TWICE * elements + _search(elements, groups)

    return cost


def rounded_grad_shape(op: Op) -> list[Shape | None]:
    """The gradients of the input and of both ends of its range."""
    gradient, end = merged_if_known(op, (0, 1)), merged_if_known(op, (2, 3))
    if end is None:
        end = Shape() if op.int_attr("axis", -1) == -1 else Shape(op.unknown_size(0, 1))
    return [gradient, end, end]


def clamped_cost(op: Op) -> Cost:
    """The gradient passes where the input lies in the range: two comparisons for each element."""
    return CLAMP * op.output_size(0)


def fake_grad_shape(op: Op) -> list[Shape]:
    """The gradients of the input and, as scalars, of both ends of its range."""
    return [merged(op, (0, 1))]


def fake_grad_cost(op: Op) -> Cost:
    """Two comparisons tell for each element whether its gradient passes; those that lie below the range, and those
    above, are summed for the ends, zeros for the others."""
    size = op.output_size(0)
    return CLAMP * size + Cost(add=2 * dim_max(size - 1, 0))


def fake_channel_grad_shape(op: Op) -> list[Shape | None]:
    """The gradients of the input and of both ends of each channel's range."""
    channels = op.same(op.input(2, rank=1)[0], op.input(3, rank=1)[0])
    if not (op.has_shape(0) or op.has_shape(1)):
        return [None, Shape(channels), Shape(channels)]
    shape = merged(op, (0, 1))
    if shape.rank == 0:
        raise op.error("a scalar has no channels")
    channels = op.same(shape[-1], channels)
    return [Shape(*shape[:-1], channels), Shape(channels), Shape(channels)]


def fake_channel_grad_cost(op: Op) -> Cost:
    """As for a whole tensor, with a sum below and a sum above for each channel."""
    elements, (channels,) = op.output_size(0), op.output(1, rank=1)
    return CLAMP * elements + Cost(add=2 * dim_max(elements - channels, 0))


def channel_range_cost(op: Op) -> Cost:
    """The least and the greatest element of each channel, each scaled, and the least and greatest of those."""
    _, channels = op.folded_input(0, last=1)
    return _search(op.input_size(0), channels) + Cost(mul=2) * channels + _search(channels, 1)


def requantized_cost(op: Op) -> Cost:
    """Each element times its channel's scale, rounded and clamped."""
    return (Cost(mul=1) + ROUND + CLAMP) * op.input_size(0)


def _search(elements: Dim, groups: Dim) -> Cost:
    return Cost(compare=2 * dim_max(elements - groups, 0))


def _channels(op: Op, shape: Shape) -> Dim | None:
    axis = op.int_attr("axis", -1)
    if axis == -1:
        return None
    if not 0 <= axis < shape.rank:
        raise op.error(f"axis {axis} of a tensor of rank {shape.rank}")
    return shape[axis]


RULES = RuleSet(
    Rule("QuantizeAndDequantize", shape=same_shape, cost=rounded_cost(range_given=False)),
    Rule("QuantizeAndDequantizeV2", shape=rounded_shape, cost=rounded_cost(range_given=False)),
    Rule("QuantizeAndDequantizeV3", shape=rounded_shape, cost=rounded_cost(range_given=True)),
    Rule("QuantizeAndDequantizeV4", shape=rounded_shape, cost=rounded_cost(range_given=False)),
    Rule("QuantizeAndDequantizeV4Grad", shape=rounded_grad_shape, cost=clamped_cost, role=Role.GRADIENT),
    Rule("FakeQuantWithMinMaxVarsGradient", shape=with_range(fake_grad_shape), cost=fake_grad_cost),
    Rule("FakeQuantWithMinMaxVarsPerChannelGradient", shape=fake_channel_grad_shape, cost=fake_channel_grad_cost),
    Rule("RequantizationRangePerChannel", shape=range_shape, cost=channel_range_cost),
    Rule("RequantizePerChannel", shape=with_range(per_channel_shape), cost=requantized_cost),
)
