"""Convolutions: dense, grouped and depthwise, over two or three spatial axes.

Filters are [*window, input channels of one group, output channels], depthwise ones [*window, input channels,
output channels for each]. Taps that fall on padding are multiplied as well (the "nominal" taps).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape, product
from graphcost_rules.windows import Layout, channels_first, channels_last, layout, windows

MAX_RANK = 254
"""The most axes that a TensorFlow tensor may have."""


@dataclass(frozen=True, slots=True)
class ConvFamily:
    """A way to convolve.

    shape: the output's shape, of an image in a layout and of filters. RuleError where they don't fit.
    taps: how many multiply-adds one output element takes, from the filters' shape.
    """

    shape: Callable[[Op, Layout, Shape, Shape], Shape]
    taps: Callable[[Shape], Dim]


def _dense_shape(op: Op, place: Layout, image: Shape, filters: Shape) -> Shape:
    *window, group_inputs, outputs = filters
    check_groups(op, image[place.channel], group_inputs, outputs)
    sizes = windows(op, place).output_sizes(op, place.sizes(image), window)
    return place.shape(image[0], sizes, outputs)


def _dense_taps(filters: Shape) -> Dim:
    return product(filters[:-1])


def _depthwise_shape(op: Op, place: Layout, image: Shape, filters: Shape) -> Shape:
    *window, inputs, multiplier = filters
    inputs = op.same(image[place.channel], inputs)
    sizes = windows(op, place).output_sizes(op, place.sizes(image), window)
    return place.shape(image[0], sizes, inputs * multiplier)


def _depthwise_taps(filters: Shape) -> Dim:
    return product(filters[:-2])


DENSE = ConvFamily(_dense_shape, _dense_taps)
"""Each output sees all channels of its group, the number of groups being the image's channels by the filter's."""

DEPTHWISE = ConvFamily(_depthwise_shape, _depthwise_taps)
"""Each output sees one channel."""


def check_groups(op: Op, inputs: Dim, group_inputs: Dim, outputs: Dim) -> None:
    """The filter's input channels must divide the image's, and the quotient the output channels. RuleError if not."""
    if group_inputs == 0:
        raise op.error("the filter has no input channels")
    if not isinstance(inputs, int) or not isinstance(group_inputs, int):
        return
    groups, rest = divmod(inputs, group_inputs)
    if rest or groups == 0:
        raise op.error(f"{inputs} input channels aren't a multiple of the filter's {group_inputs}")
    if isinstance(outputs, int) and outputs % groups:
        raise op.error(f"{outputs} output channels can't be split among {groups} groups")


def conv(kind: str, spatial: int, family: ConvFamily = DENSE) -> Rule:
    """The rule of a convolution over so many spatial axes."""

    def shape(op: Op) -> list[Shape]:
        place = layout(op, spatial)
        return [family.shape(op, place, op.input(0, rank=place.rank), op.input(1, rank=place.rank))]

    def cost(op: Op) -> Cost:
        """One multiply-add for each output element, tap of the window and channel that it sees: its group's, or one."""
        return Cost(mac=op.output().size * family.taps(op.input(1, rank=spatial + 2)))

    return Rule(kind, shape=shape, cost=cost, role=Role.CONTRACTION)


def any_rank_shape(op: Op) -> list[Shape]:
    """`Conv`: the filter's rank tells how many axes are spatial, and `batch_dims` how many lead."""
    filters = op.input(1, least_rank=4)
    if filters.rank > 5:
        raise op.error(f"a filter of shape {filters} has more than 3 spatial axes")
    lead = op.int_attr("batch_dims", default=1)
    if not 0 <= lead <= MAX_RANK:
        raise op.error(f"batch_dims is {lead}")
    spatial = filters.rank - 2
    data_format = op.text_attr("data_format", default="CHANNELS_LAST", choices=("CHANNELS_LAST", "CHANNELS_FIRST"))
    place = channels_last(spatial) if data_format == "CHANNELS_LAST" else channels_first(spatial)
    image = op.input(0, rank=lead + spatial + 1)
    batch, one_image = image[:lead], Shape(1, *image[lead:])
    _, *rest = DENSE.shape(op, place, one_image, filters)
    return [Shape(*batch, *rest)]


def any_rank_cost(op: Op) -> Cost:
    """One multiply-add for each output element, tap of the window and input channel of the filter."""
    taps, _ = op.folded_input(1, last=1)
    return Cost(mac=op.output_size() * taps)


RULES = RuleSet(
    conv("Conv2D", spatial=2),
    conv("_MklNativeConv2D", spatial=2),
    conv("Conv3D", spatial=3),
    conv("_MklNativeConv3D", spatial=3),
    Rule("Conv", shape=any_rank_shape, cost=any_rank_cost, role=Role.CONTRACTION),
    conv("DepthwiseConv2dNative", 2, DEPTHWISE),
    conv("_MklNativeDepthwiseConv2dNative", 2, DEPTHWISE),
)
