"""Convolutions that one kernel runs together with what comes before (resize, pad) or after (bias, activation)."""

from __future__ import annotations

from collections.abc import Sequence

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape
from graphcost_rules.conv import DENSE, DEPTHWISE, ConvFamily, check_groups
from graphcost_rules.epilogue import activation, epilogue
from graphcost_rules.partial_values import partial_sizes
from graphcost_rules.windows import Layout, channels_last, layout, windows

RESIZE_BILINEAR = Cost(mul=3, add=6)
"""The work for one resized element: three interpolations, each top + (bottom - top) * fraction."""


def fused_conv(kind: str, spatial: int, family: ConvFamily = DENSE) -> Rule:
    """The rule of a convolution whose attribute `fused_ops` tells what follows it."""

    def shape(op: Op) -> list[Shape]:
        place = layout(op, spatial)
        return [family.shape(op, place, op.input(0, rank=place.rank), _filters(op, place))]

    def cost(op: Op) -> Cost:
        """The multiply-adds of the convolution alone, then the work of each fused function for each output element."""
        place = layout(op, spatial)
        output = op.output()
        macs = Cost(mac=output.size * family.taps(_filters(op, place)))
        return macs + epilogue(op, output.size, output[place.channel])

    return Rule(kind, shape=shape, cost=cost, role=Role.CONTRACTION)


def bias_activation_shape(op: Op) -> list[Shape]:
    place = layout(op, 2)
    return [DENSE.shape(op, place, op.input(0, rank=4), _filters(op, place))]


def bias_activation_cost(op: Op) -> Cost:
    """activation(convolution * scale + side input * its scale + bias), where the side input may be empty."""
    elements, side = op.output().size, op.input_size(3)
    macs = Cost(mac=elements * DENSE.taps(_filters(op, layout(op, 2))))
    scaled_sums = Cost(mul=elements + side, add=elements + side)
    name = op.text_attr("activation_mode", default="Relu")
    return macs + scaled_sums + (Cost() if name == "None" else activation(op, name, elements))


def pad_conv_shape(op: Op) -> list[Shape]:
    place = channels_last(2)
    image, filters = op.input(0, rank=4), op.input(2, rank=4)
    return [_padded_convolved(op, image, place.sizes(image), 1, filters)]


def pad_conv_cost(op: Op) -> Cost:
    """The convolution of the padded image; mirroring moves data."""
    return Cost(mac=op.output().size * DENSE.taps(op.input(2, rank=4)))


def resize_pad_conv_shape(op: Op) -> list[Shape]:
    image, filters = op.input(0, rank=4), op.input(3, rank=4)
    return [_padded_convolved(op, image, partial_sizes(op, 1, 2), 2, filters)]


def resize_pad_conv_cost(op: Op) -> Cost:
    """Bilinear interpolation of each element of the resized image, then the convolution of its padded form."""
    batch, _, _, channels = op.input(0, rank=4)
    height, width = (
        op.unknown_count(name) if size is None else size
        for name, size in zip(("height", "width"), partial_sizes(op, 1, 2), strict=True)
    )
    resized = batch * height * width * channels
    return RESIZE_BILINEAR * resized + Cost(mac=op.output().size * DENSE.taps(op.input(3, rank=4)))


def _filters(op: Op, place: Layout) -> Shape:
    """The filters' shape, spatial axes first."""
    filters = op.input(1, rank=place.rank)
    if op.text_attr("filter_format", default="HWIO", choices=("HWIO", "OIHW")) == "HWIO":
        return filters
    outputs, inputs, *window = filters
    return Shape(*window, inputs, outputs)


def _padded_convolved(op: Op, image: Shape, sizes: Sequence[Dim | None], paddings: int, filters: Shape) -> Shape:
    """The convolution of an NHWC image that had its spatial sizes changed and was then padded by a value."""
    *window, group_inputs, outputs = filters
    check_groups(op, image[-1], group_inputs, outputs)
    moves = windows(op, channels_last(2))
    padded = _padded(op, sizes, partial_sizes(op, paddings, 4, 2))
    output = (
        op.unknown_size(i + 1) if size is None else moves.output_size(op, i, size, window[i])
        for i, size in enumerate(padded)
    )
    return Shape(image[0], *output, outputs)


def _padded(op: Op, sizes: Sequence[Dim | None], paddings: Sequence[Dim | None]) -> list[Dim | None]:
    """The spatial sizes after padding; only they may be padded."""
    if any(padding not in (0, None) for padding in (*paddings[:2], *paddings[6:])):
        raise op.error("only the spatial axes can be padded")
    height, width = sizes
    return [_sum_of_known(height, *paddings[2:4]), _sum_of_known(width, *paddings[4:6])]


def _sum_of_known(*parts: Dim | None) -> Dim | None:
    total: Dim = 0
    for part in parts:
        if part is None:
            return None
        total = total + part
    return total


ELSEWHERE = {
    "FusedDepthwiseConv2dNative": "TensorFlow.js",
    "FusedConv2DBiasActivation": "TensorFlow's contrib, until 2019",
}
"""Operations that TensorFlow doesn't register, and who has them."""

RULES = RuleSet(
    fused_conv("_FusedConv2D", spatial=2),
    fused_conv("_MklNativeFusedConv2D", spatial=2),
    fused_conv("_FusedConv3D", spatial=3),
    fused_conv("_MklNativeFusedConv3D", spatial=3),
    fused_conv("_FusedDepthwiseConv2dNative", 2, DEPTHWISE),
    fused_conv("_MklNativeFusedDepthwiseConv2dNative", 2, DEPTHWISE),
    fused_conv("FusedDepthwiseConv2dNative", 2, DEPTHWISE),
    Rule("FusedConv2DBiasActivation", shape=bias_activation_shape, cost=bias_activation_cost, role=Role.CONTRACTION),
    Rule("FusedPadConv2D", shape=pad_conv_shape, cost=pad_conv_cost, role=Role.CONTRACTION),
    Rule("FusedResizeAndPadConv2D", shape=resize_pad_conv_shape, cost=resize_pad_conv_cost, role=Role.CONTRACTION),
)
