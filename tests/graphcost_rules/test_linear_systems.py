"""Direct methods against TensorFlow's kernels and the textbook loops, which count themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from counted import floats, prove_count, prove_partial
from counting import Tally
from kernel_oracle import call
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.linear_systems import RULES

SIZES = [1, 2, 5]


def general(n: int, batch: int = 2) -> np.ndarray:
    return floats(n, batch, n, n) + 2 * np.eye(n, dtype=np.float32)[::-1]


def positive(n: int) -> np.ndarray:
    a = floats(n, 2, n, n)
    return a @ a.swapaxes(1, 2) + n * np.eye(n, dtype=np.float32)


def less(t: Tally, total: float, a: float, b: float) -> float:
    return t.sub(total, t.mul(a, b))


def lu(t: Tally, matrix: np.ndarray) -> tuple[np.ndarray, list[int]]:
    a, n = matrix.astype(float), len(matrix)
    order = list(range(n))
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if t.less(abs(a[pivot, k]), abs(a[i, k])):
                pivot = i
        a[[k, pivot]], order[k], order[pivot] = a[[pivot, k]], order[pivot], order[k]
        for i in range(k + 1, n):
            a[i, k] = t.div(a[i, k], a[k, k])
            for j in range(k + 1, n):
                a[i, j] = less(t, a[i, j], a[i, k], a[k, j])
    return a, order


def cholesky(t: Tally, a: np.ndarray) -> np.ndarray:
    lower = np.zeros(a.shape)
    for j in range(len(a)):
        for i in range(j, len(a)):
            total = float(a[i, j])
            for k in range(j):
                total = less(t, total, lower[i, k], lower[j, k])
            lower[i, j] = t.sqrt(total) if i == j else t.div(total, lower[j, j])
    return lower


def forward(t: Tally, lower: np.ndarray, b: np.ndarray, *, has_ones: bool = False) -> np.ndarray:
    x = b.astype(float)
    for i in range(len(x)):
        for k in range(i):
            x[i] = less(t, x[i], lower[i, k], x[k])
        if not has_ones:
            x[i] = t.div(x[i], lower[i, i])
    return x


def backward(t: Tally, upper: np.ndarray, b: np.ndarray) -> np.ndarray:
    return forward(t, upper[::-1, ::-1], b[::-1])[::-1]


def columns(solve: Any, *matrices: np.ndarray) -> np.ndarray:
    return np.stack([solve(*matrices[:-1], column) for column in matrices[-1].T], -1)


def solve(t: Tally, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    factors, order = lu(t, a)
    return columns(lambda column: backward(t, factors, forward(t, factors, column, has_ones=True)), b[order])


@pytest.mark.parametrize("n", SIZES)
def test_factors_cost_what_the_loops_count(n: int) -> None:
    prove_count(RULES, "Cholesky", {"input": positive(n)}, lambda t, a: [np.stack([cholesky(t, m) for m in a])])

    def factors(t: Tally, a: np.ndarray) -> list[np.ndarray]:
        results = [lu(t, m) for m in a]
        return [np.stack([result[0] for result in results]), np.stack([result[1] for result in results])]

    prove_count(RULES, "Lu", {"input": general(n)}, factors)


@pytest.mark.parametrize("n", SIZES)
def test_determinants_cost_what_the_loops_count(n: int) -> None:
    def parity(order: list[int]) -> int:
        return round(np.linalg.det(np.eye(len(order))[order]))

    def determinant(t: Tally, m: np.ndarray) -> float:
        factors, order = lu(t, m)
        total = float(factors[0, 0])
        for k in range(1, n):
            total = t.mul(total, factors[k, k])
        return total * parity(order)

    def logarithm(t: Tally, m: np.ndarray) -> tuple[float, float]:
        factors, order = lu(t, m)
        signs = [-1.0 if t.less(factors[k, k], 0) else 1.0 for k in range(n)]
        sign = signs[0]
        for other in signs[1:]:
            sign = t.mul(sign, other)
        return sign * parity(order), t.sum([t.call(math.log, abs(factors[k, k])) for k in range(n)])

    given = {"input": general(n)}
    prove_count(RULES, "MatrixDeterminant", given, lambda t, a: [np.array([determinant(t, m) for m in a])])
    prove_count(RULES, "LogMatrixDeterminant", given, lambda t, a: np.array([logarithm(t, m) for m in a]).T)


@pytest.mark.parametrize("n", SIZES)
def test_solutions_cost_what_the_loops_count(n: int) -> None:
    a, b = general(n), floats(9, 2, n, 3)
    pair = {"matrix": a, "rhs": b}
    prove_count(RULES, "MatrixSolve", pair, lambda t, a, b: [np.stack([solve(t, *p) for p in zip(a, b, strict=True)])])
    prove_count(RULES, "MatrixInverse", {"input": a}, lambda t, a: [np.stack([solve(t, m, np.eye(n)) for m in a])])
    for lower, way in ((True, forward), (False, backward)):

        def triangular(t: Tally, a: np.ndarray, b: np.ndarray, way: Any = way) -> list[np.ndarray]:
            return [np.stack([columns(lambda c, m=m: way(t, m, c), r) for m, r in zip(a, b, strict=True)])]

        strong = {"matrix": a + 3 * np.eye(n, dtype=np.float32), "rhs": b}
        prove_count(RULES, "MatrixTriangularSolve", strong, triangular, lower=lower)


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 5)])
def test_least_squares_cost_what_the_loops_count(shape: tuple[int, int]) -> None:
    a, b = floats(1, 2, *shape), floats(2, 2, shape[0], 2)

    def product(t: Tally, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        total = np.zeros((len(x), y.shape[1]))
        for i, j in np.ndindex(total.shape):
            for k in range(len(y)):
                total[i, j] = t.mac(total[i, j], x[i, k], y[k, j])
        return total

    def solution(t: Tally, m: np.ndarray, r: np.ndarray) -> np.ndarray:
        is_tall = m.shape[0] >= m.shape[1]
        gram = product(t, m.T, m) if is_tall else product(t, m, m.T)
        for k in range(len(gram)):
            gram[k, k] = t.add(gram[k, k], 0.5)
        lower = cholesky(t, gram)
        right = product(t, m.T, r) if is_tall else r
        middle = columns(lambda column: backward(t, lower.T, forward(t, lower, column)), right)
        return middle if is_tall else product(t, m.T, middle)

    def naive(t: Tally, a: np.ndarray, b: np.ndarray, _: Any) -> list[np.ndarray]:
        return [np.stack([solution(t, m, r) for m, r in zip(a, b, strict=True)])]

    given = {"matrix": a, "rhs": b, "l2_regularizer": np.array(0.5)}
    prove_count(RULES, "MatrixSolveLs", given, naive, tolerance=1e-3)


@pytest.mark.parametrize("n", SIZES)
def test_the_gradient_of_cholesky_costs_what_the_loops_count(n: int) -> None:
    lower, grad = np.linalg.cholesky(positive(n)), floats(3, 2, n, n)

    def one(t: Tally, low: np.ndarray, g: np.ndarray) -> np.ndarray:
        inner = np.zeros((n, n))
        for i in range(n):
            for j in range(i + 1):
                for k in range(i, n):
                    inner[i, j] = t.add(inner[i, j], t.mul(low[k, i], np.tril(g)[k, j]))
            inner[i, i] = t.mul(inner[i, i], 0.5)
        left = columns(lambda c: backward(t, low.T, c), inner)
        both = columns(lambda c: backward(t, low.T, c), left.T).T
        result = both.copy()
        for i in range(n):
            for j in range(i):
                result[i, j] = result[j, i] = t.mul(0.5, t.add(both[i, j], both[j, i]))
        return result

    def naive(t: Tally, low: np.ndarray, g: np.ndarray) -> list[np.ndarray]:
        return [np.stack([one(t, *pair) for pair in zip(low, g, strict=True)])]

    prove_count(RULES, "CholeskyGrad", {"l": lower, "grad": grad}, naive)


@pytest.mark.parametrize("bands", [1, 2, 3])
def test_banded_systems_cost_what_the_loops_count(bands: int) -> None:
    n = 5
    matrix, right = floats(1, 2, bands, n) + 2, floats(2, 2, n, 3)

    def one(t: Tally, band: np.ndarray, b: np.ndarray) -> np.ndarray:
        x = b.astype(float)
        for i in range(n):
            for k in range(1, min(bands, i + 1)):
                x[i] = less(t, x[i], band[k, i], x[i - k])
            x[i] = t.div(x[i], band[0, i])
        return x

    def naive(t: Tally, a: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
        return [np.stack([columns(lambda c, m=m: one(t, m, c), r) for m, r in zip(a, b, strict=True)])]

    prove_count(RULES, "BandedTriangularSolve", {"matrix": matrix, "rhs": right}, naive)


@pytest.mark.parametrize("pivoting", [False, True])
@pytest.mark.parametrize("n", [2, 5])
def test_tridiagonal_systems_cost_what_the_loops_count(pivoting: bool, n: int) -> None:
    """The lower diagonal is the larger one, so that with pivoting every step changes rows."""
    diagonals = np.stack([floats(1, n) / 4, floats(2, n) / 4 + 1, floats(3, n) / 4 + (3 if pivoting else 0)])[None]
    right = floats(4, 1, n, 3)

    def naive(t: Tally, d: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
        up, main, down = (row.astype(float) for row in d[0])
        second, x = np.zeros(n), b[0].astype(float)
        for i in range(n - 1):
            low, after = down[i + 1], up[i + 1] if i + 2 < n else 0.0
            if pivoting and t.less(abs(main[i]), abs(low)):
                (main[i], low), (up[i], main[i + 1]) = (low, main[i]), (main[i + 1], up[i])
                second[i], after = after, 0.0
                x[[i, i + 1]] = x[[i + 1, i]]
            factor = t.div(low, main[i])
            main[i + 1] = less(t, main[i + 1], factor, up[i])
            if pivoting and i + 2 < n:
                after = less(t, after, factor, second[i])
            if i + 2 < n:
                up[i + 1] = after
            for k in range(3):
                x[i + 1, k] = less(t, x[i + 1, k], factor, x[i, k])
        for i in reversed(range(n)):
            for k in range(3):
                if i + 1 < n:
                    x[i, k] = less(t, x[i, k], up[i], x[i + 1, k])
                if pivoting and i + 2 < n:
                    x[i, k] = less(t, x[i, k], second[i], x[i + 2, k])
                x[i, k] = t.div(x[i, k], main[i])
        return [x[None]]

    given = {"diagonals": diagonals.astype(np.float32), "rhs": right}
    prove_count(RULES, "TridiagonalSolve", given, naive, is_open=False, partial_pivoting=pivoting)


def test_tridiagonal_products_cost_what_the_loops_count() -> None:
    up, main, down, right = floats(1, 2, 1, 5), floats(2, 2, 1, 5), floats(3, 2, 1, 5), floats(4, 2, 5, 3)

    def naive(t: Tally, up: Any, main: Any, down: Any, x: Any) -> list[np.ndarray]:
        result = np.zeros(x.shape)
        for batch, i, k in np.ndindex(x.shape):
            terms = [t.mul(main[batch, 0, i], x[batch, i, k])]
            if i + 1 < 5:
                terms.append(t.mul(up[batch, 0, i], x[batch, i + 1, k]))
            if i:
                terms.append(t.mul(down[batch, 0, i], x[batch, i - 1, k]))
            result[batch, i, k] = t.sum(terms)
        return [result]

    given = {"superdiag": up, "maindiag": main, "subdiag": down, "rhs": right}
    prove_count(RULES, "TridiagonalMatMul", given, naive)


@pytest.mark.tensorflow
def test_shapes_agree_with_tensorflow_when_less_is_known() -> None:
    a, b = general(3), floats(9, 2, 3, 4)
    for kind in ("Lu", "MatrixDeterminant", "LogMatrixDeterminant", "MatrixInverse"):
        prove_partial(RULES, call(kind, a))
    prove_partial(RULES, call("Cholesky", positive(3)))
    for kind in ("MatrixSolve", "MatrixTriangularSolve"):
        prove_partial(RULES, call(kind, a, b))
    prove_partial(RULES, call("BandedTriangularSolve", floats(1, 2, 2, 3) + 2, b))
    prove_partial(RULES, call("MatrixSolveLs", floats(1, 2, 3, 2), b, np.array(0.5)))


def test_matrices_that_do_not_fit_are_refused() -> None:
    for kind in ("Cholesky", "Lu", "MatrixInverse", "MatrixDeterminant"):
        for shape in (Shape(2, 3), Shape(3)):
            with pytest.raises(RuleError):
                apply(RULES, kind, shape)
    with pytest.raises(RuleError):
        apply(RULES, "MatrixSolve", Shape(3, 3), Shape(4, 2))
    with pytest.raises(RuleError):
        apply(RULES, "TridiagonalSolve", Shape(4, 5), Shape(5, 1))
