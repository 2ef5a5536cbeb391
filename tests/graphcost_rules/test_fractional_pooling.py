"""Fractional pooling against TensorFlow's kernels and windows that count themselves."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from counting import Tally
from optional_tensorflow import tf
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.fractional_pooling import RULES

SIZES = (2, 7, 6, 3)
RATIOS = [1.0, 1.5, 1.3, 1.0]
IMAGE = np.random.default_rng(3).normal(size=SIZES).astype(np.float32)


def pooled(kind: str, overlapping: bool) -> Any:
    kernel = getattr(tf.raw_ops, kind)
    return kernel(value=IMAGE, pooling_ratio=RATIOS, overlapping=overlapping, deterministic=True, seed=5, seed2=7)


def windows(rows: np.ndarray, columns: np.ndarray, overlapping: bool) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """For each output its place and the places that its window covers."""
    reach = 1 if overlapping else 0

    def spans(bounds: np.ndarray, size: int) -> list[range]:
        return [range(a, min(b + reach, size)) for a, b in pairwise(bounds)]

    return [
        (i, j, [(y, x) for y in down for x in across])
        for i, down in enumerate(spans(rows, SIZES[1]))
        for j, across in enumerate(spans(columns, SIZES[2]))
    ]


@pytest.mark.tensorflow
@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("kind", ["FractionalMaxPool", "FractionalAvgPool"])
def test_pooling_costs_what_its_windows_count(kind: str, overlapping: bool) -> None:
    output, rows, columns = (part.numpy() for part in pooled(kind, overlapping))
    tally, result = Tally(), np.zeros(output.shape)
    for b in range(SIZES[0]):
        for c in range(SIZES[3]):
            for i, j, places in windows(rows, columns, overlapping):
                values = [float(IMAGE[b, y, x, c]) for y, x in places]
                if kind == "FractionalAvgPool":
                    result[b, i, j, c] = tally.div(tally.sum(values), len(values))
                    continue
                greatest = values[0]
                for value in values[1:]:
                    greatest = tally.max(greatest, value)
                result[b, i, j, c] = greatest
    tally.gives(result, output)
    outcome = apply(RULES, kind, Shape(*SIZES), pooling_ratio=RATIOS, overlapping=overlapping)
    tally.proves(kind, outcome.cost)
    assert [tuple(shape or ()) for shape in outcome.shapes] == [output.shape, rows.shape, columns.shape]


@pytest.mark.tensorflow
@pytest.mark.parametrize("overlapping", [False, True])
def test_the_gradient_of_an_average_spreads_it(overlapping: bool) -> None:
    output, rows, columns = (part.numpy() for part in pooled("FractionalAvgPool", overlapping))
    gradient = np.random.default_rng(4).normal(size=output.shape).astype(np.float32)
    tally, result = Tally(), np.zeros(SIZES)
    for b in range(SIZES[0]):
        for c in range(SIZES[3]):
            for i, j, places in windows(rows, columns, overlapping):
                share = tally.div(float(gradient[b, i, j, c]), len(places))
                for y, x in places:
                    result[b, y, x, c] = tally.add(result[b, y, x, c], share)
    kernel = tf.raw_ops.FractionalAvgPoolGrad(
        orig_input_tensor_shape=np.asarray(SIZES, np.int64),
        out_backprop=gradient,
        row_pooling_sequence=rows,
        col_pooling_sequence=columns,
        overlapping=overlapping,
    )
    tally.gives(result, kernel)
    operands = [list(SIZES), Shape(*output.shape), Shape(len(rows)), Shape(len(columns))]
    outcome = apply(RULES, "FractionalAvgPoolGrad", *operands, overlapping=overlapping)
    tally.proves("FractionalAvgPoolGrad", outcome.cost)
    assert outcome.shapes == (Shape(*SIZES),)


@pytest.mark.tensorflow
@pytest.mark.parametrize("overlapping", [False, True])
def test_the_gradient_of_a_maximum_goes_where_it_was_found(overlapping: bool) -> None:
    output, rows, columns = (part.numpy() for part in pooled("FractionalMaxPool", overlapping))
    gradient = np.random.default_rng(4).normal(size=output.shape).astype(np.float32)
    tally, result = Tally(), np.zeros(SIZES)
    for b in range(SIZES[0]):
        for c in range(SIZES[3]):
            for i, j, places in windows(rows, columns, overlapping):
                best = places[0]
                for place in places[1:]:
                    if tally.less(float(IMAGE[b, *best, c]), float(IMAGE[b, *place, c])):
                        best = place
                result[b, *best, c] = tally.add(result[b, *best, c], float(gradient[b, i, j, c]))
    kernel = tf.raw_ops.FractionalMaxPoolGrad(
        orig_input=IMAGE,
        orig_output=output,
        out_backprop=gradient,
        row_pooling_sequence=rows,
        col_pooling_sequence=columns,
        overlapping=overlapping,
    )
    tally.gives(result, kernel)
    operands = [Shape(*SIZES), Shape(*output.shape), Shape(*output.shape), Shape(len(rows)), Shape(len(columns))]
    outcome = apply(RULES, "FractionalMaxPoolGrad", *operands, overlapping=overlapping)
    tally.proves("FractionalMaxPoolGrad", outcome.cost)
    assert outcome.shapes == (Shape(*SIZES),)


def test_open_sizes_shrink_to_open_sizes() -> None:
    n = symbol("N")
    outcome = apply(RULES, "FractionalMaxPool", Shape(n, symbol("H"), 6, 3), pooling_ratio=RATIOS)
    shape = outcome.shapes[0]
    assert shape is not None
    assert (shape[0], shape[2], shape[3]) == (n, 4, 3)
    assert isinstance(outcome.cost, Cost)
    assert not isinstance(shape[1], int)


@pytest.mark.parametrize(
    "ratios", [[1.0, 0.5, 1.0, 1.0], [2.0, 1.5, 1.5, 1.0], [1.0, 1.5], [1.0, float("nan"), 1.0, 1.0]]
)
def test_ratios_that_do_not_shrink_an_image_are_refused(ratios: list[float]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "FractionalMaxPool", Shape(*SIZES), pooling_ratio=ratios)
