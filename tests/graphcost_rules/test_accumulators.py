"""Accumulators of gradients against TensorFlow's kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from counting import Tally
from optional_tensorflow import tf
from single_op import apply, make_op

from graphcost import Cost, Fact, PartialShape, Shape
from graphcost_rules.accumulators import RULES


def handle(kind: str, *dims: int) -> Fact:
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.element is not None
    (held,) = rule.element(make_op(kind, dtype="float32", shape=PartialShape(dims)))
    return Fact("string", Shape(2), element=held)


STEP = np.int64(0)
GRADIENTS = [np.array([[1.0, 2.0], [3.0, 5.0]], np.float32), np.full((2, 2), 0.5, np.float32)]
ROWS = [np.array([1, 3]), np.array([0, 3])]


def averaged(kind: str, *gradients: dict[str, Any]) -> Any:
    """What the accumulator gives once it has taken all gradients: an array, or the parts of a sparse one."""
    is_sparse, resource = kind.startswith("Sparse"), "Resource" if kind.startswith("Resource") else ""
    family = f"{resource}{'Sparse' if is_sparse else ''}Accumulator"
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        handle = getattr(tf.raw_ops, kind)(dtype=tf.float32, shape=(4, 2) if is_sparse else (2, 2))
        apply_gradient = getattr(tf.raw_ops, f"{family}ApplyGradient")
        for gradient in gradients:
            session.run(apply_gradient(handle=handle, local_step=STEP, **gradient))
        take = getattr(tf.raw_ops, f"{family}TakeGradient")
        return session.run(take(handle=handle, num_required=len(gradients), dtype=tf.float32))


@pytest.mark.parametrize("resource", ["", "Resource"])
def test_an_average_costs_what_the_naive_sum_counts(resource: str) -> None:
    summing, dividing = Tally(), Tally()
    total = np.zeros((2, 2))
    for gradient in GRADIENTS:
        for place in np.ndindex(2, 2):
            total[place] = summing.add(total[place], gradient[place])
    averages = [[dividing.div(value, 2.0) for value in row] for row in total]
    kernel = averaged(f"{resource}ConditionalAccumulator", *({"gradient": gradient} for gradient in GRADIENTS))
    for tally in (summing, dividing):
        tally.gives(averages, kernel)
    held = handle(f"{resource}ConditionalAccumulator", 2, 2)
    applied = apply(RULES, f"{resource}AccumulatorApplyGradient", held, Shape(), Shape(2, 2)).cost
    taken = apply(RULES, f"{resource}AccumulatorTakeGradient", held, Shape())
    assert isinstance(applied, Cost)
    assert taken.shapes == (Shape(2, 2),)
    summing.proves(f"{resource}AccumulatorApplyGradient", 2 * applied)
    dividing.proves(f"{resource}AccumulatorTakeGradient", taken.cost)


def test_a_sparse_average_has_a_symbol_for_its_rows() -> None:
    summing, dividing = Tally(), Tally()
    total, counts = np.zeros((4, 2)), [0.0] * 4
    for rows, gradient in zip(ROWS, GRADIENTS, strict=True):
        for row, values in zip(rows, gradient, strict=True):
            counts[row] = summing.add(counts[row], 1)
            for column, value in enumerate(values):
                total[row, column] = summing.add(total[row, column], value)
    touched = sorted({row for rows in ROWS for row in rows.tolist()})
    averages = [[dividing.div(value, counts[row]) for value in total[row]] for row in touched]
    given = [
        {
            "gradient_indices": rows,
            "gradient_values": gradient,
            "gradient_shape": np.array([4, 2]),
            "has_known_shape": True,
        }
        for rows, gradient in zip(ROWS, GRADIENTS, strict=True)
    ]
    kernels = averaged("SparseConditionalAccumulator", *given)
    for tally in (summing, dividing):
        tally.gives(touched, kernels[0])
        tally.gives(averages, kernels[1])
    held = handle("SparseConditionalAccumulator", 4, 2)
    applied = apply(RULES, "SparseAccumulatorApplyGradient", held, Shape(), Shape(2), Shape(2, 2), Shape(2)).cost
    taken = apply(RULES, "SparseAccumulatorTakeGradient", held, Shape())
    assert [shape and shape.rank for shape in taken.shapes] == [1, np.ndim(averages), 1]
    assert isinstance(applied, Cost)
    assert isinstance(taken.cost, Cost)
    summing.proves("SparseAccumulatorApplyGradient", 2 * applied)
    dividing.proves("SparseAccumulatorTakeGradient", taken.cost.bind({"size(node:0,0)": 3}))


def test_an_accumulator_of_unknown_shape_has_an_unknown_average() -> None:
    assert apply(RULES, "ResourceAccumulatorNumAccumulated", Fact("resource", Shape(2))).shapes == (Shape(),)
    rule = RULES.get("AccumulatorTakeGradient")
    assert rule is not None
    assert rule.shape is not None
    assert rule.shape(make_op("AccumulatorTakeGradient", Fact("string", Shape(2)), Shape())) == [None]


@pytest.mark.tensorflow
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
