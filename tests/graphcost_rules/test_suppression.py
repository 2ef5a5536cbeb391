"""Non-maximum suppression against TensorFlow's kernel; its pairs and comparisons are counted by a naive algorithm."""

from __future__ import annotations

import numpy as np
import pytest
from counting import Tally
from single_op import apply

from graphcost import Cost, RuleError, Shape, Value
from graphcost.dims import symbols
from graphcost_rules.suppression import OVERLAP, RULES

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.tensorflow

BOXES = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.1], [0.0, 2.0, 1.0, 3.0], [0.1, 2.0, 1.1, 3.0], [5.0, 5.0, 6.0, 6.5]]
SCORES = [0.9, 0.75, 0.6, 0.95, 0.3]


def area(tally: Tally, box: list[float]) -> float:
    return tally.mul(tally.sub(box[2], box[0]), tally.sub(box[3], box[1]))


def overlaps(tally: Tally, a: list[float], b: list[float], threshold: float) -> bool:
    height = tally.max(tally.sub(tally.min(a[2], b[2]), tally.max(a[0], b[0])), 0)
    width = tally.max(tally.sub(tally.min(a[3], b[3]), tally.max(a[1], b[1])), 0)
    shared = tally.mul(height, width)
    union = tally.sub(tally.add(area(tally, a), area(tally, b)), shared)
    return tally.less(threshold, tally.div(shared, union))


def test_suppression_costs_its_pairs_and_comparisons() -> None:
    tally, kept, pairs = Tally(), list[int](), 0
    order = sorted(range(len(SCORES)), key=SCORES.__getitem__, reverse=True)
    for candidate in order:
        pairs += len(kept)
        found = [overlaps(tally, BOXES[candidate], BOXES[other], 0.5) for other in kept]
        if not any(found):
            kept.append(candidate)
    assert kept == tf.image.non_max_suppression(BOXES, SCORES, 10, iou_threshold=0.5).numpy().tolist()
    assert tally.cost == pairs * OVERLAP
    outcome = apply(RULES, "NonMaxSuppressionV3", Shape(5, 4), Shape(5), 10, Value.scalar(0.5), Value.scalar(0.0))
    assert isinstance(outcome.cost, Cost)
    assert outcome.cost.bind({"pairs(node)": pairs, "comparisons(node)": 0}) == tally.cost
    assert symbols(outcome.cost.flops) == {"pairs(node)", "comparisons(node)"}


def test_padding_fixes_the_number_of_boxes() -> None:
    facts = Shape(5, 4), Shape(5), 3, Value.scalar(0.5), Value.scalar(0.0)
    padded = apply(RULES, "NonMaxSuppressionV4", *facts, pad_to_max_output_size=True).shapes
    assert padded == (Shape(3), Shape())
    kernel = tf.raw_ops.NonMaxSuppressionV4(
        boxes=BOXES,
        scores=SCORES,
        max_output_size=3,
        iou_threshold=0.5,
        score_threshold=0.0,
        pad_to_max_output_size=True,
    )
    assert kernel.selected_indices.shape == padded[0]
    (selected, _) = apply(RULES, "NonMaxSuppressionV4", *facts).shapes
    assert selected is not None
    assert not selected.is_static


def test_scores_decay_unless_sigma_is_zero() -> None:
    facts = Shape(5, 4), Shape(5), 3, Value.scalar(0.5), Value.scalar(0.0)
    hard = apply(RULES, "NonMaxSuppressionV5", *facts, Value.scalar(0.0))
    soft = apply(RULES, "NonMaxSuppressionV5", *facts, Value.scalar(0.5))
    assert isinstance(hard.cost, Cost)
    assert isinstance(soft.cost, Cost)
    assert hard.cost.transcendental == 0
    assert soft.cost.bind({"pairs(node)": 4}).transcendental == 4


@pytest.mark.parametrize("pads", [True, False])
def test_classes_are_combined(pads: bool) -> None:
    boxes, scores = np.zeros([2, 6, 1, 4], dtype=np.float32), np.zeros([2, 6, 3], dtype=np.float32)
    kernel = tf.raw_ops.CombinedNonMaxSuppression(
        boxes=boxes,
        scores=scores,
        max_output_size_per_class=2,
        max_total_size=20,
        iou_threshold=0.5,
        score_threshold=0.1,
        pad_per_class=pads,
    )
    facts = Shape(2, 6, 1, 4), Shape(2, 6, 3), 2, 20, Value.scalar(0.5), Value.scalar(0.1)
    shapes = apply(RULES, "CombinedNonMaxSuppression", *facts, pad_per_class=pads).shapes
    assert shapes == tuple(Shape(*output.shape) for output in kernel)


def test_boxes_and_scores_must_be_as_many() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "NonMaxSuppressionV2", Shape(5, 4), Shape(6), 3, Value.scalar(0.5))
