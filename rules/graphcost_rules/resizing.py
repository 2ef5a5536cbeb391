"""Resizing images, and crops of them, with the gradients. Interpolation weights depend on positions alone: no cost."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd

from graphcost import COPIES, NOTHING, Cost, Dim, Op, Role, Rule, RuleSet, Shape
from graphcost_rules.shape_inputs import checked_size, image_sizes, per_axis

SPANS = "how many pixels an output covers depends on the scale"

LINEAR = Cost(mul=3, add=6)
"""Three interpolations a + (b - a) * t: along the rows above and below, then between them."""

LINEAR_TRANSPOSED = Cost(mul=3, add=7)
"""The gradient is split in two by (g * t, g - g * t) three times, and its four parts are added to four places."""

CUBIC = Cost(mul=20, add=15)
"""Five weighted sums of four: along each of four rows, then across the rows."""

CUBIC_TRANSPOSED = Cost(mul=20, add=16)
"""The gradient times four weights, each part times four weights, and sixteen parts added to sixteen places."""


def resized_shape(op: Op) -> list[Shape]:
    """[N, height, width, C], of the sizes that the second input holds."""
    batch, _, _, channels = op.input(0, rank=4)
    return [Shape(batch, *image_sizes(op, 1), channels)]


def original_shape(op: Op) -> list[Shape]:
    return [op.input(1, rank=4)]


def per_output(work: Cost, algorithm: str) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        return op.output(0).size * work

    cost.__doc__ = f"For each output: {algorithm}."
    return cost


def per_gradient(work: Cost, algorithm: str) -> Callable[[Op], Cost]:
    """For each element of the gradient that is spread over the image."""

    def cost(op: Op) -> Cost:
        return op.input(0, rank=4).size * work

    cost.__doc__ = f"For each element of the gradient: {algorithm}."
    return cost


def crops_shape(op: Op) -> list[Shape]:
    """[boxes, height, width, C], of the sizes that the fourth input holds."""
    channels = op.input(0, rank=4)[3]
    return [Shape(_box_count(op, 1, 2), *image_sizes(op, 3), channels)]


def crops_grad_shape(op: Op) -> list[Shape]:
    """The image's shape, which the fourth input holds."""
    sizes = per_axis(op, 3, 4)
    _box_count(op, 1, 2)
    known = (op.unknown_size(axis) if size is None else checked_size(op, size) for axis, size in enumerate(sizes))
    return [Shape(*known)]


def _box_count(op: Op, boxes: int, owners: int) -> Dim:
    count, coordinates = op.input(boxes, rank=2)
    op.same(coordinates, 4)
    return op.same(count, op.input(owners, rank=1)[0])


def _work(op: Op, linear: Cost, nearest: Cost) -> Cost:
    return linear if op.text_attr("method", "bilinear", choices=("bilinear", "nearest")) == "bilinear" else nearest


def crops_cost(op: Op) -> Cost:
    """As ResizeBilinear, for every output: what lies outside of the image counts like what lies inside."""
    return op.output().size * _work(op, LINEAR, NOTHING)


def crops_grad_cost(op: Op) -> Cost:
    """As the gradient of ResizeBilinear; the nearest neighbour's adds each gradient to its place."""
    return op.input(0, rank=4).size * _work(op, LINEAR_TRANSPOSED, Cost(add=1))


BOX_GRADIENT = Cost(mul=10, add=10)
"""Along each axis the slope between four pixels (two differences, weighed and added), times the gradient; added to both
ends of the box by its distance from them."""


def boxes_grad_shape(op: Op) -> list[Shape]:
    return [Shape(_box_count(op, 2, 3), 4)]


def boxes_grad_cost(op: Op) -> Cost:
    """For each output the slopes of the image under it, as far as they move the four coordinates of the box."""
    return op.input(0, rank=4).size * BOX_GRADIENT


def area_cost(op: Op) -> Cost:
    """Each output is the sum of the n inputs that it covers a part of, by their shares: n multiplications and n - 1
    additions.

    h outputs that tile H inputs make H + h - gcd(H, h) pairs along an axis; where the sizes aren't numbers, or corners
    are aligned, there are `row_pairs` and `column_pairs`.
    """
    batch, height, width, channels = op.input(0, rank=4)
    output = op.output(rank=4)
    for size in (height, width):
        op.at_least(size, 1, "an image without pixels")
    rows = _pairs(op, height, output[1], "row_pairs")
    columns = _pairs(op, width, output[2], "column_pairs")
    shares = batch * channels * rows * columns
    return Cost(mul=shares, add=shares - output.size)


def _pairs(op: Op, inputs: Dim, outputs: Dim, name: str) -> Dim:
    if op.bool_attr("align_corners", False) or not (isinstance(inputs, int) and isinstance(outputs, int)):
        return op.unknown_count(name)
    return inputs + outputs - gcd(inputs, outputs)


RULES = RuleSet(
    Rule("ResizeBilinear", shape=resized_shape, cost=per_output(LINEAR, "three interpolations a + (b - a) * t")),
    Rule(
        "ResizeBilinearGrad",
        shape=original_shape,
        cost=per_gradient(LINEAR_TRANSPOSED, "split in two three times, then added to four places"),
        role=Role.GRADIENT,
    ),
    Rule(
        "ResizeBicubic",
        shape=resized_shape,
        cost=per_output(CUBIC, "five weighted sums of four, along four rows and across them"),
    ),
    Rule(
        "ResizeBicubicGrad",
        shape=original_shape,
        cost=per_gradient(CUBIC_TRANSPOSED, "times four weights twice, then added to sixteen places"),
        role=Role.GRADIENT,
    ),
    Rule("ResizeNearestNeighbor", shape=resized_shape, cost=COPIES),
    Rule(
        "ResizeNearestNeighborGrad",
        shape=resized_shape,
        cost=per_gradient(Cost(add=1), "added to one place"),
        role=Role.GRADIENT,
    ),
    Rule("ResizeArea", shape=resized_shape, cost=area_cost, opaque=SPANS),
    Rule("CropAndResize", shape=crops_shape, cost=crops_cost),
    Rule("CropAndResizeGradBoxes", shape=boxes_grad_shape, cost=boxes_grad_cost),
    Rule("CropAndResizeGradImage", shape=crops_grad_shape, cost=crops_grad_cost),
)
