"""strip_training, on the graphs that TensorFlow writes: at a rate of zero, dropout computes what its input is."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("tensorflow")

import numpy as np
import tensorflow as tf
from same_results import assert_same_results, chosen, frozen, ops, random, rewritten

pytestmark = pytest.mark.tensorflow

STRIP = chosen("strip_training")
X = tf.TensorSpec((2, 3))
RATE = tf.TensorSpec(())
RANDOM = ("RandomUniform", "StatelessRandomUniformV2")


def old_dropout(x: Any, keep: Any) -> Any:
    """As TensorFlow 1 wrote it."""
    noise = keep + tf.random.uniform(tf.shape(x), minval=0.0, maxval=1.0)
    return tf.divide(x, keep) * tf.floor(noise)


def oldest_noise(x: Any, keep: Any) -> Any:
    """As TensorFlow 1 wrote it, with the range of its random numbers."""
    noise = tf.raw_ops.RandomUniform(shape=tf.shape(x), dtype=tf.float32) * (tf.constant(1.0) - 0.0) + 0.0
    return tf.divide(x, keep) * tf.floor(keep + noise)


def masked_dropout(x: Any, rate: Any) -> Any:
    """As TensorFlow 2 wrote it until 2.8."""
    scaled = x * (1 / (1 - rate))
    return scaled * tf.cast(tf.random.uniform(tf.shape(x)) >= rate, tf.float32)


@pytest.mark.parametrize(
    ("dropout", "off"),
    [
        (lambda x, rate: tf.nn.dropout(x, rate), 0.0),
        (lambda x, rate: tf.nn.experimental.stateless_dropout(x, rate, seed=(1, 2)), 0.0),
        (masked_dropout, 0.0),
        (old_dropout, 1.0),
        (oldest_noise, 1.0),
    ],
    ids=["tf.nn.dropout", "stateless", "masked", "old", "oldest"],
)
def test_dropout_hands_its_input_on(dropout: Any, off: float) -> None:
    graph_def = frozen(lambda x, rate: tf.nn.relu(dropout(x * 2.0, rate)), X, RATE)
    result = rewritten(graph_def, STRIP)

    assert result.counts == {"strip_training": 1}
    assert not set(RANDOM) & set(ops(result))
    assert "x1" not in result.graph.nodes
    assert_same_results(graph_def, result, {"x0": random(2, 3), "x1": np.float32(off)})


def test_a_fixed_rate_too() -> None:
    result = rewritten(frozen(lambda x: tf.nn.dropout(x, 0.5), X), STRIP)

    assert ops(result) == ["Identity", "Identity", "Placeholder"]


def test_checks_and_assertions_go() -> None:
    def model(x: Any) -> Any:
        positive = tf.raw_ops.Assert(condition=tf.reduce_all(x > 0.0), data=[x, "isn't positive"])
        with tf.control_dependencies([positive]):
            return tf.nn.relu(tf.debugging.check_numerics(x, "not finite"))

    graph_def = frozen(model, X)
    result = rewritten(graph_def, STRIP)

    assert result.counts == {"strip_training": 2}
    assert not {"Assert", "CheckNumerics", "Greater", "All", "Const"} & set(ops(result))
    assert_same_results(graph_def, result, {"x0": random(2, 3)})


def test_an_assertion_in_a_branch_goes_too() -> None:
    def model(x: Any) -> Any:
        with tf.control_dependencies([tf.compat.v1.assert_positive(x)]):
            return tf.nn.relu(x)

    graph_def = frozen(model, X)
    result = rewritten(graph_def, STRIP)

    bodies = result.graph.functions.values()
    assert result.counts == {"strip_training": 1}
    assert not any(node.op == "Assert" for body in bodies for node in body.nodes.values())
    assert_same_results(graph_def, result, {"x0": random(2, 3)})


def test_random_numbers_that_are_no_dropout_stay() -> None:
    result = rewritten(frozen(lambda x: x * tf.random.uniform((3,)), X), STRIP)

    assert not result.counts
