from __future__ import annotations

import numpy as np
import pytest
from counted import floats, prove_count, prove_partial
from counting import Tally
from data_dependent import merge_sorted, prove_opaque
from kernel_oracle import call
from optional_tensorflow import tf
from single_op import apply

from graphcost import RuleError, Shape, Value
from graphcost.dims import symbol
from graphcost_rules.sparse_entries import RULES

PLACES = np.array([[0, 1], [0, 3], [2, 0], [3, 5], [3, 4], [1, 1], [1, 0]], np.int64)
VALUES = floats(1, 7)
SIZES = np.array([4, 6], np.int64)
SORTED = PLACES[np.lexsort(PLACES.T[::-1])]


def long(*items):
    return np.array(items, np.int64)


def renumbered(t, places, old, new):
    rows = []
    for place in places.tolist():
        number = place[0]
        for size, coordinate in zip(old.tolist()[1:], place[1:], strict=True):
            number = t.add(t.mul(number, size), coordinate)
        row = []
        for size in new.tolist()[:0:-1]:
            t.counts["div"] += 2
            number, rest = divmod(number, size)
            row.insert(0, rest)
        rows.append([number, *row])
    return [rows, new]


@pytest.mark.parametrize("new", [(6, 4), (24,), (2, 3, 2, 2)])
def test_reshape_computes_every_coordinate(new):
    tensors = {"input_indices": SORTED, "input_shape": SIZES, "new_shape": long(*new)}
    prove_count(RULES, "SparseReshape", tensors, renumbered)


def test_a_hole_in_the_new_shape_is_what_is_left():
    n = symbol("N")
    outcome = apply(RULES, "SparseReshape", Shape(5, 2), Value.vector([n, 6]), [3, -1])
    assert outcome.values[1] == Value.vector([3, 2 * n])
    assert apply(RULES, "SparseReshape", Shape(5, 2), Shape(2), [3, -1]).values[1] == Value.vector([3, None])


def test_entries_are_sorted_by_their_places():
    def naive(t, places, values, _):
        order = merge_sorted(t, [(*place, i) for i, place in enumerate(places.tolist())])
        return [[place[:2] for place in order], [values[place[2]] for place in order]]

    tensors = {"input_indices": PLACES, "input_values": VALUES, "input_shape": SIZES}
    prove_count(RULES, "SparseReorder", tensors, naive, is_open=False)


def test_parts_are_found_by_division():
    def naive(t, axis, places, values, sizes):
        length = 3
        halves = [[], []]
        for (row, column), value in zip(places.tolist(), values.tolist(), strict=True):
            part = int(t.div(column, length))
            halves[part].append(([row, t.sub(column, t.mul(part, length))], value))
        return [
            *([place for place, _ in half] for half in halves),
            *([value for _, value in half] for half in halves),
            *[[4, length]] * 2,
        ]

    tally = Tally()
    ours = naive(tally, 1, SORTED, VALUES, SIZES)
    theirs = tf.raw_ops.SparseSplit(split_dim=long(1)[0], indices=SORTED, values=VALUES, shape=SIZES, num_split=2)
    for i, mine in enumerate(ours):
        tally.gives(mine, theirs[i // 2][i % 2])
    outcome = apply(RULES, "SparseSplit", 1, Shape(7, 2), Shape(7), [4, 6], num_split=2)
    tally.proves("SparseSplit", outcome.cost)
    assert [shape.rank for shape in outcome.shapes] == [2, 2, 1, 1, 1, 1]


def test_concatenated_entries_are_shifted_and_sorted():
    def naive(t, first, second, a, b, *_):
        rows = [(*place, value) for place, value in zip(first.tolist(), a.tolist(), strict=True)]
        rows += [(row, t.add(column, 6), v) for (row, column), v in zip(second.tolist(), b.tolist(), strict=True)]
        t.counts["add"] += len(first)
        order = merge_sorted(t, rows)
        return [[row[:2] for row in order], [row[2] for row in order], [4, 12]]

    tensors = {"indices": [SORTED, SORTED[:3]], "values": [VALUES, VALUES[:3]], "shapes": [SIZES, SIZES]}
    prove_count(RULES, "SparseConcat", tensors, naive, is_open=False, concat_dim=1)


def test_a_slice_compares_every_coordinate():
    def naive(t, places, values, _, start, size):
        found = []
        for place, value in zip(places.tolist(), values.tolist(), strict=True):
            ends = [(low, low + length) for low, length in zip(start.tolist(), size.tolist(), strict=True)]
            above = [not t.less(c, low) for c, (low, _) in zip(place, ends, strict=True)]
            below = [t.less(c, high) for c, (_, high) in zip(place, ends, strict=True)]
            if all(above + below):
                found.append(([t.sub(c, low) for c, low in zip(place, start.tolist(), strict=True)], value))
        return [[place for place, _ in found], [value for _, value in found], [3, 3]]

    tensors = {"indices": SORTED, "values": VALUES, "shape": SIZES, "start": long(1, 0), "size": long(3, 3)}
    prove_opaque(RULES, "SparseSlice", tensors, naive)


def test_a_slice_reaches_as_far_as_the_tensor():
    outcome = apply(RULES, "SparseSlice", Shape(7, 2), Shape(7), [4, 6], [1, 4], [2, 9])
    assert outcome.values[2] == Value.vector([2, 2])


def test_the_gradient_of_a_slice_is_looked_up():
    def naive(t, gradient, places, start, cut):
        table = {
            tuple(t.add(c, low) for c, low in zip(row, start.tolist(), strict=True)): i for i, row in enumerate(cut)
        }
        out = []
        for place in places.tolist():
            t.counts["compare"] += 1
            out.append(gradient[table[tuple(place)]] if tuple(place) in table else 0.0)
        return [out]

    tensors = {
        "backprop_val_grad": floats(2, 2),
        "input_indices": SORTED,
        "input_start": long(1, 0),
        "output_indices": np.array([[0, 0], [0, 1]], np.int64),
    }
    prove_count(RULES, "SparseSliceGrad", tensors, naive)


def test_what_was_filled_in_is_added_up():
    def naive(t, positions, gradient):
        rest = 0.0
        for i, g in enumerate(gradient.tolist()):
            if i not in positions.tolist():
                rest = t.add(rest, g)
        return [gradient[positions], rest]

    prove_count(
        RULES, "SparseFillEmptyRowsGrad", {"reverse_index_map": long(0, 2, 3), "grad_values": floats(1, 6)}, naive
    )


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "made",
    [
        call("SparseReshape", SORTED, SIZES, long(3, 8)),
        call("SparseReorder", SORTED, VALUES, SIZES),
        call("SparseFillEmptyRows", SORTED, VALUES, SIZES, np.float32(0)),
        call("SparseFillEmptyRowsGrad", long(0, 2, 3), floats(1, 6)),
        call("SparseSplit", np.array(1, np.int64), SORTED, VALUES, SIZES, num_split=2),
        call(
            "SparseConcat",
            *(SORTED, SORTED, VALUES, VALUES, SIZES, SIZES),
            lists={"indices": 2, "values": 2, "shapes": 2},
            concat_dim=1,
        ),
        call("SparseSlice", SORTED, VALUES, SIZES, long(1, 0), long(3, 3)),
        call("SparseSliceGrad", floats(2, 2), SORTED, long(1, 0), np.array([[0, 0], [0, 1]], np.int64)),
        call("SerializeSparse", SORTED, VALUES, SIZES),
        call("SerializeManySparse", SORTED, VALUES, SIZES),
    ],
    ids=lambda made: made.kind,
)
def test_partly_known_shapes_know_what_tensorflow_knows(made):
    prove_partial(RULES, made)


def test_stored_tensors_are_handles():
    stored = apply(RULES, "AddManySparseToTensorsMap", Shape(7, 2), Shape(7), [4, 6])
    assert stored.shapes == (Shape(4),)
    assert apply(RULES, "AddSparseToTensorsMap", Shape(7, 2), Shape(7), Shape(2)).shapes == (Shape(),)
    taken = apply(RULES, "TakeManySparseFromTensorsMap", Shape(4)).shapes
    assert [shape.rank for shape in taken] == [2, 1, 1]


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("SparseReorder", (Shape(7, 2), Shape(6), Shape(2)), {}),
        ("SparseReorder", (Shape(7), Shape(7), Shape(2)), {}),
        ("SparseReshape", (Shape(7, 2), Shape(3), [3, 8]), {}),
        ("SparseSplit", (1, Shape(7, 2), Shape(7), [4, 6]), {"num_split": 0}),
        ("SparseSplit", (1, Shape(7, 2), Shape(7), [4, 6]), {"num_split": 10**12}),
        ("SparseConcat", (Shape(7, 2), Shape(7)), {"N": 10**12}),
        ("SparseConcat", (), {"N": 0}),
        ("SparseConcat", (Shape(7, 2), Shape(7, 3), Shape(7), Shape(7), Shape(2), Shape(3)), {"N": 2}),
        ("SparseSlice", (Shape(7, 2), Shape(7), [4, 6], [1], [1, 1]), {}),
        ("DeserializeManySparse", (Shape(4, 2),), {}),
    ],
)
def test_hostile_nodes_are_refused(kind, operands, attrs):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **attrs)
