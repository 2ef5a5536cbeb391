"""Convolutions of uniformly quantized tensors, whose layouts, dilations and groups are as general as XLA's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape, ceil_div, dim_max, floor_div, product
from graphcost_rules.quantize import AFFINE, CLAMP, ROUND
from graphcost_rules.uniform_quantization import RESULT, SHIFT


@dataclass(frozen=True, slots=True)
class Axes:
    """Where a tensor has its two special axes, batch and feature or outputs and inputs, and its spatial ones."""

    first: int
    second: int
    spatial: tuple[int, ...]

    def checked(self, op: Op, rank: int) -> Axes:
        if sorted((self.first, self.second, *self.spatial)) != list(range(rank)):
            raise op.error(f"dimension numbers {self.first}, {self.second}, {list(self.spatial)} for rank {rank}")
        return self


@dataclass(frozen=True, slots=True)
class Layout:
    image: Axes
    filters: Axes
    output: Axes


def convolution_shape(op: Op) -> list[Shape]:
    rank = op.input(0 if op.has_shape(0) else 1, least_rank=2).rank
    image, filters = op.input(0, rank=rank), op.input(1, rank=rank)
    axes = _layout(op, rank)
    dims: list[Dim] = [0] * rank
    dims[axes.output.first] = floor_div(image[axes.image.first], _groups(op, "batch_group_count"))
    dims[axes.output.second] = filters[axes.filters.first]
    op.same(image[axes.image.second], filters[axes.filters.second] * _groups(op, "feature_group_count"))
    sizes = _output_sizes(
        op, [image[axis] for axis in axes.image.spatial], [filters[axis] for axis in axes.filters.spatial]
    )
    for axis, size in zip(axes.output.spatial, sizes, strict=True):
        dims[axis] = size
    return [Shape(*dims)]


def convolution_cost(op: Op) -> Cost:
    """The zero points are subtracted from image and filters, then one multiply-add for each output and tap, padding
    and dilation included, and each output is scaled, rounded, shifted and clamped."""
    return SHIFT * (op.input_size(0) + op.input_size(1)) + Cost(mac=_macs(op)) + RESULT * op.output_size()


def hybrid_cost(op: Op) -> Cost:
    """The image is quantized by its own range, which is searched; the zero points are subtracted from image and
    filters, then one multiply-add for each output and tap, and each output is scaled."""
    image = op.input_size(0)
    quantized = Cost(compare=2 * dim_max(image - 1, 0)) + (AFFINE + ROUND + CLAMP) * image
    return quantized + SHIFT * (image + op.input_size(1)) + Cost(mac=_macs(op), mul=op.output_size())


def _macs(op: Op) -> Dim:
    """Each output has the taps of a filter: its window times the input features of a group."""
    if not (op.has_shape(0) or op.has_shape(1)):
        return op.output_size() * op.unknown_count("taps")
    filters = op.input(1, rank=op.input(0 if op.has_shape(0) else 1, least_rank=2).rank)
    outputs = _layout(op, filters.rank).filters.first
    return op.output_size() * product(size for axis, size in enumerate(filters) if axis != outputs)


def _output_sizes(op: Op, sizes: list[Dim], taps: list[Dim]) -> Iterator[Dim]:
    spatial = len(sizes)
    strides = _per_axis(op, "window_strides", spatial)
    stretches, dilations = _per_axis(op, "lhs_dilation", spatial), _per_axis(op, "rhs_dilation", spatial)
    padding = op.text_attr("padding", choices=("SAME", "VALID", "EXPLICIT"))
    explicit = op.ints_attr("explicit_padding", length=2 * spatial) if padding == "EXPLICIT" else (0,) * (2 * spatial)
    for axis in range(spatial):
        size = _spread(sizes[axis], stretches[axis])
        if padding == "SAME":
            yield ceil_div(size, strides[axis])
            continue
        room = size + sum(explicit[2 * axis : 2 * axis + 2]) - _spread(taps[axis], dilations[axis])
        yield dim_max(floor_div(room, strides[axis]) + 1, 0)


def _spread(size: Dim, dilation: int) -> Dim:
    """The extent of a window or an image with dilation - 1 holes between neighbours."""
    return dim_max((size - 1) * dilation + 1, 0)


def _per_axis(op: Op, name: str, spatial: int) -> tuple[int, ...]:
    entries = op.ints_attr(name, default=()) or (1,) * spatial
    if len(entries) != spatial or min(entries, default=1) < 1:
        raise op.error(f"attribute {name!r} is {list(entries)[:8]} for {spatial} spatial axes")
    return entries


def _groups(op: Op, name: str) -> int:
    count = op.int_attr(name, 1)
    if count < 1:
        raise op.error(f"attribute {name!r} is {count}")
    return count


def _layout(op: Op, rank: int) -> Layout:
    """As the serialized dimension numbers tell; without them, batch, features, space, and outputs, inputs, space."""
    raw = op.node.attrs.get("dimension_numbers") or b""
    if not isinstance(raw, bytes):
        raise op.error("attribute 'dimension_numbers' isn't a string")
    if not raw:
        axes = Axes(0, 1, tuple(range(2, rank)))
        return Layout(axes, axes, axes)
    numbers = _fields(op, raw)

    def axes_of(first: int, second: int, spatial: int) -> Axes:
        axes = Axes(numbers.get(first, [0])[-1], numbers.get(second, [0])[-1], tuple(numbers.get(spatial, ())))
        return axes.checked(op, rank)

    return Layout(axes_of(1, 2, 3), axes_of(5, 4, 6), axes_of(7, 8, 9))


def _fields(op: Op, raw: bytes) -> dict[int, list[int]]:
    """The integers of a protocol buffer's message by field number, repeated ones packed or not."""
    numbers: dict[int, list[int]] = {}
    rest = iter(raw)
    for first in rest:
        field, wire = divmod(first, 8)
        if wire == 0:
            numbers.setdefault(field, []).append(_varint(op, rest))
        elif wire == 2:
            packed = iter([_byte(op, rest) for _ in range(_varint(op, rest, most=255))])
            for byte in packed:
                numbers.setdefault(field, []).append(_varint(op, _prepended(byte, packed)))
        else:
            raise op.error("attribute 'dimension_numbers' isn't a message of axes")
    return numbers


def _prepended(byte: int, rest: Iterator[int]) -> Iterator[int]:
    yield byte
    yield from rest


def _varint(op: Op, rest: Iterator[int], most: int = 2**7) -> int:
    value = shift = 0
    while True:
        byte = _byte(op, rest)
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
        if shift > 28:
            raise op.error("attribute 'dimension_numbers' holds a number that is no axis")
    if value > most:
        raise op.error("attribute 'dimension_numbers' holds a number that is no axis")
    return value


def _byte(op: Op, rest: Iterator[int]) -> int:
    byte = next(rest, None)
    if byte is None:
        raise op.error("attribute 'dimension_numbers' is cut off")
    return byte


RULES = RuleSet(
    Rule("UniformQuantizedConvolution", shape=convolution_shape, cost=convolution_cost, role=Role.CONTRACTION),
    Rule("UniformQuantizedConvolutionHybrid", shape=convolution_shape, cost=hybrid_cost, role=Role.CONTRACTION),
)
