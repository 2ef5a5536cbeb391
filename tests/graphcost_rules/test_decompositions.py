"""Orthogonal and spectral decompositions: TensorFlow's shapes, Householder's loops counted, the stated models."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from counted import floats, prove_count, prove_partial
from counting import Tally
from internal_ops import run
from kernel_oracle import Call, call, check_kernel
from optional_tensorflow import tf
from partial_shapes import assert_knows_as_much
from single_op import apply

from graphcost import Cost, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.decompositions import RULES


def reflect(t: Tally, v: np.ndarray, scale: float, column: np.ndarray) -> None:
    """column -= scale * v (v . column), in place."""
    along = t.mul(t.sum([t.mul(a, b) for a, b in zip(v, column, strict=True)]), scale)
    for k, part in enumerate(v):
        column[k] = t.sub(column[k], t.mul(part, along))


def qr(t: Tally, a: np.ndarray, *, full: bool) -> tuple[np.ndarray, np.ndarray]:
    r = a.astype(float)
    m, n = r.shape
    p, reflections = min(m, n), []
    for k in range(p):
        v = r[k:, k].copy()
        norm = t.sqrt(t.sum([t.mul(x, x) for x in v]))
        sign = -1.0 if t.less(v[0], 0.0) else 1.0
        scale = t.div(1.0, t.mul(norm, t.add(norm, abs(v[0]))))
        v[0] = t.add(v[0], sign * norm)
        reflections.append((k, v, scale))
        r[k, k], r[k + 1 :, k] = -sign * norm, 0.0
        for j in range(k + 1, n):
            reflect(t, v, scale, r[k:, j])
    q = np.eye(m, m if full else p)
    for k, v, scale in reversed(reflections):
        for j in range(q.shape[1]):
            reflect(t, v, scale, q[k:, j])
    if p == m:
        # The kernel leaves the sign of a lone last element alone, which the reflection changes.
        q[:, m - 1], r[m - 1] = -q[:, m - 1], -r[m - 1]
    return q, r if full else r[:p]


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (2, 4), (1, 1)])
@pytest.mark.parametrize("full", [False, True])
def test_reflections_cost_what_the_loops_count(shape: tuple[int, int], full: bool) -> None:
    def naive(t: Tally, a: np.ndarray) -> list[np.ndarray]:
        return [np.stack(part) for part in zip(*(qr(t, m, full=full) for m in a), strict=True)]

    prove_count(RULES, "Qr", {"input": floats(1, 2, *shape)}, naive, full_matrices=full)


def product(t: Tally, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    result = np.zeros(a.shape)
    for i, j in np.ndindex(result.shape):
        for k in range(len(a)):
            result[i, j] = t.mac(result[i, j], a[i, k], b[k, j])
    return result


def each(function: Callable[..., float], *matrices: np.ndarray) -> np.ndarray:
    return np.vectorize(function, otypes=[float])(*matrices)


def solved(t: Tally, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Gauss' elimination of a with both sides, the greatest element of a column being its pivot."""
    n, both = len(a), np.concatenate([a, b], 1)
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            pivot = i if t.less(abs(both[pivot, k]), abs(both[i, k])) else pivot
        both[[k, pivot]] = both[[pivot, k]]
        for i in range(k + 1, n):
            factor = t.div(both[i, k], both[k, k])
            for j in range(k + 1, both.shape[1]):
                both[i, j] = t.sub(both[i, j], t.mul(factor, both[k, j]))
    for i, j in itertools.product(reversed(range(n)), range(n, both.shape[1])):
        for k in range(i + 1, n):
            both[i, j] = t.sub(both[i, j], t.mul(both[i, k], both[k, j]))
        both[i, j] = t.div(both[i, j], both[i, i])
    return both[:, n:]


def pade(degree: int) -> list[float]:
    """The numerator's coefficients of the approximant of the exponential function, the highest being 1."""
    powers = range(degree + 1)
    return [math.factorial(2 * degree - k) / math.factorial(degree - k) / math.factorial(k) for k in powers]


def exponential(t: Tally, matrix: np.ndarray, squarings: int) -> np.ndarray:
    a, b = each(lambda x: t.mul(x, 2.0**-squarings), matrix), pade(13)
    squared = product(t, a, a)
    fourth = product(t, squared, squared)
    sixth = product(t, fourth, squared)

    def half(parity: int) -> np.ndarray:
        """The even or the odd powers, these without a factor of a."""
        factors = [b[k + parity] for k in (12, 10, 8, 6, 4, 2)]
        terms = [each(t.mul, m, factor) for m, factor in zip((sixth, fourth, squared) * 2, factors, strict=True)]
        total = product(t, sixth, each(t.add, each(t.add, terms[0], terms[1]), terms[2]))
        for term in terms[3:]:
            total = each(t.add, total, term)
        for i in range(len(a)):
            total[i, i] = t.add(total[i, i], b[parity])
        return total

    odd, even = product(t, a, half(1)), half(0)
    result = solved(t, each(t.sub, even, odd), each(t.add, even, odd))
    for _ in range(squarings):
        result = product(t, result, result)
    return result


@pytest.mark.parametrize(("norm", "squarings"), [(4.0, 0), (10.0, 1), (20.0, 2)])
@pytest.mark.parametrize("n", [1, 2, 4])
def test_exponentials_cost_what_scaling_and_squaring_count(n: int, norm: float, squarings: int) -> None:
    tally, matrices = Tally(), floats(n, 2, n, n).astype(np.float64)
    matrices *= norm / np.abs(matrices).sum(1).max(1)[:, np.newaxis, np.newaxis]
    ours = [exponential(tally, matrix, squarings) for matrix in matrices]
    tally.gives(ours, run("MatrixExponential", [matrices], T=tf.float64))
    counted = cost("MatrixExponential", 2, n, n).bind({"squarings(node)": squarings})
    tally.proves("MatrixExponential", counted)


SQUARE = floats(3, 2, 3, 3) + floats(3, 2, 3, 3).swapaxes(1, 2)
CALLS = {
    "Svd": call("Svd", floats(1, 2, 4, 3)),
    "full": call("Svd", floats(1, 2, 4, 3), full_matrices=True),
    "Qr": call("Qr", floats(1, 2, 3, 4)),
    "SelfAdjointEigV2": call("SelfAdjointEigV2", SQUARE),
    "Eig": call("Eig", SQUARE, Tout=tf.complex64),
    "MatrixExponential": call("MatrixExponential", SQUARE),
    "MatrixSquareRoot": call("MatrixSquareRoot", SQUARE.astype(np.complex64)),
    "MatrixLogarithm": call("MatrixLogarithm", SQUARE.astype(np.complex64)),
}
REMOVED = ("MatrixExponential",)
"""Deprecated: it runs eagerly, but new graphs can't have it."""


@pytest.mark.tensorflow
@pytest.mark.parametrize("known", [CALLS[name] for name in CALLS if name not in REMOVED], ids=lambda c: c.kind)
def test_shapes_agree_with_tensorflow(known: Call) -> None:
    check_kernel(RULES, known, has_value=False)
    prove_partial(RULES, known)


@pytest.mark.tensorflow
@pytest.mark.parametrize("shape", [(2, 3, 3), (None, 3, 3), None])
def test_vectors_that_nobody_asked_for_are_empty(shape: tuple[int | None, ...] | None) -> None:
    """As TensorFlow's shape functions say, though its kernels give something else."""
    operands = {"input": (tf.float32, shape)}
    assert_knows_as_much(RULES, "Svd", operands, compute_uv=False)
    assert_knows_as_much(RULES, "SelfAdjointEigV2", operands, compute_v=False)
    assert_knows_as_much(RULES, "Eig", operands, compute_v=False, Tout=tf.complex64)


def cost(kind: str, *sizes: Any, **attrs: Any) -> Cost:
    found = apply(RULES, kind, Shape(*sizes), **attrs).cost
    assert isinstance(found, Cost)
    return found


def test_iterations_follow_the_stated_models() -> None:
    m, n = 7, 4
    assert cost("Svd", m, n).flops == cost("Svd", n, m).flops == 14 * m * n**2 + 8 * n**3
    assert cost("Svd", m, n, compute_uv=False).flops == 4 * m * n**2 - 4 * n**3 // 3
    assert cost("Svd", 5, m, n, full_matrices=True).flops == 5 * (4 * m**2 * n + 8 * m * n**2 + 9 * n**3)
    assert cost("SelfAdjointEigV2", n, n).flops == cost("SelfAdjointEig", n, n).flops == 9 * n**3
    assert cost("SelfAdjointEigV2", 6, 6, compute_v=False).flops == 4 * 6**3 // 3
    assert cost("Eig", n, n).flops == 25 * n**3
    assert cost("MatrixSquareRoot", 6, 6).flops == 85 * 6**3 // 3
    assert apply(RULES, "SelfAdjointEig", Shape(5, 3, 3)).shapes == (Shape(5, 4, 3),)


def test_data_dependent_work_has_a_symbol() -> None:
    logarithm = cost("MatrixLogarithm", 3, 3)
    assert logarithm.bind({"roots(node)": 6}).flops == 30 * 27


def test_open_sizes_bind_to_the_same() -> None:
    sizes = {"B": 2, "m": 7, "n": 4}
    for kind in ("Qr", "Svd"):
        assert cost(kind, *map(symbol, sizes)).bind(sizes) == cost(kind, *sizes.values())
    assert cost("Eig", symbol("B"), symbol("n"), symbol("n")).bind(sizes) == cost("Eig", 2, 4, 4)


def test_matrices_that_are_not_square_are_refused() -> None:
    for kind in ("SelfAdjointEigV2", "Eig", "MatrixExponential", "MatrixSquareRoot"):
        with pytest.raises(RuleError):
            apply(RULES, kind, Shape(2, 3))
    with pytest.raises(RuleError):
        apply(RULES, "Svd", Shape(2, 3), compute_uv=b"no")
