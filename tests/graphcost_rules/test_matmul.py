"""Matrix products against TensorFlow's kernels and shape functions, and against loops that count themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from convolutions import numbers
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from internal_ops import run
from kernel_oracle import Call, call, prove
from open_sizes import assert_same_when_bound
from optional_tensorflow import tf
from single_op import apply, make_op

from graphcost import Cost, Fact, Op, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.matmul import RULES

some = settings(max_examples=25, derandomize=True, deadline=None, database=None)
sizes = st.integers(0, 4)


@st.composite
def plain(draw: st.DrawFn, kind: str) -> Call:
    rows, inner, columns = (draw(sizes) for _ in range(3))
    turned = {"transpose_a": draw(st.booleans()), "transpose_b": draw(st.booleans())}
    a = (inner, rows) if turned["transpose_a"] else (rows, inner)
    b = (columns, inner) if turned["transpose_b"] else (inner, columns)
    return call(kind, numbers(a, 1), numbers(b, 2), **turned)


@st.composite
def batched(draw: st.DrawFn, kind: str, *, broadcast: bool) -> Call:
    batch = draw(st.lists(st.integers(1, 3), max_size=2))
    rows, inner, columns = (draw(sizes) for _ in range(3))
    turned = {"adj_x": draw(st.booleans()), "adj_y": draw(st.booleans())}
    x = (inner, rows) if turned["adj_x"] else (rows, inner)
    y = (columns, inner) if turned["adj_y"] else (inner, columns)
    of_x, of_y = (draw(shrunk(batch)) if broadcast else batch for _ in range(2))
    out = {"Tout": tf.float32} if kind == "BatchMatMulV3" else {}
    return call(kind, numbers((*of_x, *x), 1), numbers((*of_y, *y), 2), **turned, **out)


def shrunk(batch: Sequence[int]) -> st.SearchStrategy[list[int]]:
    """Batch axes that broadcast to these or to fewer."""
    ones = st.tuples(*(st.sampled_from([1, size]) for size in batch))
    return st.builds(lambda dims, first: list(dims[first:]), ones, st.integers(0, len(batch)))


@st.composite
def sparse(draw: st.DrawFn) -> Call:
    rows, inner, columns = (draw(st.integers(1, 4)) for _ in range(3))
    turned = {"adjoint_a": draw(st.booleans()), "adjoint_b": draw(st.booleans())}
    a = (inner, rows) if turned["adjoint_a"] else (rows, inner)
    places = sorted(draw(st.sets(st.tuples(*(st.integers(0, size - 1) for size in a)), max_size=5)))
    indices = np.array(places, np.int64).reshape(len(places), 2)
    b = numbers((columns, inner) if turned["adjoint_b"] else (inner, columns), 2)
    return call("SparseTensorDenseMatMul", indices, numbers([len(places)], 1), np.array(a, np.int64), b, **turned)


CALLS = {
    "MatMul": plain("MatMul"),
    "SparseMatMul": plain("SparseMatMul"),
    "BatchMatMul": batched("BatchMatMul", broadcast=False),
    "BatchMatMulV2": batched("BatchMatMulV2", broadcast=True),
    "BatchMatMulV3": batched("BatchMatMulV3", broadcast=True),
    "SparseTensorDenseMatMul": sparse(),
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", CALLS)
def test_shapes_are_tensorflows(kind: str) -> None:
    prove(RULES, CALLS[kind], has_value=False, least_named=1)


ONEDNN = {"_MklMatMul": "MatMul", "_MklBatchMatMul": "BatchMatMul", "_MklBatchMatMulV2": "BatchMatMulV2"}


@pytest.mark.parametrize("kind", [kind for kind in CALLS if kind != "SparseTensorDenseMatMul"] + list(ONEDNN))
def test_products_cost_what_the_loops_count(kind: str) -> None:
    @some
    @given(CALLS[ONEDNN.get(kind, kind)])
    def check(drawn: Call) -> None:
        a, b = (given.array for given in drawn.inputs)
        is_turned = [bool(drawn.attrs.get(way)) for way in ("transpose_a", "transpose_b", "adj_x", "adj_y")]
        left = np.swapaxes(a, -1, -2) if is_turned[0] or is_turned[2] else a
        right = np.swapaxes(b, -1, -2) if is_turned[1] or is_turned[3] else b
        tally = Tally()
        tally.gives(multiply(tally, left, right), run_kernel(kind, a, b, drawn))
        tally.proves(kind, apply(RULES, kind, Shape(*a.shape), Shape(*b.shape), **drawn.attrs).cost)

    check()


def run_kernel(kind: str, a: np.ndarray, b: np.ndarray, drawn: Call) -> Any:
    if kind in ONEDNN:
        return run(kind, [a, b], _kernel="MklNameChangeOp", **drawn.attrs)
    names = ("a", "b") if "Batch" not in kind else ("x", "y")
    return getattr(tf.raw_ops, kind)(**dict(zip(names, (a, b), strict=True)), **drawn.attrs)


def multiply(tally: Tally, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left, right = (np.broadcast_to(m, (*batch, *m.shape[-2:])) for m in (left, right))
    result = np.zeros((*batch, left.shape[-2], right.shape[-1]))
    for place in np.ndindex(result.shape):
        for k in range(left.shape[-1]):
            result[place] = tally.mac(result[place], left[(*place[:-1], k)], right[(*place[:-2], k, place[-1])])
    return result


@some
@given(sparse())
def test_sparse_products_cost_what_the_loops_count(drawn: Call) -> None:
    indices, values, shape, dense = (given.array for given in drawn.inputs)
    right = dense.T if drawn.attrs["adjoint_b"] else dense
    tally, result = Tally(), np.zeros((shape[1] if drawn.attrs["adjoint_a"] else shape[0], right.shape[1]))
    for place, value in zip(indices, values, strict=True):
        row, inner = reversed(place) if drawn.attrs["adjoint_a"] else place
        for column in range(right.shape[1]):
            result[row, column] = tally.mac(result[row, column], value, right[inner, column])
    kernel = tf.raw_ops.SparseTensorDenseMatMul(
        a_indices=indices, a_values=values, a_shape=shape, b=dense, **drawn.attrs
    )
    tally.gives(result, kernel)
    operands = Shape(*indices.shape), Shape(*values.shape), list(map(int, shape)), Shape(*dense.shape)
    tally.proves("SparseTensorDenseMatMul", apply(RULES, "SparseTensorDenseMatMul", *operands, **drawn.attrs).cost)


@pytest.mark.parametrize(("adj_x", "adj_y"), [(False, False), (True, False), (False, True), (True, True)])
def test_symbols_bind_to_the_same(adj_x: bool, adj_y: bool) -> None:
    x, y = Shape(5, 2, 3, 4), Shape(5, 2, 4, 6)
    x = Shape(*x[:2], x[3], x[2]) if adj_x else x
    y = Shape(*y[:2], y[3], y[2]) if adj_y else y
    for kind in ("BatchMatMul", "BatchMatMulV2"):
        assert_same_when_bound(RULES, kind, x, y, adj_x=adj_x, adj_y=adj_y)
    turned = {"transpose_a": adj_x, "transpose_b": adj_y}
    assert_same_when_bound(RULES, "MatMul", Shape(*x[2:]), Shape(*y[2:]), **turned)


def test_open_non_zeros_bind_to_the_same() -> None:
    operands = Shape(7, 2), Shape(7), [3, 4], Shape(4, 5)
    assert_same_when_bound(RULES, "SparseTensorDenseMatMul", *operands)


@pytest.mark.parametrize("operands", [(Shape(2, 3, 4), Fact("float32")), (Fact("float32"), Shape(4, 5))])
def test_one_operand_is_enough_for_the_cost(operands: tuple[Shape | Fact, ...]) -> None:
    """Where the file tells the output's shape, the inner size may come from either operand."""
    rule = RULES.get("BatchMatMulV2")
    assert rule is not None
    assert callable(rule.cost)
    known = make_op("BatchMatMulV2", *operands)
    op = Op(known.node, known.inputs, [Fact("float32", Shape(2, 3, 5))])
    assert rule.cost(op) == Cost(mac=2 * 3 * 4 * 5)


def test_broadcast_batches_multiply() -> None:
    batch = symbol("N")
    outcome = apply(RULES, "BatchMatMulV2", Shape(batch, 1, 3, 4), Shape(7, 4, 5))
    assert outcome.shapes == (Shape(batch, 7, 3, 5),)
    assert outcome.cost == Cost(mac=420 * batch)


@pytest.mark.parametrize(
    ("kind", "operands"),
    [
        ("MatMul", (Shape(2, 3), Shape(2, 3))),
        ("MatMul", (Shape(2, 3, 4), Shape(4, 5))),
        ("MatMul", (Shape(2, 3),)),
        ("BatchMatMul", (Shape(1, 2, 3), Shape(5, 3, 4))),
        ("BatchMatMul", (Shape(2, 3), Shape(5, 3, 4))),
        ("BatchMatMulV2", (Shape(3), Shape(3, 4))),
        ("BatchMatMulV2", (Shape(2, 2, 3), Shape(5, 3, 4))),
        ("SparseTensorDenseMatMul", (Shape(2, 2), Shape(2), [3, 4, 5], Shape(4, 5))),
        ("SparseTensorDenseMatMul", (Shape(2, 2), Shape(2), [3, -4], Shape(4, 5))),
        ("SparseTensorDenseMatMul", (Shape(2, 2), Shape(2), [3, 9], Shape(4, 5))),
    ],
)
def test_shapes_that_do_not_fit_are_refused(kind: str, operands: Any) -> None:
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands)


def test_hostile_attributes_are_refused() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "MatMul", Shape(2, 3), Shape(3, 4), transpose_a=1)
    with pytest.raises(RuleError):
        apply(RULES, "BatchMatMulV2", Shape(2, 3), Shape(3, 4), adj_y=b"yes")
