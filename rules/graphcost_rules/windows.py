"""Window arithmetic that convolutions and pooling share: layouts, strides, dilations, padding, output sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from graphcost import Dim, Op, Shape, ceil_div

CHANNELS_LAST = {1: "NWC", 2: "NHWC", 3: "NDHWC"}
CHANNELS_FIRST = {1: "NCW", 2: "NCHW", 3: "NCDHW"}

NO_PADDING = (0, 0)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which axes of a tensor hold the channels and the spatial sizes; axis 0 is the batch."""

    channel: int
    spatial: tuple[int, ...]

    @property
    def rank(self) -> int:
        return len(self.spatial) + 2

    def sizes(self, shape: Shape) -> tuple[Dim, ...]:
        """The spatial sizes of a tensor in this layout."""
        return tuple(shape[axis] for axis in self.spatial)

    def arrange(self, batch: T, spatial: Sequence[T], channels: T) -> tuple[T, ...]:
        """One entry per axis, in this layout's order."""
        return (batch, channels, *spatial) if self.channel == 1 else (batch, *spatial, channels)

    def shape(self, batch: Dim, spatial: Sequence[Dim], channels: Dim) -> Shape:
        """The shape of a tensor in this layout."""
        return Shape(*self.arrange(batch, spatial, channels))


def channels_last(spatial: int) -> Layout:
    return Layout(channel=spatial + 1, spatial=tuple(range(1, spatial + 1)))


def channels_first(spatial: int) -> Layout:
    return Layout(channel=1, spatial=tuple(range(2, spatial + 2)))


def layout(op: Op, spatial: int) -> Layout:
    """The layout that `data_format` names for that many spatial axes; channels last where the attribute is absent.

    RuleError for any other name, NCHW_VECT_C among them.
    """
    last, first = CHANNELS_LAST[spatial], CHANNELS_FIRST[spatial]
    name = op.text_attr("data_format", default=last, choices=(last, first))
    return channels_last(spatial) if name == last else channels_first(spatial)


def spatial_attr(op: Op, name: str, layout: Layout, default: Sequence[int] | None = None) -> tuple[int, ...]:
    """The spatial entries of an attribute that has one positive entry per axis, such as `strides`.

    `default` stands for an absent or empty list. RuleError where an entry isn't positive, or where the batch's or
    the channels' isn't 1.
    """
    return spatial_entries(op, name, op.ints_attr(name, default=default) or tuple(default or ()), layout)


def spatial_entries(op: Op, name: str, entries: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
    """The spatial ones of entries that are given one per axis. RuleError as `spatial_attr`."""
    if len(entries) != layout.rank:
        raise op.error(f"{name} {list(entries)} must have {layout.rank} entries")
    if any(entry < 1 for entry in entries):
        raise op.error(f"{name} {list(entries)} must be positive")
    if entries[0] != 1 or entries[layout.channel] != 1:
        raise op.error(f"{name} {list(entries)} must be 1 along the batch and the channels")
    return tuple(entries[axis] for axis in layout.spatial)


def paddings_attr(op: Op, name: str, layout: Layout) -> tuple[tuple[int, int], ...]:
    """The padding before and after each spatial axis, from an attribute that has a pair per axis.

    RuleError where a padding is negative, or where the batch or the channels have any.
    """
    flat = op.ints_attr(name, length=2 * layout.rank)
    pairs = tuple(zip(flat[::2], flat[1::2], strict=True))
    if min(flat) < 0:
        raise op.error(f"{name} {list(flat)} must not be negative")
    if pairs[0] != NO_PADDING or pairs[layout.channel] != NO_PADDING:
        raise op.error(f"{name} {list(flat)} must be 0 along the batch and the channels")
    return tuple(pairs[axis] for axis in layout.spatial)


@dataclass(frozen=True, slots=True)
class Windows:
    """How windows move over the spatial axes; one entry per spatial axis in every field but `padding`."""

    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: str
    explicit: tuple[tuple[int, int], ...]

    def output_sizes(self, op: Op, sizes: Sequence[Dim], windows: Sequence[Dim]) -> tuple[Dim, ...]:
        """The spatial sizes of the output of windows of the given sizes. RuleError as `output_size`."""
        pairs = zip(sizes, windows, strict=True)
        return tuple(self.output_size(op, i, size, window) for i, (size, window) in enumerate(pairs))

    def output_size(self, op: Op, i: int, size: Dim, window: Dim) -> Dim:
        """The size of the output's spatial axis `i`. RuleError as `output_size`."""
        return output_size(op, size, window, self.strides[i], self.dilations[i], self.padding, self.explicit[i])


def windows(op: Op, layout: Layout, dilations: str = "dilations") -> Windows:
    """Decodes `strides`, `padding` and the dilations, whose attribute may have another name.

    The paddings of EXPLICIT are in `explicit_paddings`; a `padding_list`, where it isn't empty, overrules `padding`.
    """
    padding, paddings = op.text_attr("padding", choices=("SAME", "VALID", "EXPLICIT")), "explicit_paddings"
    if op.ints_attr("padding_list", default=()):
        padding, paddings = "EXPLICIT", "padding_list"
    return Windows(
        strides=spatial_attr(op, "strides", layout),
        dilations=spatial_attr(op, dilations, layout, default=(1,) * layout.rank),
        padding=padding,
        explicit=paddings_attr(op, paddings, layout) if padding == "EXPLICIT" else (NO_PADDING,) * (layout.rank - 2),
    )


def output_size(
    op: Op,
    size: Dim,
    window: Dim,
    stride: int,
    dilation: int,
    padding: str,
    explicit: tuple[int, int] = NO_PADDING,
) -> Dim:
    """How many windows an axis has: ceil(size / stride) with SAME padding, else those that fit in the padded axis.

    `explicit` is the padding before and after, used where `padding` is EXPLICIT. RuleError where stride, dilation
    or window isn't positive, or where a window is longer than its axis, be it when symbols are bound.
    """
    if stride < 1 or dilation < 1:
        raise op.error(f"stride {stride} and dilation {dilation} must be positive")
    if isinstance(window, int) and window < 1:
        raise op.error(f"a window of size {window}")
    if padding == "SAME":
        return ceil_div(size, stride)
    padded = size + sum(explicit) if padding == "EXPLICIT" else size
    axis = f"an axis of {padded}" if isinstance(padded, int) else "its axis"
    reason = f"a window of {window}, dilated by {dilation}, doesn't fit in {axis}"
    return ceil_div(op.at_least(padded - (window - 1) * dilation, 1, reason), stride)
