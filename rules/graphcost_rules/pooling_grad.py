"""Gradients of pooling, and the gradients of those."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from graphcost import COPIES, Cost, Op, Role, Rule, RuleSet, Shape, ShapeUnknown
from graphcost_rules.pooling import Decoding, fed_pooling_2d, pool_shape, pooling_2d, pooling_3d, taps
from graphcost_rules.shape_inputs import open_shape, shape_held_by

GRAD, ARGMAX_GRAD = 2, 1
"""Which input is the gradient with respect to the pooled tensor: after input and output, or after the input alone."""


def unpooled_shape(rank: int) -> Callable[[Op], list[Shape]]:
    """The shape of the tensor that was pooled, the first input."""

    def shape(op: Op) -> list[Shape]:
        return [op.input(0, rank=rank)]

    return shape


def picked_shape(op: Op) -> list[Shape]:
    """One gradient for each place that the pooling found: one in each window."""
    known = pool_shape(pooling_2d)(op) if op.has_shape(0) else []
    if op.has_shape(2) or not known:
        known.append(op.input(2, rank=4))
    return [reduce(op.same_shape, known)]


def fed_unpooled_shape(rank: int) -> Callable[[Op], list[Shape]]:
    """The shape that the first input holds; sizes that it doesn't tell are open."""

    def shape(op: Op) -> list[Shape]:
        if not isinstance(op.input(0, rank=1)[0], int):
            return [open_shape(op, rank)]
        shape = shape_held_by(op, 0)
        if shape.rank != rank:
            raise op.error(f"orig_input_shape has {shape.rank} elements, but must have {rank}")
        return [shape]

    return shape


def max_pool_grad_cost(rank: int, decode: Decoding) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        """For each element of the gradient, the greatest of the window's k taps is found (k - 1 comparisons) and
        the gradient added there."""
        return Cost(compare=taps(op, decode) - 1, add=1) * op.input(GRAD, rank=rank).size

    return cost


def argmax_grad_cost(op: Op) -> Cost:
    """Each element of the gradient is added where its greatest tap was."""
    return Cost(add=op.input(ARGMAX_GRAD, rank=4).size)


def average_pool_grad_cost(decode: Decoding) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        """Each element of the gradient is divided by the window's k taps, and added to each of them."""
        pooling = decode(op)
        return Cost(add=pooling.size, div=1) * op.input(1, rank=pooling.rank).size

    return cost


def pooled_again_shape(decode: Decoding) -> Callable[[Op], list[Shape]]:
    """The shape of the pooled tensor, which the second input has too."""

    def shape(op: Op) -> list[Shape]:
        try:
            pooling = decode(op)
        except ShapeUnknown:
            return [op.input(1, rank=4)]
        pooled = pooling.output(op, op.input(0, rank=pooling.rank))
        return [op.same_shape(pooled, op.input(1)) if op.has_shape(1) else pooled]

    return shape


def second_gradient_cost(decode: Decoding) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        """For each output, the greatest of the window's k taps is found (k - 1 comparisons), and its gradient read."""
        return Cost(compare=taps(op, decode) - 1) * op.output(0).size

    return cost


FED = fed_pooling_2d(3, 4)

RULES = RuleSet(
    *(
        Rule(name, shape=unpooled_shape(rank), cost=max_pool_grad_cost(rank, decode))
        for name, rank, decode in (
            ("MaxPoolGrad", 4, pooling_2d),
            ("MaxPoolGradV2", 4, FED),
            ("MaxPool3DGrad", 5, pooling_3d),
        )
    ),
    *(
        Rule(name, shape=pooled_again_shape(decode), cost=second_gradient_cost(decode))
        for name, decode in (
            ("MaxPoolGradGrad", pooling_2d),
            ("MaxPoolGradGradV2", FED),
            ("MaxPool3DGradGrad", pooling_3d),
        )
    ),
    Rule("MaxPoolGradGradWithArgmax", shape=picked_shape, cost=COPIES),
    Rule("MaxPoolGradWithArgmax", shape=unpooled_shape(4), cost=argmax_grad_cost),
    Rule("AvgPoolGrad", shape=fed_unpooled_shape(4), cost=average_pool_grad_cost(pooling_2d)),
    Rule("AvgPool3DGrad", shape=fed_unpooled_shape(5), cost=average_pool_grad_cost(pooling_3d)),
).with_role(Role.GRADIENT)
