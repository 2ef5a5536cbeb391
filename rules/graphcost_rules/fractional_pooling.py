"""Pooling over windows whose heights and widths vary, so that an image shrinks by a fraction (Graham, 2014)."""

from __future__ import annotations

from math import floor

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape, dim_max


def pool_shape(op: Op) -> list[Shape]:
    """The pooled image, and where its rows and columns begin and end: one entry more than there are windows."""
    image = op.input(0, rank=4)
    ratios = _ratios(op)
    pooled = Shape(
        *(_shrunk(op, size, ratio, axis) for axis, (size, ratio) in enumerate(zip(image, ratios, strict=True)))
    )
    return [pooled, Shape(pooled[1] + 1), Shape(pooled[2] + 1)]


def _ratios(op: Op) -> tuple[float, ...]:
    ratios = [ratio for ratio in op.list_attr("pooling_ratio") if isinstance(ratio, (int, float))]
    if len(ratios) != 4 or not all(1 <= ratio < 1e9 for ratio in ratios) or ratios[0] != 1 or ratios[3] != 1:
        raise op.error(f"pooling ratios {ratios} must be four, 1 for batch and channels and at least 1 for the others")
    return tuple(ratios)


def _shrunk(op: Op, size: Dim, ratio: float, axis: int) -> Dim:
    if ratio == 1:
        return size
    return floor(size / ratio) if isinstance(size, int) else op.unknown_size(axis)


def _covered(op: Op, image: Shape, pooled: Shape) -> Dim:
    """How many elements all windows hold together: with overlap each but the last reaches into the next."""
    reach = 1 if op.bool_attr("overlapping", False) else 0
    rows, columns = (image[axis] + reach * (pooled[axis] - 1) for axis in (1, 2))
    return image[0] * image[3] * rows * columns


def max_cost(op: Op) -> Cost:
    """One comparison less than each window has elements."""
    return Cost(compare=_combined(op, op.input(0, rank=4), op.output(0, rank=4)))


def average_cost(op: Op) -> Cost:
    """One addition less than each window has elements, and one division."""
    pooled = op.output(0, rank=4)
    return Cost(add=_combined(op, op.input(0, rank=4), pooled), div=pooled.size)


def _combined(op: Op, image: Shape, pooled: Shape) -> Dim:
    return dim_max(_covered(op, image, pooled) - pooled.size, 0)


def max_grad_shape(op: Op) -> list[Shape]:
    return [op.input(0, rank=4)]


def max_grad_cost(op: Op) -> Cost:
    """Each window's greatest element is found again, and its gradient added."""
    image, gradient = op.input(0, rank=4), op.input(2, rank=4)
    return Cost(compare=_combined(op, image, gradient), add=gradient.size)


def average_grad_shape(op: Op) -> list[Shape]:
    if not op.has_value(0):
        return [Shape(*(op.unknown_size(axis) for axis in range(4)))]
    sizes = op.items(0)
    if len(sizes) != 4:
        raise op.error(f"an image has four sizes, not {len(sizes)}")
    return [Shape(*sizes)]


def average_grad_cost(op: Op) -> Cost:
    """Each gradient is divided by the size of its window, and added to all of it."""
    gradient = op.input(1, rank=4)
    return Cost(div=gradient.size, add=_covered(op, op.output(0, rank=4), gradient))


RULES = RuleSet(
    Rule("FractionalMaxPool", shape=pool_shape, cost=max_cost),
    Rule("FractionalAvgPool", shape=pool_shape, cost=average_cost),
    Rule("FractionalMaxPoolGrad", shape=max_grad_shape, cost=max_grad_cost, role=Role.GRADIENT),
    Rule("FractionalAvgPoolGrad", shape=average_grad_shape, cost=average_grad_cost, role=Role.GRADIENT),
)
