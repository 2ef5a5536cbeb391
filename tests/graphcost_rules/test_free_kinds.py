"""What free operations do to memory, held against where TensorFlow's kernels put their outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphcost import COMPUTES_NOTHING, COPIES, FREE, VIEW, Free, FreeKind
from graphcost_rules import RULES

VIEWS: dict[str, dict[str, Any]] = {
    "Identity": {"input": "x"},
    "StopGradient": {"input": "x"},
    "PreventGradient": {"input": "x"},
    "Reshape": {"tensor": "x", "shape": [6, 4]},
    "ExpandDims": {"input": "x", "axis": 0},
    "Squeeze": {"input": "x"},
    "Bitcast": {"input": "x", "type": "int32"},
    "EnsureShape": {"input": "x", "shape": [2, 3, 4, 1]},
    "PlaceholderWithDefault": {"input": "x", "shape": [2, 3, 4, 1]},
}
COPIED: dict[str, dict[str, Any]] = {
    "Transpose": {"x": "x", "perm": [1, 0, 2, 3]},
    "ConcatV2": {"values": ["x", "x"], "axis": 0},
    "Pack": {"values": ["x", "x"]},
    "Tile": {"input": "x", "multiples": [1, 1, 1, 2]},
    "GatherV2": {"params": "x", "indices": [1], "axis": 0},
    "GatherNd": {"params": "x", "indices": [[1]]},
    "Pad": {"input": "x", "paddings": [[0, 0], [1, 0], [0, 0], [0, 0]]},
    "MirrorPad": {"input": "x", "paddings": [[0, 0], [1, 0], [0, 0], [0, 0]], "mode": "REFLECT"},
    "Slice": {"input": "x", "begin": [0, 1, 0, 0], "size": [2, 2, 4, 1]},
    "StridedSlice": {"input": "x", "begin": [0, 1], "end": [2, 3], "strides": [1, 1]},
    "Split": {"axis": 1, "value": "x", "num_split": 3},
    "Unpack": {"value": "x", "num": 3, "axis": 1},
    "Cast": {"x": "x", "DstT": "float64"},
    "ReverseV2": {"tensor": "x", "axis": [0]},
    "Roll": {"input": "x", "shift": 1, "axis": 0},
    "BroadcastTo": {"input": "x", "shape": [2, 2, 3, 4, 1]},
    "SpaceToDepth": {"input": "wide", "block_size": 2},
    "DepthToSpace": {"input": "deep", "block_size": 2},
    "ResizeNearestNeighbor": {"images": "x", "size": [6, 8]},
    "MatrixDiag": {"diagonal": "x"},
}


def outputs(op: str, arguments: dict[str, Any]) -> tuple[Any, list[Any]]:
    """The memory of the operand x, and of the outputs of TensorFlow's kernel on it."""
    tf = pytest.importorskip("tensorflow")
    with tf.device("/CPU:0"):
        given = {
            "x": tf.random.uniform((2, 3, 4, 1)),
            "wide": tf.random.uniform((2, 4, 4, 1)),
            "deep": tf.random.uniform((2, 3, 4, 4)),
        }

        def operand(value: Any) -> Any:
            if isinstance(value, list) and value and isinstance(value[0], str):
                return [given[name] for name in value]
            return given.get(value, value) if isinstance(value, str) else value

        made = getattr(tf.raw_ops, op)(**{name: operand(value) for name, value in arguments.items()})
        made = made if isinstance(made, list) else [made]
        source = next(each for each in given if each in str(arguments.values()))
        return memory(given[source]), [memory(each) for each in made]


def memory(tensor: Any) -> Any:
    """The tensor's own memory, not a copy of it, as bytes."""
    return tensor._numpy().view(np.uint8)


@pytest.mark.tensorflow
@pytest.mark.parametrize("op", VIEWS)
def test_a_view_is_its_inputs_memory(op: str) -> None:
    rule = RULES.get(op)
    assert rule is not None
    assert rule.cost == VIEW
    source, made = outputs(op, VIEWS[op])
    assert all(np.shares_memory(source, each) for each in made)


@pytest.mark.tensorflow
@pytest.mark.parametrize("op", COPIED)
def test_a_copy_is_memory_of_its_own(op: str) -> None:
    rule = RULES.get(op)
    assert rule is not None
    assert rule.cost == COPIES
    source, made = outputs(op, COPIED[op])
    assert not any(np.shares_memory(source, each) for each in made)


def test_every_free_rule_says_which_of_the_three_it_is() -> None:
    """FREE is for rules of others, who need not know."""
    free = {rule.op: rule.cost for rule in RULES if isinstance(rule.cost, Free)}
    assert [op for op, cost in free.items() if cost == FREE] == []
    assert {cost.kind for cost in free.values()} == set(FreeKind)


@pytest.mark.parametrize(
    ("kind", "ops"),
    [
        (
            FreeKind.COMPUTES_NOTHING,
            "NoOp Assert Shape Size Rank Const Placeholder VarHandleOp TensorArrayV3",
        ),
        (FreeKind.COPIES, "RandomUniform Fill ZerosLike DecodeJpeg OneHot TensorListStack Assign CollectiveGatherV2"),
        (FreeKind.VIEW, "ReadVariableOp TensorListGetItem TensorArrayReadV3 StackPopV2 IteratorGetNext Merge _SwitchN"),
    ],
)
def test_kinds_of_what_no_eager_kernel_shows(kind: FreeKind, ops: str) -> None:
    found = {op: RULES.get(op) for op in ops.split()}
    assert {op: isinstance(r.cost, Free) and r.cost.kind for op, r in found.items() if r} == dict.fromkeys(found, kind)


def test_a_reason_is_said_with_its_kind_and_not_twice() -> None:
    assert str(VIEW) == "view"
    assert str(COMPUTES_NOTHING) == "computes nothing"
    assert str(FREE) == "moves data (copies)"
    assert str(Free("state", FreeKind.VIEW)) == "state (view)"
