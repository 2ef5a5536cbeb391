from __future__ import annotations

import math

import numpy as np
import pytest
from counted import floats, prove_count
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_oracle import call, prove
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.softmax import RULES

SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=3)
few = settings(max_examples=15, derandomize=True, deadline=None, database=None)


def greatest(t, row):
    best = row[0]
    for item in row[1:]:
        best = t.max(best, item)
    return best


def shifted(t, row):
    top = greatest(t, row)
    return [t.sub(item, top) for item in row]


def softmax(t, row):
    powers = [t.call(math.exp, item) for item in shifted(t, row)]
    total = t.sum(powers)
    return [t.div(power, total) for power in powers]


def log_softmax(t, row):
    z = shifted(t, row)
    log = t.call(math.log, t.sum([t.call(math.exp, item) for item in z]))
    return [t.sub(item, log) for item in z]


def by_row(function):
    def naive(t, x):
        rows = x.reshape(-1, x.shape[-1]).tolist()
        return [np.reshape([function(t, row) for row in rows], x.shape)]

    return naive


@few
@given(SIZES)
def test_a_softmax_of_n_is_5n_less_2(sizes):
    prove_count(RULES, "Softmax", {"logits": floats(1, *sizes)}, by_row(softmax))
    rows, n = math.prod(sizes[:-1]), sizes[-1]
    assert apply(RULES, "Softmax", Shape(*sizes)).cost.flops == rows * (5 * n - 2)


@few
@given(SIZES)
def test_a_logarithmic_softmax(sizes):
    prove_count(RULES, "LogSoftmax", {"logits": floats(1, *sizes)}, by_row(log_softmax))


def cross_entropy(t, logits, labels):
    z = shifted(t, logits)
    powers = [t.call(math.exp, item) for item in z]
    total = t.sum(powers)
    log = t.call(math.log, total)
    loss = t.sum([t.mul(label, t.sub(log, item)) for label, item in zip(labels, z, strict=True)])
    return loss, [t.sub(t.div(power, total), label) for power, label in zip(powers, labels, strict=True)]


def sparse_cross_entropy(t, logits, label):
    z = shifted(t, logits)
    powers = [t.call(math.exp, item) for item in z]
    total = t.sum(powers)
    loss = t.sub(t.call(math.log, total), z[label])
    gradient = [t.div(power, total) for power in powers]
    gradient[label] = t.sub(gradient[label], 1)
    return loss, gradient


def outputs_of(rows):
    losses, gradients = zip(*rows, strict=True)
    return [list(losses), list(gradients)]


@few
@given(st.integers(1, 3), st.integers(1, 5), st.sampled_from([None, 0, 1]))
def test_a_cross_entropy_gives_loss_and_gradient(batch, classes, broadcast):
    def naive(t, x, y):
        x, y = np.broadcast_arrays(x, y)
        return outputs_of([cross_entropy(t, p, q) for p, q in zip(x.tolist(), y.tolist(), strict=True)])

    x, y = floats(1, batch, classes), floats(2, 1 if broadcast == 0 else batch, classes, least=0)
    prove_count(RULES, "SoftmaxCrossEntropyWithLogits", {"features": x, "labels": y}, naive)


@few
@given(st.integers(1, 4), st.integers(1, 5))
def test_a_sparse_cross_entropy_subtracts_at_the_label_alone(batch, classes):
    def naive(t, x, y):
        return outputs_of([sparse_cross_entropy(t, p, q) for p, q in zip(x.tolist(), y.tolist(), strict=True)])

    labels = (np.arange(batch) % classes).astype(np.int64)
    tensors = {"features": floats(1, batch, classes), "labels": labels}
    prove_count(RULES, "SparseSoftmaxCrossEntropyWithLogits", tensors, naive)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "made",
    [
        call("Softmax", floats(1, 2, 3)),
        call("LogSoftmax", floats(1, 2, 3)),
        call("SoftmaxCrossEntropyWithLogits", floats(1, 2, 3), floats(2, 2, 3)),
        call("SparseSoftmaxCrossEntropyWithLogits", floats(1, 2, 3), np.array([0, 2])),
    ],
    ids=lambda made: made.kind,
)
def test_partly_known_shapes_know_what_tensorflow_knows(made):
    prove(RULES, st.just(made), has_value=False)


def test_empty_rows_cost_nothing_negative():
    assert apply(RULES, "Softmax", Shape(3, 0)).cost == Cost()
    assert apply(RULES, "LogSoftmax", Shape(0, 3)).cost == Cost()
    n = symbol("N")
    assert apply(RULES, "Softmax", Shape(n, 10)).cost.flops == 48 * n


def test_what_is_no_matrix_is_refused():
    with pytest.raises(RuleError):
        apply(RULES, "Softmax", Shape())
    with pytest.raises(RuleError):
        apply(RULES, "SoftmaxCrossEntropyWithLogits", Shape(2, 3, 4), Shape(2, 3, 4))
    with pytest.raises(RuleError):
        apply(RULES, "SparseSoftmaxCrossEntropyWithLogits", Shape(2, 3), Shape(4))
