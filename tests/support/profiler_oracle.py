"""TensorFlow's profiler itself, run on a GraphDef: its total, and what it counts for each node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLACEHOLDERS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")


@dataclass(frozen=True)
class Profile:
    total: int
    nodes: Mapping[str, int]


def read_graph_def(path: Path, kind: str) -> Any:
    """The GraphDef in a file, read with TensorFlow's own messages; `kind` as the index of the shared graphs has it."""
    from google.protobuf import text_format
    from tensorflow.core.framework.graph_pb2 import GraphDef
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    if "text" in kind:
        return text_format.Parse(path.read_text(), GraphDef())
    if kind.startswith("MetaGraph"):
        return MetaGraphDef.FromString(path.read_bytes()).graph_def
    if kind.startswith("SavedModel"):
        return SavedModel.FromString(path.read_bytes()).meta_graphs[0].graph_def
    return GraphDef.FromString(path.read_bytes())


def pin_batch(graph_def: Any) -> Any:
    """The message with the leading open size of every placeholder set to 1, in place."""
    for node in graph_def.node:
        dims = node.attr["shape"].shape.dim if node.op in PLACEHOLDERS else ()
        if dims and dims[0].size == -1:
            dims[0].size = 1
    return graph_def


def imported(graph_def: Any) -> Any:
    """The tf.Graph, or None where TensorFlow refuses the message."""
    import tensorflow as tf

    graph = tf.Graph()
    try:
        with graph.as_default():
            tf.graph_util.import_graph_def(graph_def, name="")
    except (ValueError, KeyError, tf.errors.OpError):
        return None
    return graph


def profile(graph: Any) -> Profile:
    """What tf.compat.v1.profiler says of a tf.Graph."""
    import tensorflow as tf
    from tensorflow.python.profiler import tfprof_logger

    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    total = tf.compat.v1.profiler.profile(graph, options=options).total_float_ops
    logged, _ = tfprof_logger._get_logged_ops(graph, add_trace=False, add_trainable_var=False)
    return Profile(total, {name: entry.float_ops for name, entry in logged.items()})
