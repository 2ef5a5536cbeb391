"""Greyscale dilation and its gradients. Images are NHWC, filters [height, width, channels]."""

from __future__ import annotations

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape
from graphcost_rules.windows import channels_last, windows

PLACE = channels_last(2)


def dilation_shape(op: Op) -> list[Shape]:
    return [_dilated(op)]


def dilation_cost(op: Op) -> Cost:
    """For each output element: one addition for each tap, and the greatest of the sums."""
    return _greatest(op) * op.output().size


def input_gradient_shape(op: Op) -> list[Shape]:
    _check_gradient(op)
    return [op.input(0, rank=4)]


def filter_gradient_shape(op: Op) -> list[Shape]:
    _check_gradient(op)
    return [op.input(1, rank=3)]


def gradient_cost(op: Op) -> Cost:
    """For each element of the output's gradient: finds the tap with the greatest sum again, and adds there."""
    return (_greatest(op) + Cost(add=1)) * op.input(2, rank=4).size


def _dilated(op: Op) -> Shape:
    image, (*window, channels) = op.input(0, rank=4), op.input(1, rank=3)
    sizes = windows(op, PLACE, dilations="rates").output_sizes(op, PLACE.sizes(image), window)
    return PLACE.shape(image[0], sizes, op.same(channels, image[-1]))


def _check_gradient(op: Op) -> None:
    op.same_shape(_dilated(op), op.input(2, rank=4))


def _greatest(op: Op) -> Cost:
    height, width, _ = op.input(1, rank=3)
    taps: Dim = height * width
    return Cost(add=taps, compare=taps - 1)


RULES = RuleSet(
    Rule("Dilation2D", shape=dilation_shape, cost=dilation_cost),
    Rule("Dilation2DBackpropInput", shape=input_gradient_shape, cost=gradient_cost),
    Rule("Dilation2DBackpropFilter", shape=filter_gradient_shape, cost=gradient_cost, role=Role.GRADIENT),
)
