"""Diagonals and bands against TensorFlow."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_oracle import Call, call, check_kernel, numbered, prove, tensors
from single_op import apply

from graphcost import RuleError, Shape, dim_min
from graphcost.dims import symbol
from graphcost_rules.matrix_structure import RULES

MATRICES = tensors(least=1, least_rank=2)


@st.composite
def diagonal_parts(draw: st.DrawFn, kind: str) -> Call:
    matrix = draw(MATRICES)
    rows, columns = matrix.shape[-2:]
    low = draw(st.integers(1 - rows, columns - 1))
    high = draw(st.integers(low, columns - 1))
    return call(kind, matrix, draw(st.sampled_from([[low, high], [low, low], low])), 0)


@st.composite
def diagonals(draw: st.DrawFn, kind: str) -> Call:
    low = draw(st.integers(-2, 2))
    count, length = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    batch = draw(st.lists(st.integers(1, 2), max_size=1))
    high = low + count - 1
    rows, columns = length - min(high, 0), length + max(low, 0)
    side = max(rows, columns)
    sizes = draw(st.sampled_from([(-1, -1), (side, side)]))
    if count > 1 and (low > 0 or high < 0):
        sizes = (-1, -1)
    shape = [*batch, length] if count == 1 else [*batch, count, length]
    return call(kind, numbered(shape), [low, high] if count > 1 else low, *sizes, 0)


@st.composite
def replaced(draw: st.DrawFn) -> Call:
    matrix = draw(MATRICES)
    return call("MatrixSetDiag", matrix, numbered([*matrix.shape[:-2], min(matrix.shape[-2:])]))


CALLS = {
    "Diag": tensors(least=1, most_rank=2, least_rank=1).map(lambda tensor: call("Diag", tensor)),
    "DiagPart": tensors(least=1, most_rank=2, least_rank=1).map(lambda t: call("DiagPart", numbered(t.shape * 2))),
    "MatrixDiag": tensors(least=1, least_rank=1).map(lambda tensor: call("MatrixDiag", tensor)),
    "MatrixDiagPart": MATRICES.map(lambda tensor: call("MatrixDiagPart", tensor)),
    "MatrixSetDiag": replaced(),
    "MatrixBandPart": MATRICES.map(lambda tensor: call("MatrixBandPart", tensor, 1, 0)),
    "MatrixDiagPartV2": diagonal_parts("MatrixDiagPartV2"),
    "MatrixDiagPartV3": diagonal_parts("MatrixDiagPartV3"),
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_shapes_agree_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, has_value=False, examples=20)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["MatrixDiagV2", "MatrixDiagV3"])
@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(data=st.data())
def test_matrices_of_given_diagonals_agree_with_the_kernel(kind: str, data: st.DataObject) -> None:
    """TensorFlow's shape function takes sizes that it doesn't know for -1, so that only the kernel is asked."""
    check_kernel(RULES, data.draw(diagonals(kind)), has_value=False)


def test_the_diagonal_of_an_open_matrix_is_as_long_as_its_shorter_side() -> None:
    rows, columns = symbol("rows"), symbol("columns")
    assert apply(RULES, "MatrixDiagPart", Shape(8, rows, columns)).shapes == (Shape(8, dim_min(rows, columns)),)


@pytest.mark.parametrize("k", [[2, 1], [0, 1, 2], []])
def test_diagonals_out_of_order_are_refused(k: list[int]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "MatrixDiagPartV3", Shape(3, 3), k, 0)
