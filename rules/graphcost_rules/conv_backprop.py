"""The gradients of convolutions; the one by the input is also the transposed convolution of decoders and generators.

A gradient visits the same (output element, tap, input channel) triples as the forward convolution, so its
multiply-adds are counted on the tensor that has the shape of the forward convolution's output: `out_backprop`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape
from graphcost_rules.conv import DENSE, DEPTHWISE, ConvFamily, check_groups
from graphcost_rules.partial_values import partial_sizes
from graphcost_rules.windows import Layout, layout, windows

IMAGE, FILTERS, GRADIENT = 0, 1, 2
"""The inputs: each gradient has the other two tensors and, in place of its own, the shape that it shall have."""

Asked = Sequence[Dim | None]
"""The sizes asked of the result; None where the file doesn't tell."""

Ask = Callable[[Op, Layout], Asked]


def input_gradient(kind: str, spatial: int, asked: Ask, family: ConvFamily = DENSE) -> Rule:
    """The rule of a convolution's gradient by its input."""
    channels = _depthwise_channels if family is DEPTHWISE else _dense_channels

    def shape(op: Op) -> list[Shape]:
        place = layout(op, spatial)
        gradient, filters = op.input(GRADIENT, rank=place.rank), op.input(FILTERS, rank=place.rank)
        sizes = list(asked(op, place))
        sizes[0] = gradient[0] if sizes[0] is None else op.same(sizes[0], gradient[0])
        sizes[place.channel] = channels(op, sizes[place.channel], filters, gradient[place.channel])
        _check_sizes(op, place, sizes, filters[:-2], gradient)
        return [_opened(op, sizes)]

    def cost(op: Op) -> Cost:
        """One multiply-add for each element of the output's gradient, tap of the window and channel that it saw."""
        filters = op.input(FILTERS, rank=spatial + 2)
        return Cost(mac=op.input(GRADIENT, rank=spatial + 2).size * family.taps(filters))

    return Rule(kind, shape=shape, cost=cost, role=Role.CONTRACTION)


def filter_gradient(kind: str, spatial: int, asked: Ask, family: ConvFamily = DENSE) -> Rule:
    """The rule of a convolution's gradient by its filters."""
    channels = _depthwise_channels if family is DEPTHWISE else _dense_channels

    def shape(op: Op) -> list[Shape]:
        place = layout(op, spatial)
        gradient, image = op.input(GRADIENT, rank=place.rank), op.input(IMAGE, rank=place.rank)
        op.same(image[0], gradient[0])
        sizes = list(asked(op, place))
        if family is DENSE and sizes[-1] is None:
            sizes[-1] = gradient[place.channel]
        filters = _opened(op, sizes)
        channels(op, image[place.channel], filters, gradient[place.channel])
        if None not in sizes:
            _check_sizes(op, place, image, filters[:-2], gradient)
        return [filters]

    def cost(op: Op) -> Cost:
        """One multiply-add for each element of the output's gradient, tap of the window and channel that it saw."""
        return Cost(mac=op.input(GRADIENT, rank=spatial + 2).size * family.taps(op.output()))

    return Rule(kind, shape=shape, cost=cost, role=Role.GRADIENT)


def input_sizes(op: Op, place: Layout) -> Asked:
    """What the value `input_sizes` asks for."""
    return partial_sizes(op, IMAGE, place.rank)


def input_sizes_or_spatial(op: Op, place: Layout) -> Asked:
    """As input_sizes, where the value may also hold the spatial sizes alone: then there is one group."""
    spatial = len(place.spatial)
    if not op.has_shape(IMAGE) or op.input(IMAGE) != (spatial,):
        return input_sizes(op, place)
    channels = op.input(FILTERS, rank=place.rank)[-2]
    return place.arrange(None, partial_sizes(op, IMAGE, spatial), channels)


def filter_sizes(op: Op, place: Layout) -> Asked:
    """What the value `filter_sizes` asks for."""
    return partial_sizes(op, FILTERS, place.rank)


def input_shape(op: Op, place: Layout) -> Asked:
    """The shape of the forward convolution's input, which is there as a tensor."""
    return op.input(IMAGE, rank=place.rank)


def filter_shape(op: Op, place: Layout) -> Asked:
    """The shape of the forward convolution's filters, which are there as a tensor."""
    return op.input(FILTERS, rank=place.rank)


def _dense_channels(op: Op, channels: Dim | None, filters: Shape, gradient_channels: Dim) -> Dim | None:
    """What the image's channels must be, None where that isn't known. RuleError where channels don't fit."""
    *_, group_inputs, outputs = filters
    op.same(outputs, gradient_channels)
    if channels is not None:
        check_groups(op, channels, group_inputs, outputs)
    return channels


def _depthwise_channels(op: Op, channels: Dim | None, filters: Shape, gradient_channels: Dim) -> Dim:
    """As _dense_channels."""
    *_, inputs, multiplier = filters
    op.same(inputs * multiplier, gradient_channels)
    return inputs if channels is None else op.same(channels, inputs)


def _check_sizes(op: Op, place: Layout, image: Asked, window: Sequence[Dim], gradient: Shape) -> None:
    """The forward convolution of the image must give the gradient's sizes, on axes where all are known."""
    moves = windows(op, place)
    for i, axis in enumerate(place.spatial):
        size = image[axis]
        if size is not None:
            op.same(moves.output_size(op, i, size, window[i]), gradient[axis])


def _opened(op: Op, sizes: Asked) -> Shape:
    return Shape(*(op.unknown_size(axis) if size is None else size for axis, size in enumerate(sizes)))


RULES = RuleSet(
    input_gradient("Conv2DBackpropInput", 2, input_sizes_or_spatial),
    input_gradient("_MklNativeConv2DBackpropInput", 2, input_sizes_or_spatial),
    input_gradient("Conv2DBackpropInputV2", 2, input_shape),
    input_gradient("Conv3DBackpropInput", 3, input_shape),
    input_gradient("Conv3DBackpropInputV2", 3, input_sizes),
    input_gradient("_MklNativeConv3DBackpropInputV2", 3, input_sizes),
    input_gradient("DepthwiseConv2dNativeBackpropInput", 2, input_sizes, DEPTHWISE),
    filter_gradient("Conv2DBackpropFilter", 2, filter_sizes),
    filter_gradient("_MklNativeConv2DBackpropFilter", 2, filter_sizes),
    filter_gradient("Conv2DBackpropFilterV2", 2, filter_shape),
    filter_gradient("Conv3DBackpropFilter", 3, filter_shape),
    filter_gradient("Conv3DBackpropFilterV2", 3, filter_sizes),
    filter_gradient("_MklNativeConv3DBackpropFilterV2", 3, filter_sizes),
    filter_gradient("DepthwiseConv2dNativeBackpropFilter", 2, filter_sizes, DEPTHWISE),
)
