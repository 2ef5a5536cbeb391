from __future__ import annotations

import math

import numpy as np
import pytest
from counted import ask, floats, ints, kernel, prove_count, prove_partial
from counting import Tally
from kernel_oracle import call
from optional_tensorflow import tf
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.segment import RULES

LARGEST = float(np.finfo(np.float32).max)
STEPS = {
    "Sum": (lambda t, a, b: t.add(a, b), 0.0),
    "Prod": (lambda t, a, b: t.mul(a, b), 1.0),
    "Max": (lambda t, a, b: t.max(a, b), -LARGEST),
    "Min": (lambda t, a, b: t.min(a, b), LARGEST),
}
SORTED, UNSORTED = ints(0, 0, 1, 2, 2), ints(2, 0, 1, 2, 0)


def combined(t, data, ids, count, name):
    """Each element is combined with its segment."""
    step, identity = STEPS[name]
    out = np.full((count, *data.shape[1:]), identity)
    for row, segment in zip(data, ids.tolist(), strict=True):
        for index in np.ndindex(row.shape):
            at = (segment, *index)
            out[at] = step(t, float(out[at]), float(row[index]))
    return out


@pytest.mark.parametrize("name", STEPS)
def test_each_element_takes_one_step(name):
    data = floats(1, 5, 2)

    def naive(t, data, ids, *_):
        return [combined(t, data, ids, 3, name)]

    count = {"num_segments": np.array(3, np.int32)}
    prove_count(RULES, f"UnsortedSegment{name}", {"data": data, "segment_ids": UNSORTED, **count}, naive)
    prove_open(f"Segment{name}", {"data": data, "segment_ids": SORTED}, naive)


@pytest.mark.parametrize("name", STEPS)
def test_counted_segments_cost_the_same(name):
    """TensorFlow has kernels of these for compiled graphs alone."""
    kind, data, tally = f"Segment{name}V2", floats(1, 5, 2), Tally()

    @tf.function(jit_compile=True)
    def compiled(data):
        return getattr(tf.raw_ops, kind)(data=data, segment_ids=SORTED, num_segments=3)

    tally.gives(combined(tally, data, SORTED, 3, name), compiled(data))
    shapes, cost = ask(RULES, kind, [data, SORTED, np.array(3, np.int32)], {})
    assert shapes == [Shape(3, 2)]
    tally.proves(kind, cost)


def prove_open(kind, tensors, naive):
    """As prove_count(), for an output whose number of rows depends on data."""
    tally = Tally()
    (mine,) = naive(tally, *tensors.values())
    tally.gives(mine, kernel(kind, tensors)[0])
    shapes, cost = ask(RULES, kind, list(tensors.values()), {})
    rows = {"size(node:0,0)": len(mine)}
    assert tuple(shapes[0][1:]) == mine.shape[1:]
    tally.proves(kind, cost.bind(rows))


def mean(t, data, ids, *_):
    sums = combined(t, data, ids, 3, "Sum")
    sizes = np.bincount(ids, minlength=3)
    return [np.array([[t.div(v, n) for v in row] for row, n in zip(sums.tolist(), sizes, strict=True)])]


def sqrt_mean(t, data, ids):
    sums = combined(t, data, ids, 3, "Sum")
    roots = [t.sqrt(n) for n in np.bincount(ids, minlength=3)]
    return [np.array([[t.div(v, n) for v in row] for row, n in zip(sums.tolist(), roots, strict=True)])]


def test_a_mean_divides_each_output():
    prove_open("SegmentMean", {"data": floats(1, 5, 2), "segment_ids": SORTED}, mean)


@pytest.mark.parametrize(
    ("name", "naive"),
    [("Sum", lambda t, d, i: [combined(t, d, i, 3, "Sum")]), ("Mean", mean), ("SqrtN", sqrt_mean)],
)
def test_sparse_segments_pick_rows(name, naive):
    tensors = {"data": floats(1, 4, 2), "indices": ints(0, 3, 3, 1, 2), "segment_ids": SORTED}

    def picking(t, data, indices, ids, *_):
        return naive(t, data[indices], ids)

    prove_open(f"SparseSegment{name}", tensors, picking)
    counted = {**tensors, "num_segments": np.array(3, np.int32)}
    prove_count(RULES, f"SparseSegment{name}WithNumSegments", counted, picking)


def spread(weigh):
    """Each row that was picked gets its segment's gradient, weighed by the segment's length."""

    def naive(t, gradient, indices, ids, rows):
        weights = [weigh(t, n) for n in np.bincount(ids)]
        out = np.zeros((int(rows), *gradient.shape[1:]))
        for row, segment in zip(indices.tolist(), ids.tolist(), strict=True):
            for column, item in enumerate(gradient[segment].tolist()):
                share = item if weights[segment] is None else t.mul(item, weights[segment])
                out[row, column] = t.add(out[row, column], share)
        return [out]

    return naive


@pytest.mark.parametrize(
    ("name", "weigh"),
    [
        ("Sum", lambda t, n: None),
        ("Mean", lambda t, n: t.div(1, n)),
        ("SqrtN", lambda t, n: t.div(1, t.sqrt(n))),
    ],
)
def test_gradients_are_spread_over_the_rows_that_were_picked(name, weigh):
    tensors = {
        "grad": floats(1, 3, 2),
        "indices": ints(0, 3, 3, 1, 2),
        "segment_ids": SORTED,
        "output_dim0": np.array(4, np.int32),
    }
    prove_count(RULES, f"SparseSegment{name}Grad", tensors, spread(weigh))
    prove_partial(RULES, call(f"SparseSegment{name}Grad", *tensors.values()))


def test_ids_may_have_any_leading_shape():
    n = symbol("N")
    outcome = apply(RULES, "UnsortedSegmentSum", Shape(n, 2, 3), Shape(n, 2), 7)
    assert outcome.shapes == (Shape(7, 3),)
    assert outcome.cost == Cost(add=6 * n)
    assert math.prod(apply(RULES, "UnsortedSegmentSum", Shape(5, 2), Shape(), 7).shapes[0]) == 70


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "made",
    [
        call("SegmentSum", floats(1, 5, 2), SORTED),
        call("SegmentMean", floats(1, 5, 2), SORTED),
        call("UnsortedSegmentProd", floats(1, 5, 2), UNSORTED, 3),
        call("SparseSegmentMean", floats(1, 4, 2), ints(0, 3, 3, 1, 2), SORTED),
        call("SparseSegmentSumWithNumSegments", floats(1, 4, 2), ints(0, 3, 3, 1, 2), SORTED, 3),
    ],
    ids=lambda made: made.kind,
)
def test_partly_known_shapes_know_what_tensorflow_knows(made):
    prove_partial(RULES, made)


def test_hostile_nodes_are_refused():
    for kind, arguments in (
        ("UnsortedSegmentSum", (Shape(5, 2), Shape(4), 3)),
        ("UnsortedSegmentSum", (Shape(5), Shape(5, 1), 3)),
        ("UnsortedSegmentSum", (Shape(5), Shape(5), -3)),
        ("UnsortedSegmentSum", (Shape(5), Shape(5), [3])),
        ("SegmentSum", (Shape(), Shape(5))),
        ("SegmentSum", (Shape(5), Shape(4))),
        ("SparseSegmentSum", (Shape(5), Shape(4), Shape(3))),
    ):
        with pytest.raises(RuleError):
            apply(RULES, kind, *arguments)
