from __future__ import annotations

import numpy as np
import pytest
from counted import ask, flat, floats, ints, kernel
from counting import Tally
from data_dependent import prove_opaque
from shape_function import constant, prove_shapes, tensor
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.counting_values import RULES

VALUES = ints(3, 1, 3, 0, 9)
ROWS = [0, 0, 1, 1, 1]
PLACES = np.array([[0, 0], [0, 2], [1, 0], [1, 1], [1, 2]], np.int64)
SIZES = np.array([2, 3], np.int64)
SPLITS = np.array([0, 2, 5], np.int64)
NONE = np.zeros(0, np.float32)


def binned(t, weights, bins, rows, is_binary):
    out = np.zeros((2, bins))
    for row, value, weight in zip(rows, VALUES.tolist(), weights, strict=True):
        if t.less(value, bins):
            out[row, value] = 1 if is_binary else t.add(out[row, value], weight)
        elif not is_binary:
            t.counts["add"] += 1
    return out


@pytest.mark.parametrize("is_binary", [False, True])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_each_value_goes_to_a_bin(is_weighted, is_binary):
    if is_weighted and is_binary:
        pytest.skip("TensorFlow takes no weights then")
    weights = floats(1, 5) if is_weighted else NONE
    for kind, given in {
        "RaggedBincount": {"splits": SPLITS, "values": VALUES},
        "SparseBincount": {"indices": PLACES, "values": VALUES, "dense_shape": SIZES},
    }.items():
        tensors = {**given, "size": np.array(4, np.int32), "weights": weights}
        tally = Tally()
        ours = binned(tally, weights.tolist() or [1] * 5, 4, ROWS, is_binary)
        tally.gives(ours, kernel(kind, tensors, binary_output=is_binary)[0])
        shapes, cost = ask(RULES, kind, flat(tensors), {"binary_output": is_binary})
        assert shapes == [Shape(*np.shape(ours))]
        tally.proves(kind, cost)


@pytest.mark.parametrize("is_binary", [False, True])
@pytest.mark.parametrize("kind", ["DenseCountSparseOutput", "SparseCountSparseOutput", "RaggedCountSparseOutput"])
def test_each_value_is_looked_up_and_counted(kind, is_binary):
    def naive(t, *_):
        counts = [{}, {}]
        values, rows = (dense.ravel().tolist(), [0] * 3 + [1] * 3) if kind.startswith("D") else (VALUES.tolist(), ROWS)
        for row, value in zip(rows, values, strict=True):
            t.counts["compare"] += 1
            found = counts[row].get(value, 0)
            counts[row][value] = 1 if is_binary else t.add(found, 1)
        places = [[row, value] for row in range(2) for value in sorted(counts[row])]
        return [places, [counts[row][value] for row, value in places], [2, 10]]

    dense = ints(3, 1, 1, 9, 0, 0).reshape(2, 3)
    given = {
        "DenseCountSparseOutput": {"values": dense},
        "SparseCountSparseOutput": {"indices": PLACES, "values": VALUES, "dense_shape": SIZES},
        "RaggedCountSparseOutput": {"splits": SPLITS, "values": VALUES},
    }[kind]
    prove_opaque(RULES, kind, {**given, "weights": NONE}, naive, binary_output=is_binary)


PLACES_OPEN, ITEMS = tensor(5, 2, dtype="int64"), tensor(5, dtype="int32")


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("RaggedBincount", [tensor(3, dtype="int64"), ITEMS, constant(4), tensor(0)]),
        ("SparseBincount", [PLACES_OPEN, ITEMS, constant([2, 3], "int64"), constant(4), tensor(0)]),
        ("SparseBincount", [tensor(5, 1, dtype="int64"), ITEMS, constant([3], "int64"), constant(4), tensor(0)]),
        ("DenseCountSparseOutput", [tensor(2, 3, dtype="int32"), tensor(2, 3)]),
        ("SparseCountSparseOutput", [PLACES_OPEN, ITEMS, constant([2, 3], "int64"), tensor(0)]),
        ("RaggedCountSparseOutput", [tensor(3, dtype="int64"), ITEMS, tensor(0)]),
    ],
)
def test_partly_known_shapes_know_what_tensorflow_knows(kind, inputs):
    prove_shapes(RULES, kind, inputs, **({"binary_output": False} if "Count" in kind else {}))


@pytest.mark.parametrize(
    ("kind", "operands"),
    [
        ("RaggedBincount", (Shape(3), Shape(5), -4, Shape(0))),
        ("RaggedBincount", (Shape(3), Shape(5), [4], Shape(0))),
        ("SparseBincount", (Shape(5, 3), Shape(5), [2, 2, 2], 4, Shape(0))),
        ("DenseCountSparseOutput", (Shape(2, 3, 4), Shape(0))),
        ("SparseCountSparseOutput", (Shape(5, 3), Shape(5), Shape(2), Shape(0))),
    ],
)
def test_hostile_nodes_are_refused(kind, operands):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands)
