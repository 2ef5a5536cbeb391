from __future__ import annotations

import numpy as np
import pytest
from counted import floats
from counting import Tally
from internal_ops import run
from optional_tensorflow import tf
from shape_function import constant, prove_shapes, tensor
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.accelerators import RULES

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


def made_unique(t, row):
    """The bits that tell a column apart are cleared in each element, and the column's are set."""
    mask = (1 << (len(row) - 1).bit_length()) - 1
    bits = np.asarray(row, np.float32).view(np.int32).tolist()
    marked = []
    for column, item in enumerate(bits):
        t.counts["compare"] += 2
        marked.append(item & ~mask | column)
    return np.array(marked, np.int32).view(np.float32).tolist()


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_best_are_found_by_binary_search(k):
    x, tally = floats(1, 4, 6), Tally()
    ours = [best(tally, row, k) for row in x.tolist()]
    tally.gives(ours, tf.raw_ops.ApproxTopK(input=x, k=k).values)
    outcome = apply(RULES, "ApproxTopK", Shape(4, 6), k=k)
    assert outcome.shapes == (Shape(4, k),) * 2
    tally.proves("ApproxTopK", outcome.cost)
    assert apply(RULES, "ApproxTopK", Shape(6, 4), k=k, reduction_dimension=0).shapes == (Shape(k, 4),) * 2


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_k_th_is_the_last_of_the_best(k):
    x, tally = floats(1, 4, 6), Tally()
    tally.agrees([best(tally, row, k)[-1] for row in x.tolist()], np.sort(x)[:, -k])
    tally.proves("KthOrderStatistic", apply(RULES, "KthOrderStatistic", Shape(4, 6), k=k).cost)


def test_elements_are_made_unique_by_their_columns():
    x, tally = np.round(floats(1, 4, 6)), Tally()
    ours = [made_unique(tally, row) for row in x.tolist()]
    assert all(len(set(row)) == 6 for row in ours)
    tally.agrees(ours, (x.view(np.int32) // 8 * 8 + np.arange(6, dtype=np.int32)).view(np.float32))
    tally.proves("MakeUnique", apply(RULES, "MakeUnique", Shape(4, 6)).cost)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("kind", ["TopKUnique", "TopKWithUnique"])
def test_the_unique_best_are_made_unique_first(kind, k):
    x, tally = floats(1, 4, 6), Tally()
    tally.agrees([best(tally, made_unique(tally, row), k) for row in x.tolist()], tf.math.top_k(x, k).values)
    outcome = apply(RULES, kind, Shape(4, 6), k=k)
    assert outcome.shapes == (Shape(4, k),) * 2
    tally.proves(kind, outcome.cost)


def test_a_composition_is_the_sum_of_its_functions():
    x = floats(1, 5, least=0.1)
    names = ["Sqrt", "Exp", "Neg"]
    tally = Tally()
    ours = [tally.sub(0, tally.call(np.exp, tally.sqrt(item))) for item in x.tolist()]
    tally.gives(ours, run("_UnaryOpsComposition", [x], op_names=names))
    encoded = [name.encode() for name in names]
    tally.proves("_UnaryOpsComposition", apply(RULES, "_UnaryOpsComposition", Shape(5), op_names=encoded).cost)


@pytest.mark.tensorflow
def test_stochastic_rounding_compares_the_fraction():
    """The kernel doesn't tell its random numbers, but on which side of the fraction each of them was."""
    x = np.concatenate([floats(1, 40, least=-4, most=4), np.float32([-3, 0, 2])])
    seeds = [np.array([7], np.uint64), np.array([3, 4], np.uint64), np.int32(1)]
    theirs = run("StochasticCastToInt", [x, *seeds], Tin=tf.float32, Tout=tf.int32)
    random = np.where(theirs > x, 0.0, 1.0)
    tally, ours = Tally(), []
    for item, threshold in zip(x.tolist(), random.tolist(), strict=True):
        tally.counts["compare"] += 1
        floor = np.floor(item)
        is_up = tally.less(threshold, tally.sub(item, floor))
        ours.append(tally.add(floor, is_up))
    assert set(random) == {0.0, 1.0}
    tally.gives(ours, theirs)
    tally.proves("StochasticCastToInt", apply(RULES, "StochasticCastToInt", Shape(43)).cost)


@pytest.mark.parametrize("number", [0.0, -2.5])
def test_truth_takes_one_comparison(number):
    tally = Tally()
    tally.counts["compare"] += 1
    tally.gives(number != 0, tf.raw_ops.ToBool(input=number))
    tally.proves("ToBool", apply(RULES, "ToBool", Shape()).cost)


def test_an_open_batch_stays_open():
    n = symbol("N")
    outcome = apply(RULES, "TopKUnique", Shape(n, 6), k=3)
    assert outcome.shapes == (Shape(n, 3),) * 2
    assert outcome.cost == Cost(compare=24 * n)


@pytest.mark.tensorflow
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
