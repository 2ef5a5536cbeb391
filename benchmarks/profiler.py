"""FLOPs of a frozen .pb as tf.profiler counts them: python benchmarks/profiler.py FILE"""

from __future__ import annotations

import sys
from pathlib import Path

import tensorflow as tf


def main(path: Path) -> int:
    graph_def = tf.compat.v1.GraphDef.FromString(path.read_bytes())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    return int(tf.compat.v1.profiler.profile(graph, options=options).total_float_ops)


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
