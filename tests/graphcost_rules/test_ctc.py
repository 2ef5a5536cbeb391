"""Decoding of sequences against TensorFlow's kernel and a loop that counts itself."""

from __future__ import annotations

import numpy as np
import pytest
from counted import floats
from counting import Tally
from optional_tensorflow import tf
from partial_shapes import assert_knows_as_much
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.ctc import RULES

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
    tally.gives(decoded, kernel.decoded_values)
    tally.gives(totals, kernel.log_probability)
    outcome = apply(RULES, "CTCGreedyDecoder", Shape(*scores.shape), Shape(BATCH), merge_repeated=merges)
    tally.proves("CTCGreedyDecoder", outcome.cost)
    assert [shape and shape.rank for shape in outcome.shapes] == [2, 1, 1, 2]


@pytest.mark.tensorflow
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


IMPOSSIBLE = -1e30


def log_add(t: Tally, a: float, b: float) -> float:
    low, high = (a, b) if t.less(a, b) else (b, a)
    return t.add(high, t.call(lambda x: float(np.log1p(t.call(np.exp, x))), t.sub(low, high)))


def moved(t: Tally, row: list[float], states: list[int], blank: int, direction: int) -> list[float]:
    """Each state's logarithmic sum over the states that it is entered from; for a label one of them may not count."""
    entered = []
    for s, state in enumerate(states):
        near, far = s - direction, s - 2 * direction
        total = log_add(t, row[s], row[near] if 0 <= near < len(states) else IMPOSSIBLE)
        if state != blank:
            may_skip = 0 <= far < len(states) and states[far] != state
            total = log_add(t, total, row[far] if may_skip else IMPOSSIBLE)
        entered.append(total)
    return entered


def log_softmax(t: Tally, row: list[float]) -> list[float]:
    greatest = row[0]
    for item in row[1:]:
        greatest = t.max(greatest, item)
    shifted = [t.sub(item, greatest) for item in row]
    log_total = t.call(np.log, t.sum([t.call(np.exp, item) for item in shifted]))
    return [t.sub(item, log_total) for item in shifted]


def naive_loss(t: Tally, scores: np.ndarray, labels: list[int], blank: int) -> tuple[float, np.ndarray]:
    """The loss of one sequence, and its gradient to the scores."""
    steps, classes = scores.shape
    states = [blank]
    for label in labels:
        states += [label, blank]
    logs = [log_softmax(t, row.tolist()) for row in scores]
    forward = [0.0] + [IMPOSSIBLE] * (len(states) - 1)
    alphas = []
    for row in logs:
        entered = moved(t, forward, states, blank, 1)
        forward = [t.add(value, row[state]) for value, state in zip(entered, states, strict=True)]
        alphas.append(forward)
    log_p = log_add(t, forward[-1], forward[-2] if len(states) > 1 else IMPOSSIBLE)
    gradient = np.zeros(scores.shape)
    scored = [IMPOSSIBLE] * (len(states) - 1) + [0.0]
    for step in reversed(range(steps)):
        beta = moved(t, scored, states, blank, -1)
        classed = [IMPOSSIBLE] * classes
        for state, a, b in zip(states, alphas[step], beta, strict=True):
            classed[state] = log_add(t, classed[state], t.add(a, b))
        for c in range(classes):
            given = t.call(np.exp, max(t.sub(classed[c], log_p), -700.0))
            gradient[step, c] = t.sub(t.call(np.exp, logs[step][c]), given)
        scored = [t.add(value, logs[step][state]) for value, state in zip(beta, states, strict=True)]
    return t.sub(0.0, log_p), gradient


@pytest.mark.parametrize("labels", [[[1, 2], [2], [1, 2, 1]], [[1, 1], [2, 1], [2]]])
def test_the_loss_costs_what_the_lattice_counts(labels: list[list[int]]) -> None:
    scores, tally = floats(2, STEPS, BATCH, CLASSES), Tally()
    results = [naive_loss(tally, scores[:, b], labels[b], CLASSES - 1) for b in range(BATCH)]
    indices = [[b, i] for b, row in enumerate(labels) for i in range(len(row))]
    values = [label for row in labels for label in row]
    kernel = tf.raw_ops.CTCLoss(
        inputs=scores,
        labels_indices=np.asarray(indices, np.int64),
        labels_values=np.asarray(values, np.int32),
        sequence_length=np.full(BATCH, STEPS, np.int32),
    )
    tally.gives([loss for loss, _ in results], kernel.loss)
    tally.gives(np.stack([gradient for _, gradient in results], 1), kernel.gradient)
    operands = [Shape(*scores.shape), Shape(len(values), 2), Shape(len(values)), Shape(BATCH)]
    outcome = apply(RULES, "CTCLoss", *operands)
    assert outcome.shapes == (Shape(BATCH), Shape(*scores.shape))
    tally.proves("CTCLoss", outcome.cost)
    # The second version, whose kernel is for GPUs, only numbers the blank otherwise.
    assert apply(RULES, "CTCLossV2", *operands) == outcome


class Beam:
    """A prefix, and the logarithms of how likely it ends in its label, in a blank, and in either."""

    def __init__(self, labels: tuple[int, ...]) -> None:
        self.labels = labels
        self.drop()

    def drop(self) -> None:
        self.label = self.blank = self.total = IMPOSSIBLE

    def age(self) -> None:
        self.old_blank, self.old_total = self.blank, self.total

    @property
    def is_held(self) -> bool:
        return self.total > IMPOSSIBLE / 2


class Best:
    """The best beams in order, found by binary searches that are all as long."""

    def __init__(self, width: int) -> None:
        self.width, self.totals = width, [IMPOSSIBLE] * (2 ** width.bit_length() - 1)
        self.beams: list[Beam] = []

    def push(self, t: Tally, beam: Beam) -> None:
        low, high = 0, len(self.totals)
        while low < high:
            middle = (low + high) // 2
            if t.less(self.totals[middle], beam.total):
                high = middle
            else:
                low = middle + 1
        self.beams.insert(low, beam)
        for lost in self.beams[self.width :]:
            lost.drop()
            if lost is beam:
                # What isn't taken isn't extended any more either, even where it was held a step before.
                lost.age()
        del self.beams[self.width :]
        totals = [held.total for held in self.beams]
        self.totals = totals + [IMPOSSIBLE] * (len(self.totals) - len(totals))

    def may_take(self, t: Tally, total: float) -> bool:
        worst = self.beams[-1].total if len(self.beams) == self.width else IMPOSSIBLE
        return t.less(worst, total)


def beam_search(t: Tally, scores: np.ndarray, width: int) -> tuple[list[Beam], int, int]:
    """The best beams, how many were held over all steps, and how many extensions were weighed."""
    root = Beam(())
    root.blank = root.total = 0.0
    best, known, held, weighed = Best(width), {(): root}, 0, 0
    best.beams = [root]
    for row in scores.tolist():
        greatest = row[0]
        for item in row[1:]:
            greatest = t.max(greatest, item)
        exponentials = [t.call(np.exp, t.sub(item, greatest)) for item in row]
        norm = t.add(greatest, t.call(np.log, t.sum(exponentials)))
        branches, best = best.beams, Best(width)
        held += len(branches)
        for beam in branches:
            beam.age()
        for beam in branches:
            prefix = known.get(beam.labels[:-1]) if beam.labels else None
            entered = IMPOSSIBLE
            if prefix is not None and prefix.is_held:
                entered = prefix.old_blank if beam.labels[-1:] == prefix.labels[-1:] else prefix.old_total
            item = row[beam.labels[-1]] if beam.labels else IMPOSSIBLE
            beam.label = t.add(log_add(t, beam.label, entered), t.sub(item, norm))
            beam.blank = t.add(beam.old_total, t.sub(row[-1], norm))
            beam.total = log_add(t, beam.blank, beam.label)
            best.push(t, beam)
        for beam in branches:
            if not best.may_take(t, beam.old_total):
                continue
            for c in range(len(row) - 1):
                child = known.setdefault((*beam.labels, c), Beam((*beam.labels, c)))
                if child.is_held:
                    continue
                weighed += 1
                before = beam.old_blank if beam.labels[-1:] == (c,) else beam.old_total
                child.label = child.total = t.add(t.sub(row[c], norm), before)
                child.blank = IMPOSSIBLE
                best.push(t, child)
    return best.beams, held, weighed


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_beam_search_costs_what_the_beams_count(width: int) -> None:
    scores, tally, paths = 3 * floats(3, STEPS, BATCH, CLASSES), Tally(), min(width, 2)
    results = [beam_search(tally, scores[:, b], width) for b in range(BATCH)]
    attrs = {"beam_width": width, "top_paths": paths, "merge_repeated": False}
    kernel = tf.raw_ops.CTCBeamSearchDecoder(inputs=scores, sequence_length=[STEPS] * BATCH, **attrs)
    negated = [[tally.sub(0, beam.total) for beam in beams[:paths]] for beams, _, _ in results]
    tally.gives(negated, -kernel.log_probability)
    for path in range(paths):
        labels = [label for beams, _, _ in results for label in beams[path].labels]
        tally.gives(labels, kernel.decoded_values[path])
    outcome = apply(RULES, "CTCBeamSearchDecoder", Shape(*scores.shape), Shape(BATCH), **attrs)
    assert isinstance(outcome.cost, Cost)
    counts = {"beams(node)": sum(r[1] for r in results), "extensions(node)": sum(r[2] for r in results)}
    tally.proves("CTCBeamSearchDecoder", outcome.cost.bind(counts))


def test_the_best_paths_are_as_long_as_the_data_makes_them() -> None:
    outcome = apply(RULES, "CTCBeamSearchDecoder", Shape(7, 3, 4), Shape(3), top_paths=2, beam_width=5)
    assert [shape and shape.rank for shape in outcome.shapes] == [2, 2, 1, 1, 1, 1, 2]
    assert outcome.shapes[-1] == Shape(3, 2)
    with pytest.raises(RuleError):
        apply(RULES, "CTCBeamSearchDecoder", Shape(7, 3, 4), Shape(3), top_paths=0, beam_width=5)
    with pytest.raises(RuleError):
        apply(RULES, "CTCBeamSearchDecoder", Shape(7, 3, 4), Shape(3), top_paths=2, beam_width=0)
