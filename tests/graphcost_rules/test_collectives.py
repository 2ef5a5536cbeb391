from __future__ import annotations

import math

import pytest

pytest.importorskip("tensorflow")

import numpy as np
import tensorflow as tf
from counted import floats
from counting import Tally
from shape_function import constant, prove_shapes, tensor
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.collectives import RULES

pytestmark = pytest.mark.tensorflow

ORDINAL = tensor(dtype="int32")
IDS = {"group_key": 1, "instance_key": 1}


def ring(tally, tensors):
    """Reduce-scatter in a ring: in each step every device sends a part on, which the next one adds to its own.

    Parts are padded to the same length. Returns the sums; the tally is of the first device.
    """
    devices, length = len(tensors), len(tensors[0])
    part = math.ceil(length / devices)
    held = [np.pad(t, (0, part * devices - length)).reshape(devices, part).tolist() for t in tensors]
    for step in range(devices - 1):
        sent = [(device - step) % devices for device in range(devices)]
        moving = [held[device][sent[device]] for device in range(devices)]
        for device in range(devices):
            index = sent[device - 1]
            counter = tally if device == 0 else Tally()
            pairs = zip(held[device][index], moving[device - 1], strict=True)
            held[device][index] = [counter.add(a, b) for a, b in pairs]
    whole = [held[(index - 1) % devices][index] for index in range(devices)]
    return np.concatenate(whole)[:length]


@pytest.mark.parametrize(("devices", "length"), [(1, 5), (2, 6), (3, 7), (4, 3)])
def test_in_a_ring_each_device_adds_its_share(devices, length):
    tally, tensors = Tally(), [floats(i, length) for i in range(devices)]
    np.testing.assert_allclose(ring(tally, tensors), sum(tensors), rtol=1e-4, atol=1e-6)
    attrs = {"merge_op": b"Add", "final_op": b"Id"}
    assert apply(RULES, "CollectiveReduce", Shape(length), group_size=devices, **attrs).cost == tally.cost
    assert apply(RULES, "CollectiveReduceV2", Shape(length), devices, 1, 1, **attrs).cost == tally.cost
    assert apply(RULES, "CollectiveReduceScatterV2", Shape(length), devices, 1, 1, **attrs).cost == tally.cost
    open_group = apply(RULES, "CollectiveReduceV2", Shape(length), Shape(), 1, 1, **attrs).cost
    assert open_group.bind({"devices(node)": devices}) == tally.cost
    assert apply(RULES, "CrossReplicaSum", Shape(length), Shape(2, devices)).cost == tally.cost
    assert apply(RULES, "NcclAllReduce", Shape(length), num_devices=devices, reduction=b"sum").cost == tally.cost


def test_a_mean_divides_every_element():
    n = symbol("N")
    attrs = {"merge_op": b"Add", "final_op": b"Div", "group_size": 2}
    assert apply(RULES, "CollectiveReduce", Shape(n, 4), **attrs).cost == Cost(add=2 * n, div=4 * n)
    assert apply(RULES, "XlaAllReduce", Shape(8), Shape(1, 2), reduce_op=b"Mean").cost == Cost(add=4, div=8)
    assert apply(RULES, "XlaAllReduce", Shape(8), Shape(1, 2), reduce_op=b"Max").cost == Cost(compare=4)


def test_gathered_tensors_are_combined_one_after_the_other():
    tally, tensors = Tally(), [floats(i, 6).tolist() for i in range(3)]
    sums = [tally.sum(items) for items in zip(*tensors, strict=True)]
    np.testing.assert_allclose(sums, np.sum(tensors, axis=0), rtol=1e-4, atol=1e-6)
    assert apply(RULES, "NcclReduce", *[Shape(6)] * 3, reduction=b"sum").cost == tally.cost
    assert apply(RULES, "_NcclReduceRecv", Shape(6), reduction=b"sum", num_devices=3).cost == tally.cost


@pytest.mark.parametrize(
    ("kind", "inputs", "lists", "attrs"),
    [
        ("CollectiveReduceV2", [tensor(4, 6), constant(2), ORDINAL, ORDINAL], {"ordering_token": 0}, "reduction"),
        (
            "CollectiveReduceScatterV2",
            [tensor(4, 6), constant(2), ORDINAL, ORDINAL],
            {"ordering_token": 0},
            "reduction",
        ),
        ("CollectiveGatherV2", [tensor(4, 6), constant(2), ORDINAL, ORDINAL], {"ordering_token": 0}, {}),
        ("CollectiveAllToAllV2", [tensor(4, 6), constant(2), ORDINAL, ORDINAL], {"ordering_token": 0}, {}),
        ("CollectivePermute", [tensor(4, 6), tensor(2, 2, dtype="int32")], {}, {}),
        ("CollectiveBcastRecvV2", [ORDINAL, ORDINAL, ORDINAL, constant([4, 6])], {}, {"T": tf.float32}),
        ("CollectiveBcastSendV2", [tensor(4, 6), ORDINAL, ORDINAL, ORDINAL], {}, {}),
        ("CollectiveAssignGroupV2", [tensor(1, 2, dtype="int32"), ORDINAL, ORDINAL], {}, {}),
        ("CollectiveInitializeCommunicator", [ORDINAL, ORDINAL, ORDINAL], {}, {}),
        (
            "AllToAll",
            [tensor(4, 6), tensor(1, 2, dtype="int32")],
            {},
            {"concat_dimension": 0, "split_dimension": 1, "split_count": 2},
        ),
        ("NcclAllReduce", [tensor(4, 6)], {}, {"reduction": "sum", "num_devices": 2, "shared_name": ""}),
        ("NcclReduce", [tensor(4, 6), tensor(4, 6)], {"input": 2}, {"reduction": "sum"}),
        ("CrossReplicaSum", [tensor(4, 6), tensor(1, 2, dtype="int32")], {}, {}),
        ("XlaReduceScatter", [tensor(4, 6), tensor(1, 2, dtype="int32"), constant(1)], {}, {"reduce_op": "Add"}),
    ],
)
def test_partly_known_shapes_know_what_tensorflow_knows(kind, inputs, lists, attrs):
    prove_shapes(
        RULES, kind, inputs, lists, **({"merge_op": "Add", "final_op": "Id"} if attrs == "reduction" else attrs)
    )


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("CollectiveReduce", (Shape(6),), {"group_size": 0, "merge_op": b"Add"}),
        ("CollectiveReduce", (Shape(6),), {"group_size": 2, "merge_op": b"Xor"}),
        ("CollectiveReduceV2", (Shape(6), -1, 1, 1), {"merge_op": b"Add"}),
        ("CollectiveReduceScatterV2", (Shape(), 2, 1, 1), {"merge_op": b"Add"}),
        ("NcclReduce", (Shape(6),), {"reduction": b"median"}),
        ("_NcclReduceRecv", (Shape(6),), {"reduction": b"sum", "num_devices": 0}),
        ("XlaAllReduce", (Shape(6), Shape(1, 0)), {"reduce_op": b"Add"}),
        ("AllToAll", (Shape(6, 4), Shape(1, 2)), {"concat_dimension": 2, "split_dimension": 1, "split_count": 2}),
        ("AllToAll", (Shape(6, 4), Shape(1, 2)), {"concat_dimension": 0, "split_dimension": 1, "split_count": 0}),
    ],
)
def test_hostile_nodes_are_refused(kind, operands, attrs):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **attrs)
