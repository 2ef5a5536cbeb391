"""Connectionist temporal classification: decoding a sequence of class scores [steps, batch, classes]."""

from __future__ import annotations

from graphcost import Cost, Op, Rule, RuleSet, Shape, dim_max


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


RULES = RuleSet(Rule("CTCGreedyDecoder", shape=greedy_shape, cost=greedy_cost))
