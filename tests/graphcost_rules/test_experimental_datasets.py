from __future__ import annotations

import pytest
from optional_tensorflow import tf
from shape_function import prove_shapes, tensor

from graphcost import Free
from graphcost_rules.experimental_datasets import RULES

VARIANT, STRING, RESOURCE = (tensor(dtype=dtype) for dtype in ("variant", "string", "resource"))
SHAPES = {"output_types": [tf.float32, tf.int64], "output_shapes": [tf.TensorShape([2, None]), tf.TensorShape(None)]}


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs", "lists", "attrs"),
    [
        ("ExperimentalUniqueDataset", [VARIANT], {}, SHAPES),
        ("ExperimentalDatasetCardinality", [VARIANT], {}, {}),
        ("ExperimentalIteratorGetDevice", [RESOURCE], {}, {}),
        ("ExperimentalStatsAggregatorSummary", [RESOURCE], {}, {}),
        ("ExperimentalDatasetToTFRecord", [VARIANT, STRING, STRING], {}, {}),
        ("CompressElement", [tensor(3, 4)], {"components": 1}, {}),
        ("UncompressElement", [VARIANT], {}, SHAPES),
        ("ComputeBatchSize", [VARIANT], {}, {}),
        ("WindowOp", [tensor(3, 4)], {"inputs": 1}, SHAPES),
    ],
)
def test_shapes_are_tensorflow_s(kind, inputs, lists, attrs):
    prove_shapes(RULES, kind, inputs, lists, **attrs)


def test_all_of_it_is_the_input_pipeline():
    assert {rule.cost.reason for rule in RULES if isinstance(rule.cost, Free)} == {"input pipeline"}
    assert all(isinstance(rule.cost, Free) for rule in RULES)
