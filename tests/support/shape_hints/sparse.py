"""Ragged and sparse tensors, and messages that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import numpy as np
from drawn_sketches import DrawnHint, Hint
from optional_tensorflow import tf

from shape_hints.sizes import shape, some

ROW_PARTITIONS = (("ROW_SPLITS",), ("FIRST_DIM_SIZE", "VALUE_ROWIDS"))


def ragged_gather(random: Random, kind: str) -> Hint:
    """Rows of a ragged tensor: as many more ragged axes as the indices have."""
    indices, splits = shape(random, 0, 2), [(some(random),) for _ in range(some(random, 1, 2))]
    return Hint(
        attrs={"OUTPUT_RAGGED_RANK": len(splits) + len(indices) - 1},
        inputs={"params_nested_splits": splits, "params_dense_values": shape(random, 1), "indices": indices},
    )


def ragged_to_dense(random: Random, kind: str) -> Hint:
    """A ragged tensor as its values and what tells its rows, level by level."""
    levels = random.choice(ROW_PARTITIONS)
    more = some(random, 0, 1)
    types = [*levels, *[levels[-1]] * more]
    values = shape(random, 1, 2)
    sizes = [
        random.choice((-1, some(random), some(random), some(random)))
        for _ in range(1 + len(types) - (len(levels) - 1) + len(values) - 1)
    ]
    known = random.random() < 0.7
    partitions = [() if name == "FIRST_DIM_SIZE" else (some(random),) for name in types]
    return Hint(
        attrs={"row_partition_types": types},
        inputs={
            "shape": np.array(sizes if random.random() < 0.8 else -1) if known else (len(sizes),),
            "values": values,
            "default_value": values[1:],
            "row_partition_tensors": partitions,
        },
    )


def edit_distance(random: Random, kind: str) -> Hint:
    """Two sparse tensors whose last axis holds sequences."""
    rank, shared = some(random, 2), shape(random, 3, 3)
    inputs: dict[str, tuple[int, ...] | np.ndarray] = {}
    for name in ("hypothesis", "truth"):
        count = some(random)
        sizes = [*shared[: rank - 1], some(random)]
        inputs |= {f"{name}_indices": (count, rank), f"{name}_values": (count,), f"{name}_shape": np.array(sizes)}
    return Hint(inputs=inputs)


def dense_matrix(random: Random, kind: str) -> Hint:
    """A matrix, or a batch of them, and where its entries are."""
    dims = shape(random, 2, 3)
    return Hint(inputs={"dense_input": dims, "indices": (some(random), len(dims))})


def sparse_matrix(random: Random, kind: str) -> Hint:
    """Entries of a matrix, or of a batch of them."""
    rank, count = some(random, 2, 3), some(random)
    sizes = np.array([some(random) for _ in range(rank)])
    return Hint(inputs={"indices": (count, rank), "values": (count,), "dense_shape": sizes})


def sequence(random: Random, kind: str) -> Hint:
    """Keys, types, defaults and shapes: as many of each. Keys are attributes, a tensor each, or one of all.

    Of one string that isn't in a vector, the version that takes both gives other shapes than its shape function.
    """
    lengths = [some(random, 0, 2) for _ in range(4)]
    dtypes = [[random.choice((tf.float32, tf.int64, tf.string)) for _ in range(length)] for length in lengths]
    shapes = [[tf.TensorShape(shape(random)) for _ in range(length)] for length in lengths]
    counts = dict(
        zip(("context_sparse", "context_dense", "feature_list_sparse", "feature_list_dense"), lengths, strict=True)
    )
    return Hint(
        attrs={
            "context_sparse_types": dtypes[0],
            "Tcontext_dense": dtypes[1],
            "context_dense_shapes": shapes[1],
            "feature_list_sparse_types": dtypes[2],
            "feature_list_dense_types": dtypes[3],
            "feature_list_dense_shapes": shapes[3],
            **{f"N{name}": length for name, length in counts.items()},
            **{f"{name}_keys": ["key"] * length for name, length in counts.items()},
        },
        inputs={
            **{f"{name}_keys": [()] * n if "Single" in kind else (n,) for name, n in counts.items()},
            "context_dense_defaults": [tuple(dims) for dims in shapes[1]],
            "serialized": () if "Single" in kind else (some(random),),
        },
    )


def encoded_messages(random: Random, kind: str) -> Hint:
    """Values of each field of each message, and how many of them count."""
    batch, fields = shape(random, 0, 2), some(random)
    return Hint(
        attrs={
            "field_names": ["field"] * fields,
            "Tinput_types": [random.choice((tf.float32, tf.int64, tf.string)) for _ in range(fields)],
        },
        inputs={"sizes": (*batch, fields), "values": [(*batch, some(random)) for _ in range(fields)]},
    )


SPARSE: Mapping[str, DrawnHint] = {
    "RaggedGather": ragged_gather,
    "RaggedTensorToTensor": ragged_to_dense,
    "EditDistance": edit_distance,
    "DenseToCSRSparseMatrix": dense_matrix,
    "SparseTensorToCSRSparseMatrix|SparseMatrixZeros": sparse_matrix,
    "Parse(Single)?SequenceExample(V2)?": sequence,
    "EncodeProto": encoded_messages,
}
