"""Non-maximum suppression against TensorFlow's kernel; its pairs and comparisons are counted by a naive algorithm."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from counted import floats
from counting import Tally
from data_dependent import merge_sorted
from optional_tensorflow import tf
from single_op import apply

from graphcost import Cost, Free, RuleError, Shape, Value
from graphcost.dims import symbols
from graphcost_rules.suppression import RULES

BOXES = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.1], [0.0, 2.0, 1.0, 3.0], [0.1, 2.0, 1.1, 3.0], [5.0, 5.0, 6.0, 6.5]]
SCORES = [0.9, 0.75, 0.6, 0.95, 0.3]


def area(tally: Tally, box: list[float]) -> float:
    return tally.mul(tally.sub(box[2], box[0]), tally.sub(box[3], box[1]))


def by_score(tally: Tally, scores: list[float], threshold: float) -> list[int]:
    """The boxes whose score is above the threshold, the best first."""
    chosen = [i for i, score in enumerate(scores) if tally.less(threshold, score)]
    return [i for _, i in merge_sorted(tally, [(-scores[i], i) for i in chosen])]


def suppressed(order: list[int], is_over: Callable[[int, int], bool]) -> tuple[list[int], int]:
    """Which boxes are kept, none of which overlaps one with a better score, and how many pairs were looked at."""
    kept, pairs = list[int](), 0
    for candidate in order:
        pairs += len(kept)
        found = [is_over(candidate, other) for other in kept]
        if not any(found):
            kept.append(candidate)
    return kept, pairs


def bound(cost: Cost | Free | None, pairs: int, comparisons: int, **others: int) -> Cost:
    assert isinstance(cost, Cost)
    counts = {"pairs": pairs, "comparisons": comparisons, **others}
    return cost.bind({f"{name}(node)": count for name, count in counts.items()})


HARD: dict[str, dict[str, Any]] = {
    "NonMaxSuppression": {"iou_threshold": 0.5},
    "NonMaxSuppressionV2": {"iou_threshold": 0.5},
    "NonMaxSuppressionV3": {"iou_threshold": 0.5, "score_threshold": 0.1},
    "NonMaxSuppressionV4": {"iou_threshold": 0.5, "score_threshold": 0.1},
}


@pytest.mark.parametrize("kind", HARD)
def test_suppression_costs_its_pairs_and_comparisons(kind: str) -> None:
    tally = Tally()
    order = by_score(tally, SCORES, 0.1)
    comparisons = tally.counts["compare"]
    kept, pairs = suppressed(order, lambda a, b: overlaps(tally, BOXES[a], BOXES[b], 0.5))
    kernel = getattr(tf.raw_ops, kind)(boxes=BOXES, scores=SCORES, max_output_size=10, **HARD[kind])
    tally.gives(kept, kernel[0] if kind == "NonMaxSuppressionV4" else kernel)
    outcome = apply(RULES, kind, Shape(5, 4), Shape(5), 10, Value.scalar(0.5), Value.scalar(0.1))
    assert isinstance(outcome.cost, Cost)
    tally.proves(kind, bound(outcome.cost, pairs, comparisons))
    assert symbols(outcome.cost.flops) == {"pairs(node)", "comparisons(node)"}


def test_overlaps_that_are_given_are_only_compared() -> None:
    tally = Tally()
    given = np.abs(floats(1, 5, 5))
    order = by_score(tally, SCORES, 0.1)
    comparisons = tally.counts["compare"]
    kept, pairs = suppressed(order, lambda a, b: tally.less(0.4, float(given[a, b])))
    kernel = tf.raw_ops.NonMaxSuppressionWithOverlaps(
        overlaps=given, scores=SCORES, max_output_size=10, overlap_threshold=0.4, score_threshold=0.1
    )
    assert 1 < len(kept) < 5
    tally.gives(kept, kernel)
    operands = Shape(5, 5), Shape(5), 10, Value.scalar(0.4), Value.scalar(0.1)
    cost = apply(RULES, "NonMaxSuppressionWithOverlaps", *operands).cost
    tally.proves("NonMaxSuppressionWithOverlaps", bound(cost, pairs, comparisons))


def test_each_class_is_suppressed_before_all_are_sorted() -> None:
    scores = np.stack([SCORES, SCORES[::-1]], axis=-1)
    tally, comparisons, pairs, found = Tally(), 0, 0, []
    for column in range(2):
        before = tally.counts["compare"]
        order = by_score(tally, scores[:, column].tolist(), 0.1)
        comparisons += tally.counts["compare"] - before
        kept, looked_at = suppressed(order, lambda a, b: overlaps(tally, BOXES[a], BOXES[b], 0.5))
        pairs += looked_at
        found += [(-float(scores[i, column]), column, i) for i in kept]
    before = tally.counts["compare"]
    best = merge_sorted(tally, found)
    comparisons += tally.counts["compare"] - before
    kernel = tf.raw_ops.CombinedNonMaxSuppression(
        boxes=np.float32(BOXES)[None, :, None, :],
        scores=scores[None].astype(np.float32),
        max_output_size_per_class=5,
        max_total_size=len(best),
        iou_threshold=0.5,
        score_threshold=0.1,
        clip_boxes=False,
    )
    tally.gives([-score for score, _, _ in best], kernel.nmsed_scores[0])
    tally.gives([BOXES[i] for _, _, i in best], kernel.nmsed_boxes[0])
    operands = Shape(1, 5, 1, 4), Shape(1, 5, 2), 5, len(best), Value.scalar(0.5), Value.scalar(0.1)
    cost = apply(RULES, "CombinedNonMaxSuppression", *operands).cost
    tally.proves("CombinedNonMaxSuppression", bound(cost, pairs, comparisons))


def overlap(tally: Tally, a: list[float], b: list[float]) -> float:
    height = tally.max(tally.sub(tally.min(a[2], b[2]), tally.max(a[0], b[0])), 0)
    width = tally.max(tally.sub(tally.min(a[3], b[3]), tally.max(a[1], b[1])), 0)
    shared = tally.mul(height, width)
    return tally.div(shared, tally.sub(tally.add(area(tally, a), area(tally, b)), shared))


def overlaps(tally: Tally, a: list[float], b: list[float], threshold: float) -> bool:
    return tally.less(threshold, overlap(tally, a, b))


def test_scores_of_boxes_that_overlap_decay() -> None:
    """The best of those left is kept if no box that was kept since it was last looked at lowers its score."""
    tally, pairs, kept, scores = Tally(), 0, [], []
    waiting, seen, within = dict(enumerate(SCORES)), dict.fromkeys(range(5), 0), 0
    while waiting:
        candidate = max(waiting, key=waiting.__getitem__)
        tally.counts["compare"] += len(waiting) - 1
        score = original = waiting.pop(candidate)
        if not tally.less(0.2, score):
            break
        before = tally.counts["compare"]
        for other in kept[seen[candidate] :]:
            shared = overlap(tally, BOXES[candidate], BOXES[other])
            weight = tally.call(math.exp, tally.mul(-0.5 / 0.5, tally.mul(shared, shared)))
            score = tally.mul(score, 0.0 if tally.less(0.85, shared) else weight)
            pairs += 1
        within += tally.counts["compare"] - before
        seen[candidate] = len(kept)
        tally.counts["compare"] += 1
        if score == original:
            kept.append(candidate)
            scores.append(score)
        else:
            waiting[candidate] = score
    kernel = tf.raw_ops.NonMaxSuppressionV5(
        boxes=BOXES,
        scores=SCORES,
        max_output_size=10,
        iou_threshold=0.85,
        score_threshold=0.2,
        soft_nms_sigma=0.5,
    )
    tally.gives(kept, kernel.selected_indices)
    tally.gives(scores, kernel.selected_scores)
    thresholds = map(Value.scalar, (0.85, 0.2, 0.5))
    cost = apply(RULES, "NonMaxSuppressionV5", Shape(5, 4), Shape(5), 10, *thresholds).cost
    tally.proves("NonMaxSuppressionV5", bound(cost, pairs, tally.counts["compare"] - within))


def decoded(tally: Tally, anchor: list[float], deltas: list[float], image: list[float]) -> tuple[list[float], bool]:
    """The box that the deltas make of an anchor, inside of the image, and whether it is large enough."""
    corners: list[list[float]] = []
    for low, high, move, stretch, end in zip(anchor[:2], anchor[2:], deltas[:2], deltas[2:], image, strict=True):
        size = tally.sub(high, low)
        center = tally.add(tally.add(low, tally.mul(0.5, size)), tally.mul(move, size))
        half = tally.mul(tally.mul(0.5, size), tally.call(math.exp, stretch))
        corners.append([tally.min(tally.max(x, 0), end) for x in (tally.sub(center, half), tally.add(center, half))])
    is_large = [tally.less(0.05, tally.sub(high, low)) for low, high in corners]
    return [corners[axis][end] for end in (0, 1) for axis in (0, 1)], all(is_large)


def test_proposals_are_decoded_then_suppressed() -> None:
    """Its kernel is for graphics processors: what decodes is compared with numpy, what suppresses with a kernel."""
    tally, image = Tally(), [1.4, 2.9]
    anchors, deltas = np.float32(BOXES), floats(3, 5, 4, least=-0.4, most=0.4)
    order = [i for _, i in merge_sorted(tally, [(-score, i) for i, score in enumerate(SCORES)])]
    sizes, centers = anchors[:, 2:] - anchors[:, :2], (anchors[:, 2:] + anchors[:, :2]) / 2
    middles, halves = centers + deltas[:, :2] * sizes, sizes * np.exp(deltas[:, 2:]) / 2
    expected = np.clip(np.concatenate([middles - halves, middles + halves], axis=1), 0, image * 2)
    found = [decoded(tally, anchors[i].tolist(), deltas[i].tolist(), image) for i in order]
    boxes = [box for box, _ in found]
    tally.agrees(boxes, expected[order])
    large = [i for i, (_, is_large) in enumerate(found) if is_large]
    kept, pairs = suppressed(large, lambda a, b: overlaps(tally, boxes[a], boxes[b], 0.3))
    scores = [SCORES[order[i]] for i in large]
    theirs = tf.image.non_max_suppression([boxes[i] for i in large], scores, 10, iou_threshold=0.3)
    tally.agrees(kept, tf.gather(large, theirs))
    operands = Shape(1, 5, 1, 1), Shape(1, 5, 1, 4), Shape(1, 5), Shape(1, 4)
    cost = apply(RULES, "GenerateBoundingBoxProposals", *operands).cost
    tally.proves("GenerateBoundingBoxProposals", bound(cost, pairs, 0, boxes=5))


@pytest.mark.tensorflow
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


@pytest.mark.tensorflow
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
