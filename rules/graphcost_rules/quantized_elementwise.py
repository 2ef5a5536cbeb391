"""Layers on numbers in few bits, other than contractions: each also takes and gives the range that the bits stand for.

What follows from ranges alone, such as a scale, comes once for each tensor and doesn't count.
"""

from __future__ import annotations

from collections.abc import Callable

from graphcost import NOTHING, VIEW, Cost, Op, Rule, RuleSet, Shape, ShapeUnknown, dim_max
from graphcost_rules.joining import Joint
from graphcost_rules.pooling import pooling_2d
from graphcost_rules.quantize import AFFINE, CLAMP, ROUND, range_cost
from graphcost_rules.resizing import LINEAR, resized_shape
from graphcost_rules.shape_ops import reshape_shape

RANGE = [Shape(), Shape()]

REQUANTIZE = AFFINE + CLAMP + AFFINE + ROUND
"""Dequantized and quantized again for another range."""


def with_range(shape: Callable[[Op], list[Shape]]) -> Callable[[Op], list[Shape | None]]:
    """The shape rule of a tensor, then two scalars, which are known even where the tensor's shape isn't."""

    def ranged(op: Op) -> list[Shape | None]:
        try:
            return [*shape(op), *RANGE]
        except ShapeUnknown:
            return [None, *RANGE]

    ranged.__doc__ = shape.__doc__
    return ranged


def broadcast_shape(op: Op) -> list[Shape]:
    return [op.broadcast(op.input(0), op.input(1))]


def same_shape(op: Op) -> list[Shape]:
    """The first input's shape."""
    return [op.input(0)]


def add_cost(op: Op) -> Cost:
    """Each element of both operands is scaled to the range of the sum, then pairs are added."""
    return AFFINE * (op.input_size(0) + op.input_size(1)) + Cost(add=op.output_size(0))


def mul_cost(op: Op) -> Cost:
    """The number that stands for zero is subtracted from each element of both operands, then pairs are multiplied."""
    return Cost(add=op.input_size(0) + op.input_size(1), mul=op.output_size(0))


def bias_shape(op: Op) -> list[Shape]:
    """The first input's shape, whose last axis has the biases' length."""
    shape = op.input(0, least_rank=2)
    return [Shape(*shape[:-1], op.same(shape[-1], op.input(1, rank=1)[0]))]


def rectified(steps: int) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        return Cost(compare=steps * op.output_size(0))

    cost.__doc__ = f"Clamped from {'below' if steps == 1 else 'both sides'}: {steps} comparisons for each element."
    return cost


def pooled_shape(op: Op) -> list[Shape]:
    decoded = pooling_2d(op)
    return [decoded.output(op, op.input(0, rank=decoded.rank))]


def max_pool_cost(op: Op) -> Cost:
    """k - 1 comparisons for each output, over windows of k taps."""
    return Cost(compare=pooling_2d(op).size - 1) * op.output(0).size


def average_pool_cost(op: Op) -> Cost:
    """k - 1 additions and one division for each output, over windows of k taps."""
    return Cost(add=pooling_2d(op).size - 1, div=1) * op.output(0).size


class RangedJoint(Joint):
    """A concatenation of N operands that 2N ranges follow."""

    def operands(self, op: Op) -> list[int]:
        count = _operand_count(op)
        return list(range(self.first, self.first + count))


def concat_shape(op: Op) -> list[Shape]:
    return RangedJoint(axis=0, first=1).shape(op)


def concat_v2_shape(op: Op) -> list[Shape]:
    return RangedJoint(axis=_operand_count(op), first=0).shape(op)


def _operand_count(op: Op) -> int:
    count = op.int_attr("N")
    if count < 1 or len(op.inputs) != 3 * count + 1:
        raise op.error(f"{count} operands among {len(op.inputs)} inputs")
    return count


def concat_cost(op: Op) -> Cost:
    """Each element is dequantized and quantized again for the range that holds all operands, as if ranges differed."""
    return REQUANTIZE * op.output_size(0)


def instance_norm_cost(op: Op) -> Cost:
    """For each image and channel of m elements: the mean (m - 1 additions, one division), the differences and their
    mean square (2m - 1 additions, m multiplications, one division), one reciprocal root, one addition, and m products.

    The elements are dequantized before and quantized after that; the range is searched, unless it is given.
    """
    shape = op.input(0, rank=4)
    images, height, width, channels = shape
    m, elements = height * width, shape.size
    statistics = Cost(add=m + 2 * dim_max(m - 1, 0) + 1, mul=2 * m, div=2, sqrt=1) * (images * channels)
    is_given = op.bool_attr("output_range_given", False)
    search = NOTHING if is_given else range_cost(op)
    return statistics + (AFFINE + AFFINE + CLAMP + ROUND) * elements + search


def batch_norm_shape(op: Op) -> list[Shape]:
    """The first input's shape, whose channels, the last axis, all the vectors have."""
    shape = op.input(0, rank=4)
    channels = shape[3]
    for vector in (3, 6, 9, 12):
        channels = op.same(channels, op.input(vector, rank=1)[0])
    return [Shape(*shape[:3], channels)]


def batch_norm_cost(op: Op) -> Cost:
    """Dequantized, y = x * k + b and quantized again, element by element; for each channel the four vectors are
    dequantized, and k = [gamma] / sqrt(variance + epsilon), b = beta - mean * k."""
    shape = op.output(0, rank=4)
    scaled = 1 if op.bool_attr("scale_after_normalization") else 0
    channel = 4 * AFFINE + Cost(add=2, mul=1 + scaled, sqrt=1)
    return (AFFINE + Cost(mul=1, add=1) + AFFINE + ROUND) * shape.size + channel * shape[3]


def resize_cost(op: Op) -> Cost:
    """Three linear interpolations for each output."""
    return LINEAR * op.output(0).size


RULES = RuleSet(
    Rule("QuantizedAdd", shape=with_range(broadcast_shape), cost=add_cost),
    Rule("QuantizedMul", shape=with_range(broadcast_shape), cost=mul_cost),
    Rule("QuantizedBiasAdd", shape=with_range(bias_shape), cost=add_cost),
    Rule("QuantizedRelu", shape=with_range(same_shape), cost=rectified(1)),
    Rule("QuantizedRelu6", shape=with_range(same_shape), cost=rectified(2)),
    Rule("QuantizedReluX", shape=with_range(same_shape), cost=rectified(2)),
    Rule("QuantizedMaxPool", shape=with_range(pooled_shape), cost=max_pool_cost),
    Rule("QuantizedAvgPool", shape=with_range(pooled_shape), cost=average_pool_cost),
    Rule("QuantizedConcat", shape=with_range(concat_shape), cost=concat_cost),
    Rule("QuantizedConcatV2", shape=with_range(concat_v2_shape), cost=concat_cost),
    Rule("QuantizedReshape", shape=with_range(reshape_shape), cost=VIEW),
    Rule("QuantizedInstanceNorm", shape=with_range(same_shape), cost=instance_norm_cost),
    Rule("QuantizedResizeBilinear", shape=with_range(resized_shape), cost=resize_cost),
    Rule("QuantizedBatchNormWithGlobalNormalization", shape=with_range(batch_norm_shape), cost=batch_norm_cost),
)
