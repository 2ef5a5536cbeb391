"""Accumulators of gradients against TensorFlow's kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from counting import Tally
from single_op import apply, make_op

from graphcost import Cost, Fact, PartialShape, Shape
from graphcost_rules.accumulators import RULES

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.tensorflow


def handle(kind: str, *dims: int) -> Fact:
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.element is not None
    (held,) = rule.element(make_op(kind, dtype="float32", shape=PartialShape(dims)))
    return Fact("string", Shape(2), element=held)


def run(build: Any) -> list[np.ndarray]:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        return [np.asarray(result) for result in build(session)]


def test_an_average_costs_what_the_naive_sum_counts() -> None:
    gradients, tally = [np.array([[1.0, 2.0], [3.0, 5.0]], np.float32), np.full((2, 2), 0.5, np.float32)], Tally()

    def build(session: Any) -> list[Any]:
        accumulator = tf.compat.v1.ConditionalAccumulator(tf.float32, (2, 2))
        for gradient in gradients:
            session.run(accumulator.apply_grad(gradient))
        return [session.run(accumulator.take_grad(2))]

    (kernel,) = run(build)
    total = np.zeros((2, 2))
    for gradient in gradients:
        for place in np.ndindex(2, 2):
            total[place] = tally.add(total[place], gradient[place])
    averages = [tally.div(value, 2.0) for value in total.ravel()]
    assert averages == pytest.approx(kernel.ravel().tolist())
    held = handle("ConditionalAccumulator", 2, 2)
    summed = apply(RULES, "AccumulatorApplyGradient", held, Shape(), Shape(2, 2)).cost
    taken = apply(RULES, "AccumulatorTakeGradient", held, Shape())
    assert isinstance(summed, Cost)
    assert isinstance(taken.cost, Cost)
    assert taken.shapes == (Shape(2, 2),)
    assert 2 * summed + taken.cost == tally.cost


def test_a_sparse_average_has_a_symbol_for_its_rows() -> None:
    def build(session: Any) -> list[Any]:
        accumulator = tf.compat.v1.SparseConditionalAccumulator(tf.float32, (4, 2))
        session.run(accumulator.apply_grad(np.array([1, 3]), np.ones((2, 2), np.float32), np.array([4, 2])))
        return list(session.run(accumulator.take_grad(1)))

    kernels = run(build)
    held = handle("SparseConditionalAccumulator", 4, 2)
    taken = apply(RULES, "SparseAccumulatorTakeGradient", held, Shape())
    assert [shape and shape.rank for shape in taken.shapes] == [kernel.ndim for kernel in kernels]
    assert isinstance(taken.cost, Cost)
    assert taken.cost.bind({"size(node:0,0)": 2}) == Cost(div=4)
    applied = apply(RULES, "SparseAccumulatorApplyGradient", held, Shape(), Shape(2), Shape(2, 2), Shape(2))
    assert applied.cost == Cost(add=4)


def test_an_accumulator_of_unknown_shape_has_an_unknown_average() -> None:
    assert apply(RULES, "ResourceAccumulatorNumAccumulated", Fact("resource", Shape(2))).shapes == (Shape(),)
    rule = RULES.get("AccumulatorTakeGradient")
    assert rule is not None
    assert rule.shape is not None
    assert rule.shape(make_op("AccumulatorTakeGradient", Fact("string", Shape(2)), Shape())) == [None]


def test_handles_have_the_shape_that_tensorflow_gives_them() -> None:
    with tf.Graph().as_default():
        common: Any = {"dtype": tf.float32, "shape": [2, 2]}
        handles = {
            kind: getattr(tf.raw_ops, kind)(**common)
            for kind in ("ConditionalAccumulator", "ResourceConditionalAccumulator", "SparseConditionalAccumulator")
        }
    for kind, tensor in handles.items():
        rule = RULES.get(kind)
        assert rule is not None
        assert rule.shape is not None
        (shape,) = rule.shape(make_op(kind, dtype="float32", shape=PartialShape((2, 2))))
        assert shape is not None
        assert tuple(shape) == tuple(tensor.shape)
