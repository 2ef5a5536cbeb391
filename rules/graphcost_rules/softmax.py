"""Softmax, its logarithm, and the cross-entropies that contain it."""

from __future__ import annotations

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape, dim_max


def softmax_shape(op: Op) -> list[Shape]:
    return [op.input(0, least_rank=1)]


def softmax_cost(op: Op) -> Cost:
    """For each row of n: the greatest is subtracted (n - 1 comparisons, n additions), n calls of exp, n - 1 additions
    for their sum, n divisions by it."""
    rows, n = op.folded_output(last=1)
    return Cost(compare=_but_first(n), add=n + _but_first(n), transcendental=n, div=n) * rows


def log_softmax_cost(op: Op) -> Cost:
    """For each row of n: the greatest is subtracted (n - 1 comparisons, n additions), n calls of exp, n - 1 additions
    for their sum, one call of log, n additions to subtract it."""
    rows, n = op.folded_output(last=1)
    return Cost(compare=_but_first(n), add=2 * n + _but_first(n), transcendental=n + 1) * rows


def cross_entropy_shape(op: Op) -> list[Shape]:
    """A loss for each row, and the gradient; logits and labels are matrices, broadcast against each other."""
    shape = op.broadcast(*(op.input(i) if op.has_shape(i) else op.input(i, rank=2) for i in (0, 1)))
    if shape.rank != 2:
        raise op.error(f"logits and labels of shape {shape} aren't matrices")
    return [Shape(shape[0]), shape]


def cross_entropy_cost(op: Op) -> Cost:
    """For each row of n classes, with z = logits - max(logits) (n - 1 comparisons, n additions) and s = sum(exp(z))
    (n calls of exp, n - 1 additions): the loss is sum(labels * (log(s) - z)) (one call of log, n additions,
    n multiplications, n - 1 additions), the gradient exp(z) / s - labels (n divisions, n additions)."""
    rows, n = op.output(1, rank=2)
    return Cost(compare=_but_first(n), add=3 * n + 2 * _but_first(n), mul=n, div=n, transcendental=n + 1) * rows


def sparse_cross_entropy_shape(op: Op) -> list[Shape]:
    """A loss for each row, and the gradient, of a matrix of logits and a vector of labels."""
    batch, classes = op.input(0, rank=2)
    batch = op.same(batch, op.input(1, rank=1)[0])
    return [Shape(batch), Shape(batch, classes)]


def sparse_cross_entropy_cost(op: Op) -> Cost:
    """For each row of n classes, with z = logits - max(logits) (n - 1 comparisons, n additions) and s = sum(exp(z))
    (n calls of exp, n - 1 additions): the loss is log(s) - z[label] (one call of log, one addition), the gradient
    exp(z) / s (n divisions), less 1 at the label (one addition)."""
    rows, n = op.output(1, rank=2)
    return Cost(compare=_but_first(n), add=n + _but_first(n) + 2, div=n, transcendental=n + 1) * rows


def _but_first(n: Dim) -> Dim:
    return dim_max(n - 1, 0)


RULES = RuleSet(
    Rule("Softmax", shape=softmax_shape, cost=softmax_cost, role=Role.ACTIVATION | Role.PROBABILITIES),
    Rule("LogSoftmax", shape=softmax_shape, cost=log_softmax_cost, role=Role.LOSS_START),
    Rule("SoftmaxCrossEntropyWithLogits", shape=cross_entropy_shape, cost=cross_entropy_cost, role=Role.LOSS),
    Rule(
        "SparseSoftmaxCrossEntropyWithLogits",
        shape=sparse_cross_entropy_shape,
        cost=sparse_cross_entropy_cost,
        role=Role.LOSS,
    ),
)
