from __future__ import annotations

import math

import numpy as np
import pytest
from counted import floats
from counting import Tally
from optional_tensorflow import tf
from shape_function import constant, prove_shapes, tensor
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.collectives import RULES

ORDINAL = tensor(dtype="int32")
IDS = {"group_key": 1, "instance_key": 1}


COMBINE = {"Add": Tally.add, "Mul": Tally.mul, "Max": Tally.max, "Min": Tally.min}
FOLD = {"Add": np.sum, "Mul": np.prod, "Max": np.max, "Min": np.min}


def ring(tally, tensors, merge="Add", is_mean=False):
    """Reduce-scatter in a ring: in each step every device sends a part on, which the next one combines with its own.

    Parts are padded to the same length; for a mean, each device divides the part that it completes. Returns the
    reduction; the tally is of the first device.
    """
    devices, length = len(tensors), len(tensors[0])
    part = math.ceil(length / devices)
    held = [np.pad(t, (0, part * devices - length)).reshape(devices, part).tolist() for t in tensors]
    counters = [tally, *[Tally() for _ in range(devices - 1)]]
    for step in range(devices - 1):
        sent = [(device - step) % devices for device in range(devices)]
        moving = [held[device][sent[device]] for device in range(devices)]
        for device, counter in enumerate(counters):
            index = sent[device - 1]
            pairs = zip(held[device][index], moving[device - 1], strict=True)
            held[device][index] = [COMBINE[merge](counter, a, b) for a, b in pairs]
    whole = [held[(index - 1) % devices][index] for index in range(devices)]
    if is_mean:
        whole = [[counters[i - 1].div(x, devices) for x in completed] for i, completed in enumerate(whole)]
    return np.concatenate(whole)[:length]


def run_on_devices(kind, tensors, **attrs):
    """What TensorFlow's ring gives to the first of several virtual processors."""
    compat, count = tf.compat.v1, len(tensors)
    group = {"group_size": count, "group_key": 1, "instance_key": 1}
    extra = {"subdiv_offsets": [0]} if kind == "CollectiveReduce" else {"ordering_token": []}
    options = compat.RunOptions(timeout_in_ms=20_000)
    options.experimental.collective_graph_key = 1
    with tf.Graph().as_default():
        outputs = []
        for device, tensor_ in enumerate(tensors):
            with tf.device(f"/cpu:{device}"):
                outputs.append(getattr(tf.raw_ops, kind)(input=tf.constant(tensor_), **group, **extra, **attrs))
        with compat.Session(config=compat.ConfigProto(device_count={"CPU": count})) as session:
            return session.run(outputs, options=options)[0]


@pytest.mark.parametrize(("devices", "length"), [(1, 5), (2, 6), (3, 7), (4, 3)])
@pytest.mark.parametrize("final", ["Id", "Div"])
@pytest.mark.parametrize("merge", COMBINE)
def test_in_a_ring_each_device_combines_its_share(devices, length, merge, final):
    tensors, attrs = [floats(i, length) for i in range(devices)], {"merge_op": merge, "final_op": final}
    encoded = {name: value.encode() for name, value in attrs.items()}
    for kind, operands, size in (
        ("CollectiveReduce", (), {"group_size": devices}),
        ("CollectiveReduceV2", (devices, 1, 1), {}),
    ):
        tally = Tally()
        tally.gives(ring(tally, tensors, merge, final == "Div"), run_on_devices(kind, tensors, **attrs))
        tally.proves(kind, apply(RULES, kind, Shape(length), *operands, **size, **encoded).cost)
    open_group = apply(RULES, "CollectiveReduceV2", Shape(length), Shape(), 1, 1, **encoded).cost
    assert open_group.bind({"devices(node)": devices}) == tally.cost


@pytest.mark.parametrize("merge", COMBINE)
@pytest.mark.parametrize(("devices", "length"), [(1, 4), (2, 6), (3, 6)])
def test_what_runs_on_accelerators_alone_takes_the_same_ring(devices, length, merge):
    tensors, tally = [floats(i, length) for i in range(devices)], Tally()
    tally.agrees(ring(tally, tensors, merge), FOLD[merge](tensors, axis=0))
    nccl = {"Add": b"sum", "Mul": b"prod", "Max": b"max", "Min": b"min"}[merge]
    whole, group, name = Shape(length), Shape(2, devices), merge.encode()
    for kind, operands, attrs in (
        ("CollectiveReduceV3", (whole, Shape(), group), {"reduction": name}),
        ("CollectiveReduceScatterV2", (whole, devices, 1, 1), {"merge_op": name, "final_op": b"Id"}),
        ("NcclAllReduce", (whole,), {"num_devices": devices, "reduction": nccl}),
        ("XlaAllReduce", (whole, group), {"reduce_op": name}),
        ("XlaReduceScatter", (whole, group, 0), {"reduce_op": name}),
        ("DTensorAllReduce", (whole, group, Shape()), {"reduce_op": name}),
        ("DTensorReduceScatter", (whole, group, 0), {"reduce_op": name}),
        *([("CrossReplicaSum", (whole, group), {})] if merge == "Add" else []),
    ):
        tally.proves(kind, apply(RULES, kind, *operands, **attrs).cost)


def test_a_mean_divides_the_part_that_a_device_completes():
    tally, tensors = Tally(), [floats(i, 7) for i in range(3)]
    tally.agrees(ring(tally, tensors, is_mean=True), np.mean(tensors, axis=0))
    for kind in ("XlaAllReduce", "DTensorAllReduce"):
        tally.proves(kind, apply(RULES, kind, Shape(7), Shape(1, 3), reduce_op=b"Mean").cost)
    n = symbol("N")
    attrs = {"merge_op": b"Add", "final_op": b"Div", "group_size": 2}
    assert apply(RULES, "CollectiveReduce", Shape(n, 4), **attrs).cost == Cost(add=2 * n, div=2 * n)


@pytest.mark.parametrize("merge", COMBINE)
def test_gathered_tensors_are_combined_one_after_the_other(merge):
    tally, tensors = Tally(), [floats(i, 6) for i in range(3)]
    ours = []
    for items in np.transpose(tensors).tolist():
        total = items[0]
        for item in items[1:]:
            total = COMBINE[merge](tally, total, item)
        ours.append(total)
    tally.agrees(ours, FOLD[merge](tensors, axis=0))
    name = {"Add": b"sum", "Mul": b"prod", "Max": b"max", "Min": b"min"}[merge]
    tally.proves("NcclReduce", apply(RULES, "NcclReduce", *[Shape(6)] * 3, reduction=name).cost)
    tally.proves("_NcclReduceRecv", apply(RULES, "_NcclReduceRecv", Shape(6), reduction=name, num_devices=3).cost)


@pytest.mark.tensorflow
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
