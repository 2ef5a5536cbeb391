"""Writes a network of keras.applications as a frozen .pb: python benchmarks/models.py NAME REAL_SIZE SPLAT

REAL_SIZE has random weights of full size; SPLAT is the same graph with one repeated value for each large weight. The
batch is 1, since tf.profiler counts next to nothing of a network with an open batch.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

SPLAT_FROM = 64


def main(name: str, real_size: Path, splat: Path) -> None:
    keras.utils.set_random_seed(1)
    model = getattr(keras.applications, name)(weights=None)
    spec = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    function = tf.function(model).get_concrete_function(spec)
    graph_def = convert_variables_to_constants_v2(function).graph.as_graph_def()
    real_size.write_bytes(graph_def.SerializeToString())
    for node in graph_def.node:
        tensor = node.attr["value"].tensor if node.op == "Const" else None
        if tensor is None or tensor.dtype != tf.float32.as_datatype_enum:
            continue
        if tf.TensorShape(tensor.tensor_shape).num_elements() >= SPLAT_FROM:
            tensor.ClearField("tensor_content")
            tensor.float_val[:] = [0.01]
    splat.write_bytes(graph_def.SerializeToString())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
