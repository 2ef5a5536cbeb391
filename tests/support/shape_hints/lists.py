"""Lists of tensors, and parts of them: inputs whose numbers and sizes must fit each other."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import numpy as np
from drawn_sketches import DrawnHint, Hint
from optional_tensorflow import tf
from shape_function import Tensor

from shape_hints.sizes import shape, some


def list_items(random: Random, kind: str) -> Hint:
    """A list of items, whose shape its handle and an operand tell, or only a part of it."""
    item, count = shape(random), some(random)
    dtype = random.choice((tf.float32, tf.int64))
    declared = [size if random.random() < 0.7 else -1 for size in item]
    held = (dtype.name, item) if random.random() < 0.7 else None
    is_batch = kind in ("TensorListFromTensor", "TensorListScatter", "TensorListScatterV2")
    return Hint(
        attrs={"element_dtype": dtype},
        inputs={
            "input_handle": Tensor("variant", (), held=held),
            "element_shape": np.array(declared, np.int32),
            "tensor": (count, *item) if is_batch else item,
            "item": item,
            "index": (),
            "indices": (count,),
        },
    )


def accumulated(random: Random, kind: str) -> Hint:
    """Tensors of the declared shape, which may be open."""
    dims = shape(random)
    declared = [size if random.random() < 0.7 else None for size in dims]
    return Hint(attrs={"shape": tf.TensorShape(declared)}, inputs={"inputs": [dims] * some(random)})


def stacked(random: Random, kind: str) -> Hint:
    """Tensors that are rows of the declared shape."""
    count, row = some(random), shape(random)
    return Hint(attrs={"shape": tf.TensorShape([count, *row])}, inputs={"values": [(1, *row)] * count})


def split_allocation(random: Random, kind: str) -> Hint:
    """Parts of one allocation, with the shapes that they are declared to have."""
    parts = [shape(random) for _ in range(some(random, 2))]
    return Hint(
        attrs={"shapes": [tf.TensorShape(part) for part in parts]}, inputs={"concat": (some(random),), "split": parts}
    )


def saved(random: Random, kind: str) -> Hint:
    """A name, and a slice, for each tensor."""
    count = some(random)
    return Hint(
        attrs={name: [random.choice((tf.float32, tf.int64)) for _ in range(count)] for name in ("T", "dtypes")},
        inputs=dict.fromkeys(("tensor_names", "shapes_and_slices", "shape_and_slices"), (count,)),
    )


def split_by_sizes(random: Random, kind: str) -> Hint:
    """Parts along an axis, of which one may take the rest."""
    sizes = [some(random) for _ in range(some(random))]
    value = list(shape(random, 1))
    axis = random.randrange(len(value))
    value[axis] = sum(sizes)
    if random.random() < 0.3:
        sizes[random.randrange(len(sizes))] = -1
    place = np.array(axis - random.choice((0, len(value))))
    return Hint(
        attrs={"num_split": len(sizes)},
        inputs={"value": tuple(value), "size_splits": np.array(sizes), "split_dim": place},
    )


def split_evenly(random: Random, kind: str) -> Hint:
    """Equal parts along an axis."""
    count, value = some(random), list(shape(random, 1))
    axis = random.randrange(len(value))
    value[axis] *= count
    return Hint(
        attrs={"num_split": count},
        inputs={"split_dim": np.array(axis - random.choice((0, len(value)))), "value": tuple(value)},
    )


def counted(random: Random, kind: str) -> Hint:
    """Numbers from a start to a limit, up or down."""
    steps, delta, start = some(random, 0), random.choice((-2, -1, 1, 2)), random.randint(-2, 2)
    numbers = {"start": start, "limit": start + steps * delta, "delta": delta}
    return Hint(inputs={name: np.array(number) for name, number in numbers.items()})


def exchanged(random: Random, kind: str) -> Hint:
    """Groups of devices, among which an axis is split."""
    groups, devices = some(random), some(random)
    value = list(shape(random, 1))
    axis = random.randrange(len(value))
    value[axis] *= devices
    return Hint(
        attrs={
            "split_count": devices,
            "split_dimension": axis,
            "concat_dimension": random.randrange(len(value)),
        },
        inputs={
            "input": tuple(value),
            "group_assignment": (groups, devices),
            "scatter_dimension": np.array(axis),
        },
    )


def batched_gather(random: Random, kind: str) -> Hint:
    """Slices along an axis; the axes of the batch lead both operands."""
    batch, before, after, places = (shape(random, 0, 2) for _ in range(4))
    params = (*batch, *before, some(random), *after)
    axis = len(batch) + len(before)
    return Hint(
        attrs={"batch_dims": len(batch)},
        inputs={
            "params": params,
            "indices": (*batch, *places),
            "axis": np.array(axis - random.choice((0, len(params)))),
        },
    )


def dequeued(random: Random, kind: str) -> Hint:
    return Hint(inputs={"handle": (), "n": np.array(some(random, 0))})


def padded_bytes(random: Random, kind: str) -> Hint:
    """Strings of a length that is a multiple of a number's."""
    dtype = random.choice((tf.float32, tf.int64, tf.uint8, tf.uint16))
    return Hint(attrs={"out_type": dtype}, inputs={"fixed_length": np.array(dtype.size * some(random))})


def constant(random: Random, kind: str) -> Hint:
    dims = shape(random)
    array = np.zeros(dims, random.choice((np.float32, np.int64, np.bool_)))
    return Hint(attrs={"value": array, "dtype": tf.as_dtype(array.dtype)})


LISTS: Mapping[str, DrawnHint] = {
    "TensorList(FromTensor|GetItem|PopBack|PushBack|Stack|SetItem|Gather|Scatter|ScatterV2)": list_items,
    "AccumulateNV2": accumulated,
    "ParallelConcat": stacked,
    "_ScopedAllocatorSplit": split_allocation,
    "Save(Slices|V2)?": saved,
    "SplitV": split_by_sizes,
    "Split": split_evenly,
    "Range": counted,
    "AllToAll|(DTensor|Xla)ReduceScatter": exchanged,
    "GatherV2": batched_gather,
    "QueueDequeue.*": dequeued,
    "DecodePaddedRaw": padded_bytes,
    "Const|HostConst": constant,
}
