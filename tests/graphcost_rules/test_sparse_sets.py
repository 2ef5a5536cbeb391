from __future__ import annotations

import numpy as np
import pytest
from counted import ints, prove_count, prove_partial
from data_dependent import prove_opaque
from kernel_oracle import call
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.sparse_sets import RULES

DENSE = np.array([[1, 2, 3], [4, 4, 5]], np.int64)
OTHER = np.array([[2, 9], [5, 4]], np.int64)
PLACES = np.array([[0, 0], [0, 1], [1, 0]], np.int64)
ITEMS = np.array([2, 9, 5], np.int64)
SIZES = np.array([2, 2], np.int64)


def common(t, first, second):
    """The places, the elements and the shape of what the rows have in common, looked up one by one."""
    rows = []
    for a, b in zip(first, second, strict=True):
        t.counts["compare"] += len(a) + len(b)
        rows.append(sorted(set(a) & set(b)))
    places = [[i, j] for i, row in enumerate(rows) for j in range(len(row))]
    return [places, [item for row in rows for item in row], [len(rows), max(map(len, rows))]]


def of_rows(places, items):
    return [items[places[:, 0] == row].tolist() for row in range(2)]


def test_sets_look_up_every_element():
    attrs = {"set_operation": "intersection"}
    prove_opaque(
        RULES,
        "DenseToDenseSetOperation",
        {"set1": DENSE, "set2": OTHER},
        lambda t, a, b: common(t, a.tolist(), b.tolist()),
        **attrs,
    )
    second = {"set2_indices": PLACES, "set2_values": ITEMS, "set2_shape": SIZES}
    prove_opaque(
        RULES,
        "DenseToSparseSetOperation",
        {"set1": DENSE, **second},
        lambda t, a, p, v, _: common(t, a.tolist(), of_rows(p, v)),
        **attrs,
    )
    first = {"set1_indices": PLACES, "set1_values": ITEMS, "set1_shape": SIZES}
    prove_opaque(
        RULES,
        "SparseToSparseSetOperation",
        {**first, **second},
        lambda t, p, v, _, q, w, __: common(t, of_rows(p, v), of_rows(q, w)),
        **attrs,
    )


def test_the_size_of_a_set_looks_up_every_element():
    def naive(t, places, items, _):
        t.counts["compare"] += len(items)
        return [[len(set(row)) for row in of_rows(places, items)]]

    prove_count(RULES, "SetSize", {"set_indices": PLACES, "set_values": ITEMS, "set_shape": SIZES}, naive)


def distance(t, a, b):
    """Levenshtein's, which fills a table of len(a) * len(b) cells."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        diagonal, row[0] = row[0], i + 1
        for j, y in enumerate(b):
            t.counts["compare"] += 1
            replaced = t.add(diagonal, int(x != y))
            least = t.min(t.min(replaced, t.add(row[j], 1)), t.add(row[j + 1], 1))
            diagonal, row[j + 1] = row[j + 1], least
    return row[-1]


@pytest.mark.parametrize("normalizes", [True, False])
def test_edit_distance_fills_a_table(normalizes):
    truth = np.array([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]], np.int64)
    items = np.array([2, 7, 9, 1, 5], np.int64)

    def naive(t, p, v, _, q, w, __):
        pairs = list(zip(of_rows(p, v), of_rows(q, w), strict=True))
        distances = [distance(t, a, b) for a, b in pairs]
        return [[t.div(d, len(b)) for d, (_, b) in zip(distances, pairs, strict=True)] if normalizes else distances]

    tensors = {
        "hypothesis_indices": PLACES,
        "hypothesis_values": ITEMS,
        "hypothesis_shape": SIZES,
        "truth_indices": truth,
        "truth_values": items,
        "truth_shape": np.array([2, 3], np.int64),
    }
    prove_opaque(RULES, "EditDistance", tensors, naive, {"cells": 2 * 3 + 1 * 2}, normalize=normalizes)
    prove_partial(RULES, call("EditDistance", *tensors.values()))


def test_hits_are_looked_up():
    def naive(t, classes, sampled):
        t.counts["compare"] += classes.size
        where = {c: i for i, c in enumerate(sampled.tolist())}
        hits = [(i, where[c]) for i, row in enumerate(classes.tolist()) for c in row if c in where]
        return [[i for i, _ in hits], [j for _, j in hits]]

    tensors = {"true_classes": OTHER, "sampled_candidates": np.array([4, 2, 7], np.int64)}
    prove_opaque(RULES, "ComputeAccidentalHits", tensors, naive, num_true=2)


def test_indices_are_taken_apart_by_division():
    def naive(t, indices, sizes):
        rows = []
        for index in indices.tolist():
            row = []
            for size in sizes.tolist()[::-1]:
                t.counts["div"] += 2
                index, rest = divmod(index, size)
                row.insert(0, rest)
            rows.append(row)
        return [np.transpose(rows)]

    prove_count(RULES, "UnravelIndex", {"indices": ints(5, 22, 0), "dims": ints(2, 3, 4)}, naive)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "made",
    [
        call("DenseToDenseSetOperation", DENSE, OTHER, set_operation="union"),
        call("DenseToSparseSetOperation", DENSE, PLACES, ITEMS, SIZES, set_operation="union"),
        call("SparseToSparseSetOperation", PLACES, ITEMS, SIZES, PLACES, ITEMS, SIZES, set_operation="a-b"),
        call("SetSize", PLACES, ITEMS, SIZES),
        call("ComputeAccidentalHits", OTHER, np.array([4, 2, 7], np.int64), num_true=2),
        call("UnravelIndex", ints(5, 22, 0), ints(2, 3, 4)),
        call("UnravelIndex", np.array(5, np.int32), ints(2, 3, 4)),
    ],
    ids=lambda made: made.kind,
)
def test_partly_known_shapes_know_what_tensorflow_knows(made):
    prove_partial(RULES, made)


def test_crossed_features_are_a_matrix():
    shapes = apply(RULES, "SparseCross", Shape(3, 2), Shape(3), Shape(2), N=1).shapes
    assert [shape.rank for shape in shapes] == [2, 1, 1]
    assert (shapes[0][1], shapes[2]) == (2, Shape(2))


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("DenseToDenseSetOperation", (Shape(3), Shape(3)), {}),
        ("DenseToDenseSetOperation", (Shape(2, 3), Shape(3, 3)), {}),
        ("EditDistance", (Shape(3, 1), Shape(3), [4], Shape(2, 1), Shape(2), [4]), {}),
        ("EditDistance", (Shape(3, 2), Shape(3), [4, 2], Shape(2, 3), Shape(2), [4, 2, 1]), {}),
        ("ComputeAccidentalHits", (Shape(4, 2), Shape(5)), {"num_true": 3}),
        ("ComputeAccidentalHits", (Shape(4, 2), Shape(5)), {}),
        ("UnravelIndex", (Shape(3), Shape(2, 2)), {}),
    ],
)
def test_hostile_nodes_are_refused(kind, operands, attrs):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **attrs)
