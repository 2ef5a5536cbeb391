"""Biases along the channels, and their gradient."""

from __future__ import annotations

from graphcost import Cost, Op, Role, Rule, RuleSet, Shape, dim_max, product
from graphcost_rules.elementwise import per_element

BIAS_COST = per_element("x + bias", Cost(add=1))


def bias_add_shape(op: Op) -> list[Shape]:
    """The tensor's shape, whose channels the bias has too."""
    shape = op.input(0)
    channel = _channel_axis(op, shape)
    channels = op.same(shape[channel], op.input(1, rank=1)[0])
    return [Shape(*shape[:channel], channels, *shape[channel + 1 :])]


def bias_add_grad_shape(op: Op) -> list[Shape]:
    if not op.has_shape(0):
        return [Shape(op.unknown_size(0))]
    shape = op.input(0)
    return [Shape(shape[_channel_axis(op, shape)])]


def bias_add_grad_cost(op: Op) -> Cost:
    """The sum over all axes but the channels: inputs - outputs additions."""
    if not op.has_shape(0):
        return Cost(add=op.input_size(0) - op.output_size())
    shape = op.input(0)
    channel = _channel_axis(op, shape)
    summed = product(size for axis, size in enumerate(shape) if axis != channel)
    return Cost(add=shape[channel] * dim_max(summed - 1, 0))


def _channel_axis(op: Op, shape: Shape) -> int:
    is_last = op.text_attr("data_format", default="NHWC", choices=("NHWC", "NCHW")) == "NHWC"
    least_rank = 2 if is_last else 3
    if shape.rank < least_rank:
        raise op.error(f"input 0 has shape {shape}, but must have rank {least_rank} or more")
    return shape.rank - 1 if is_last else 1


RULES = RuleSet(
    Rule("BiasAdd", shape=bias_add_shape, cost=BIAS_COST, role=Role.CONTRACTION),
    Rule("BiasAddV1", shape=bias_add_shape, cost=BIAS_COST),
    Rule("BiasAddGrad", shape=bias_add_grad_shape, cost=bias_add_grad_cost, role=Role.GRADIENT),
)
