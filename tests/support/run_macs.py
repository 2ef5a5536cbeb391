"""Multiply-adds of a graph without loops and branches, from the shapes its tensors have when TensorFlow runs it."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from optional_tensorflow import tensorflow_module


def run_macs(graph_def: Any, feeds: Mapping[str, Any]) -> int:
    """`feeds` are arrays by the names of placeholders. MatMul and Conv2D are looked at, whoever reads them."""
    tf = tensorflow_module()
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")
        ops = [op for op in graph.get_operations() if op.type in ("MatMul", "Conv2D")]
        with tf.compat.v1.Session() as session:
            fetched = session.run(
                [(op.inputs[0], op.inputs[1], op.outputs[0]) for op in ops],
                {f"{name}:0": array for name, array in feeds.items()},
            )
    return sum(_macs(op, *arrays) for op, arrays in zip(ops, fetched, strict=True))


def _macs(op: Any, data: Any, weights: Any, result: Any) -> int:
    if op.type == "Conv2D":
        return int(result.size) * prod(weights.shape[:-1])
    return int(result.size) * int(data.shape[0 if op.get_attr("transpose_a") else 1])
