"""Batch normalization, forward and backward."""

from __future__ import annotations

from collections.abc import Callable

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape, dim_max, product

FORMATS_2D = ("NHWC", "NCHW")
FORMATS = (*FORMATS_2D, "NDHWC", "NCDHW")

FOLDED = Cost(add=2, mul=2, sqrt=1)
"""For each channel: k = scale / sqrt(variance + epsilon) and offset - mean * k, so that y = x * k + that."""


def batch_norm_shape(formats: tuple[str, ...], statistics: int) -> Callable[[Op], list[Shape | None]]:
    """The output's shape, four vectors of the channels, and any further reserved space, which isn't specified.

    `statistics` counts the outputs after the first.
    """

    def shape(op: Op) -> list[Shape | None]:
        takes_statistics = not _is_training(op) or _keeps_averages(op)
        x, channel = _with_channels(op, 0, formats, vectors=(1, 2, 3, 4) if takes_statistics else (1, 2))
        return [x, *[Shape(x[channel])] * 4, *[None] * (statistics - 4)]

    return shape


def batch_norm_cost(op: Op) -> Cost:
    """Inference: y = x * k + b for each element; for each channel k = scale / sqrt(variance + epsilon) and
    b = offset - mean * k. In training the statistics come first, in two passes over the m elements of a channel:
    the mean (m - 1 additions, one division), the variance (m additions, m multiplications, m - 1 additions, one
    division), one multiplication that unbiases it, and, where exponential_avg_factor isn't 1, two multiplications
    and one addition for each running average."""
    elements, channels = _elements_and_channels(op)
    cost = Cost(mul=1, add=1) * elements + FOLDED * channels
    if not _is_training(op):
        return cost
    m = _elements_per_channel(op)
    statistics = Cost(add=m + 2 * dim_max(m - 1, 0), mul=m + 1, div=2)
    averages = Cost(mul=4, add=2) if _keeps_averages(op) else Cost()
    return cost + (statistics + averages) * channels


def fused_batch_norm_cost(op: Op) -> Cost:
    """Batch normalization, then one addition for each element of a side input and one comparison for each of Relu."""
    is_added = op.int_attr("num_side_inputs", 0) > 0
    extra = Cost(add=1 if is_added else 0, compare=1 if _activation(op) == "Relu" else 0)
    return batch_norm_cost(op) + extra * op.output(0).size


def batch_norm_grad_shape(formats: tuple[str, ...]) -> Callable[[Op], list[Shape | None]]:
    """The gradients of x, scale and offset, and two empty vectors."""

    def shape(op: Op) -> list[Shape | None]:
        x, channel = _with_channels(op, 1, formats, vectors=(2, 3, 4))
        if op.has_shape(0):
            x = op.same_shape(x, op.input(0, rank=x.rank))
        return [x, Shape(x[channel]), Shape(x[channel]), Shape(0), Shape(0)]

    return shape


def batch_norm_grad_cost(op: Op) -> Cost:
    """For each channel of m elements, with r = 1 / sqrt(variance + epsilon) and k = scale * r:

    Training: x' = (x - mean) * r (m additions, m multiplications), the gradients sum(dy) of the offset and sum(dy * x')
    of the scale (2(m - 1) additions, m multiplications), then dx = k * (dy - sum(dy) / m - x' * sum(dy * x') / m)
    (2m additions, 2m multiplications, two divisions).
    Inference: sum(dy), r * sum(dy * (x - mean)), and dx = k * dy."""
    _, channels = _elements_and_channels(op)
    m = _elements_per_channel(op)
    sums = 2 * dim_max(m - 1, 0)
    if _is_training(op):
        return Cost(add=3 * m + sums + 1, mul=4 * m + 1, div=2, sqrt=1) * channels
    return Cost(add=m + sums + 1, mul=2 * m + 2, sqrt=1) * channels


def fused_batch_norm_grad_shape(op: Op) -> list[Shape | None]:
    """As the gradient of a batch normalization, and the side input's gradient, where there is one."""
    side_inputs = op.int_attr("num_side_inputs", 0)
    if side_inputs not in (0, 1):
        raise op.error(f"{side_inputs} side inputs")
    gradients = batch_norm_grad_shape(FORMATS_2D)(op)
    return [*gradients, *gradients[:side_inputs]]


def fused_batch_norm_grad_cost(op: Op) -> Cost:
    """The gradient of a batch normalization, after one comparison for each element if Relu followed it."""
    return batch_norm_grad_cost(op) + Cost(compare=1 if _activation(op) == "Relu" else 0) * op.output(0).size


def global_batch_norm_shape(op: Op) -> list[Shape]:
    """The first input's shape, whose channels, the last axis, all the vectors have."""
    x = op.input(0, rank=4)
    channels = _shared_channels(op, x[3], (1, 2, 3, 4))
    return [Shape(*x[:3], channels)]


def global_batch_norm_cost(op: Op) -> Cost:
    """y = x * k + b for each element; for each channel k = [gamma] / sqrt(variance + epsilon), b = beta - mean * k."""
    shape = op.output(rank=4)
    scaled = 1 if op.bool_attr("scale_after_normalization") else 0
    return Cost(mul=1, add=1) * shape.size + Cost(add=2, mul=1 + scaled, sqrt=1) * shape[3]


def global_batch_norm_grad_shape(op: Op) -> list[Shape]:
    """The gradients of the input, mean, variance, beta and gamma."""
    x = op.same_shape(op.input(0, rank=4), op.input(4, rank=4))
    channels = _shared_channels(op, x[3], (1, 2, 3))
    return [Shape(*x[:3], channels), *[Shape(channels)] * 4]


def global_batch_norm_grad_cost(op: Op) -> Cost:
    """For each channel of m elements, with r = 1 / sqrt(variance + epsilon) and k = [gamma *] r: beta's gradient is
    b = sum(dy) (m - 1 additions); with s = sum(dy * (x - mean)) (2m - 1 additions, m multiplications) gamma's is
    [s * r], the variance's -0.5 * s * k * r * r, the mean's -b * k, the input's dy * k (m multiplications)."""
    x = op.output(0, rank=4)
    m = product(x[:3])
    scaled = 2 if op.bool_attr("scale_after_normalization") else 0
    return Cost(add=m + 2 * dim_max(m - 1, 0) + 2, mul=2 * m + 5 + scaled, sqrt=1) * x[3]


def _activation(op: Op) -> str:
    return op.text_attr("activation_mode", default="Identity", choices=("Identity", "Relu"))


def _is_training(op: Op) -> bool:
    return op.bool_attr("is_training", True)


def _keeps_averages(op: Op) -> bool:
    """Whether training mixes its statistics with those that it is given."""
    return op.float_attr("exponential_avg_factor", 1.0) != 1.0


def _channel_axis(op: Op, formats: tuple[str, ...]) -> tuple[int, int]:
    """The rank that the layout has, and its channel axis."""
    layout = op.text_attr("data_format", default="NHWC", choices=formats)
    return len(layout), layout.index("C")


def _with_channels(op: Op, index: int, formats: tuple[str, ...], vectors: tuple[int, ...]) -> tuple[Shape, int]:
    """An input whose channels are those of the given vectors, and its channel axis."""
    rank, axis = _channel_axis(op, formats)
    x = op.input(index, rank=rank)
    channels = _shared_channels(op, x[axis], vectors)
    return Shape(*x[:axis], channels, *x[axis + 1 :]), axis


def _shared_channels(op: Op, channels: Dim, vectors: tuple[int, ...]) -> Dim:
    for vector in vectors:
        channels = op.same(channels, op.input(vector, rank=1)[0])
    return channels


def _elements_and_channels(op: Op) -> tuple[Dim, Dim]:
    rank, axis = _channel_axis(op, FORMATS)
    shape = op.output(0, rank=rank)
    return shape.size, shape[axis]


def _elements_per_channel(op: Op) -> Dim:
    rank, channel = _channel_axis(op, FORMATS)
    return product(size for axis, size in enumerate(op.output(0, rank=rank)) if axis != channel)


RULES = RuleSet(
    Rule("FusedBatchNorm", shape=batch_norm_shape(FORMATS_2D, 4), cost=batch_norm_cost),
    Rule("FusedBatchNormV2", shape=batch_norm_shape(FORMATS_2D, 4), cost=batch_norm_cost),
    Rule("FusedBatchNormV3", shape=batch_norm_shape(FORMATS, 5), cost=batch_norm_cost),
    Rule("_FusedBatchNormEx", shape=batch_norm_shape(FORMATS_2D, 5), cost=fused_batch_norm_cost),
    Rule("FusedBatchNormGrad", shape=batch_norm_grad_shape(FORMATS_2D), cost=batch_norm_grad_cost, role=Role.GRADIENT),
    Rule(
        "FusedBatchNormGradV2", shape=batch_norm_grad_shape(FORMATS_2D), cost=batch_norm_grad_cost, role=Role.GRADIENT
    ),
    Rule("FusedBatchNormGradV3", shape=batch_norm_grad_shape(FORMATS), cost=batch_norm_grad_cost, role=Role.GRADIENT),
    Rule(
        "_FusedBatchNormGradEx", shape=fused_batch_norm_grad_shape, cost=fused_batch_norm_grad_cost, role=Role.GRADIENT
    ),
    Rule("BatchNormWithGlobalNormalization", shape=global_batch_norm_shape, cost=global_batch_norm_cost),
    Rule(
        "BatchNormWithGlobalNormalizationGrad",
        shape=global_batch_norm_grad_shape,
        cost=global_batch_norm_grad_cost,
        role=Role.GRADIENT,
    ),
)
