"""tf.profiler's counts of what goes element by element: arithmetic, reductions, pooling."""

from __future__ import annotations

from math import prod

from graphcost import Cost, Op, Rule, RuleSet
from graphcost_rules.tf_profiler.asked import input_sizes, operations, output_sizes, require_channels_last, taps


def one_for_each_input(op: Op) -> Cost:
    """One operation for each element of the first input."""
    return operations(prod(input_sizes(op, 0)))


def rsqrt_cost(op: Op) -> Cost:
    """2 operations for each element: a square root and a division."""
    return operations(2 * prod(input_sizes(op, 0)))


def softmax_cost(op: Op) -> Cost:
    """5 operations for each element, of the first of a row as of any other: 5n, where the algorithm takes 5n - 2."""
    return operations(5 * prod(input_sizes(op, 0)))


def l2_loss_cost(op: Op) -> Cost:
    """3n - 1 operations for n elements; halving the sum once takes 2n."""
    return operations(3 * prod(input_sizes(op, 0)) - 1)


def add_n_cost(op: Op) -> Cost:
    """One addition for each element and each input but the first."""
    return operations(prod(input_sizes(op, 0)) * (len(op.node.inputs) - 1))


def one_for_each_output(op: Op) -> Cost:
    """One operation for each element of the output, whatever its dtype."""
    return operations(prod(output_sizes(op)))


def squared_difference_cost(op: Op) -> Cost:
    """2 operations for each element of the output."""
    return operations(2 * prod(output_sizes(op)))


def rsqrt_grad_cost(op: Op) -> Cost:
    """4 operations for each element of the output."""
    return operations(4 * prod(output_sizes(op)))


def reduction_cost(op: Op) -> Cost:
    """One operation for each element of the input, less one for each of the output."""
    return operations(prod(input_sizes(op, 0)) - prod(output_sizes(op)))


def mean_cost(op: Op) -> Cost:
    """One operation for each element of the input; the divisions make up for the additions saved."""
    _ = output_sizes(op)
    return operations(prod(input_sizes(op, 0)))


def pool_cost(op: Op) -> Cost:
    """One operation for each tap of the window of each output."""
    require_channels_last(op)
    return operations(taps(op) * prod(output_sizes(op)))


def average_pool_grad_cost(op: Op) -> Cost:
    """2 operations for each tap of the window of each output of the pooling."""
    require_channels_last(op)
    return operations(2 * taps(op) * prod(input_sizes(op, 1)))


def max_pool_grad_cost(op: Op) -> Cost:
    """The pooling once more, and one operation for each of its outputs."""
    require_channels_last(op)
    return operations((taps(op) + 1) * prod(input_sizes(op, 1)))


FOR_EACH_INPUT = ("Reciprocal", "Square", "Log", "Neg", "AssignSub", "AssignAdd", "BiasAdd")
FOR_EACH_OUTPUT = (
    "Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "Pow",
    "Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual",
)  # fmt: skip

RULES = RuleSet(
    *(Rule(op, cost=one_for_each_input) for op in FOR_EACH_INPUT),
    *(Rule(op, cost=one_for_each_output) for op in FOR_EACH_OUTPUT),
    *(Rule(op, cost=reduction_cost) for op in ("Sum", "ArgMax", "ArgMin", "BiasAddGrad")),
    *(Rule(op, cost=pool_cost) for op in ("MaxPool", "AvgPool")),
    Rule("Rsqrt", cost=rsqrt_cost),
    Rule("RsqrtGrad", cost=rsqrt_grad_cost),
    Rule("SquaredDifference", cost=squared_difference_cost),
    Rule("Softmax", cost=softmax_cost),
    Rule("L2Loss", cost=l2_loss_cost),
    Rule("AddN", cost=add_n_cost),
    Rule("Mean", cost=mean_cost),
    Rule("AvgPoolGrad", cost=average_pool_grad_cost),
    Rule("MaxPoolGrad", cost=max_pool_grad_cost),
)
