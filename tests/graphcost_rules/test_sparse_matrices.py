from __future__ import annotations

import math

import numpy as np
import pytest
from counted import floats
from counting import Tally
from optional_tensorflow import tf
from single_op import apply, make_op

from graphcost import Fact, RuleError, Shape, ShapeUnknown
from graphcost.dims import symbol
from graphcost_rules.sparse_matrices import RULES

A = np.array([[0, 2, 0, 1], [0, 0, 0, 0], [3, 0, 4, 5]], np.float32)
B = np.array([[1, 0, 2], [0, 0, 3], [4, 0, 0], [0, 5, 6]], np.float32)


# TensorFlow has the kernels of SparseMatrixAdd, SparseMatrixMul and SparseMatrixSoftmax for graphics processors alone:
# there the numbers are those of the dense formula.


def matrix(*sizes):
    return Fact("variant", Shape(), element=Fact("float32", Shape(*sizes)))


def compressed(dense):
    return tf.raw_ops.DenseToCSRSparseMatrix(dense_input=dense, indices=np.argwhere(dense))


def dense(handle):
    return tf.raw_ops.CSRSparseMatrixToDense(sparse_input=handle, type=tf.float32).numpy()


def places(array):
    return np.argwhere(array).tolist()


def cost(kind, *operands, counts, **attrs):
    """The cost once the symbols of work are bound."""
    return apply(RULES, kind, *operands, **attrs).cost.bind({f"{what}(node)": n for what, n in counts.items()})


@pytest.mark.parametrize("turns_output", [False, True])
@pytest.mark.parametrize("turns", [False, True])
def test_a_product_with_a_dense_matrix(turns, turns_output):
    other = floats(1, 5, 4) if turns else floats(1, 4, 5)
    attrs = {"transpose_b": turns, "transpose_output": turns_output}
    tally, out = Tally(), np.zeros((3, 5))
    for i, k in places(A):
        for j, b in enumerate((other.T if turns else other)[k].tolist()):
            out[i, j] = tally.mac(out[i, j], float(A[i, k]), b)
    theirs = tf.raw_ops.SparseMatrixMatMul(a=compressed(A), b=other, **attrs)
    out = out.T if turns_output else out
    tally.gives(out, theirs)
    outcome = apply(RULES, "SparseMatrixMatMul", matrix(3, 4), Shape(*other.shape), **attrs)
    assert outcome.shapes == (Shape(*out.shape),)
    tally.proves("SparseMatrixMatMul", outcome.cost.bind({"nnz(node)": len(places(A))}))


def test_a_product_of_sparse_matrices():
    tally, out = Tally(), np.zeros((3, 3))
    pairs = [(i, k, j) for i, k in places(A) for inner, j in places(B) if k == inner]
    for i, k, j in pairs:
        out[i, j] = tally.mac(out[i, j], float(A[i, k]), float(B[k, j]))
    theirs = tf.raw_ops.SparseMatrixSparseMatMul(a=compressed(A), b=compressed(B), type=tf.float32)
    tally.gives(out, dense(theirs))
    operands = (matrix(3, 4), matrix(4, 3))
    tally.proves("SparseMatrixSparseMatMul", cost("SparseMatrixSparseMatMul", *operands, counts={"pairs": len(pairs)}))


def test_a_sum_of_scaled_matrices():
    tally, out = Tally(), {}
    for factor, operand in ((2.0, A), (3.0, B.T)):
        for place in map(tuple, places(operand)):
            scaled = tally.mul(factor, float(operand[place]))
            out[place] = tally.add(out[place], scaled) if place in out else scaled
    theirs = 2 * A + 3 * B.T
    assert sorted(out) == sorted(map(tuple, places(theirs)))
    tally.agrees(list(out.values()), [theirs[place] for place in out])
    nonzeros = len(places(A)) + len(places(B))
    operands = (matrix(3, 4), matrix(3, 4), Shape(), Shape())
    counts = {"nnz": nonzeros, "common": nonzeros - len(out)}
    tally.proves("SparseMatrixAdd", cost("SparseMatrixAdd", *operands, counts=counts))


def test_a_scaled_matrix():
    tally = Tally()
    out = [tally.mul(float(A[tuple(place)]), 3.0) for place in places(A)]
    theirs = 3 * A
    tally.agrees(out, [theirs[tuple(place)] for place in places(A)])
    tally.proves("SparseMatrixMul", cost("SparseMatrixMul", matrix(3, 4), Shape(), counts={"nnz": len(out)}))


def softmax(tally, row):
    greatest = row[0]
    for item in row[1:]:
        greatest = tally.max(greatest, item)
    powers = [tally.call(math.exp, tally.sub(item, greatest)) for item in row]
    total = tally.sum(powers)
    return [tally.div(power, total) for power in powers]


def softmax_grad(tally, row, gradient):
    total = tally.sum([tally.mul(s, g) for s, g in zip(row, gradient, strict=True)])
    return [tally.mul(tally.sub(g, total), s) for s, g in zip(row, gradient, strict=True)]


def test_softmax_and_its_gradient_over_rows():
    counts = {"nnz": len(places(A)), "rows": 2}
    rows = [A[row][A[row] != 0].tolist() for row in (0, 2)]
    gradients = [floats(row, len(row_items)).tolist() for row, row_items in enumerate(rows)]
    forward, backward = Tally(), Tally()
    for row, gradient in zip(rows, gradients, strict=True):
        result = softmax(forward, row)
        forward.agrees(result, tf.nn.softmax(row))
        expected = np.array(result) * (np.array(gradient) - np.dot(result, gradient))
        backward.agrees(softmax_grad(backward, result, gradient), expected)
    forward.proves("SparseMatrixSoftmax", cost("SparseMatrixSoftmax", matrix(3, 4), counts=counts))
    backward.proves("SparseMatrixSoftmaxGrad", cost("SparseMatrixSoftmaxGrad", *[matrix(3, 4)] * 2, counts=counts))


def test_a_cholesky_factor_column_by_column():
    definite = np.array([[4, 0, 2], [0, 9, 3], [2, 3, 6]], np.float32)
    tally, factor, updates = Tally(), np.tril(definite).astype(np.float64), 0
    for j in range(3):
        for i, k in ((i, k) for i in range(j, 3) for k in range(j) if factor[i, k] and factor[j, k]):
            factor[i, j] = tally.sub(factor[i, j], tally.mul(float(factor[i, k]), float(factor[j, k])))
            updates += 1
        factor[j, j] = tally.sqrt(factor[j, j])
        for i in range(j + 1, 3):
            if factor[i, j]:
                factor[i, j] = tally.div(float(factor[i, j]), float(factor[j, j]))
    order = np.arange(3, dtype=np.int32)
    theirs = tf.raw_ops.SparseMatrixSparseCholesky(input=compressed(definite), permutation=order, type=tf.float32)
    tally.gives(factor, dense(theirs))
    below = len(places(np.tril(factor, -1)))
    found = cost("SparseMatrixSparseCholesky", matrix(3, 3), Shape(3), counts={"nnz": below, "updates": updates})
    tally.proves("SparseMatrixSparseCholesky", found)


def eliminated(neighbours, vertex):
    """The graph without a vertex, whose neighbours become each other's; and how many edges that adds."""
    around = neighbours[vertex]
    rest = {v: (n | around if v in around else n) - {v, vertex} for v, n in neighbours.items() if v != vertex}
    return rest, (sum(map(len, rest.values())) + 2 * len(around) - sum(map(len, neighbours.values()))) // 2


def fill(neighbours, order):
    total = 0
    for vertex in order:
        neighbours, added = eliminated(neighbours, vertex)
        total += added
    return total


@pytest.mark.tensorflow
def test_the_vertex_of_the_least_degree_goes_first():
    """Among equals, and where subtrees of the elimination change places, any may: what counts is how much is filled."""
    edges = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (2, 4), (3, 4), (4, 5), (0, 6), (0, 7)]
    pattern = np.eye(8, dtype=np.float32)
    for a, b in edges:
        pattern[a, b] = pattern[b, a] = 1
    whole = {v: set(np.flatnonzero(pattern[v]).tolist()) - {v} for v in range(8)}
    tally, order, left, steps = Tally(), [], whole, 0
    while left:
        least, *others = left
        for vertex in others:
            steps += 1
            if tally.less(len(left[vertex]), len(left[least])):
                least = vertex
        order.append(least)
        left, _ = eliminated(left, least)
    theirs = tf.raw_ops.SparseMatrixOrderingAMD(input=compressed(pattern)).numpy().tolist()
    assert sorted(theirs) == sorted(order)
    assert fill(whole, order) < fill(whole, range(8))
    tally.gives(fill(whole, order), fill(whole, theirs))
    tally.proves("SparseMatrixOrderingAMD", cost("SparseMatrixOrderingAMD", matrix(8, 8), counts={"steps": steps}))


def test_handles_hold_the_dense_shape():
    n = symbol("N")
    element = RULES.get("SparseMatrixTranspose").element
    assert element(make_op("SparseMatrixTranspose", matrix(n, 3, 4)))[0].shape == Shape(n, 4, 3)
    assert apply(RULES, "CSRSparseMatrixToDense", matrix(n, 3, 4)).shapes == (Shape(n, 3, 4),)
    assert apply(RULES, "SparseMatrixNNZ", matrix(n, 3, 4)).shapes == (Shape(n),)
    assert apply(RULES, "SparseMatrixOrderingAMD", matrix(4, 4)).shapes == (Shape(4),)
    assert apply(RULES, "CSRSparseMatrixComponents", matrix(3, 4), 0).shapes[0] == Shape(4)
    assert apply(RULES, "CSRSparseMatrixToSparseTensor", matrix(3, 4)).shapes[2] == Shape(2)
    held = RULES.get("SparseTensorToCSRSparseMatrix").element(
        make_op("SparseTensorToCSRSparseMatrix", Shape(5, 2), Shape(5), [3, 4])
    )
    assert held[0].shape == Shape(3, 4)


def test_without_a_dense_shape_nothing_is_known():
    with pytest.raises(ShapeUnknown):
        apply(RULES, "CSRSparseMatrixToDense", Fact("variant", Shape()))


@pytest.mark.parametrize(
    ("kind", "operands"),
    [
        ("CSRSparseMatrixToDense", (matrix(3),)),
        ("SparseMatrixMatMul", (matrix(3, 4), Shape(5, 4))),
        ("SparseMatrixMatMul", (matrix(3, 4), Shape(4))),
    ],
)
def test_hostile_nodes_are_refused(kind, operands):
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands)
