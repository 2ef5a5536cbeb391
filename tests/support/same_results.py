"""The proof of a rewrite by TensorFlow: the rewritten graph, exported, computes what the original does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from graphcost import Graph, RewriteSet, load
from graphcost.export import to_graph_def
from graphcost.ir.node import TensorRef
from graphcost.passes.outputs import with_outputs
from graphcost.passes.rewriting import Rewritten, rewriting
from graphcost_rules.rewrites import REWRITES

Feeds = Mapping[str, np.ndarray]


def chosen(*names: str) -> RewriteSet:
    """Built-in rewrites by name."""
    found = [REWRITES.get(name) for name in names]
    return RewriteSet(*(rewrite for rewrite in found if rewrite is not None))


def frozen(build: Callable[..., Any], *specs: tf.TensorSpec) -> Any:
    """The GraphDef of a function of placeholders named x0, x1, ..., whose result is called y."""
    with tf.Graph().as_default() as graph:
        inputs = [tf.compat.v1.placeholder(spec.dtype, spec.shape, name=f"x{i}") for i, spec in enumerate(specs)]
        tf.identity(build(*inputs), name="y")
    return graph.as_graph_def()


def rewritten(graph_def: Any, rewrites: RewriteSet, outputs: Sequence[str] = ("y",)) -> Rewritten:
    """What is left of the graph of the outputs."""
    graph = with_outputs(load(graph_def).graph, outputs)
    kept = graph.ancestors([ref.node for ref in graph.outputs])
    nodes = (node for node in graph.nodes.values() if node.name in kept)
    needed = Graph.of(nodes, outputs=graph.outputs, functions=graph.functions)
    return rewriting(needed, rewrites)


def assert_same_results(
    graph_def: Any,
    result: Rewritten,
    feeds: Feeds,
    *,
    tensors: Mapping[str, Any] | None = None,
    tolerance: float = 1e-5,
) -> None:
    exported = to_graph_def(result.graph, producer=graph_def.versions.producer, tensors=tensors or {})
    again = tf.compat.v1.GraphDef.FromString(exported.SerializeToString())
    for expected, got in zip(
        run(graph_def, result.graph.outputs, feeds), run(again, result.graph.outputs, feeds), strict=True
    ):
        assert np.isfinite(expected).all()
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


def run(graph_def: Any, outputs: Sequence[TensorRef], feeds: Feeds) -> list[np.ndarray]:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        fetched = tf.import_graph_def(graph_def, name="", return_elements=[f"{ref.node}:{ref.port}" for ref in outputs])
        there = {op.name for op in session.graph.get_operations()}
        return list(session.run(fetched, {f"{name}:0": array for name, array in feeds.items() if name in there}))


def ops(result: Rewritten) -> list[str]:
    return sorted(node.op for node in result.graph.nodes.values())


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng((seed, *shape)).uniform(0.2, 1.5, shape).astype(np.float32)
