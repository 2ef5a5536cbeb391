"""fold_batch_norm, against TensorFlow's kernels and on small graphs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow")

import numpy as np
import tensorflow as tf
from same_results import assert_same_results, chosen, frozen, ops, random, rewritten
from tensorflow.core.framework import tensor_pb2
from tiny_graph import tiny_graph, wiring

from graphcost import load
from graphcost.passes.rewriting import rewriting

pytestmark = pytest.mark.tensorflow

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
FOLD = chosen("fold_batch_norm")
IMAGE = random(2, 6, 5, 3)
SPEC = tf.TensorSpec((None, 6, 5, 3))


def dense(x: Any, **attrs: Any) -> Any:
    return tf.raw_ops.Conv2D(
        input=x, filter=random(3, 2, 3, 4), **{"strides": [1, 1, 1, 1], "padding": "SAME", **attrs}
    )


def depthwise(x: Any, **attrs: Any) -> Any:
    filters = random(3, 2, 3, 2)
    return tf.raw_ops.DepthwiseConv2dNative(
        input=x, filter=filters, **{"strides": [1, 1, 1, 1], "padding": "SAME", **attrs}
    )


def fused(x: Any, channels: int, *, training: bool = False, layout: str = "NHWC") -> Any:
    vectors = [random(channels, seed=i) for i in range(4)]
    return tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=vectors[0],
        offset=vectors[1],
        mean=vectors[2],
        variance=vectors[3],
        epsilon=1e-2,
        is_training=training,
        data_format=layout,
    ).y


def decomposed(x: Any, channels: int) -> Any:
    scale, offset, mean, variance = (random(channels, seed=i) for i in range(4))
    return tf.nn.batch_normalization(x, tf.constant(mean), tf.constant(variance), offset, scale, 1e-2)


def reshaped(x: Any, channels: int) -> Any:
    """As Keras writes it where the channels' axis is named."""
    sizes = tf.constant([1, 1, 1, channels])
    scale, offset, mean, variance = (tf.reshape(tf.constant(random(channels, seed=i)), sizes) for i in range(4))
    return tf.nn.batch_normalization(x, mean, variance, offset, scale, 1e-2)


@pytest.mark.parametrize("norm", [fused, decomposed, reshaped])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize(
    ("conv", "channels", "attrs"),
    [
        (dense, 4, {}),
        (dense, 4, {"padding": "VALID", "strides": [1, 2, 2, 1]}),
        (dense, 4, {"dilations": [1, 2, 1, 1]}),
        (depthwise, 6, {}),
        (depthwise, 6, {"padding": "VALID", "strides": [1, 2, 2, 1]}),
    ],
)
def test_it_computes_the_same(
    conv: Callable[..., Any], channels: int, biased: bool, norm: Callable[..., Any], attrs: dict[str, Any]
) -> None:
    def model(x: Any) -> Any:
        y = conv(x, **attrs)
        return tf.nn.relu(norm(tf.nn.bias_add(y, random(channels, seed=9)) if biased else y, channels))

    graph_def = frozen(model, SPEC)
    result = rewritten(graph_def, FOLD)

    assert result.counts == {"fold_batch_norm": 1}
    assert "FusedBatchNormV3" not in ops(result)
    assert ops(result).count("BiasAdd") == 1
    assert_same_results(graph_def, result, {"x0": IMAGE})


def test_explicit_padding_stays() -> None:
    attrs = {"padding": "EXPLICIT", "explicit_paddings": [0, 0, 1, 2, 0, 1, 0, 0]}
    graph_def = frozen(lambda x: fused(dense(x, **attrs), 4), SPEC)
    result = rewritten(graph_def, FOLD)

    assert result.counts == {"fold_batch_norm": 1}
    assert_same_results(graph_def, result, {"x0": IMAGE})


def test_statistics_of_the_batch_stay() -> None:
    graph_def = frozen(lambda x: fused(dense(x), 4, training=True), SPEC)
    result = rewritten(graph_def, FOLD)

    assert not result.counts
    assert result.failures[0].reason.endswith("attribute is_training is True, not False")


def test_a_convolution_that_somebody_else_reads_stays() -> None:
    def model(x: Any) -> Any:
        y = dense(x)
        return fused(y, 4) + y

    result = rewritten(frozen(model, SPEC), FOLD)

    assert not result.counts
    assert "Conv2D is read by add too" in [failure.reason for failure in result.failures]


def test_a_factor_that_depends_on_data_stays() -> None:
    graph_def = frozen(lambda x: dense(x) * tf.reduce_mean(x, [0, 1, 2])[:1] + random(4), SPEC)
    result = rewritten(graph_def, FOLD)

    assert not result.counts
    assert "the factor isn't known to be a weight" in result.failures[0].reason


@pytest.mark.parametrize("shape", [(5, 1), (5, 4), (1,), (), (2, 1, 1, 4)])
def test_a_factor_for_anything_but_channels_stays(shape: tuple[int, ...]) -> None:
    graph_def = frozen(lambda x: dense(x) * random(*shape) + random(4), SPEC)

    assert not rewritten(graph_def, FOLD).counts


def test_variables_are_folded_into_variables() -> None:
    """Their values aren't in the graph, so the filters are scaled in each inference."""
    text = """
        image = Placeholder(dtype=float32, shape=<1,64,64,3>)
        filters = VarHandleOp(dtype=float32, shape=<3,3,3,4>)
        weights = ReadVariableOp(filters, dtype=float32)
        conv = Conv2D(image, weights, T=float32, strides=[1, 1, 1, 1], padding=b"SAME")
        gamma = VarHandleOp(dtype=float32, shape=<4>)
        factor = ReadVariableOp(gamma, dtype=float32)
        beta = VarHandleOp(dtype=float32, shape=<4>)
        shift = ReadVariableOp(beta, dtype=float32)
        scaled = Mul(conv, factor, T=float32)
        y = AddV2(scaled, shift, T=float32)
    """
    graph = rewriting(tiny_graph(text, "y"), FOLD).graph

    assert [line for line in wiring(graph) if "folded" in line] == [
        "y/folded/filters = Mul(weights, factor)",
        "conv = Conv2D(image, y/folded/filters)",
    ]
    assert wiring(graph)[-1] == "y = BiasAdd(conv, shift)"
    assert graph.nodes["y"].origins == ("y", "scaled", "conv")


def test_channels_first_is_folded_too() -> None:
    """TensorFlow has no kernel for it here, so the graph is held against that of the other layout."""
    attrs = {"data_format": "NCHW", "strides": [1, 1, 1, 1]}
    first = rewritten(frozen(lambda x: fused(dense(x, **attrs), 4, layout="NCHW"), tf.TensorSpec((2, 3, 6, 5))), FOLD)
    last = rewritten(frozen(lambda x: fused(dense(x), 4), SPEC), FOLD)

    assert ops(first) == ops(last)
    bias = next(node for node in first.graph.nodes.values() if node.op == "BiasAdd")
    assert bias.attrs["data_format"] == b"NCHW"


def test_a_whole_network_computes_the_same() -> None:
    graph_def = tf.compat.v1.GraphDef.FromString((FIXTURES / "mobilenet_v2.pb").read_bytes())
    tensors = with_random_weights(graph_def)
    result = rewritten(graph_def, FOLD, ["Identity"])

    assert result.counts == {"fold_batch_norm": 52}
    image = random(1, 224, 224, 3)
    assert_same_results(graph_def, result, {"image": image}, tensors=tensors, tolerance=1e-4)


def test_every_rewrite_together_computes_the_same() -> None:
    graph_def = tf.compat.v1.GraphDef.FromString((FIXTURES / "mobilenet_v2.pb").read_bytes())
    tensors = with_random_weights(graph_def)
    names = ("drop_identities", "common_subexpressions", "fold_batch_norm", "fuse_conv_bias_activation")
    result = rewritten(graph_def, chosen(*names), ["Identity"])

    assert {name: count for name, count in result.counts.items() if name.startswith("f")} == {
        "fold_batch_norm": 52,
        "fuse_conv_bias_activation": 35,
    }
    assert_same_results(graph_def, result, {"image": random(1, 224, 224, 3)}, tensors=tensors, tolerance=1e-4)


def test_folding_needs_no_elements() -> None:
    """Weights are stepped over; what is known of them, their shape, is enough."""
    graph_def = frozen(lambda x: fused(dense(x), 4), SPEC)
    for node in graph_def.node:
        if node.op == "Const":
            del node.attr["value"].tensor.float_val[:]
            node.attr["value"].tensor.tensor_content = b""
    graph = load(graph_def).graph

    assert rewriting(graph, FOLD).counts == {"fold_batch_norm": 1}


def with_random_weights(graph_def: Any) -> dict[str, tensor_pb2.TensorProto]:
    """Fills the floating constants of at least one axis, in place; gives them by name."""
    generator = np.random.default_rng(0)
    tensors: dict[str, tensor_pb2.TensorProto] = {}
    for node in graph_def.node:
        tensor = node.attr["value"].tensor
        shape = [dim.size for dim in tensor.tensor_shape.dim]
        if node.op == "Const" and shape and tensor.dtype == tf.float32.as_datatype_enum:
            scale = 1.0 if len(shape) == 1 else (2.0 / np.prod(shape[:-1])) ** 0.5
            values = generator.uniform(0.5, 1.5, shape) if len(shape) == 1 else generator.normal(0, scale, shape)
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values.astype(np.float32)))
            tensors[node.name] = node.attr["value"].tensor
    return tensors
