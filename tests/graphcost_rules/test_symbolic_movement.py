"""Shape arithmetic that has to stay exact on symbolic sizes, as models do it."""

from __future__ import annotations

import pytest
from single_op import Operand, apply

from graphcost import Fact, Shape, Value, bind, ceil_div, dim_max, dim_min
from graphcost.dims import Dim, symbol
from graphcost_rules import joining, padding, shape_ops, slicing, spatial, strided_slice

RULES = joining.RULES + padding.RULES + shape_ops.RULES + slicing.RULES + spatial.RULES + strided_slice.RULES
N, H, W, C = (symbol(name) for name in ("N", "H", "W", "C"))
UNKNOWN = Fact("int32", Shape(), None)


def only_shape(kind: str, *operands: Operand, **attrs: object) -> Shape:
    (shape,) = apply(RULES, kind, *operands, **attrs).shapes
    assert shape is not None
    return shape


def only_value(kind: str, *operands: Operand, **attrs: object) -> Value:
    (value,) = apply(RULES, kind, *operands, **attrs).values
    assert value is not None
    return value


def test_flatten_keeps_the_batch() -> None:
    shape = only_value("Shape", Shape(N, 7, 7, 64))
    batch = only_value("StridedSlice", shape, [0], [1], [1], shrink_axis_mask=1)
    target = only_value("Pack", batch, -1, axis=0)
    assert target == Value.vector([N, -1])
    assert only_shape("Reshape", Shape(N, 7, 7, 64), target) == Shape(N, 3136)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (Shape(N, H, W, C), [-1, H * W * C], Shape(N, H * W * C)),
        (Shape(N, H, W, 3), [N, -1, 3], Shape(N, H * W, 3)),
        (Shape(N * H, 8), [-1, H, 8], Shape(N, H, 8)),
        (Shape(N, H, 12), [N, H, 3, -1], Shape(N, H, 3, 4)),
        (Shape(N, 1, 1, 1001), [-1, 1001], Shape(N, 1001)),
    ],
)
def test_an_open_size_is_inferred_exactly(source: Shape, target: list[Dim], expected: Shape) -> None:
    assert only_shape("Reshape", source, Value.vector(target)) == expected


def test_a_single_unknown_element_is_inferred_like_minus_one() -> None:
    assert only_shape("Reshape", Shape(N, 6, 4), Value.vector([None, 24])) == Shape(N, 24)
    rank = only_shape("Reshape", Shape(N, 6, 4), Value.vector([None, None, 4]))
    assert rank.rank == 3
    assert rank[2] == 4


def test_a_reshape_by_an_unknown_vector_keeps_its_rank() -> None:
    assert only_shape("Reshape", Shape(N, 6), Fact("int32", Shape(3))).rank == 3


@pytest.mark.parametrize(
    ("begin", "end", "stride", "masks", "size"),
    [
        (1, -1, 1, {}, dim_max(H - 2, 0)),
        (0, -1, 1, {}, H - 1),
        (0, 0, 2, {"begin_mask": 1, "end_mask": 1}, ceil_div(H, 2)),
        (-1, 0, -1, {"begin_mask": 1, "end_mask": 1}, H),
        (-3, 0, 1, {"end_mask": 1}, dim_min(3, H)),
        (0, 4, 1, {}, dim_min(4, H)),
    ],
)
def test_slices_of_an_open_axis(begin: int, end: int, stride: int, masks: dict[str, int], size: Dim) -> None:
    shape = only_shape("StridedSlice", Shape(N, H), [0, begin], [0, end], [1, stride], **both_axes(masks))
    assert shape[0] == N
    for h in range(1, 7):
        assert (
            bind(shape[1], {"H": h}) == bind(size, {"H": h}) == len(range(h)[python_slice(begin, end, stride, masks)])
        )


def both_axes(masks: dict[str, int]) -> dict[str, int]:
    """The masks of the second axis, and the first axis taken whole."""
    shifted = {name: masks.get(name, 0) << 1 | 1 for name in ("begin_mask", "end_mask")}
    return {name: mask << 1 for name, mask in masks.items()} | shifted


def python_slice(begin: int, end: int, stride: int, masks: dict[str, int]) -> slice:
    return slice(None if masks.get("begin_mask") else begin, None if masks.get("end_mask") else end, stride)


def test_bounds_of_unknown_sign_leave_a_size_open() -> None:
    bound = symbol("v", least=None)
    assert str(only_shape("StridedSlice", Shape(9), [0], Value.vector([bound]), [1])) == "[size(node:0,0)]"


def test_parts_of_a_shape_are_sliced_and_joined() -> None:
    shape = only_value("Shape", Shape(N, H, W, 3))
    spatial_sizes = only_value("StridedSlice", shape, [1], [3], [1])
    assert spatial_sizes == Value.vector([H, W])
    assert only_value("ConcatV2", Value.vector([N]), spatial_sizes, [7], 0) == Value.vector([N, H, W, 7])
    assert only_value("Slice", shape, [2], [-1]) == Value.vector([W, 3])


def test_unknown_elements_stay_single() -> None:
    assert only_value("Pack", Value.scalar(N), UNKNOWN, 3) == Value.vector([N, None, 3])
    assert only_value("ConcatV2", Value.vector([N]), Fact("int32", Shape(2)), 0) == Value.vector([N, None, None])


def test_sizes_add_up_along_a_joined_axis() -> None:
    assert only_shape("ConcatV2", Shape(N, H, 8), Shape(N, H, 24), 2) == Shape(N, H, 32)
    assert only_shape("ConcatV2", Shape(N, H, 8), Shape(N, W, 8), 1) == Shape(N, H + W, 8)
    assert only_shape("Tile", Shape(N, 3), Value.vector([2, H])) == Shape(2 * N, 3 * H)
    assert only_shape("Pad", Shape(N, H), Value((2, 2), (0, 0, 1, C))) == Shape(N, H + 1 + C)


def test_a_dilated_convolution_gets_its_blocks_and_gives_them_back() -> None:
    """Keras pads the image up to whole blocks, and crops it afterwards."""
    extra = 2 * ceil_div(H, 2) - H
    paddings = Value((2, 2), (2, 2 + extra, 2, 2 + extra))
    blocks = only_shape("SpaceToBatchND", Shape(N, H, H, 8), [2, 2], paddings)
    assert blocks == Shape(4 * N, ceil_div(H, 2) + 2, ceil_div(H, 2) + 2, 8)
    convolved = Shape(4 * N, ceil_div(H, 2), ceil_div(H, 2), 16)
    crops = Value((2, 2), (0, extra, 0, extra))
    assert only_shape("BatchToSpaceND", convolved, [2, 2], crops) == Shape(N, H, H, 16)


def test_squeezing_a_named_axis_takes_it_to_be_one() -> None:
    assert only_shape("Squeeze", Shape(N, 1, H), squeeze_dims=(1,)) == Shape(N, H)
    assert only_shape("Squeeze", Shape(N + 1, 1, 4)) == Shape(N + 1, 4)


def test_parts_of_an_open_axis() -> None:
    assert apply(RULES, "Split", 1, Shape(N, 4 * H), num_split=4).shapes == (Shape(N, H),) * 4
    assert apply(RULES, "SplitV", Shape(H, 3), [2, -1], 0, num_split=2).shapes == (Shape(2, 3), Shape(H - 2, 3))
    assert apply(RULES, "Unpack", Value.vector([N, H]), num=2).values == (Value.scalar(N), Value.scalar(H))
