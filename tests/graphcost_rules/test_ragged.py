from __future__ import annotations

import numpy as np
import pytest
from counted import floats, prove_count
from data_dependent import prove_opaque
from optional_tensorflow import tf
from shape_function import constant, prove_shapes, tensor
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.ragged import RULES

SPLITS = tensor(5, dtype="int64")


def test_a_range_adds_its_step():
    def naive(t, starts, limits, deltas):
        splits, values = [0], []
        for start, limit, delta in zip(starts.tolist(), limits.tolist(), deltas.tolist(), strict=True):
            count = max(0, -int(-t.div(t.sub(limit, start), delta) // 1))
            splits.append(t.add(splits[-1], count))
            for _ in range(count):
                values.append(start)
                start = t.add(start, delta)
        return [splits, values]

    ranges = {"starts": [0, 1, 2.5], "limits": [9, 8, 3], "deltas": [2, 0.5, 3]}
    tensors = {name: np.array(numbers, np.float32) for name, numbers in ranges.items()}
    prove_opaque(RULES, "RaggedRange", tensors, naive, Tsplits=tf.int64)


def test_what_was_filled_in_is_added_up():
    def naive(t, positions, gradient):
        rest = 0.0
        for i, g in enumerate(gradient.tolist()):
            if i not in positions.tolist():
                rest = t.add(rest, g)
        return [gradient[positions], rest]

    tensors = {"reverse_index_map": np.array([0, 2, 3], np.int64), "grad_values": floats(1, 6)}
    prove_count(RULES, "RaggedFillEmptyRowsGrad", tensors, naive)


PARTITIONS = {
    "splits": ([SPLITS], ["ROW_SPLITS"]),
    "ids": ([tensor(dtype="int64"), tensor(7, dtype="int64")], ["FIRST_DIM_SIZE", "VALUE_ROWIDS"]),
    "deep": ([SPLITS, tensor(8, dtype="int64")], ["ROW_SPLITS", "ROW_SPLITS"]),
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("asked", [constant(-1), constant([4, -1, 3]), constant([-1, -1, 2, 3])], ids=["any", "3", "4"])
@pytest.mark.parametrize("partition", PARTITIONS)
def test_a_dense_tensor_knows_what_tensorflow_knows(partition, asked):
    tensors, kinds = PARTITIONS[partition]
    ragged = 1 if partition != "deep" else 2
    inner = [3] if ragged == 1 else [2, 3][1:]
    if asked.dims != () and asked.dims != (1 + ragged + len(inner),):
        pytest.skip("another rank is asked for")
    inputs = [asked, tensor(7, *inner), tensor(), *tensors]
    lists = {"row_partition_tensors": len(tensors)}
    prove_shapes(RULES, "RaggedTensorToTensor", inputs, lists, row_partition_types=kinds)


def test_a_dense_tensor_has_the_partition_s_rows():
    kinds = {"row_partition_types": [b"ROW_SPLITS"], "num_row_partition_tensors": 1}
    shapes = apply(RULES, "RaggedTensorToTensor", -1, Shape(7, 3), Shape(), Shape(5), **kinds).shapes
    assert (shapes[0][0], shapes[0][2]) == (4, 3)
    kinds = {"row_partition_types": [b"FIRST_DIM_SIZE", b"VALUE_ROWIDS"]}
    shapes = apply(RULES, "RaggedTensorToTensor", [-1, 9], Shape(7), Shape(), 6, Shape(7), **kinds).shapes
    assert shapes == (Shape(6, 9),)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs", "lists", "attrs"),
    [
        ("RaggedRange", [tensor(3), tensor(3), tensor(3)], {}, {"Tsplits": tf.int64}),
        ("RaggedRange", [tensor(), tensor(3), tensor()], {}, {"Tsplits": tf.int64}),
        ("RaggedRange", [tensor(), tensor(), tensor()], {}, {"Tsplits": tf.int64}),
        (
            "RaggedGather",
            [SPLITS, SPLITS, tensor(7, 3), tensor(4, 2, dtype="int64")],
            {"params_nested_splits": 2},
            {"OUTPUT_RAGGED_RANK": 3},
        ),
        (
            "RaggedGather",
            [SPLITS, tensor(7, 3), tensor(4, dtype="int64")],
            {"params_nested_splits": 1},
            {"OUTPUT_RAGGED_RANK": 1},
        ),
        ("RaggedTensorToSparse", [SPLITS, tensor(7)], {"rt_nested_splits": 1}, {}),
        ("RaggedTensorToSparse", [SPLITS, SPLITS, tensor(7, 3)], {"rt_nested_splits": 2}, {}),
        ("RaggedTensorToVariant", [SPLITS, tensor(7)], {"rt_nested_splits": 1}, {"batched_input": True}),
        ("RaggedTensorToVariant", [SPLITS, tensor(7)], {"rt_nested_splits": 1}, {"batched_input": False}),
        ("RaggedTensorToVariant", [tensor(7)], {"rt_nested_splits": 0}, {"batched_input": False}),
        (
            "RaggedTensorFromVariant",
            [tensor(4, dtype="variant")],
            {},
            {"input_ragged_rank": 1, "output_ragged_rank": 2, "Tvalues": tf.float32, "Tsplits": tf.int64},
        ),
        (
            "RaggedTensorToVariantGradient",
            [tensor(4, dtype="variant"), SPLITS, constant([4, 3])],
            {},
            {"Tvalues": tf.float32},
        ),
        ("RaggedFillEmptyRows", [tensor(7, dtype="int64"), tensor(7), constant(9, "int64"), tensor()], {}, {}),
        ("RaggedFillEmptyRowsGrad", [tensor(7, dtype="int64"), tensor(9)], {}, {}),
        (
            "RaggedCross",
            [tensor(7, dtype="int64"), SPLITS, tensor(4, 2, dtype="int64")],
            {
                "ragged_values": 1,
                "ragged_row_splits": 1,
                "sparse_indices": 0,
                "sparse_values": 0,
                "sparse_shape": 0,
                "dense_inputs": 1,
            },
            {
                "input_order": "RD",
                "hashed_output": True,
                "num_buckets": 5,
                "hash_key": 1,
                "out_values_type": tf.int64,
                "out_row_splits_type": tf.int64,
            },
        ),
    ],
)
def test_partly_known_shapes_know_what_tensorflow_knows(kind, inputs, lists, attrs):
    prove_shapes(RULES, kind, inputs, lists, **attrs)


def test_gathered_rows_have_the_indices_splits():
    shapes = apply(
        RULES, "RaggedGather", Shape(5), Shape(7, 3), Shape(4, 2), PARAMS_RAGGED_RANK=1, OUTPUT_RAGGED_RANK=2
    ).shapes
    assert shapes[:2] == (Shape(5), Shape(9))
    assert shapes[2][1] == 3


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("RaggedRange", (Shape(3), Shape(4), Shape(3)), {}),
        ("RaggedRange", (Shape(3, 1), Shape(3), Shape(3)), {}),
        ("RaggedTensorToTensor", ([4, 9], Shape(7, 3), Shape(), Shape(5)), {"row_partition_types": [b"ROW_SPLITS"]}),
        ("RaggedTensorToTensor", ([4, -9], Shape(7), Shape(), Shape(5)), {"row_partition_types": [b"ROW_SPLITS"]}),
        ("RaggedTensorToTensor", ([4, 9], Shape(7), Shape()), {"row_partition_types": [b"ROW_SPLITS"]}),
        ("RaggedTensorToSparse", (Shape(5), Shape(7)), {"RAGGED_RANK": -1}),
        ("RaggedTensorFromVariant", (Shape(5),), {"output_ragged_rank": 10**12}),
        ("RaggedGather", (Shape(5),), {"PARAMS_RAGGED_RANK": 4, "OUTPUT_RAGGED_RANK": 1}),
        ("RaggedFillEmptyRows", (Shape(7), Shape(7), -1, Shape()), {}),
    ],
)
def test_hostile_nodes_are_refused(kind, operands, attrs):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **attrs)
