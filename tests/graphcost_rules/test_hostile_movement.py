"""Illegal nodes of the movement families: each is refused with a RuleError, fast, and nothing large is made."""

from __future__ import annotations

from typing import Any

import pytest
from single_op import Operand, apply

from graphcost import GraphcostError, RuleError, Shape, Value
from graphcost_rules import gather, joining, padding, reordering, shape_ops, slicing, spatial, strided_slice

RULES = (
    gather.RULES
    + joining.RULES
    + padding.RULES
    + reordering.RULES
    + shape_ops.RULES
    + slicing.RULES
    + spatial.RULES
    + strided_slice.RULES
)

REFUSED: list[tuple[str, list[Operand], dict[str, Any]]] = [
    ("StridedSlice", [Shape(4), [0], [2], [0]], {}),
    ("StridedSlice", [Shape(4), [0, 0], [2], [1]], {}),
    ("StridedSlice", [Shape(4), [0, 0], [2, 2], [1, 1]], {}),
    ("StridedSlice", [Shape(4), [0, 0], [2, 2], [1, 1]], {"ellipsis_mask": 3}),
    ("StridedSlice", [Shape(4), [9], [0], [1]], {"shrink_axis_mask": 1}),
    ("StridedSlice", [Shape(4), [0], [0], [-1]], {"shrink_axis_mask": 1}),
    ("StridedSlice", [Shape(4), [0] * 40, [0] * 40, [1] * 40], {}),
    ("StridedSlice", [Shape(4), [0], [1], [1]], {"begin_mask": "1"}),
    ("Slice", [Shape(4), [-1], [2]], {}),
    ("Slice", [Shape(4), [3], [2]], {}),
    ("Slice", [Shape(4), [0, 0], [2, 2]], {}),
    ("Split", [0, Shape(5)], {"num_split": 2}),
    ("Split", [0, Shape(4)], {"num_split": 0}),
    ("Split", [0, Shape(4)], {"num_split": 10**15}),
    ("Split", [3, Shape(4)], {"num_split": 2}),
    ("SplitV", [Shape(4), [1, 1], 0], {"num_split": 2}),
    ("SplitV", [Shape(4), [9, -1], 0], {"num_split": 2}),
    ("Unpack", [Shape(4)], {"num": 3}),
    ("Unpack", [Shape()], {"num": 1}),
    ("Pack", [Shape(4), Shape(5)], {"axis": 0}),
    ("Pack", [Shape(4)], {"axis": 7}),
    ("ConcatV2", [Shape(4), Shape(4, 1), 0], {}),
    ("ConcatV2", [Shape(4, 2), Shape(4, 3), 0], {}),
    ("ConcatV2", [Shape(4), Shape(4), 5], {}),
    ("Tile", [Shape(4), [-1]], {}),
    ("Tile", [Shape(4), [1, 1]], {}),
    ("Pad", [Shape(4), Value((1, 2), (-1, 0))], {}),
    ("Pad", [Shape(4), Value((1, 3), (1, 0, 0))], {}),
    ("MirrorPad", [[1, 2], Value((1, 2), (5, 0))], {"mode": b"REFLECT"}),
    ("MirrorPad", [[1, 2], Value((1, 2), (1, 0))], {"mode": b"\xff"}),
    ("Transpose", [Shape(4, 4), [0, 0]], {}),
    ("Transpose", [Shape(4, 4), [0, 1, 2]], {}),
    ("Transpose", [[3, 4], [5]], {}),
    ("InvertPermutation", [[0, 0]], {}),
    ("Reshape", [Shape(4), [-1, -1]], {}),
    ("Reshape", [Shape(4), [-2, 2]], {}),
    ("Reshape", [Shape(4), [3]], {}),
    ("Reshape", [Shape(5), [2, -1]], {}),
    ("Reshape", [Shape(0), [0, -1]], {}),
    ("Reshape", [Shape(4), [1] * 300], {}),
    ("Reshape", [Shape(4), Value.vector([1.5])], {}),
    ("ExpandDims", [Shape(4), 9], {}),
    ("Squeeze", [Shape(4)], {"squeeze_dims": (0,)}),
    ("Squeeze", [Shape(1)], {"squeeze_dims": (5,)}),
    ("Squeeze", [Shape(1)], {"squeeze_dims": (0.5,)}),
    ("Fill", [[-4], 0], {}),
    ("EnsureShape", [Shape(4)], {"shape": 4}),
    ("GatherV2", [Shape(4), Shape(2), 0], {"batch_dims": 9}),
    ("GatherV2", [Shape(4), Shape(2), 2], {}),
    ("Gather", [[1, 2], [7]], {}),
    ("GatherNd", [Shape(4), Shape(2, 3)], {}),
    ("GatherNd", [[1, 2], Value((1, 1), (7,))], {}),
    ("OneHot", [Shape(4), -1, 1, 0], {}),
    ("OneHot", [Shape(4), 3, 1, 0], {"axis": 9}),
    ("SpaceToBatchND", [Shape(1, 5), [2], Value((1, 2), (0, 0))], {}),
    ("SpaceToBatchND", [Shape(1, 4), [0], Value((1, 2), (0, 0))], {}),
    ("SpaceToBatchND", [Shape(4), [2], Value((1, 2), (0, 0))], {}),
    ("BatchToSpaceND", [Shape(4, 1), [2], Value((1, 2), (2, 2))], {}),
    ("SpaceToDepth", [Shape(1, 5, 4, 1)], {"block_size": 2}),
    ("SpaceToDepth", [Shape(1, 4, 4, 1)], {"block_size": 0}),
    ("DepthToSpace", [Shape(1, 4, 4, 3)], {"block_size": 2}),
    ("DepthToSpace", [Shape(1, 4, 4, 4)], {"block_size": 2, "data_format": b"NHCW"}),
    ("ExtractImagePatches", [Shape(1, 4, 4, 4)], {"ksizes": (1, 2), "strides": (1,) * 4, "rates": (1,) * 4}),
]


@pytest.mark.parametrize(("kind", "operands", "attrs"), REFUSED)
def test_illegal_nodes_are_refused(kind: str, operands: list[Operand], attrs: dict[str, Any]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **attrs)


HUGE = 2**62


@pytest.mark.parametrize(
    ("kind", "operands"),
    [
        ("Fill", [[HUGE, HUGE], 0]),
        ("Tile", [[1, 2], [HUGE]]),
        ("Pad", [[1, 2], Value((1, 2), (HUGE, HUGE))]),
        ("OneHot", [[1, 2], HUGE, 1, 0]),
    ],
)
def test_huge_tensors_have_a_shape_and_no_value(kind: str, operands: list[Operand]) -> None:
    outcome = apply(RULES, kind, *operands)
    assert outcome.shapes[0] is not None
    assert outcome.values == ()


@pytest.mark.parametrize("kind", sorted({rule.op for rule in RULES} - {"ResourceStridedSliceAssign"}))
def test_a_node_without_inputs_is_an_error_of_graphcost(kind: str) -> None:
    with pytest.raises(GraphcostError):
        apply(RULES, kind)
