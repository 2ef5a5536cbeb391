from __future__ import annotations

import pytest
from optional_tensorflow import tf
from shape_function import prove_shapes, tensor
from single_op import apply

from graphcost import PartialShape, RuleError, Shape
from graphcost_rules.sequence_examples import RULES

STRING, STRINGS = tensor(dtype="string"), tensor(8, dtype="string")
FEATURES = {
    "context_sparse_types": [tf.float32, tf.int64],
    "context_dense_shapes": [tf.TensorShape([2])],
    "feature_list_sparse_types": [tf.float32],
    "feature_list_dense_types": [tf.float32],
    "feature_list_dense_shapes": [tf.TensorShape([3])],
}
COUNTS = {"Ncontext_sparse": 2, "Nfeature_list_sparse": 1, "Nfeature_list_dense": 1}
KEYS = {
    "context_sparse_keys": ["a", "b"],
    "context_dense_keys": ["c"],
    "feature_list_sparse_keys": ["d"],
    "feature_list_dense_keys": ["e"],
    "feature_list_dense_missing_assumed_empty": [],
}


@pytest.mark.tensorflow
def test_a_vector_of_sequences():
    inputs = [STRINGS, tensor(0, dtype="string"), tensor(2)]
    lists = {"context_dense_defaults": 1}
    prove_shapes(RULES, "ParseSequenceExample", inputs, lists, **FEATURES, **COUNTS, **KEYS, Ncontext_dense=1)


@pytest.mark.tensorflow
@pytest.mark.parametrize("serialized", [STRING, STRINGS], ids=["scalar", "vector"])
def test_ragged_features(serialized):
    inputs = [serialized, *[tensor(0, dtype="string")] * 7, tensor(1, dtype="bool"), tensor(2)]
    ragged = {
        f"{kind}_ragged_{what}_types": [dtype]
        for kind in ("context", "feature_list")
        for what, dtype in (("value", tf.float32), ("split", tf.int64))
    }
    lists = {"context_dense_defaults": 1}
    prove_shapes(RULES, "ParseSequenceExampleV2", inputs, lists, **FEATURES, **COUNTS, **ragged)


@pytest.mark.tensorflow
def test_a_single_sequence():
    lists = {
        "context_sparse_keys": 2,
        "context_dense_keys": 1,
        "feature_list_sparse_keys": 1,
        "feature_list_dense_keys": 1,
        "context_dense_defaults": 1,
    }
    inputs = [STRING, tensor(0, dtype="string"), *[STRING] * 5, tensor(2), STRING]
    prove_shapes(RULES, "ParseSingleSequenceExample", inputs, lists, **FEATURES)


@pytest.mark.parametrize(
    ("kind", "attrs"),
    [
        ("ParseSingleSequenceExample", {"Ncontext_sparse": -1}),
        ("ParseSingleSequenceExample", {"Ncontext_sparse": 10**12}),
        ("ParseSingleSequenceExample", {"context_dense_shapes": [PartialShape(None)]}),
        ("ParseSingleSequenceExample", {"context_dense_shapes": [3]}),
        ("ParseSingleSequenceExample", {}),
    ],
)
def test_hostile_nodes_are_refused(kind, attrs):
    with pytest.raises(RuleError):
        apply(RULES, kind, Shape(), **attrs)
