"""oneDNN's operations that fuse several of TensorFlow's: convolutions with padding or bias, normalizations, gates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape, dim_max, floor_div, product
from graphcost_rules.conv import DENSE, DEPTHWISE, ConvFamily, conv
from graphcost_rules.conv_backprop import filter_gradient, filter_sizes
from graphcost_rules.elementwise import merged_if_known, per_element, unchanged_shape
from graphcost_rules.epilogue import epilogue
from graphcost_rules.matmul import matmul_cost, matmul_shape
from graphcost_rules.mkl import extended
from graphcost_rules.pooling import max_pool_cost, pooling_3d
from graphcost_rules.quantized_contractions import REQUANTIZE
from graphcost_rules.shape_inputs import margins
from graphcost_rules.windows import layout

CONV = conv("Conv2D", spatial=2)
FILTER_GRADIENT = filter_gradient("Conv2DBackpropFilter", 2, filter_sizes)

QUANTIZED_STEPS = {
    b"BiasAdd": Cost(add=1),
    b"Add": Cost(add=1),
    b"Sum": Cost(add=1),
    b"Mul": Cost(mul=1),
    b"Relu": Cost(compare=1),
    b"Relu6": Cost(compare=2),
    b"LeakyRelu": Cost(compare=1, mul=1),
    b"Elu": Cost(compare=1, add=1, transcendental=1),
    b"Tanh": Cost(transcendental=1),
    b"Sigmoid": Cost(transcendental=1),
    b"GeluExact": Cost(add=1, mul=3, transcendental=1),
    b"GeluApproximate": Cost(add=2, mul=6, transcendental=1),
    b"Requantize": REQUANTIZE,
    b"Dequantize": Cost(mul=1),
}
"""What each of `fused_ops` adds for one output element of a quantized kernel."""

Padding = Callable[[Op], int]


def biased_cost(op: Op) -> Cost:
    """One multiply-add for each output element, tap of the window and channel that it sees; then the bias is added."""
    output = op.output(rank=4)
    return Cost(mac=output.size * DENSE.taps(op.input(1, rank=4)), add=output.size)


def biased_gradient_shape(op: Op) -> list[Shape | None]:
    """The gradients of the filters and of the bias, which has one element for each output channel."""
    gradient = op.input(2, rank=4)
    channels = gradient[layout(op, 2).channel]
    assert FILTER_GRADIENT.shape is not None
    return [*FILTER_GRADIENT.shape(op), Shape(channels)]


def biased_gradient_cost(op: Op) -> Cost:
    """As the gradient by the filters; the bias gets the sum of all m gradients of its channel: m - 1 additions."""
    gradient = op.input(2, rank=4)
    channels = op.output(1, rank=1)[0]
    return Cost(mac=gradient.size * DENSE.taps(op.output(0, rank=4)), add=dim_max(gradient.size - channels, 0))


def third(op: Op) -> int:
    return 2


def after_arguments(op: Op) -> int:
    return 2 + op.int_attr("num_args")


def padded_shape(index: Padding) -> Callable[[Op], list[Shape | None]]:
    """The shape rule of the convolution of an image to which zeros are added, as the input at `index` says."""

    def shape(op: Op) -> list[Shape | None]:
        place = layout(op, 2)
        image, filters = op.input(0, rank=4), op.input(1, rank=4)
        added = [_sum(pair) for pair in margins(op, index(op), 4)]
        sizes = [size if more is None else size + more for size, more in zip(image, added, strict=True)]
        convolved = DENSE.shape(op, place, Shape(*sizes), filters)
        return [
            Shape(
                *(op.unknown_size(i) if added[i] is None and i in place.spatial else s for i, s in enumerate(convolved))
            )
        ]

    return shape


def _sum(pair: tuple[Dim | None, Dim | None]) -> Dim | None:
    before, after = pair
    return None if before is None or after is None else before + after


def padded_cost(op: Op) -> Cost:
    """The multiply-adds of the convolution of the padded image, then the work of each fused function."""
    output = op.output(rank=4)
    macs = Cost(mac=output.size * DENSE.taps(op.input(1, rank=4)))
    return macs + epilogue(op, output.size, output[layout(op, 2).channel])


def layer_norm_cost(op: Op) -> Cost:
    """For each row of n: the mean, n - 1 additions and a division; the variance, n subtractions, n multiplications,
    n - 1 additions, a division; epsilon and a reciprocal square root; then ((x - mean) * that) * scale + offset."""
    rows, elements = op.folded_input(0, last=1)
    return _normalized(elements, rows)


def instance_norm_cost(op: Op) -> Cost:
    """As a layer normalization, over the axes that an attribute names; then the work of each fused function."""
    if not op.has_shape(0):
        groups = op.unknown_count("groups")
        elements = floor_div(op.input_size(0), groups)
        return _normalized(elements, groups) + epilogue(op, op.input_size(0), 0)
    shape = op.input(0)
    axes = {op.normal_axis(axis, shape.rank) for axis in op.ints_attr("reduction_axes")}
    elements = product(shape[axis] for axis in axes)
    groups = product(size for axis, size in enumerate(shape) if axis not in axes)
    return _normalized(elements, groups) + epilogue(op, shape.size, 0)


def _normalized(elements: Dim, groups: Dim) -> Cost:
    """The mean is subtracted once, for the variance and for the result."""
    statistics = Cost(add=2 * dim_max(elements - 1, 0) + 1, div=2, sqrt=1)
    return groups * (statistics + elements * Cost(add=2, mul=3))


def quantized_shape(
    result: Callable[[Op], Shape], accumulated: Callable[[Op], Shape | None]
) -> Callable[[Op], list[Shape | None]]:
    """The shape rule of a quantized product; the result's range is two scalars where it is requantized."""

    def shape(op: Op) -> list[Shape | None]:
        ranges = len(op.node.dtypes) - 1
        is_requantized = b"Requantize" in op.list_attr("fused_ops")
        bounds = Shape() if is_requantized or not ranges else accumulated(op)
        return [result(op), *[bounds] * ranges]

    return shape


def _range_of_filters(op: Op) -> Shape | None:
    """Sums that aren't requantized have a range for each of the filters', whose ends follow those of the image."""
    least = len(op.list_attr("Tdevice_inputs")) + 2
    return merged_if_known(op, (least, least + 1))


def _unspecified(op: Op) -> None:
    return None


def _convolved(family: ConvFamily) -> Callable[[Op], Shape]:
    def shape(op: Op) -> Shape:
        return family.shape(op, layout(op, 2), op.input(0, rank=4), op.input(1, rank=4))

    return shape


def _multiplied(op: Op) -> Shape:
    return matmul_shape(op)[0]


def quantized_cost(macs: Callable[[Op], Dim]) -> Callable[[Op], Cost]:
    """The cost rule of a quantized product: its multiply-adds, then each of `fused_ops` for each output element."""

    def cost(op: Op) -> Cost:
        """The multiply-adds of the product alone, then the work of each fused step for each output element."""
        work = Cost(mac=macs(op))
        for name in op.list_attr("fused_ops"):
            if not isinstance(name, bytes) or name not in QUANTIZED_STEPS:
                raise op.error(f"no cost for the fused function {str(name)[:60]}")
            work += QUANTIZED_STEPS[name] * op.output().size
        return work

    return cost


def _conv_macs(family: ConvFamily) -> Callable[[Op], Dim]:
    def macs(op: Op) -> Dim:
        return op.output().size * family.taps(op.input(1, rank=4))

    return macs


def _matmul_macs(op: Op) -> Dim:
    return matmul_cost(op).mac


def ranged_pool_shape(op: Op) -> list[Shape | None]:
    """The pooled image and its range."""
    decoded = pooling_3d(op)
    return [decoded.output(op, op.input(0, rank=decoded.rank)), Shape(), Shape()]


def _everywhere(name: str, rule: Rule, old: int, dummy: int) -> tuple[Rule, ...]:
    """The rule under the name of the older operation, of the native one, and of the one that Grappler rewrites."""
    return (
        extended(replace(rule, op=f"_Mkl{name}"), old),
        replace(rule, op=f"_MklNative{name}"),
        extended(replace(rule, op=f"__MklDummy{name}"), dummy),
    )


BIASED = Rule("Conv2DWithBias", shape=CONV.shape, cost=biased_cost, role=Role.CONTRACTION)
BIASED_GRADIENT = Rule(
    "Conv2DBackpropFilterWithBias", shape=biased_gradient_shape, cost=biased_gradient_cost, role=Role.GRADIENT
)
PADDED = Rule("PadWithConv2D", shape=padded_shape(third), cost=padded_cost, role=Role.CONTRACTION)
PADDED_FUSED = Rule("PadWithFusedConv2D", shape=padded_shape(after_arguments), cost=padded_cost, role=Role.CONTRACTION)

RULES = RuleSet(
    *_everywhere("Conv2DWithBias", BIASED, 3, 0),
    *_everywhere("Conv2DBackpropFilterWithBias", BIASED_GRADIENT, 2, 0),
    *_everywhere("PadWithConv2D", PADDED, 3, 0),
    *_everywhere("PadWithFusedConv2D", PADDED_FUSED, 3, 3),
    Rule("_MklLayerNorm", shape=unchanged_shape, cost=layer_norm_cost),
    Rule("_MklFusedInstanceNorm", shape=unchanged_shape, cost=instance_norm_cost),
    Rule("_MklSwish", shape=unchanged_shape, cost=per_element("x * sigmoid(x)", Cost(mul=1, transcendental=1))),
    Rule(
        "_MklFusedMish",
        shape=unchanged_shape,
        cost=per_element("x * tanh(log1p(exp(x)))", Cost(mul=1, transcendental=3)),
    ),
    Rule(
        "_FusedQuantizedConv2D",
        shape=quantized_shape(_convolved(DENSE), _range_of_filters),
        cost=quantized_cost(_conv_macs(DENSE)),
        role=Role.CONTRACTION,
    ),
    Rule(
        "_FusedQuantizedDepthwiseConv2D",
        shape=quantized_shape(_convolved(DEPTHWISE), _range_of_filters),
        cost=quantized_cost(_conv_macs(DEPTHWISE)),
        role=Role.CONTRACTION,
    ),
    Rule(
        "_QuantizedMatMul",
        shape=quantized_shape(_multiplied, _unspecified),
        cost=quantized_cost(_matmul_macs),
        role=Role.CONTRACTION,
    ),
    Rule("_QuantizedMaxPool3D", shape=ranged_pool_shape, cost=max_pool_cost(pooling_3d)),
)
