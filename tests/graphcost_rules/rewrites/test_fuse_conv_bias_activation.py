"""fuse_conv_bias_activation, against TensorFlow's fused kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf
from same_results import assert_same_results, chosen, frozen, ops, random, rewritten

import graphcost

pytestmark = pytest.mark.tensorflow

FUSE = chosen("fuse_conv_bias_activation")
SPEC = tf.TensorSpec((None, 6, 5, 3))


def layer(activation: Callable[[Any], Any], **attrs: Any) -> Any:
    def model(x: Any) -> Any:
        conv = tf.raw_ops.Conv2D(
            input=x, filter=random(3, 2, 3, 4) - 0.8, **{"strides": [1, 1, 1, 1], "padding": "SAME", **attrs}
        )
        return activation(tf.nn.bias_add(conv, random(4) - 0.8))

    return frozen(model, SPEC)


@pytest.mark.parametrize(
    ("activation", "names"),
    [
        (tf.identity, (b"BiasAdd",)),
        (tf.nn.relu, (b"BiasAdd", b"Relu")),
        (tf.nn.relu6, (b"BiasAdd", b"Relu6")),
        (tf.nn.elu, (b"BiasAdd", b"Elu")),
        (tf.nn.tanh, (b"BiasAdd",)),
        (lambda x: tf.nn.leaky_relu(x, 0.3), (b"BiasAdd", b"LeakyRelu")),
    ],
)
def test_it_computes_the_same(activation: Callable[[Any], Any], names: tuple[bytes, ...]) -> None:
    graph_def = layer(activation)
    result = rewritten(graph_def, FUSE)

    (node,) = (node for node in result.graph.nodes.values() if node.op == "_FusedConv2D")
    assert node.attrs["fused_ops"] == names
    assert not {"Conv2D", "BiasAdd", "Relu"} & set(ops(result))
    assert_same_results(graph_def, result, {"x0": random(2, 6, 5, 3)})


@pytest.mark.parametrize(
    "attrs",
    [
        {"padding": "VALID", "strides": [1, 2, 2, 1]},
        {"padding": "EXPLICIT", "explicit_paddings": [0, 0, 1, 2, 0, 1, 0, 0]},
        {"dilations": [1, 2, 1, 1]},
    ],
    ids=str,
)
def test_the_convolution_keeps_its_attributes(attrs: dict[str, Any]) -> None:
    graph_def = layer(tf.nn.relu, **attrs)
    result = rewritten(graph_def, FUSE)

    assert result.counts == {"fuse_conv_bias_activation": 1}
    assert_same_results(graph_def, result, {"x0": random(2, 6, 5, 3)})


def test_the_cost_stays() -> None:
    plain = graphcost.analyze(layer(tf.nn.relu))
    fused = graphcost.analyze(layer(tf.nn.relu), rewrites=FUSE)

    assert fused.total.work == plain.total.work
    assert fused.is_complete == plain.is_complete
    assert fused.notes[0] == "rewritten: fuse_conv_bias_activation 1 time"


def test_a_bias_that_somebody_else_reads_is_fused_without_the_activation() -> None:
    def model(x: Any) -> Any:
        biased = tf.nn.bias_add(tf.nn.conv2d(x, random(1, 1, 3, 4), 1, "SAME"), random(4))
        return tf.nn.relu(biased) + biased

    graph_def = frozen(model, SPEC)
    result = rewritten(graph_def, FUSE)

    assert "Relu" in ops(result)
    assert_same_results(graph_def, result, {"x0": random(2, 6, 5, 3)})
