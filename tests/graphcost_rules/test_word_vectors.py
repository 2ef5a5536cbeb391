from __future__ import annotations

import math

import pytest
from counted import floats
from counting import Tally
from optional_tensorflow import tf
from shape_function import prove_shapes, tensor
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.word_vectors import RULES

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


AttrValue = tf.compat.v1.AttrValue


def on_variables(kind, variables, operands, **attrs):
    """What a kernel, which newer graphs may not name, makes of variables that are references."""
    with tf.Graph().as_default() as source:
        for name, array in variables.items():
            tf.compat.v1.Variable(array, use_resource=False, name=name)
        for name, value in operands.items():
            tf.constant(value, name=name)
    graph = source.as_graph_def()
    graph.versions.producer = 18
    node = graph.node.add(name="kernel", op=kind, input=[*variables, *operands])
    for name, value in attrs.items():
        node.attr[name].CopyFrom(value)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(graph, name="")
        session.run([f"{name}/Assign" for name in variables])
        session.run("kernel")
        return session.run([f"{name}:0" for name in variables])


def test_word_vectors_are_drawn_to_their_labels():
    """Only one word may be drawn, so that the samples are known."""
    inputs, outputs = floats(1, 3, 4), floats(2, 3, 4)
    tally, rows, drawn, label, example = Tally(), outputs.tolist(), 2, 1, 0
    sampled = [rows[label], rows[drawn], rows[drawn]]
    ours = trained(tally, inputs[example].tolist(), sampled, [1.0, 0.0, 0.0], 0.1)
    theirs = on_variables(
        "NegTrain",
        {"w_in": inputs, "w_out": outputs},
        {"examples": [example], "labels": [label], "lr": 0.1},
        vocab_count=AttrValue(list=AttrValue.ListValue(i=[0, 0, 5])),
        num_negative_samples=AttrValue(i=2),
    )
    tally.gives([ours, *inputs[1:].tolist()], theirs[0])
    tally.gives(rows, theirs[1])
    operands = (Shape(3, 4), Shape(3, 4), Shape(1), Shape(1), Shape())
    tally.proves("NegTrain", apply(RULES, "NegTrain", *operands, num_negative_samples=2).cost)


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
    rates = {"l1": AttrValue(f=0.6), "l2": AttrValue(f=2.0)}
    theirs = on_variables("SdcaShrinkL1", {"weights": weights}, {}, num_features=AttrValue(i=1), **rates)
    tally.gives(ours, theirs[0])
    tally.proves("SdcaShrinkL1", apply(RULES, "SdcaShrinkL1", Shape(5), num_features=1).cost)


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
    assert outcome.cost.bind({"visits(node)": 10, "step_flops(node)": 5}).flops == 45


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


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["SdcaOptimizer", "SdcaOptimizerV2"])
def test_dual_ascent_knows_what_tensorflow_knows(kind):
    inputs = [INTS, INTS, FLOATS, tensor(3, 2), tensor(3), tensor(3), INTS, FLOATS, tensor(2, 1), tensor(3, 4)]
    attrs = {"loss_type": "logistic_loss", "l1": 0.1, "l2": 0.1, "num_loss_partitions": 1, "num_inner_iterations": 1}
    prove_shapes(RULES, kind, inputs, SDCA, **attrs)


@pytest.mark.tensorflow
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
