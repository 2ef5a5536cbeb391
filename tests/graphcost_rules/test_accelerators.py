from __future__ import annotations

import pytest

pytest.importorskip("tensorflow")

import numpy as np
import tensorflow as tf
from counted import floats
from counting import Tally
from internal_ops import run
from shape_function import constant, prove_shapes, tensor
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.accelerators import RULES

pytestmark = pytest.mark.tensorflow

ROWS = tensor(4, 6)


def best(t, row, k):
    """The k best, by insertion into a list that is so long that every search in it is as long."""
    found = [-np.inf] * (2 ** k.bit_length() - 1)
    for item in row:
        low, high = 0, len(found)
        while low < high:
            middle = (low + high) // 2
            if t.less(found[middle], item):
                high = middle
            else:
                low = middle + 1
        found.insert(low, item)
        found.pop()
    return found[:k]


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_best_are_found_by_binary_search(k):
    x, tally = floats(1, 4, 6), Tally()
    ours = [best(tally, row, k) for row in x.tolist()]
    np.testing.assert_allclose(ours, tf.math.top_k(x, k).values, rtol=1e-6)
    search = tally.cost
    for kind in ("TopKUnique", "TopKWithUnique"):
        outcome = apply(RULES, kind, Shape(4, 6), k=k)
        assert outcome.shapes == (Shape(4, k),) * 2
        assert outcome.cost == search + Cost(compare=48)
    assert apply(RULES, "ApproxTopK", Shape(4, 6), k=k).cost == search
    assert apply(RULES, "ApproxTopK", Shape(6, 4), k=k, reduction_dimension=0).shapes == (Shape(k, 4),) * 2
    assert apply(RULES, "KthOrderStatistic", Shape(4, 6), k=k).cost == search


def test_a_composition_is_the_sum_of_its_functions():
    x = floats(1, 5, least=0.1)
    names = ["Sqrt", "Exp", "Neg"]
    tally = Tally()
    ours = [tally.sub(0, tally.call(np.exp, tally.sqrt(item))) for item in x.tolist()]
    np.testing.assert_allclose(ours, run("_UnaryOpsComposition", [x], op_names=names), rtol=1e-4)
    encoded = [name.encode() for name in names]
    assert apply(RULES, "_UnaryOpsComposition", Shape(5), op_names=encoded).cost == Cost(**tally.counts)


def test_stochastic_rounding_compares_the_fraction():
    x, random = floats(1, 9, most=9).tolist(), floats(2, 9, least=0).tolist()
    tally, ours = Tally(), []
    for item, threshold in zip(x, random, strict=True):
        tally.counts["compare"] += 1
        floor = np.floor(item)
        is_up = tally.less(threshold, tally.sub(item, floor))
        tally.counts["add"] += 1
        ours.append(floor + is_up)
    assert np.max(np.abs(np.array(ours) - x)) < 1
    assert apply(RULES, "StochasticCastToInt", Shape(9)).cost == tally.cost


def test_an_open_batch_stays_open():
    n = symbol("N")
    outcome = apply(RULES, "TopKUnique", Shape(n, 6), k=3)
    assert outcome.shapes == (Shape(n, 3),) * 2
    assert outcome.cost == Cost(compare=24 * n)


@pytest.mark.parametrize(
    ("kind", "inputs", "attrs"),
    [
        ("TopKUnique", [ROWS], {"k": 2}),
        ("TopKWithUnique", [ROWS], {"k": 2}),
        ("MakeUnique", [ROWS], {}),
        ("KthOrderStatistic", [ROWS], {"k": 2}),
        ("ToBool", [ROWS], {}),
        ("_UnaryOpsComposition", [ROWS], {"op_names": ["Exp"]}),
        ("_TensorToHashBucketFast", [tensor(4, dtype="int32")], {"num_buckets": 3}),
        (
            "StochasticCastToInt",
            [ROWS, tensor(1, dtype="uint64"), tensor(2, dtype="uint64"), tensor(dtype="int32")],
            {"Tout": tf.int32},
        ),
        ("SobolSample", [constant(3), constant(5), constant(0)], {"dtype": tf.float32}),
        ("RandomIndexShuffle", [tensor(5, dtype="int32"), tensor(3, dtype="int32"), constant(9)], {}),
        ("RandomIndexShuffle", [constant(2), tensor(5, 3, dtype="int32"), constant(9)], {}),
        ("RandomIndexShuffle", [constant(2), tensor(3, dtype="int32"), constant(9)], {}),
    ],
)
def test_partly_known_shapes_know_what_tensorflow_knows(kind, inputs, attrs):
    prove_shapes(RULES, kind, inputs, **attrs)


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("TopKUnique", (Shape(4, 6),), {"k": -1}),
        ("TopKUnique", (Shape(4),), {"k": 1}),
        ("ApproxTopK", (Shape(4, 6),), {"k": 1, "reduction_dimension": 2}),
        ("_UnaryOpsComposition", (Shape(4),), {"op_names": [b"Sort"]}),
        ("_UnaryOpsComposition", (Shape(4),), {"op_names": [3]}),
        ("SobolSample", (-3, 5, 0), {}),
        ("RandomIndexShuffle", (Shape(5), Shape(4, 3), Shape()), {}),
    ],
)
def test_hostile_nodes_are_refused(kind, operands, attrs):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **attrs)
