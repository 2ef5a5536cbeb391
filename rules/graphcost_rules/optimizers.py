"""One training step of an optimizer on one variable: what replaces its elements, or the rows that were looked up.

The formulas are those of TensorFlow's documentation of each operation. What needs no gradient, such as 1 - beta, is
computed once for the whole variable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from graphcost import NOTHING, Cost, Dim, Op, Role, Rule, RuleSet, Shape, product
from graphcost_rules.declared_shapes import nothing
from graphcost_rules.elementwise import merged


@dataclass(frozen=True, slots=True)
class Work:
    """The arithmetic of each element, and what is done once."""

    each: Cost
    once: Cost = NOTHING


@dataclass(frozen=True, slots=True)
class Optimizer:
    """`slots` counts the variables that it keeps besides the trained one; `grad` is the gradient's position."""

    name: str
    slots: int
    grad: int
    formula: str
    work: Callable[[Op], Work]


def _always(each: Cost, once: Cost = NOTHING) -> Callable[[Op], Work]:
    work = Work(each, once)
    return lambda op: work


SHRINK = Cost(add=2, mul=1, div=1, compare=2)
"""sign(p) * max(|p| - a, 0) / b, the proximal step towards 0."""

AVERAGE = Cost(mul=2, add=1)
"""beta * m + (1 - beta) * g."""

AVERAGE_SQUARE = AVERAGE + Cost(mul=1)
"""beta * v + (1 - beta) * g^2."""

ACCUMULATE = Cost(mul=1, add=1)
"""a + g^2, or m * momentum + g."""

STEP = Cost(mul=1, add=1)
"""var - lr * update."""

RATIO = Cost(add=1, sqrt=1, div=1)
"""m / (sqrt(v) + epsilon)."""


def _accumulates(op: Op) -> Cost:
    return ACCUMULATE if op.bool_attr("update_slots", True) else NOTHING


def _adagrad(op: Op) -> Work:
    return Work(_accumulates(op) + STEP + Cost(sqrt=1, mul=1))


def _adagrad_v2(op: Op) -> Work:
    return Work(_accumulates(op) + STEP + RATIO)


def _is_nesterov(op: Op) -> bool:
    return op.bool_attr("use_nesterov", False)


def _adam(op: Op) -> Work:
    nesterov = Cost(mul=1, add=1) if _is_nesterov(op) else NOTHING
    return Work(AVERAGE + AVERAGE_SQUARE + STEP + RATIO + nesterov, ADAM_RATE)


ADAM_RATE = Cost(add=4, mul=1, sqrt=1, div=1)
"""lr * sqrt(1 - beta2^t) / (1 - beta1^t), 1 - beta1 and 1 - beta2."""


def _momentum(op: Op) -> Work:
    return Work(ACCUMULATE + STEP + (Cost(mul=1, add=1) if _is_nesterov(op) else NOTHING))


def _ftrl(*, shrinks: bool) -> Callable[[Op], Work]:
    def work(op: Op) -> Work:
        power = Cost(sqrt=1) if _takes_roots(op) else Cost(transcendental=1)
        each = ACCUMULATE + 2 * power + Cost(add=3, mul=1) + Cost(add=1) + Cost(compare=2, mul=1, add=2, div=1)
        if op.bool_attr("multiply_linear_by_lr", False):
            each, once = each + Cost(mul=1), Cost(mul=3)
        else:
            each, once = each + Cost(div=2), Cost(mul=1)
        if not _takes_roots(op):
            once += Cost(add=1)
        return Work(each + ACCUMULATE, once + Cost(mul=1)) if shrinks else Work(each, once)

    return work


def _takes_roots(op: Op) -> bool:
    """Whether the learning rate's power is known to be -0.5."""
    return op.has_value(-1) and op.value(-1).items == (-0.5,)


FTRL = (
    "n = a + g^2; l += g - (n^-p - a^-p) / lr * var; q = n^-p / lr + 2 * l2; "
    "var = (sign(l) * l1 - l) / q if |l| > l1 else 0"
)

OPTIMIZERS = (
    Optimizer("GradientDescent", 0, 2, "var -= lr * g", _always(STEP)),
    Optimizer(
        "ProximalGradientDescent",
        0,
        4,
        "p = var - lr * g; var = sign(p) * max(|p| - lr * l1, 0) / (1 + lr * l2)",
        _always(STEP + SHRINK, Cost(add=1, mul=2)),
    ),
    Optimizer("Adagrad", 1, 3, "a += g^2 if update_slots; var -= lr * g * rsqrt(a)", _adagrad),
    Optimizer("AdagradV2", 1, 4, "a += g^2 if update_slots; var -= lr * g / (sqrt(a) + epsilon)", _adagrad_v2),
    Optimizer(
        "ProximalAdagrad",
        1,
        5,
        "a += g^2; r = lr * rsqrt(a); p = var - r * g; var = sign(p) * max(|p| - r * l1, 0) / (1 + r * l2)",
        _always(ACCUMULATE + Cost(sqrt=1, mul=1) + STEP + SHRINK + Cost(mul=2, add=1)),
    ),
    Optimizer(
        "AdagradDA",
        2,
        3,
        "s += g; a += g^2; var = -lr * sign(s) * max(|s| - t * l1, 0) / (t * l2 * lr + sqrt(a))",
        _always(Cost(add=1) + ACCUMULATE + SHRINK + Cost(mul=1, add=1, sqrt=1), Cost(mul=3, add=1)),
    ),
    Optimizer(
        "Adadelta",
        2,
        6,
        "a = rho * a + (1 - rho) * g^2; u = sqrt(d + epsilon) / sqrt(a + epsilon) * g; "
        "d = rho * d + (1 - rho) * u^2; var -= lr * u",
        _always(2 * AVERAGE_SQUARE + STEP + Cost(add=2, sqrt=2, div=1, mul=1), Cost(add=1)),
    ),
    Optimizer(
        "Adam",
        2,
        9,
        "m = b1 * m + (1 - b1) * g; v = b2 * v + (1 - b2) * g^2; "
        "var -= r * m / (sqrt(v) + epsilon), where Nesterov's takes b1 * m + (1 - b1) * g for m",
        _adam,
    ),
    Optimizer(
        "AdamWithAmsgrad",
        3,
        10,
        "m = b1 * m + (1 - b1) * g; v = b2 * v + (1 - b2) * g^2; h = max(h, v); var -= r * m / (sqrt(h) + epsilon)",
        _always(AVERAGE + AVERAGE_SQUARE + Cost(compare=1) + STEP + RATIO, ADAM_RATE),
    ),
    Optimizer(
        "AdaMax",
        2,
        8,
        "m = b1 * m + (1 - b1) * g; v = max(b2 * v, |g|); var -= lr / (1 - b1^t) * m / (v + epsilon)",
        _always(AVERAGE + Cost(mul=1, add=1, compare=1) + STEP + Cost(add=1, div=1), Cost(add=2, div=1)),
    ),
    Optimizer("Momentum", 1, 3, "a = a * momentum + g; var -= lr * a; Nesterov's lr * (g + momentum * a)", _momentum),
    Optimizer(
        "KerasMomentum",
        1,
        3,
        "a = a * momentum - lr * g; var += a; Nesterov's a * momentum - lr * g",
        _momentum,
    ),
    Optimizer(
        "RMSProp",
        2,
        7,
        "s = rho * s + (1 - rho) * g^2; m = momentum * m + lr * g / sqrt(s + epsilon); var -= m",
        _always(AVERAGE_SQUARE + RATIO + Cost(mul=2, add=2), Cost(add=1)),
    ),
    Optimizer(
        "CenteredRMSProp",
        3,
        8,
        "s = rho * s + (1 - rho) * g^2; c = rho * c + (1 - rho) * g; "
        "m = momentum * m + lr * g / sqrt(s - c^2 + epsilon); var -= m",
        _always(AVERAGE_SQUARE + AVERAGE + RATIO + Cost(mul=3, add=3), Cost(add=1)),
    ),
    Optimizer("Ftrl", 2, 3, FTRL, _ftrl(shrinks=False)),
    Optimizer("FtrlV2", 2, 3, f"{FTRL}, with 2 * shrinkage * var added to g in l", _ftrl(shrinks=True)),
    Optimizer(
        "AddSign",
        1,
        6,
        "m = b * m + (1 - b) * g; var -= lr * (alpha + decay * sign(g) * sign(m)) * g",
        _always(AVERAGE + STEP + Cost(compare=2, mul=3, add=1), Cost(add=1)),
    ),
    Optimizer(
        "PowerSign",
        1,
        6,
        "m = b * m + (1 - b) * g; var -= lr * exp(logbase * decay * sign(g) * sign(m)) * g",
        _always(AVERAGE + STEP + Cost(compare=2, mul=3, transcendental=1), Cost(add=1, mul=1)),
    ),
)

RESOURCES_ONLY = ("AdamWithAmsgrad", "KerasMomentum")

SPARSE = (
    *("ProximalGradientDescent", "Adagrad", "AdagradV2", "ProximalAdagrad", "AdagradDA", "Adadelta", "Momentum"),
    *("KerasMomentum", "RMSProp", "CenteredRMSProp", "Ftrl", "FtrlV2"),
)


def dense_shape(optimizer: Optimizer) -> Callable[[Op], list[Shape]]:
    """The variable's shape, which its slots and the gradient share."""

    def shape(op: Op) -> list[Shape]:
        return [merged(op, (*range(optimizer.slots + 1), optimizer.grad))]

    return shape


def sparse_shape(optimizer: Optimizer) -> Callable[[Op], list[Shape]]:
    """The variable's shape, which its slots share; the gradient has a row for each index."""

    def shape(op: Op) -> list[Shape]:
        variables = range(optimizer.slots + 1)
        if not op.has_shape(optimizer.grad):
            return [merged(op, variables)]
        rows = op.input(optimizer.grad, least_rank=1)
        is_known = any(map(op.has_shape, variables))
        variable = merged(op, variables) if is_known else op.input(0, rank=rows.rank)
        if variable.rank == 0:
            raise op.error("a scalar has no rows")
        return [Shape(variable[0], *op.same_shape(Shape(*variable[1:]), Shape(*rows[1:])))]

    return shape


def step_cost(optimizer: Optimizer, elements: Callable[[Op, Optimizer], Dim]) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        work = optimizer.work(op)
        return work.each * elements(op, optimizer) + work.once

    cost.__doc__ = f"For each element of the gradient: {optimizer.formula}."
    return cost


def dense_elements(op: Op, optimizer: Optimizer) -> Dim:
    """The gradient's elements, or the variable's."""
    if op.has_shape(optimizer.grad):
        return op.input(optimizer.grad).size
    if op.outputs:
        return op.output_size()
    held = op.element(0).shape
    return op.input_size(optimizer.grad) if held is None else held.size


def sparse_elements(op: Op, optimizer: Optimizer) -> Dim:
    """The gradient's elements, or a row of the variable's for each index."""
    if op.has_shape(optimizer.grad):
        return op.input(optimizer.grad).size
    variable = op.outputs[0].shape if op.outputs else op.element(0).shape
    if not variable:
        return op.input_size(optimizer.grad)
    (indices,) = op.input(optimizer.grad + 1, rank=1)
    return indices * product(variable[1:])


def _rules() -> Iterator[Rule]:
    for optimizer in OPTIMIZERS:
        name, is_sparse = optimizer.name, optimizer.name in SPARSE
        dense, sparse = step_cost(optimizer, dense_elements), step_cost(optimizer, sparse_elements)
        yield Rule(f"ResourceApply{name}", shape=nothing, cost=dense)
        if is_sparse:
            yield Rule(f"ResourceSparseApply{name}", shape=nothing, cost=sparse)
        if name not in RESOURCES_ONLY:
            yield Rule(f"Apply{name}", shape=dense_shape(optimizer), cost=dense)
            if is_sparse:
                yield Rule(f"SparseApply{name}", shape=sparse_shape(optimizer), cost=sparse)


RULES = RuleSet(*_rules()).with_role(Role.OPTIMIZER)
