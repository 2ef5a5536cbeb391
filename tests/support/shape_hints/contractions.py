"""Equations and dimension numbers: texts and messages that say which axes meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from math import prod
from random import Random

import numpy as np
from drawn_sketches import DrawnHint, Hint
from optional_tensorflow import tensorflow_module, tf
from shape_function import Tensor

xla_data_pb2 = tensorflow_module("tensorflow.compiler.xla.xla_data_pb2")
uniform_quant_ops_attr_pb2 = tensorflow_module("tensorflow.core.util.quantization.uniform_quant_ops_attr_pb2")

LABELS = "abcde"


def einsum(random: Random, kind: str) -> Hint:
    """An equation of one or two operands, which may have axes in an ellipsis, and axes twice."""
    sizes = {label: random.randint(1, 4) for label in LABELS}
    count = 2 if kind == "XlaEinsum" or random.random() < 0.7 else 1
    operands = [random.sample(LABELS, random.randint(1, 3)) for _ in range(count)]
    if kind == "Einsum" and random.random() < 0.2:
        operands[0].append(operands[0][0])
    labels = sorted(set().union(*operands))
    result = random.sample(labels, random.randint(0, len(labels)))
    rest = tuple(random.randint(1, 3) for _ in range(2)) if kind == "Einsum" and random.random() < 0.4 else None
    places = [random.randint(0, len(part)) for part in (*operands, result)]
    texts = [
        "".join(part if rest is None else (*part[:place], "...", *part[place:]))
        for part, place in zip((*operands, result), places, strict=True)
    ]
    shapes = [
        (*(sizes[x] for x in part[:place]), *(rest or ())[random.randint(0, 2) :], *(sizes[x] for x in part[place:]))
        for part, place in zip(operands, places, strict=False)
    ]
    equation = ",".join(texts[:-1]) + "->" + texts[-1]
    return Hint(attrs={"equation": equation}, inputs={"inputs": shapes, "a": shapes[0], "b": shapes[-1]})


def dot(random: Random, kind: str) -> Hint:
    """Operands with batch axes, contracted axes and axes of their own, in any order."""
    shared = [random.randint(1, 4) for _ in range(random.randint(0, 3))]
    batches = random.randint(0, len(shared))
    numbers = xla_data_pb2.DotDimensionNumbers()
    shapes = []
    for side in ("lhs", "rhs"):
        own = [random.randint(1, 4) for _ in range(random.randint(0, 2))]
        axes = random.sample(range(len(shared) + len(own)), len(shared) + len(own))
        getattr(numbers, f"{side}_batch_dimensions").extend(axes[:batches])
        getattr(numbers, f"{side}_contracting_dimensions").extend(axes[batches : len(shared)])
        shapes.append(_at(axes, (*shared, *own)))
    text = numbers.SerializeToString()
    return Hint(attrs={"dimension_numbers": text, "precision_config": ""}, inputs={"lhs": shapes[0], "rhs": shapes[1]})


def convolution(random: Random, kind: str) -> Hint:
    """An image and filters whose axes are in any order, with strides, holes, paddings and groups."""
    spatial = random.randint(1, 3)
    groups, batch_groups = random.choice(((1, 1), (2, 1), (3, 1), (1, 2)))
    if kind == "XlaConv":
        batch_groups = 1
    strides, spread, dilation = ([random.randint(1, 2) for _ in range(spatial)] for _ in range(3))
    padding = [[random.randint(0, 2), random.randint(0, 2)] for _ in range(spatial)]
    sizes, window = [random.randint(4, 7) for _ in range(spatial)], [random.randint(1, 3) for _ in range(spatial)]
    channels, outputs = random.randint(1, 3), groups * batch_groups * random.randint(1, 2)
    image, filters, result = (random.sample(range(spatial + 2), spatial + 2) for _ in range(3))
    numbers = _convolution_numbers(kind, image, filters, result)
    numbers_of_windows = {"window_strides": strides, "lhs_dilation": spread, "rhs_dilation": dilation}
    lhs = _at(image, (batch_groups * random.randint(1, 2), groups * channels, *sizes))
    rhs = _at(filters, (channels, outputs, *window))
    if kind.startswith("Xla"):
        inputs = {**numbers_of_windows, "padding": padding, "feature_group_count": groups}
        attrs = {"dimension_numbers": numbers, "precision_config": "", "batch_group_count": batch_groups}
        return Hint(attrs, {"lhs": lhs, "rhs": rhs, **{name: np.array(value) for name, value in inputs.items()}})
    name = random.choice(("EXPLICIT", "SAME", "VALID"))
    is_by_channel = random.random() < 0.5
    of_channels, axis = ((outputs,), filters[1]) if is_by_channel else ((), -1)
    return Hint(
        attrs={
            **numbers_of_windows,
            "padding": name,
            "explicit_padding": [*chain(*padding)] if name == "EXPLICIT" else [],
            "feature_group_count": groups,
            "batch_group_count": batch_groups,
            "dimension_numbers": numbers,
            "lhs_quantization_axis": -1,
            "rhs_quantization_axis": axis,
            "output_quantization_axis": result[1] if is_by_channel else -1,
        },
        inputs={
            "lhs": lhs,
            "rhs": rhs,
            "lhs_scales": (),
            "lhs_zero_points": (),
            **dict.fromkeys(("rhs_scales", "rhs_zero_points", "output_scales", "output_zero_points"), of_channels),
        },
    )


def _convolution_numbers(kind: str, image: Sequence[int], filters: Sequence[int], result: Sequence[int]) -> bytes:
    """The message that says where the axes are: batch and features first, those of filters inputs and outputs."""
    is_xla = kind.startswith("Xla")
    message = (
        xla_data_pb2.ConvolutionDimensionNumbers()
        if is_xla
        else uniform_quant_ops_attr_pb2.UniformQuantizedConvolutionDimensionNumbersAttr()
    )
    message.input_batch_dimension, message.input_feature_dimension = image[:2]
    message.kernel_input_feature_dimension, message.kernel_output_feature_dimension = filters[:2]
    message.output_batch_dimension, message.output_feature_dimension = result[:2]
    message.input_spatial_dimensions.extend(image[2:])
    message.kernel_spatial_dimensions.extend(filters[2:])
    message.output_spatial_dimensions.extend(result[2:])
    return message.SerializeToString()


def gather(random: Random, kind: str) -> Hint:
    """Slices of some axes, of which those of size 1 may be left out of the result."""
    sizes = [random.randint(1, 4) for _ in range(random.randint(1, 3))]
    slices = [random.randint(1, size) for size in sizes]
    mapped = random.sample(range(len(sizes)), random.randint(1, len(sizes)))
    collapsed = [axis for axis, size in enumerate(slices) if size == 1 and random.random() < 0.6]
    batch = [random.randint(1, 4) for _ in range(random.randint(0, 2))]
    vector = random.randint(0, len(batch))
    rank = len(batch) + len(sizes) - len(collapsed)
    numbers = xla_data_pb2.GatherDimensionNumbers(
        offset_dims=sorted(random.sample(range(rank), len(sizes) - len(collapsed))),
        collapsed_slice_dims=collapsed,
        start_index_map=mapped,
        index_vector_dim=vector,
    )
    return Hint(
        attrs={"dimension_numbers": numbers.SerializeToString()},
        inputs={
            "operand": tuple(sizes),
            "start_indices": (*batch[:vector], len(mapped), *batch[vector:]),
            "slice_sizes": np.array(slices),
        },
    )


def padded(random: Random, kind: str) -> Hint:
    """Padding of each axis: before, after and between."""
    sizes = tuple(random.randint(1, 4) for _ in range(random.randint(0, 4)))
    names = ("padding_low", "padding_high", "padding_interior")
    return Hint(inputs={"input": sizes, **{name: np.array([random.randint(0, 2) for _ in sizes]) for name in names}})


def tiled(random: Random, kind: str) -> Hint:
    """A grid of equal tiles, some of which may be padded."""
    parts = [random.randint(1, 2) for _ in range(random.randint(1, 3))]
    tile = tuple(random.randint(1, 4) for _ in parts)
    whole = tuple(part * size for part, size in zip(parts, tile, strict=True))
    paddings = [0 if random.random() < 0.6 or size == 1 else 1 for size in tile]
    unpadded = tuple(size - padding for size, padding in zip(whole, paddings, strict=True))
    return Hint(
        attrs={"num_splits": parts, "num_concats": parts, "paddings": paddings, "N": prod(parts), "T": tf.float32},
        inputs={
            "resource": Tensor("resource", (), held=("float32", unpadded)),
            "input": unpadded,
            "inputs": [tile] * prod(parts),
        },
    )


def quantized_product(random: Random, kind: str) -> Hint:
    """A product of quantized matrices with some of the steps that may follow it."""
    rows, inner, columns = (random.randint(1, 4) for _ in range(3))
    flips = [random.random() < 0.3 for _ in range(2)]
    last = random.choice((None, "Requantize", "Dequantize"))
    is_biased = random.random() < 0.5
    product = [(inner, rows) if flips[0] else (rows, inner), (columns, inner) if flips[1] else (inner, columns)]
    result = {"Requantize": tf.quint8, "Dequantize": tf.float32, None: tf.qint32}[last]
    ranges = [()] * (6 if last else 4)
    return Hint(
        attrs={
            "transpose_a": flips[0],
            "transpose_b": flips[1],
            "fused_ops": [*(["BiasAdd"] if is_biased else []), *([last] if last else [])],
            "Tdevice_inputs": [tf.quint8, tf.qint8, *([tf.float32] if is_biased else [])],
            "Thost_inputs": [tf.float32] * len(ranges),
            "Tdevice_outputs": [result],
            "Thost_outputs": [] if last == "Dequantize" else [tf.float32] * 2,
            "T1": tf.quint8,
            "T2": tf.qint8,
            "Tout": result,
        },
        inputs={"device_inputs": [*product, *([(columns,)] if is_biased else [])], "host_inputs": ranges},
    )


def _at(axes: Sequence[int], sizes: Sequence[int]) -> tuple[int, ...]:
    """The sizes, each at its axis."""
    return tuple(sizes[axes.index(axis)] for axis in range(len(axes)))


CONTRACTIONS: Mapping[str, DrawnHint] = {
    "Einsum|XlaEinsum|_MklEinsum": einsum,
    "XlaDot(V2)?": dot,
    "XlaConv(V2)?|UniformQuantizedConvolution(Hybrid)?": convolution,
    "XlaGather": gather,
    "XlaPad": padded,
    ".*Xla(Split|Concat)ND": tiled,
    "_QuantizedMatMul": quantized_product,
}
