from __future__ import annotations

import math

import pytest

pytest.importorskip("tensorflow")

import numpy as np
from counted import floats
from counting import Tally
from shape_function import prove_shapes, tensor
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.word_vectors import RULES

pytestmark = pytest.mark.tensorflow

STRING = tensor(dtype="string")


def trained(t, vector, outputs, labels, rate):
    """One example against its label and the samples: outputs change at once, the example's vector at the end."""
    change = [0.0] * len(vector)
    for row, label in zip(outputs, labels, strict=True):
        score = t.call(lambda x: 1 / (1 + math.exp(-x)), t.sum([t.mul(a, b) for a, b in zip(vector, row, strict=True)]))
        error = t.mul(t.sub(label, score), rate)
        change = [t.add(c, t.mul(error, b)) for c, b in zip(change, row, strict=True)]
        row[:] = [t.add(b, t.mul(error, a)) for a, b in zip(vector, row, strict=True)]
    return [t.add(a, c) for a, c in zip(vector, change, strict=True)]


def test_word_vectors_are_drawn_to_their_labels():
    vector, outputs = floats(1, 4), floats(2, 3, 4)
    tally, rows, labels = Tally(), outputs.tolist(), [1.0, 0.0, 0.0]
    ours = trained(tally, vector.tolist(), rows, labels, 0.1)
    errors = 0.1 * (np.array(labels) - 1 / (1 + np.exp(-outputs @ vector)))
    np.testing.assert_allclose(ours, vector + errors @ outputs, rtol=1e-5)
    np.testing.assert_allclose(rows, outputs + errors[:, None] * vector, rtol=1e-5)
    operands = (Shape(9, 4), Shape(9, 4), Shape(1), Shape(1), Shape())
    assert apply(RULES, "NegTrain", *operands, num_negative_samples=2).cost == tally.cost


def test_weights_shrink():
    weights = floats(1, 5)
    tally = Tally()
    ours = []
    for weight in weights.tolist():
        magnitude = weight
        if tally.less(weight, 0):
            magnitude = -weight
        tally.counts["add"] += 1
        shrunk = tally.max(tally.sub(magnitude, 0.3), 0)
        ours.append(tally.mul(shrunk, math.copysign(1, weight)))
    np.testing.assert_allclose(ours, np.sign(weights) * np.maximum(np.abs(weights) - 0.3, 0), rtol=1e-5)
    assert apply(RULES, "SdcaShrinkL1", Shape(5), num_features=1).cost == tally.cost


def test_dual_ascent_costs_what_its_visits_do():
    attrs = {"num_sparse_features": 1, "num_sparse_features_with_values": 1, "num_dense_features": 1}
    operands = [
        Shape(7),
        Shape(7),
        Shape(7),
        Shape(3, 2),
        Shape(3),
        Shape(3),
        Shape(4),
        Shape(4),
        Shape(2, 1),
        Shape(3, 4),
    ]
    outcome = apply(RULES, "SdcaOptimizer", *operands, **attrs)
    assert outcome.shapes[1:] == (Shape(4), Shape(2, 1))
    assert outcome.cost.bind({"visits(node)": 10}).flops == 40


FLOATS, INTS = tensor(7), tensor(7, dtype="int64")
SDCA = {
    "sparse_example_indices": 1,
    "sparse_feature_indices": 1,
    "sparse_feature_values": 1,
    "dense_features": 1,
    "sparse_indices": 1,
    "sparse_weights": 1,
    "dense_weights": 1,
}


@pytest.mark.parametrize("kind", ["SdcaOptimizer", "SdcaOptimizerV2"])
def test_dual_ascent_knows_what_tensorflow_knows(kind):
    inputs = [INTS, INTS, FLOATS, tensor(3, 2), tensor(3), tensor(3), INTS, FLOATS, tensor(2, 1), tensor(3, 4)]
    attrs = {"loss_type": "logistic_loss", "l1": 0.1, "l2": 0.1, "num_loss_partitions": 1, "num_inner_iterations": 1}
    prove_shapes(RULES, kind, inputs, SDCA, **attrs)


@pytest.mark.parametrize(
    ("kind", "inputs", "attrs"),
    [
        ("SdcaFprint", [tensor(7, dtype="string")], {}),
        ("LoadAndRemapMatrix", [STRING, STRING, INTS, INTS, FLOATS], {"num_rows": 3, "num_cols": 4}),
        ("GenerateVocabRemapping", [STRING, STRING], {"new_vocab_offset": 0, "num_new_vocab": 5}),
        ("Skipgram", [], {"filename": "", "batch_size": 4}),
        ("RecordInput", [], {"file_pattern": ""}),
    ],
)
def test_shapes_are_tensorflow_s(kind, inputs, attrs):
    prove_shapes(RULES, kind, inputs, **attrs)


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("NegTrain", (Shape(9, 4), Shape(9, 4), Shape(1)), {"num_negative_samples": -2}),
        ("SdcaOptimizer", (Shape(3),), {"num_sparse_features": 10**12}),
        ("LoadAndRemapMatrix", (), {"num_rows": -1, "num_cols": 4}),
        ("SdcaShrinkL1", (Shape(5),), {"num_features": 2}),
    ],
)
def test_hostile_nodes_are_refused(kind, operands, attrs):
    rest = {"num_sparse_features_with_values": 0, "num_dense_features": 0} if kind == "SdcaOptimizer" else {}
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **attrs, **rest)
