from __future__ import annotations

import pytest
from optional_tensorflow import tf
from shape_function import prove_shapes, tensor
from single_op import apply

from graphcost import Free, RuleError, Shape
from graphcost_rules.distribution import RULES as DISTRIBUTED
from graphcost_rules.layouts import RULES as LAYOUTS

RULES = DISTRIBUTED + LAYOUTS


STRING, ORDINAL = tensor(dtype="string"), tensor(dtype="int32")
ONE, SEVERAL = {"shape": tf.TensorShape([2, 3]), "dtype": tf.float32}, {"shapes": [tf.TensorShape([2])]}
PARTS = [tensor(4, 6), tensor(4, 6)]


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs", "lists", "attrs"),
    [
        ("InfeedDequeue", [], {}, ONE),
        ("InfeedDequeueTuple", [], {}, {**SEVERAL, "dtypes": [tf.float32]}),
        ("InfeedEnqueue", [tensor(4, 6)], {}, {}),
        ("OutfeedDequeueV2", [ORDINAL], {}, ONE),
        ("Prelinearize", [tensor(4, 6)], {}, {}),
        ("XlaRecv", [], {}, {**ONE, "tensor_name": "a"}),
        ("XlaSend", [tensor(4, 6)], {}, {"tensor_name": "a"}),
        ("XlaRecvFromHost", [], {}, {"Toutput": tf.float32, "shape": ONE["shape"], "key": "a"}),
        ("RpcCheckStatus", [tensor(dtype="resource")], {}, {}),
        ("WorkerHeartbeat", [STRING], {}, {}),
        ("TPUReplicatedInput", PARTS, {"inputs": 2}, {}),
        ("TPUReplicatedOutput", [tensor(4, 6)], {}, {"num_replicas": 2}),
        ("TPUPartitionedInput", PARTS, {"inputs": 2}, {"partition_dim": 1}),
        ("TPUPartitionedInput", PARTS, {"inputs": 2}, {"partition_dim": -1}),
        ("TPUPartitionedInputV2", PARTS, {"inputs": 2}, {"partition_dims": [2, 1]}),
        ("TPUPartitionedOutput", [tensor(4, 6)], {}, {"partition_dim": 1, "num_splits": 2}),
        ("TPUPartitionedOutputV2", [tensor(4, 6)], {}, {"partition_dims": [2, 1], "num_splits": 2}),
        ("TPUAnnotateTensorsWithDynamicShape", [tensor(4, 6)], {"tensors": 1}, {}),
        ("TPUDummyInput", [], {}, ONE),
        ("TPUCompilationResult", [], {}, {}),
        ("TPUOrdinalSelector", [], {}, {}),
        ("TPURoundRobin", [], {}, {}),
        ("TpuHandleToProtoKey", [tensor(dtype="int64")], {}, {}),
        (
            "_TPUCompileMlir",
            [tensor(2, dtype="int64")],
            {"dynamic_shapes": 1},
            {"num_computations": 2, "metadata": "a"},
        ),
        ("ConfigureAndInitializeGlobalTPU", [], {}, {}),
        ("ConfigureDistributedTPU", [], {}, {}),
        ("_ConfigureDistributedTPU", [ORDINAL, ORDINAL], {"inputs": 2}, {}),
        ("_InitializeHostForDistributedTPU", [STRING], {}, {}),
        ("ShutdownTPUSystem", [], {}, {}),
        ("DeviceIndex", [], {}, {"device_names": ["a"]}),
        ("GlobalIterId", [], {}, {}),
        ("Relayout", [tensor(4, 6)], {}, {"layout": "a"}),
        ("RelayoutLike", [tensor(4, 6), tensor(3)], {}, {}),
    ],
)
def test_shapes_are_tensorflow_s(kind, inputs, lists, attrs):
    prove_shapes(RULES, kind, inputs, lists, **attrs)


def test_nothing_of_it_is_arithmetic():
    assert {rule.cost.reason for rule in RULES if isinstance(rule.cost, Free)} == {"communication", "distribution"}
    assert all(isinstance(rule.cost, Free) for rule in RULES)


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("TPUReplicatedInput", (Shape(3), Shape(4)), {}),
        ("TPUPartitionedInput", (Shape(3), Shape(3)), {"partition_dim": 1}),
        ("TPUPartitionedInputV2", (Shape(3), Shape(3)), {"partition_dims": [2, 1]}),
        ("TPUPartitionedInputV2", (Shape(3), Shape(3)), {"partition_dims": [0]}),
        ("TPUPartitionedOutput", (Shape(3),), {"partition_dim": 0, "num_splits": 10**12}),
        ("_TPUCompileMlir", (), {"num_computations": 10**12}),
        ("InfeedDequeue", (), {"shape": 3}),
    ],
)
def test_hostile_nodes_are_refused(kind, operands, attrs):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **attrs)
