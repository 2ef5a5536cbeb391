"""Moving blocks of an image between its spatial axes, its batch and its channels; patches of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graphcost import COPIES, Dim, Op, Role, Rule, RuleSet, Shape, ShapeUnknown, floor_div, product
from graphcost_rules.shape_inputs import checked_size, known_length, margins, per_axis
from graphcost_rules.windows import channels_last, spatial_attr, windows


@dataclass(frozen=True, slots=True)
class Block:
    """The block's size along an axis, and the axis's margins before and after; None where unknown."""

    size: Dim | None
    before: Dim | None
    after: Dim | None


def space_to_batch_nd_shape(op: Op) -> list[Shape]:
    return [_to_batch(op, op.input(0), _blocks_nd(op))]


def batch_to_space_nd_shape(op: Op) -> list[Shape]:
    return [_from_batch(op, op.input(0), _blocks_nd(op))]


def space_to_batch_shape(op: Op) -> list[Shape]:
    return [_to_batch(op, op.input(0, rank=4), _square_blocks(op))]


def batch_to_space_shape(op: Op) -> list[Shape]:
    return [_from_batch(op, op.input(0, rank=4), _square_blocks(op))]


def _blocks_nd(op: Op) -> list[Block]:
    """One block size, and one pair of margins, for each blocked axis."""
    count = known_length(op, 1)
    if count is None and op.has_shape(2):
        rows = op.input(2, rank=2)[0]
        count = rows if isinstance(rows, int) else None
    if count is None:
        raise ShapeUnknown("how many axes are blocked isn't known")
    if count > op.input(0).rank - 1:
        raise op.error(f"{count} blocked axes of a tensor of shape {op.input(0)}")
    sizes = per_axis(op, 1, count)
    return [Block(size, *pair) for size, pair in zip(sizes, margins(op, 2, count), strict=True)]


def _square_blocks(op: Op) -> list[Block]:
    size = op.int_attr("block_size")
    if size < 2:
        raise op.error(f"block_size is {size}, but must be at least 2")
    return [Block(size, *pair) for pair in margins(op, 1, 2)]


def _to_batch(op: Op, shape: Shape, blocks: Sequence[Block]) -> Shape:
    """Every block spreads over the batch, which so grows as much as the padded axes shrink."""
    batch = _times_all(shape[0], [block.size for block in blocks])
    spatial = [
        _divided(op, _sum(size, block.before, block.after), block.size)
        for size, block in zip(shape[1:], blocks, strict=False)
    ]
    return _opened(op, batch, spatial, shape)


def _from_batch(op: Op, shape: Shape, blocks: Sequence[Block]) -> Shape:
    """The inverse: the axes grow by the blocks, then are cropped."""
    total = _times_all(1, [block.size for block in blocks])
    spatial = [_cropped(size, block) for size, block in zip(shape[1:], blocks, strict=False)]
    return _opened(op, _divided(op, shape[0], total), spatial, shape)


def _opened(op: Op, batch: Dim | None, spatial: Sequence[Dim | None], shape: Shape) -> Shape:
    sizes = (batch, *spatial)
    known = (op.unknown_size(axis) if size is None else checked_size(op, size) for axis, size in enumerate(sizes))
    return Shape(*known, *shape[len(sizes) :])


def _times_all(size: Dim, factors: Sequence[Dim | None]) -> Dim | None:
    known = [factor for factor in factors if factor is not None]
    return size * product(known) if len(known) == len(factors) else None


def _sum(*sizes: Dim | None) -> Dim | None:
    known = [size for size in sizes if size is not None]
    return sum(known, start=0) if len(known) == len(sizes) else None


def _divided(op: Op, size: Dim | None, block: Dim | None) -> Dim | None:
    if size is None or block is None:
        return None
    if isinstance(block, int) and block < 1:
        raise op.error(f"a block of {block}")
    if isinstance(size, int) and isinstance(block, int) and size % block:
        raise op.error(f"a size of {size} doesn't divide into blocks of {block}")
    return floor_div(size, block)


def _cropped(size: Dim, block: Block) -> Dim | None:
    if block.size is None or block.before is None or block.after is None:
        return None
    return size * block.size - block.before - block.after


@dataclass(frozen=True, slots=True)
class DepthLayout:
    """Where images that trade depth for space keep their axes, and how many channels the last one packs together."""

    rank: int
    depth: int
    spatial: tuple[int, int]
    packed: int | None = None


LAYOUTS = {
    "NHWC": DepthLayout(4, depth=3, spatial=(1, 2)),
    "NCHW": DepthLayout(4, depth=1, spatial=(2, 3)),
    "NCHW_VECT_C": DepthLayout(5, depth=1, spatial=(2, 3), packed=4),
}


def space_to_depth_shape(op: Op) -> list[Shape]:
    return [_traded(op, lambda size, block: _exactly(op, size, block), lambda depth, area: depth * area)]


def depth_to_space_shape(op: Op) -> list[Shape]:
    return [_traded(op, lambda size, block: size * block, lambda depth, area: _exactly(op, depth, area))]


def _traded(op: Op, spatial: Callable[[Dim, int], Dim], depth: Callable[[Dim, int], Dim]) -> Shape:
    layout = LAYOUTS[op.text_attr("data_format", "NHWC", choices=tuple(LAYOUTS))]
    block = op.int_attr("block_size")
    if block < 2:
        raise op.error(f"block_size is {block}, but must be at least 2")
    sizes = list(op.input(0, rank=layout.rank))
    for axis in layout.spatial:
        sizes[axis] = spatial(sizes[axis], block)
    sizes[layout.depth] = depth(sizes[layout.depth], block * block)
    if layout.packed:
        sizes[-1] = op.same(sizes[-1], layout.packed)
    return Shape(*sizes)


def _exactly(op: Op, size: Dim, divisor: int) -> Dim:
    if isinstance(size, int) and size % divisor:
        raise op.error(f"a size of {size} isn't a multiple of {divisor}")
    return floor_div(size, divisor)


def image_patches_shape(op: Op) -> list[Shape]:
    """Each window's elements, as the channels of one output position."""
    return [_patches(op, 2, "rates")]


def volume_patches_shape(op: Op) -> list[Shape]:
    return [_patches(op, 3, "dilations")]


def _patches(op: Op, spatial: int, dilations: str) -> Shape:
    layout = channels_last(spatial)
    shape = op.input(0, rank=layout.rank)
    taps = spatial_attr(op, "ksizes", layout)
    sizes = windows(op, layout, dilations).output_sizes(op, layout.sizes(shape), taps)
    return Shape(shape[0], *sizes, shape[layout.channel] * product(taps))


RULES = RuleSet(
    Rule("SpaceToBatchND", shape=space_to_batch_nd_shape, cost=COPIES, role=Role.MOVE),
    Rule("BatchToSpaceND", shape=batch_to_space_nd_shape, cost=COPIES, role=Role.MOVE),
    Rule("SpaceToBatch", shape=space_to_batch_shape, cost=COPIES),
    Rule("BatchToSpace", shape=batch_to_space_shape, cost=COPIES),
    Rule("SpaceToDepth", shape=space_to_depth_shape, cost=COPIES),
    Rule("DepthToSpace", shape=depth_to_space_shape, cost=COPIES),
    Rule("ExtractImagePatches", shape=image_patches_shape, cost=COPIES),
    Rule("ExtractVolumePatches", shape=volume_patches_shape, cost=COPIES),
)
