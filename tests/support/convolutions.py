"""Convolutions that hypothesis draws, and the naive loops that run and count them. Channels come last everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np
from counting import Tally
from hypothesis import strategies as st


@dataclass(frozen=True)
class Convolution:
    """A legal convolution: an image [batch, *sizes, channels] and filters [*window, channels of a group, outputs].

    A depthwise one has a channel in each group, and outputs in the order of the channels.
    """

    image: tuple[int, ...]
    filters: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: str
    explicit: tuple[tuple[int, int], ...] = ()

    @property
    def output(self) -> tuple[int, ...]:
        """The output's shape, from where windows can start; with SAME padding there is one every `stride`."""
        if self.padding == "SAME":
            sizes = [len(range(0, size, stride)) for size, stride in zip(self.image[1:-1], self.strides, strict=True)]
        else:
            paddings = self.explicit or ((0, 0),) * len(self.strides)
            sizes = [
                len([s for s in range(0, size + sum(padding), stride) if s + extent <= size + sum(padding)])
                for size, padding, extent, stride in zip(
                    self.image[1:-1], paddings, self.extents, self.strides, strict=True
                )
            ]
        return (self.image[0], *sizes, self.filters[-1])

    @property
    def extents(self) -> tuple[int, ...]:
        """How many positions a dilated window spans."""
        windows = zip(self.filters[:-2], self.dilations, strict=True)
        return tuple((window - 1) * dilation + 1 for window, dilation in windows)

    @property
    def depthwise_filters(self) -> tuple[int, ...]:
        """The shape that a depthwise convolution's filters have: [*window, channels, outputs of each]."""
        *window, _, outputs = self.filters
        return (*window, self.image[-1], outputs // self.image[-1])

    def paddings(self) -> list[tuple[int, int]]:
        """Before and after each spatial axis, at least as much as the windows reach."""
        before = [padding[0] for padding in self.explicit] or [0] * len(self.strides)
        reach = [
            (out - 1) * stride + extent
            for out, stride, extent in zip(self.output[1:-1], self.strides, self.extents, strict=True)
        ]
        if self.padding == "SAME":
            before = [max(far - size, 0) // 2 for far, size in zip(reach, self.image[1:-1], strict=True)]
        sizes = zip(before, reach, self.image[1:-1], strict=True)
        return [(first, max(far - first - size, 0)) for first, far, size in sizes]

    def attrs(self, channels_first: bool = False, dilations: str = "dilations") -> dict[str, Any]:
        """The attributes, apart from data_format."""

        def whole(entries: Sequence[Any], outside: Any) -> list[Any]:
            return [outside, outside, *entries] if channels_first else [outside, *entries, outside]

        given = {"strides": whole(self.strides, 1), dilations: whole(self.dilations, 1), "padding": self.padding}
        if self.padding == "EXPLICIT":
            given["explicit_paddings"] = [end for pair in whole(self.explicit, (0, 0)) for end in pair]
        return given


@st.composite
def convolutions(
    draw: st.DrawFn,
    spatial: int = 2,
    paddings: Sequence[str] = ("SAME", "VALID", "EXPLICIT"),
    *,
    groups: bool = True,
    depthwise: bool = False,
    equal_strides: bool = False,
    dilated: bool = True,
) -> Convolution:
    """Small convolutions, all of whose sizes are at least 1."""

    def per_axis(least: int, most: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(least, most)) for _ in range(spatial))

    padding = draw(st.sampled_from(list(paddings)))
    window = per_axis(1, 3)
    strides = (draw(st.integers(1, 3)),) * spatial if equal_strides else per_axis(1, 3)
    dilations = per_axis(1, 2) if dilated and not (depthwise and max(strides) > 1) else (1,) * spatial
    explicit = tuple(zip(per_axis(0, 2), per_axis(0, 2), strict=True)) if padding == "EXPLICIT" else ()
    extents = [(w - 1) * d + 1 for w, d in zip(window, dilations, strict=True)]
    least = [1] * spatial if padding == "SAME" else extents
    sizes = [draw(st.integers(low, low + 3)) for low in least]
    group_channels = 1 if depthwise else draw(st.integers(1, 3))
    group_count = draw(st.integers(1, 3)) if groups or depthwise else 1
    outputs = group_count * draw(st.integers(1, 2))
    image = (draw(st.integers(1, 2)), *sizes, group_channels * group_count)
    return Convolution(image, (*window, group_channels, outputs), strides, dilations, padding, explicit)


def convolve(tally: Tally, conv: Convolution, image: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Multiplies every tap of every window, padding included."""
    padded = np.pad(image, [(0, 0), *conv.paddings(), (0, 0)])
    output = np.zeros(conv.output)
    for out, pixel, tap in _visits(conv):
        output[out] = tally.mac(output[out], padded[pixel], filters[tap])
    return output


def input_gradient(tally: Tally, conv: Convolution, gradient: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Scatters each element of the gradient over the window that it came from."""
    paddings = [(0, 0), *conv.paddings(), (0, 0)]
    padded = np.zeros([size + sum(padding) for size, padding in zip(conv.image, paddings, strict=True)])
    for out, pixel, tap in _visits(conv):
        padded[pixel] = tally.mac(padded[pixel], gradient[out], filters[tap])
    return padded[tuple(slice(first, first + size) for size, (first, _) in zip(conv.image, paddings, strict=True))]


def filter_gradient(tally: Tally, conv: Convolution, image: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Gathers, for each tap, what it was multiplied by."""
    padded = np.pad(image, [(0, 0), *conv.paddings(), (0, 0)])
    filters = np.zeros(conv.filters)
    for out, pixel, tap in _visits(conv):
        filters[tap] = tally.mac(filters[tap], padded[pixel], gradient[out])
    return filters


def _visits(conv: Convolution) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    """Each output element with each of its taps: where in the output, in the padded image and in the filters."""
    *window, group_channels, outputs = conv.filters
    outputs_of_group = outputs // (conv.image[-1] // group_channels)
    for out in product(*map(range, conv.output)):
        first_channel = out[-1] // outputs_of_group * group_channels
        for tap in product(*map(range, window)):
            moves = zip(out[1:-1], conv.strides, tap, conv.dilations, strict=True)
            place = tuple(o * stride + t * dilation for o, stride, t, dilation in moves)
            for channel in range(group_channels):
                yield out, (out[0], *place, first_channel + channel), (*tap, channel, out[-1])


def numbers(shape: Sequence[int], seed: int) -> np.ndarray:
    """Random numbers, the same for the same seed."""
    return np.random.default_rng(seed).standard_normal(prod(shape)).reshape(tuple(shape)).astype(np.float32)
