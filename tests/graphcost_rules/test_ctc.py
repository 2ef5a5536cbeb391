"""Decoding of sequences against TensorFlow's kernel and a loop that counts itself."""

from __future__ import annotations

import numpy as np
import pytest
from counting import Tally
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.ctc import RULES

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.tensorflow

from counted import floats  # noqa: E402
from partial_shapes import assert_knows_as_much  # noqa: E402

STEPS, BATCH, CLASSES = 7, 3, 4


@pytest.mark.parametrize("merges", [False, True])
def test_greedy_decoding_costs_what_the_loop_counts(merges: bool) -> None:
    scores, tally = floats(1, STEPS, BATCH, CLASSES), Tally()
    decoded, totals = [], []
    for b in range(BATCH):
        total, before = 0.0, -1
        for t in range(STEPS):
            best = 0
            for c in range(1, CLASSES):
                if tally.less(float(scores[t, b, best]), float(scores[t, b, c])):
                    best = c
            total = tally.sub(total, float(scores[t, b, best]))
            is_blank = not tally.less(best, CLASSES - 1)
            is_repeated = merges and not tally.less(0, abs(best - before))
            if not (is_blank or is_repeated):
                decoded.append(best)
            before = best
        totals.append([total])
    lengths = np.full(BATCH, STEPS, np.int32)
    kernel = tf.raw_ops.CTCGreedyDecoder(inputs=scores, sequence_length=lengths, merge_repeated=merges)
    assert decoded == kernel.decoded_values.numpy().tolist()
    assert np.asarray(totals) == pytest.approx(kernel.log_probability.numpy(), abs=1e-5)
    outcome = apply(RULES, "CTCGreedyDecoder", Shape(*scores.shape), Shape(BATCH), merge_repeated=merges)
    assert outcome.cost == tally.cost
    assert [shape and shape.rank for shape in outcome.shapes] == [len(part.shape) for part in kernel]


@pytest.mark.parametrize("scores", [(7, None, 4), (None, 3, None), None])
@pytest.mark.parametrize("lengths", [(3,), (None,), None])
def test_shapes_agree_with_tensorflow(
    scores: tuple[int | None, ...] | None, lengths: tuple[int | None, ...] | None
) -> None:
    operands = {"inputs": (tf.float32, scores), "sequence_length": (tf.int32, lengths)}
    assert_knows_as_much(RULES, "CTCGreedyDecoder", operands)


def test_open_sizes_are_a_formula() -> None:
    sizes = {"T": STEPS, "B": BATCH, "C": CLASSES}
    opened = apply(RULES, "CTCGreedyDecoder", Shape(*map(symbol, sizes)), Shape(symbol("B"))).cost
    assert isinstance(opened, Cost)
    assert opened.bind(sizes) == apply(RULES, "CTCGreedyDecoder", Shape(STEPS, BATCH, CLASSES), Shape(BATCH)).cost


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "CTCGreedyDecoder", Shape(7, 3, 4), Shape(2))
    with pytest.raises(RuleError):
        apply(RULES, "CTCGreedyDecoder", Shape(7, 3, 4), Shape(3), merge_repeated=7)
