"""Local response normalization across neighbouring channels, and the L2 loss."""

from __future__ import annotations

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape, dim_max, dim_min, product
from graphcost_rules.elementwise import merged


def lrn_shape(op: Op) -> list[Shape]:
    return [op.input(0, rank=4)]


def lrn_cost(op: Op) -> Cost:
    """x / (bias + alpha * sum(x^2 of the channels within depth_radius))^beta: for each element a square, alpha, bias,
    one call of pow and a division; each sum of w squares takes w - 1 additions."""
    shape = op.output(rank=4)
    channels = shape[3]
    neighbours = _neighbours(op, channels)
    work = Cost(mul=2 * channels, add=channels + neighbours, transcendental=channels, div=channels)
    return work * product(shape[:3])


def lrn_grad_shape(op: Op) -> list[Shape]:
    """The one shape of gradient, image and output."""
    if any(op.has_shape(i) for i in range(3)):
        shape = merged(op, range(3))
        if shape.rank != 4:
            raise op.error(f"images of shape {shape} must have rank 4")
        return [shape]
    return [op.input(0, rank=4)]


def lrn_grad_cost(op: Op) -> Cost:
    """With norm = bias + alpha * sum(x^2 of the neighbours) and r = dy * y / norm, the gradient is
    dy * norm^-beta - 2 * alpha * beta * x * sum(r of the neighbours): two sums over neighbours, and for each element
    six multiplications, one division, one call of pow, two additions."""
    shape = op.output(rank=4)
    channels = shape[3]
    sums = 2 * _neighbours(op, channels)
    work = Cost(mul=6 * channels, add=2 * channels + sums, transcendental=channels, div=channels)
    return work * product(shape[:3])


def l2_loss_shape(op: Op) -> list[Shape]:
    return [Shape()]


def l2_loss_cost(op: Op) -> Cost:
    """sum(x^2) / 2: n squares, n - 1 additions, one division."""
    n = op.input_size(0)
    return Cost(mul=n, add=dim_max(n - 1, 0), div=1)


def _neighbours(op: Op, channels: Dim) -> Dim:
    """How many neighbours within `depth_radius` all the channels have together: twice the sum of min(c, radius)."""
    radius = op.int_attr("depth_radius", 5)
    if radius < 0:
        raise op.error(f"depth_radius {radius} must not be negative")
    inner = dim_min(channels, radius + 1)
    return inner * (inner - 1) + 2 * radius * (channels - inner)


RULES = RuleSet(
    Rule("LRN", shape=lrn_shape, cost=lrn_cost),
    Rule("LRNGrad", shape=lrn_grad_shape, cost=lrn_grad_cost, role=Role.GRADIENT),
    Rule("L2Loss", shape=l2_loss_shape, cost=l2_loss_cost, role=Role.REDUCTION | Role.LOSS_START),
)
