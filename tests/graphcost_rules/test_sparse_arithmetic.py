from __future__ import annotations

import math

import numpy as np
import pytest
from counted import floats, ints, prove_count, prove_partial
from data_dependent import merge_sorted, prove_opaque
from kernel_oracle import call
from single_op import apply

from graphcost import Cost, Fact, RuleError, Shape
from graphcost.dims import symbol, symbols
from graphcost_rules.sparse_arithmetic import RULES

A_PLACES = np.array([[0, 1], [0, 3], [1, 0], [1, 1], [2, 0], [3, 4], [3, 5]], np.int64)
B_PLACES = np.array([[0, 0], [0, 3], [1, 1], [3, 4]], np.int64)
A, B = floats(1, 7), floats(2, 4, least=0.1)
SIZES = np.array([4, 6], np.int64)
SPARSE = {"a_indices": A_PLACES, "a_values": A, "a_shape": SIZES}
BOTH = {**SPARSE, "b_indices": B_PLACES, "b_values": B, "b_shape": SIZES}
COMMON, UNION = 3, 8


def merged(t, a_places, a_values, b_places, b_values):
    """Both entries of each place, None where there is none, by one comparison for each place."""
    a = [*zip(a_places.tolist(), a_values.tolist(), strict=True), ([math.inf], None)]
    b = [*zip(b_places.tolist(), b_values.tolist(), strict=True), ([math.inf], None)]
    i = j = 0
    out = []
    while i < len(a) - 1 or j < len(b) - 1:
        t.counts["compare"] += 1
        place = min(a[i][0], b[j][0])
        takes_a, takes_b = a[i][0] == place, b[j][0] == place
        out.append((place, a[i][1] if takes_a else None, b[j][1] if takes_b else None))
        i, j = i + takes_a, j + takes_b
    return out


def test_a_sum_merges_and_adds_what_is_common():
    def naive(t, ai, av, _, bi, bv, __, threshold):
        places, values = [], []
        for place, a, b in merged(t, ai, av, bi, bv):
            total = a if b is None else b if a is None else t.add(a, b)
            if a is not None and b is not None:
                t.counts["add"] += 1
                if t.less(abs(total), float(threshold)):
                    continue
            places.append(place)
            values.append(total)
        return [places, values, SIZES]

    prove_opaque(RULES, "SparseAdd", {**BOTH, "thresh": np.array(0, np.float32)}, naive, {"common": COMMON})


@pytest.mark.parametrize(("kind", "pick"), [("SparseSparseMaximum", max), ("SparseSparseMinimum", min)])
def test_extrema_compare_at_every_place(kind, pick):
    def naive(t, ai, av, _, bi, bv, __):
        merges = merged(t, ai, av, bi, bv)
        t.counts["compare"] += len(merges)
        return [[m[0] for m in merges], [pick(m[1] or 0.0, m[2] or 0.0) for m in merges]]

    prove_opaque(RULES, kind, BOTH, naive)


def test_the_gradient_of_a_sum_is_looked_up():
    union = sorted({tuple(row) for row in [*A_PLACES.tolist(), *B_PLACES.tolist()]})

    def naive(t, gradient, a, b, both):
        table = {tuple(place): i for i, place in enumerate(both.tolist())}
        t.counts["compare"] += len(a) + len(b)
        return [[gradient[table[tuple(place)]] for place in rows.tolist()] for rows in (a, b)]

    tensors = {
        "backprop_val_grad": floats(3, UNION),
        "a_indices": A_PLACES,
        "b_indices": B_PLACES,
        "sum_indices": np.array(union, np.int64),
    }
    prove_count(RULES, "SparseAddGrad", tensors, naive)


@pytest.mark.parametrize("name", ["Add", "Mul", "Div"])
def test_one_step_for_each_entry(name):
    step = {"Add": "add", "Mul": "mul", "Div": "div"}[name]

    def naive(t, places, values, _, dense):
        return [[getattr(t, step)(v, float(dense[tuple(p)])) for p, v in zip(places, values.tolist(), strict=True)]]

    tensors = {"sp_indices": A_PLACES, "sp_values": A, "sp_shape": SIZES, "dense": floats(4, 4, 6)}
    prove_count(RULES, f"SparseDenseCwise{name}", tensors, naive)


def test_entries_are_added_to_a_dense_tensor():
    def naive(t, places, values, _, dense):
        out = dense.astype(np.float64)
        for place, value in zip(places.tolist(), values.tolist(), strict=True):
            out[tuple(place)] = t.add(out[tuple(place)], value)
        return [out]

    prove_count(RULES, "SparseTensorDenseAdd", {**SPARSE, "b": floats(4, 4, 6)}, naive)


def test_a_softmax_of_rows():
    def naive(t, places, values, _):
        out = []
        for row in sorted(set(places[:, 0].tolist())):
            items = values[places[:, 0] == row].tolist()
            greatest = items[0]
            for item in items[1:]:
                greatest = t.max(greatest, item)
            powers = [t.call(math.exp, t.sub(item, greatest)) for item in items]
            total = t.sum(powers)
            out += [t.div(power, total) for power in powers]
        return [out]

    tensors = {"sp_indices": A_PLACES, "sp_values": A, "sp_shape": SIZES}
    prove_opaque(RULES, "SparseSoftmax", tensors, naive, {"rows": 4})


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("name", ["Sum", "Max"])
def test_each_entry_is_combined_with_its_group(name, keeps):
    step = {"Sum": lambda t, a, b: t.add(a, b), "Max": lambda t, a, b: t.max(a, b)}[name]

    def naive(t, places, values, *_):
        out = np.full(4, 0.0 if name == "Sum" else -np.inf)
        for (row, _), value in zip(places.tolist(), values.tolist(), strict=True):
            out[row] = step(t, out[row], value)
        return [out.reshape(4, 1) if keeps else out]

    tensors = {"input_indices": A_PLACES, "input_values": A, "input_shape": SIZES, "reduction_axes": ints(-1)}
    prove_count(RULES, f"SparseReduce{name}", tensors, naive, keep_dims=keeps)
    if not keeps:
        prove_opaque(
            RULES, f"SparseReduce{name}Sparse", tensors, lambda t, *x: [np.arange(4).reshape(4, 1), *naive(t, *x)]
        )


@pytest.mark.parametrize("name", ["Sum", "Mean", "SqrtN"])
def test_gradients_of_the_rows_that_were_picked(name):
    picked, segments = ints(0, 3, 3, 1, 2), ints(0, 0, 1, 2, 2)

    def naive(t, gradient, indices, ids, _):
        merge_sorted(t, indices.tolist())
        sizes = np.bincount(ids).tolist()
        weights = {
            "Sum": lambda n: None,
            "Mean": lambda n: t.div(1, n),
            "SqrtN": lambda n: t.div(1, t.sqrt(n)),
        }[name]
        shares = [weights(n) for n in sizes]
        rows = sorted(set(indices.tolist()))
        out = np.zeros((len(rows), gradient.shape[1]))
        for row, segment in zip(indices.tolist(), ids.tolist(), strict=True):
            for column, item in enumerate(gradient[segment].tolist()):
                share = item if shares[segment] is None else t.mul(item, shares[segment])
                out[rows.index(row), column] = t.add(out[rows.index(row), column], share)
        return [out, rows]

    tensors = {
        "grad": floats(1, 3, 2),
        "indices": picked,
        "segment_ids": segments,
        "dense_output_dim0": np.array(4, np.int32),
    }
    prove_opaque(RULES, f"SparseSegment{name}GradV2", tensors, naive)
    prove_partial(RULES, call(f"SparseSegment{name}GradV2", *tensors.values()))


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "made",
    [
        call("SparseAdd", A_PLACES, A, SIZES, B_PLACES, B, SIZES, np.array(0, np.float32)),
        call("SparseSparseMaximum", A_PLACES, A, SIZES, B_PLACES, B, SIZES),
        call("SparseDenseCwiseMul", A_PLACES, A, SIZES, floats(4, 4, 6)),
        call("SparseTensorDenseAdd", A_PLACES, A, SIZES, floats(4, 4, 6)),
        call("SparseSoftmax", A_PLACES, A, SIZES),
        call("SparseReduceSum", A_PLACES, A, SIZES, ints(1)),
        call("SparseReduceSum", A_PLACES, A, SIZES, ints(0), keep_dims=True),
        call("SparseReduceMax", A_PLACES, A, SIZES, ints(0, 1)),
        call("SparseReduceSumSparse", A_PLACES, A, SIZES, ints(1)),
    ],
    ids=lambda made: made.kind,
)
def test_partly_known_shapes_know_what_tensorflow_knows(made):
    prove_partial(RULES, made)


def test_the_number_of_entries_may_be_open():
    n = symbol("nnz")
    outcome = apply(RULES, "SparseTensorDenseAdd", Shape(n, 2), Shape(n), [4, 6], Shape(4, 6))
    assert outcome.cost == Cost(add=n)


@pytest.mark.parametrize(
    ("kind", "operands"),
    [
        ("SparseAdd", (Shape(7, 2), Shape(7), Shape(2), Shape(4, 3), Shape(4), Shape(3), Shape())),
        ("SparseTensorDenseAdd", (Shape(7, 2), Shape(7), [4, 6], Shape(4, 5))),
        ("SparseTensorDenseAdd", (Shape(7, 2), Shape(7), [4, 6], Shape(4))),
        ("SparseReduceSum", (Shape(7, 2), Shape(7), [4, 6], [2])),
        ("SparseSegmentSumGradV2", (Shape(3, 2), Shape(5), Shape(4), 4)),
    ],
)
def test_hostile_nodes_are_refused(kind, operands):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands)


@pytest.mark.parametrize("unknown", [0, 1])
def test_a_sum_of_what_nobody_knows_still_has_entries(unknown):
    """A list of places has two axes, whatever else isn't known of it; here one operand has 3 entries."""
    operands = [(Fact("int64", Shape(3, 2)), Fact("float32", Shape(3)), Fact("int64", Shape(2)))] * 2
    operands[unknown] = (Fact("int64"), Fact("float32"), Fact("int64"))
    cost = apply(RULES, "SparseAdd", *operands[0], *operands[1], Shape()).cost
    (entries,) = symbols(cost.compare)
    assert cost.compare == 3 + symbol(entries)
