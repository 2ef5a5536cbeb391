"""Connectionist temporal classification: loss and decoding of sequences of class scores [steps, batch, classes]."""

from __future__ import annotations

from graphcost import Cost, Op, Role, Rule, RuleSet, Shape, dim_max


def greedy_shape(op: Op) -> list[Shape]:
    """Indices, values and dense shape of what was decoded, as long as the data makes it, and scores [batch, 1]."""
    _, batch, _ = op.input(0, rank=3)
    batch = op.same(batch, op.input(1, rank=1)[0])
    decoded = op.unknown_size(0)
    return [Shape(decoded, 2), Shape(decoded), Shape(2), Shape(batch, 1)]


def greedy_cost(op: Op) -> Cost:
    """For each step of each sequence the best of the classes, its score added up, and a comparison with the blank;
    another with the class before, where repeated ones are merged. All steps of all sequences."""
    steps, batch, classes = op.input(0, rank=3)
    checks = 2 if op.bool_attr("merge_repeated", False) else 1
    return Cost(compare=dim_max(classes - 1, 0) + checks, add=1) * (steps * batch)


LOG_ADD = Cost(compare=1, add=2, transcendental=2)
"""log(exp(a) + exp(b)) as max + log1p(exp(-|a - b|))."""


def loss_shape(op: Op) -> list[Shape]:
    """The loss of each sequence, and the gradient to the scores."""
    scores = op.input(0, rank=3)
    batch = op.same(scores[1], op.input(3, rank=1)[0])
    return [Shape(batch), Shape(scores[0], batch, scores[2])]


def loss_cost(op: Op) -> Cost:
    """Forward-backward over the labels with blanks between them (Graves et al., 2006), in logarithms, for all steps.

    Log-softmax of each step. Of the 2L+1 states of a sequence of L labels, a blank is entered from two states and a
    label from three, forward and backward, and takes its score; both directions are added, and logarithmically by
    class; for each class the gradient is its probability less the exponential of that.
    """
    steps, batch, classes = op.input(0, rank=3)
    labels = op.input(2, rank=1)[0]
    states = 2 * labels + batch
    rows = Cost(compare=dim_max(classes - 1, 0), add=5 * classes - 1, transcendental=3 * classes + 1) * (steps * batch)
    entered = 2 * (3 * labels + batch) + states
    return rows + LOG_ADD * (steps * entered + batch) + Cost(add=3 * steps * states + batch)


def beam_shape(op: Op) -> list[Shape]:
    """For each of the best paths indices, then values, then dense shapes, as long as the data makes them."""
    _, batch, _ = op.input(0, rank=3)
    batch = op.same(batch, op.input(1, rank=1)[0])
    paths = op.int_attr("top_paths")
    if not 1 <= paths <= MOST_PATHS:
        raise op.error(f"{paths} best paths")
    lengths = [op.unknown_size(0, port) for port in range(paths)]
    indices = [Shape(length, 2) for length in lengths]
    return [*indices, *(Shape(length) for length in lengths), *[Shape(2)] * paths, Shape(batch, paths)]


def beam_cost(op: Op) -> Cost:
    """Prefix beam search in logarithms, for all steps: the sum of each step's exponentials; then what the scores tell.

    Each of `beams` beams that are held at a step is a blank longer, two additions, and ends in its label from itself or
    from its prefix, a logarithmic sum and two additions; both are added logarithmically, and it is compared with the
    worst. Each of `extensions` by a class takes two additions. Beams and extensions find their places among the best by
    binary search. The scores of the best are negated.
    """
    steps, batch, classes = op.input(0, rank=3)
    width, paths = op.int_attr("beam_width"), op.int_attr("top_paths")
    if width < 1:
        raise op.error(f"a beam of width {width}")
    place = Cost(compare=width.bit_length())
    rows = Cost(compare=dim_max(classes - 1, 0), add=2 * classes, transcendental=classes + 1) * (steps * batch)
    held = (2 * LOG_ADD + Cost(add=4, compare=1) + place) * op.unknown_count("beams")
    return rows + held + (Cost(add=2) + place) * op.unknown_count("extensions") + Cost(add=batch * paths)


MOST_PATHS = 10_000
DATA = "which beams are extended depends on the scores"

RULES = RuleSet(
    Rule("CTCLoss", shape=loss_shape, cost=loss_cost, role=Role.LOSS),
    Rule("CTCLossV2", shape=loss_shape, cost=loss_cost, role=Role.LOSS),
    Rule("CTCGreedyDecoder", shape=greedy_shape, cost=greedy_cost),
    Rule("CTCBeamSearchDecoder", shape=beam_shape, cost=beam_cost, opaque=DATA),
)
