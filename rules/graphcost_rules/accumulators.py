"""Accumulators that average the gradients of several steps; a handle holds the declared shape of what it sums."""

from __future__ import annotations

from graphcost import Cost, Fact, Op, Role, Rule, RuleSet, Shape
from graphcost_rules.declared_shapes import family, nothing, opened_or_unknown, pairs, scalars
from graphcost_rules.state import STATE


def summed_element(op: Op) -> list[Fact | None]:
    return [Fact(op.dtype_attr("dtype"), opened_or_unknown(op, op.shape_attr("shape"), 0))]


def apply_cost(op: Op) -> Cost:
    """Each element of the gradient is added to the sum."""
    return Cost(add=op.input_size(2))


def apply_sparse_cost(op: Op) -> Cost:
    """Each element of the gradient's rows is added to the sum, and the row's count goes up."""
    return Cost(add=op.input_size(3) + op.input_size(2))


def average_shape(op: Op) -> list[Shape | None]:
    return [op.element(0).shape]


def average_cost(op: Op) -> Cost:
    """Each element of the sum is divided by the number of gradients."""
    return Cost(div=op.output_size())


def sparse_average_shape(op: Op) -> list[Shape | None]:
    """Indices, rows and the dense shape."""
    held = op.element(0).shape
    rows = op.unknown_size(0)
    if held is None or held.rank == 0:
        return [Shape(rows), None, Shape(op.unknown_size(0, 2))]
    return [Shape(rows), Shape(rows, *held[1:]), Shape(held.rank)]


def sparse_average_cost(op: Op) -> Cost:
    """Each element of the rows that gradients were added to is divided by the row's count."""
    return Cost(div=op.output_size(1))


RULES = (
    family(STATE, scalars, "AccumulatorNumAccumulated", "ResourceAccumulatorNumAccumulated")
    + family(STATE, nothing, "AccumulatorSetGlobalStep", "ResourceAccumulatorSetGlobalStep")
    + RuleSet(
        Rule("ConditionalAccumulator", shape=pairs, element=summed_element, cost=STATE),
        Rule("ResourceConditionalAccumulator", shape=pairs, element=summed_element, cost=STATE),
        Rule("SparseConditionalAccumulator", shape=pairs, element=summed_element, cost=STATE),
        Rule("AccumulatorApplyGradient", shape=nothing, cost=apply_cost, role=Role.OPTIMIZER),
        Rule("ResourceAccumulatorApplyGradient", shape=nothing, cost=apply_cost, role=Role.OPTIMIZER),
        Rule("SparseAccumulatorApplyGradient", shape=nothing, cost=apply_sparse_cost, role=Role.OPTIMIZER),
        Rule("AccumulatorTakeGradient", shape=average_shape, cost=average_cost, role=Role.COLLECTED),
        Rule("ResourceAccumulatorTakeGradient", shape=average_shape, cost=average_cost, role=Role.COLLECTED),
        Rule(
            "SparseAccumulatorTakeGradient",
            shape=sparse_average_shape,
            cost=sparse_average_cost,
            opaque="the rows that gradients were added to depend on data",
            role=Role.COLLECTED,
        ),
    )
)
