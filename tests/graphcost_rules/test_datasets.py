"""Datasets and iterators: handles, and what they yield."""

from __future__ import annotations

import pytest
from shape_function import Tensor, prove_shapes, tensor
from single_op import apply

from graphcost import Fact, Free, FreeKind, PartialShape, Role, Shape
from graphcost_rules.datasets import RULES

HANDLE, DATASET = tensor(dtype="resource"), tensor(dtype="variant")
NEXT = ("IteratorGetNext", "IteratorGetNextSync", "OptionalGetValue", "DatasetToSingleElement")


@pytest.mark.parametrize("kind", NEXT)
def test_what_is_yielded_has_the_declared_shapes(kind: str) -> None:
    declared = [PartialShape((2, 3)), PartialShape(None)]
    outcome = apply(RULES, kind, Fact("resource"), output_shapes=declared)
    assert outcome.shapes == (Shape(2, 3), None)
    assert outcome.cost == Free("input pipeline", FreeKind.VIEW)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", NEXT)
def test_it_is_what_tensorflow_knows(kind: str) -> None:
    tf = pytest.importorskip("tensorflow")
    given = {"output_types": [tf.float32, tf.int32], "output_shapes": [tf.TensorShape([2, None]), tf.TensorShape(None)]}
    source = HANDLE if kind.startswith("Iterator") else DATASET
    prove_shapes(RULES, kind, [source], **given)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("MakeIterator", [DATASET, HANDLE]),
        ("OptionalNone", []),
        ("OptionalHasValue", [DATASET]),
        ("DatasetCardinality", [DATASET]),
        ("IteratorToStringHandle", [HANDLE]),
        ("AnonymousSeedGenerator", [tensor(dtype="int64"), tensor(dtype="int64"), tensor(dtype="bool")]),
        ("StatsAggregatorSummary", [HANDLE]),
        ("StatsAggregatorSetSummaryWriter", [HANDLE, HANDLE]),
        ("SerializeIterator", [HANDLE]),
        ("DatasetToTFRecord", [DATASET, tensor(dtype="string"), tensor(dtype="string")]),
    ],
)
def test_handles_and_effects_are_as_tensorflow_says(kind: str, inputs: list[Tensor]) -> None:
    prove_shapes(RULES, kind, inputs)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("MapDataset", FreeKind.COMPUTES_NOTHING),
        ("OneShotIterator", FreeKind.COMPUTES_NOTHING),
        ("IteratorGetNext", FreeKind.VIEW),
        ("DatasetToTFRecord", FreeKind.COPIES),
        ("SaveDataset", FreeKind.COPIES),
        ("SerializeIterator", FreeKind.COMPUTES_NOTHING),
        ("MakeIterator", FreeKind.COMPUTES_NOTHING),
    ],
)
def test_the_input_pipeline_is_free(kind: str, what: FreeKind) -> None:
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.cost == Free("input pipeline", what)


def test_each_is_known_for_what_it_is_there_for() -> None:
    assert {"OneShotIterator", "IteratorGetNext", "IteratorGetNextSync"} <= set(RULES.ops_in(Role.DATA_SOURCE))
    assert {"StatsAggregatorSummary", "StatsAggregatorSetSummaryWriter"} <= set(RULES.ops_in(Role.SUMMARY))
    assert set(RULES.ops_in(Role.EFFECT)) == {"SaveDataset"}
    every = {"MapDataset", "IteratorGetNext", "SaveDataset", "MakeIterator", "OptionalGetValue", "SerializeIterator"}
    assert every <= set(RULES.ops_in(Role.PIPELINE))
