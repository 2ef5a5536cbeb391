"""tf.profiler's counts of convolutions and matrix products."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from graphcost import Cost, Op, Rule, RuleSet
from graphcost_rules.tf_profiler.asked import Sizes, input_sizes, operations, output_sizes, require_channels_last


def forward_cost(factors: int) -> Callable[[Op], Cost]:
    """The rule of windows that multiply as many times for each output as the filter's first `factors` sizes say."""

    def cost(op: Op) -> Cost:
        """2 operations for each output, tap of the filter and, unless each channel goes alone, input channel."""
        _ = input_sizes(op, 0)
        return operations(2 * prod(output_sizes(op)) * prod(_leading(op, input_sizes(op, 1), factors)))

    return cost


def input_gradient_cost(op: Op) -> Cost:
    """2 x images x filter / (channels x strides): right where the strides divide the image's sizes, else too much."""
    require_channels_last(op)
    return _gradient(op, image=output_sizes(op), taps=input_sizes(op, 1))


def filter_gradient_cost(op: Op) -> Cost:
    """2 x images x filter / (channels x strides): right where the strides divide the image's sizes, else too much."""
    require_channels_last(op)
    return _gradient(op, image=input_sizes(op, 0), taps=output_sizes(op))


def matmul_cost(op: Op) -> Cost:
    """2 operations for each output and inner element."""
    a = input_sizes(op, 0)
    inner = _leading(op, a, 2)[0 if op.bool_attr("transpose_a", False) else 1]
    return operations(2 * prod(output_sizes(op)) * inner)


def batch_matmul_cost(op: Op) -> Cost:
    """2 operations for each output and element of a's last axis, which is the inner one only without adj_x."""
    a = input_sizes(op, 0)
    return operations(2 * prod(output_sizes(op)) * _leading(op, a[::-1], 2)[0])


def _gradient(op: Op, image: Sizes, taps: Sizes) -> Cost:
    _, rows, columns = _leading(op, op.ints_attr("strides"), 3)
    divisor = _leading(op, image[::-1], 1)[0] * rows * columns
    if divisor == 0:
        raise op.error("tf.profiler divides by zero channels")
    return operations(2 * prod(image) * prod(taps) // divisor)


def _leading(op: Op, sizes: Sizes, count: int) -> Sizes:
    """The first sizes. RuleError where there are fewer."""
    if len(sizes) < count:
        raise op.error(f"tf.profiler expects {count} sizes, not {list(sizes)}")
    return sizes[:count]


RULES = RuleSet(
    *(Rule(op, cost=forward_cost(factors=2)) for op in ("DepthwiseConv2dNative", "Dilation2D")),
    *(Rule(op, cost=batch_matmul_cost) for op in ("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")),
    Rule("Conv2D", cost=forward_cost(factors=3)),
    Rule("Conv3D", cost=forward_cost(factors=4)),
    Rule("Conv2DBackpropInput", cost=input_gradient_cost),
    Rule("Conv2DBackpropFilter", cost=filter_gradient_cost),
    Rule("MatMul", cost=matmul_cost),
)
