"""Runs operations that TensorFlow has but doesn't offer: their names start with an underscore."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from node_defs import attr_value
from optional_tensorflow import HAS_TENSORFLOW, Unknown, tf


def run(kind: str, inputs: Sequence[np.ndarray], **attrs: Any) -> Any:
    """The first output of the kernel on float32 arrays; attributes that aren't given have their defaults."""
    if not HAS_TENSORFLOW:
        return Unknown()
    graph = tf.compat.v1.GraphDef()
    node = graph.node.add(name="kernel", op=kind)
    for name, value in {"T": tf.float32, **attrs}.items():
        node.attr[name].CopyFrom(attr_value(value))
    with tf.Graph().as_default() as whole:
        for i, array in enumerate(inputs):
            node.input.append(f"x{i}")
            tf.constant(array, name=f"x{i}")
        graph.node.extend(x.node_def for x in whole.get_operations())
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        (output,) = tf.import_graph_def(graph, return_elements=["kernel:0"])
        return np.asarray(session.run(output))
