from __future__ import annotations

import numpy as np
import pytest
from counting import Tally
from optional_tensorflow import tensorflow_module, tf
from shape_function import constant, prove_shapes, tensor
from single_op import apply

from graphcost import Fact, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.xla_movement import RULES

gen_xla_ops = tensorflow_module("tensorflow.compiler.tf2xla.ops.gen_xla_ops")
xla_data_pb2 = tensorflow_module("tensorflow.compiler.xla.xla_data_pb2")


ROWS = xla_data_pb2.GatherDimensionNumbers(
    offset_dims=[1], collapsed_slice_dims=[0], start_index_map=[0], index_vector_dim=1
).SerializeToString()
GATHER = {"dimension_numbers": ROWS, "indices_are_sorted": False}


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs", "lists", "attrs"),
    [
        ("XlaPad", [tensor(2, 9), tensor(), constant([1, 1]), constant([0, -2]), constant([1, 0])], {}, {}),
        ("XlaDynamicSlice", [tensor(2, 9), constant([0, 1]), constant([1, 4])], {}, {}),
        ("XlaDynamicUpdateSlice", [tensor(2, 9), tensor(1, 4), constant([0, 1])], {}, {}),
        ("XlaGather", [tensor(9, 3), tensor(5, 1, dtype="int32"), constant([1, 3])], {}, GATHER),
        ("XlaConcatND", [tensor(2, 3)] * 4, {"inputs": 4}, {"num_concats": [2, 2], "paddings": [0, 1]}),
        ("XlaSplitND", [tensor(4, 5)], {}, {"N": 4, "num_splits": [2, 2], "paddings": [0, 1]}),
        ("XlaBroadcastHelper", [tensor(2, 9), tensor(9), constant([1])], {}, {}),
        ("XlaClusterOutput", [tensor(2, 9)], {}, {}),
        ("XlaSharding", [tensor(2, 9)], {}, {}),
        ("XlaSpmdFullToShardShape", [tensor(2, 9)], {}, {"manual_sharding": ""}),
        ("XlaSpmdShardToFullShape", [tensor(2, 9)], {}, {"manual_sharding": "", "full_shape": tf.TensorShape([4, 9])}),
        ("XlaReplicaId", [], {}, {}),
        ("XlaRngBitGenerator", [tensor(dtype="int32"), tensor(2, dtype="uint64"), constant([3, 4])], {}, {}),
        ("XlaSetDynamicDimensionSize", [tensor(4, 5), constant(0), constant(2)], {}, {}),
    ],
)
def test_partly_known_shapes_know_what_tensorflow_knows(kind, inputs, lists, attrs):
    prove_shapes(RULES, kind, inputs, lists, **attrs)


def test_grids_are_put_together_and_taken_apart():
    grid = {"num_concats": [2, 2], "paddings": [0, 1]}
    assert apply(RULES, "XlaConcatND", *[Shape(2, 3)] * 4, **grid).shapes == (Shape(4, 5),)
    grid = {"N": 4, "num_splits": [2, 2], "paddings": [0, 1]}
    assert apply(RULES, "XlaSplitND", Shape(4, 5), **grid).shapes == (Shape(2, 3),) * 4
    variable = Fact("resource", Shape(), element=Fact("float32", Shape(4, 5)))
    assert apply(RULES, "ReadVariableXlaSplitND", variable, **grid).shapes == (Shape(2, 3),) * 4


def test_padding_may_be_inside():
    n = symbol("N")
    (padded,) = apply(RULES, "XlaPad", Shape(n, 4), Shape(), [0, 0], [0, 0], [0, 2]).shapes
    assert padded == Shape(n, 10)


def test_packed_numbers_are_scaled_and_shifted():
    words = np.random.default_rng(1).integers(0, 2**32, (3, 2)).astype(np.uint32)
    attrs = {"min_range": -1.0, "max_range": 2.0, "mode": "MIN_COMBINED", "transpose_output": True}

    @tf.function(jit_compile=True)
    def compiled(words):
        return gen_xla_ops.xla_dequantize(input=words, **attrs)

    tally = Tally()
    ours = [
        [tally.add(tally.mul(word >> shift & 255, 3 / 255), -1.0) for word in row for shift in (24, 16, 8, 0)]
        for row in words.tolist()
    ]
    tally.gives(np.transpose(ours), tf.cast(compiled(words), tf.float32), tolerance=0.01)
    outcome = apply(RULES, "XlaDequantize", Shape(3, 2), transpose_output=True)
    assert outcome.shapes == (Shape(8, 3),)
    tally.proves("XlaDequantize", outcome.cost)


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("XlaPad", (Shape(2), Shape(), [-3], [0], [0]), {}),
        ("XlaPad", (Shape(2), Shape(), [0], [0], [-1]), {}),
        ("XlaPad", (Shape(2), Shape(), [0, 0], [0], [0]), {}),
        ("XlaDynamicSlice", (Shape(2, 9), [0, 1], [1]), {}),
        ("XlaGather", (Shape(9, 3), Shape(5, 1), [1, 3]), {"dimension_numbers": b""}),
        ("XlaConcatND", (), {"num_concats": []}),
        ("XlaConcatND", (Shape(2), Shape(2)), {"num_concats": [2], "paddings": [5]}),
        ("XlaSplitND", (Shape(4, 5),), {"N": 3, "num_splits": [2, 2]}),
        ("XlaSplitND", (Shape(4, 5),), {"N": 10**12, "num_splits": [10**6, 10**6]}),
        ("XlaSplitND", (Shape(4, 5),), {"N": 4, "num_splits": [-2, -2]}),
    ],
)
def test_hostile_nodes_are_refused(kind, operands, attrs):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **attrs)
