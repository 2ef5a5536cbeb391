"""Embedding tables, and how tensors are spread over devices: shapes that are told by messages and texts."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import numpy as np
from drawn_sketches import DrawnHint, Hint
from optional_tensorflow import tensorflow_module, tf

tpu_embedding_configuration_pb2 = tensorflow_module("tensorflow.core.protobuf.tpu.tpu_embedding_configuration_pb2")

MESH = {"x": 2, "y": 3}
INTEGERS, FLOATS = 0, 1


def configured(random: Random, kind: str) -> Hint:
    """The configuration of some tables on a TPU."""
    config = tpu_embedding_configuration_pb2.TPUEmbeddingConfiguration(
        mode=tpu_embedding_configuration_pb2.TPUEmbeddingConfiguration.TRAINING,
        sharding_strategy=tpu_embedding_configuration_pb2.TPUEmbeddingConfiguration.DIV_DEFAULT,
        batch_size_per_tensor_core=random.randint(1, 4),
        num_hosts=1,
        num_tensor_cores=random.randint(1, 2),
    )
    count = random.randint(1, 3)
    for index in range(count):
        table = config.table_descriptor.add(
            name=f"table{index}",
            vocabulary_size=random.randint(1, 9),
            dimension=random.randint(1, 8),
            num_features=random.randint(1, 3),
        )
        table.optimization_parameters.gradient_accumulation_status = 1
        table.optimization_parameters.learning_rate.constant = 0.1
        getattr(table.optimization_parameters, random.choice(("adagrad", "stochastic_gradient_descent"))).SetInParent()
    attrs = {"config": config.SerializeToString(), "num_outputs": count, "num_tables": count, "NumTables": count}
    empty = {"embedding_partitions": "", "hbm_buffers_config": "", "tpu_topology": ""}
    return Hint(
        attrs={**attrs, **empty, "num_shards": random.randint(1, 2), "shard_id": 0},
        inputs={
            "deduplication_data": (),
            **{name: [None] * count for name in ("parameters", *(f"auxiliary{i}" for i in range(1, 8)))},
        },
    )


def split_deduplicated(random: Random, kind: str) -> Hint:
    """A tuple of integers and floats, told by its spans."""
    spans = [[random.choice((INTEGERS, FLOATS)), random.randint(1, 4)] for _ in range(random.randint(0, 3))]
    mask = tf.make_tensor_proto(np.zeros((len(spans), 2), np.int32))
    mask.ClearField("tensor_content")
    mask.int_val.extend(entry for span in spans for entry in span)
    return Hint(attrs={"tuple_mask": mask.SerializeToString(), "config": ""})


def trained_table(random: Random, kind: str) -> Hint:
    """A table of embeddings with what its gradient is made of."""
    rows, width, examples, valency, weights = (random.randint(1, 4) for _ in range(5))
    count = random.randint(1, 3)
    places = (random.randint(1, 6),)
    return Hint(
        attrs={"max_valency": valency, "num_weights": weights},
        inputs={
            **dict.fromkeys(("row_pointers", "sorted_sample_ids", "sorted_token_ids", "sorted_pos_ids"), places),
            "sorted_gains": places,
            "weights": (weights,),
            "preserved_weights": (weights,),
            "preserved_valencies": (examples,),
            "preserved_vectors": (examples, valency, width),
            "activation_gradients": (examples, width),
            "tables": [(rows, width)] * count,
            **dict.fromkeys(("embedding_table", "accumulator", "momenta", "velocity", "linear"), (rows, width)),
        },
    )


def stacked_gradients(random: Random, kind: str) -> Hint:
    """The gradients of tables, of as many examples each."""
    examples = random.randint(1, 4)
    gradients = [(examples, random.randint(1, 12)) for _ in range(random.randint(1, 3))]
    return Hint(attrs={"dtype": tf.float32, "input_dtype": tf.float32}, inputs={"unstacked_gradients": gradients})


def spread(random: Random, kind: str) -> Hint:
    """A tensor that is spread along some axes of a mesh of devices, before and after."""
    axes = random.sample(["x", "y", "unsharded", "unsharded"], random.randint(1, 3))
    gathered = [axis if random.random() < 0.4 else "unsharded" for axis in axes]
    layouts = {"DTensorAllGather": (axes, gathered), "DTensorAllScatter": (gathered, axes)}
    before, after = layouts.get(kind) or random.sample([axes, gathered], 2)
    sizes = tuple(6 * random.randint(1, 2) for _ in axes)
    return Hint(attrs={"input_layout": _layout(before), "output_layout": _layout(after)}, inputs={"input": sizes})


def scattered(random: Random, kind: str) -> Hint:
    """A tensor whose size along one axis divides into the parts that a group's devices get."""
    sizes = [random.randint(1, 4) for _ in range(random.randint(1, 3))]
    devices, axis = random.randint(1, 3), random.randrange(len(sizes))
    sizes[axis] *= devices
    groups = np.arange(2 * devices).reshape(2, devices)
    return Hint(inputs={"input": tuple(sizes), "group_assignment": groups, "scatter_dimension": np.array(axis)})


def _layout(axes: list[str]) -> str:
    count = MESH["x"] * MESH["y"]
    devices = ",".join(f"/job:localhost/replica:0/task:0/device:CPU:{i}" for i in range(count))
    ids = ",".join(map(str, range(count)))
    sizes = ",".join(f"{name}={size}" for name, size in MESH.items())
    return f"sharding_specs:{','.join(axes)}, mesh:|{sizes}|{ids}|{ids}|{devices}"


EMBEDDINGS: Mapping[str, DrawnHint] = {
    "(Configure|Execute|LoadAll|RetrieveAll|Recv|XlaRecv)TPUEmbedding"
    "(Host|Partitioner|Parameters|Activations|ActivationsV2)": configured,
    "SplitDedupData": split_deduplicated,
    "XlaSparseDenseMatmulCustomCombinerOnTcGradWith.*": trained_table,
    "XlaSparseGradientsStack": stacked_gradients,
    "(Xla|DTensor)ReduceScatter": scattered,
    "DTensorAll(Gather|Scatter|ToAll)": spread,
}
