"""Runs oneDNN's operations, which graph rewrites alone make: no wrapper has them, and their kernels have labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from node_defs import attr_value, told_by_inputs
from optional_tensorflow import HAS_TENSORFLOW, Unknown, tensorflow_module, tf

STORED = {tf.qint8: np.int8, tf.quint8: np.uint8, tf.qint32: np.int32}


def quantized(array: np.ndarray) -> Any:
    """Small integers as TensorFlow's quantized ones of the same width."""
    if not HAS_TENSORFLOW:
        return Unknown()
    dtype = next(dtype for dtype, stored in STORED.items() if array.dtype == stored)
    return array.view(dtype.as_numpy_dtype)


def run(kind: str, inputs: Sequence[np.ndarray], lists: Mapping[str, int] | None = None, **attrs: Any) -> Any:
    """The kernel's outputs as arrays, quantized ones as integers. `lists` has the length of each list argument."""
    if not HAS_TENSORFLOW:
        return Unknown()
    graph = tf.compat.v1.GraphDef()
    node = graph.node.add(name="node", op=kind)
    with tf.Graph().as_default() as constants:
        for i, array in enumerate(inputs):
            tf.constant(array, name=f"x{i}")
            node.input.append(f"x{i}")
        graph.node.extend(constant.node_def for constant in constants.get_operations())
    dtypes = [tf.as_dtype(array.dtype) for array in inputs]
    given = {**told_by_inputs(kind, dtypes, lists or {}), "_kernel": _label(kind), **attrs}
    for name, value in given.items():
        if value != "":
            node.attr[name].CopyFrom(attr_value(value))
    with tf.Graph().as_default() as whole, tf.compat.v1.Session() as session:
        tf.import_graph_def(graph, name="")
        return [_plain(output.dtype, session.run(output)) for output in whole.get_operation_by_name("node").outputs]


def _label(kind: str) -> str:
    """What a node must say for its kernel to be found."""
    kernels = tensorflow_module("tensorflow.python.framework.kernels")
    registered = kernels.get_registered_kernels_for_op(kind).kernel
    if not registered:
        pytest.skip("this TensorFlow is built without oneDNN")
    return str(registered[0].label)


def _plain(dtype: tf.DType, output: np.ndarray) -> np.ndarray:
    return output.view(STORED[dtype]) if dtype in STORED else output
