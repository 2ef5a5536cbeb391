"""Uniformly quantized tensors against TensorFlow's kernels and counted naive algorithms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from counted import floats
from counting import Tally
from open_sizes import assert_same_when_bound
from optional_tensorflow import tf
from partial_shapes import assert_knows_as_much
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.uniform_quantization import RULES

BYTE = (-128, 127)
WORD = (-(2**31), 2**31 - 1)
SCALARS = [Shape()] * 6


def limits(*names: str, ends: tuple[int, int] = BYTE) -> dict[str, int]:
    pairs = [(f"{name}quantization_min_val", f"{name}quantization_max_val") for name in names]
    return {key: value for pair in pairs for key, value in zip(pair, ends, strict=True)}


def bits(items: Any, dtype: Any = None) -> Any:
    return tf.cast(tf.constant(items), tf.qint8 if dtype is None else dtype)


def ints(tensor: Any) -> Any:
    return tf.cast(tensor, tf.int32)


def rounded(t: Tally, x: float) -> float:
    t.counts["compare"] += 1
    return float(np.floor(x + 0.5))


def clamp(t: Tally, x: float, ends: tuple[int, int]) -> float:
    return t.min(t.max(x, ends[0]), ends[1])


def quantized(t: Tally, x: float, scale: float, zero: int) -> float:
    return clamp(t, rounded(t, t.add(t.mul(x, 1 / scale), zero)), BYTE)


def result(t: Tally, total: float, scale: float, zero: int, ends: tuple[int, int] = BYTE) -> float:
    return clamp(t, t.add(rounded(t, t.mul(total, scale)), zero), ends)


def test_quantizing_and_back_costs_what_the_naive_algorithms_count() -> None:
    x, tally = floats(1, 9, most=20.0), Tally()
    ours = [quantized(tally, value, 0.1, 3) for value in x.tolist()]
    kernel = tf.raw_ops.UniformQuantize(input=x, scales=0.1, zero_points=3, Tout=tf.qint8, **limits(""))
    tally.gives(ours, ints(kernel))
    tally.proves("UniformQuantize", apply(RULES, "UniformQuantize", Shape(9), *SCALARS[:2]).cost)
    tally = Tally()
    floating = [tally.mul(0.1, tally.sub(q, 3)) for q in ours]
    back = tf.raw_ops.UniformDequantize(input=kernel, scales=0.1, zero_points=3, Tout=tf.float32, **limits(""))
    tally.gives(floating, back, tolerance=1e-5)
    tally.proves("UniformDequantize", apply(RULES, "UniformDequantize", Shape(9), *SCALARS[:2]).cost)


def test_another_scale_costs_what_the_naive_algorithm_counts() -> None:
    x, tally = [10, -20, 127, -128, 0], Tally()
    ours = [result(tally, tally.sub(q, 1), 0.2 / 0.3, 2) for q in x]
    scales = {"input_scales": 0.2, "input_zero_points": 1, "output_scales": 0.3, "output_zero_points": 2}
    kernel = tf.raw_ops.UniformRequantize(input=bits(x), **scales, Tout=tf.qint8, **limits("input_", "output_"))
    tally.gives(ours, ints(kernel))
    tally.proves("UniformRequantize", apply(RULES, "UniformRequantize", Shape(5), *SCALARS[:4]).cost)


PAIR = {"lhs_scales": 0.2, "lhs_zero_points": 1, "rhs_scales": 0.1, "rhs_zero_points": 3}
TRIPLE = {**PAIR, "output_scales": 0.3, "output_zero_points": 2}


def test_sums_cost_what_the_naive_algorithm_counts() -> None:
    x, y, tally = np.array([[1, -200], [40, 12]]), np.array([7, 9]), Tally()
    left = [[rounded(tally, tally.mul(tally.sub(q, 1), 0.2 / 0.3)) for q in row] for row in x.tolist()]
    right = [rounded(tally, tally.mul(tally.sub(q, 3), 0.1 / 0.3)) for q in y.tolist()]
    ours = [
        [clamp(tally, tally.add(tally.add(a, b), 2), WORD) for a, b in zip(row, right, strict=True)] for row in left
    ]
    ends = limits("lhs_", "rhs_", "output_", ends=WORD)
    kernel = tf.raw_ops.UniformQuantizedAdd(lhs=bits(x, tf.qint32), rhs=bits(y, tf.qint32), **TRIPLE, **ends)
    tally.gives(ours, ints(kernel))
    outcome = apply(RULES, "UniformQuantizedAdd", Shape(2, 2), Shape(2), *SCALARS)
    assert outcome.shapes == (Shape(2, 2),)
    tally.proves("UniformQuantizedAdd", outcome.cost)


def product(t: Tally, left: Any, right: Any) -> np.ndarray:
    total = np.zeros((len(left), len(right[0])))
    for i, j in np.ndindex(total.shape):
        for k in range(len(right)):
            total[i, j] = t.mac(total[i, j], left[i][k], right[k][j])
    return total


def shifted(t: Tally, matrix: Any, zero: float) -> list[list[float]]:
    return [[t.sub(q, zero) for q in row] for row in np.asarray(matrix).tolist()]


def test_products_cost_what_the_naive_algorithm_counts() -> None:
    x, y, tally = np.array([[1, -20, 7], [40, 12, 9]]), np.arange(12).reshape(3, 4) - 5, Tally()
    total = product(tally, shifted(tally, x, 1), shifted(tally, y, 3))
    ours = [[result(tally, acc, 0.2 * 0.1 / 0.3, 2, WORD) for acc in row] for row in total.tolist()]
    ends = {**limits("lhs_", "rhs_"), **limits("output_", ends=WORD)}
    kernel = tf.raw_ops.UniformQuantizedDot(lhs=bits(x), rhs=bits(y), **TRIPLE, Tout=tf.qint32, **ends)
    tally.gives(ours, ints(kernel))
    outcome = apply(RULES, "UniformQuantizedDot", Shape(2, 3), Shape(3, 4), *SCALARS)
    assert outcome.shapes == (Shape(2, 4),)
    tally.proves("UniformQuantizedDot", outcome.cost)


def test_hybrid_products_quantize_the_left_matrix_first() -> None:
    x, y, tally = floats(1, 2, 3), np.arange(12).reshape(3, 4) - 5, Tally()
    items = x.ravel().tolist()
    low = high = items[0]
    for item in items[1:]:
        low, high = tally.min(low, item), tally.max(high, item)
    scale = (high - low) / 255
    zero = round(-128 - low / scale)
    left = [[quantized(tally, value, scale, zero) for value in row] for row in x.tolist()]
    total = product(tally, shifted(tally, left, zero), shifted(tally, y, 3))
    ours = [[tally.mul(acc, scale * 0.1) for acc in row] for row in total.tolist()]
    kernel = tf.raw_ops.UniformQuantizedDotHybrid(
        lhs=x, rhs=bits(y), rhs_scales=0.1, rhs_zero_points=3, Tout=tf.float32, **limits("rhs_")
    )
    tally.gives(ours, kernel, tolerance=0.005)
    outcome = apply(RULES, "UniformQuantizedDotHybrid", Shape(2, 3), Shape(3, 4), *SCALARS[:2])
    tally.proves("UniformQuantizedDotHybrid", outcome.cost)


def test_clipping_costs_two_comparisons() -> None:
    x, tally = [1, -2, 9], Tally()
    ours = [clamp(tally, q, (-1, 1)) for q in x]
    ends = {"min": bits(-1, tf.qint32), "max": bits(1, tf.qint32), "scales": 0.2, "zero_points": 1}
    kernel = tf.raw_ops.UniformQuantizedClipByValue(operand=bits(x, tf.qint32), **ends, **limits("", ends=WORD))
    tally.gives(ours, ints(kernel))
    outcome = apply(RULES, "UniformQuantizedClipByValue", Shape(3), *SCALARS[:4])
    tally.proves("UniformQuantizedClipByValue", outcome.cost)


@pytest.mark.tensorflow
@pytest.mark.parametrize("x", [(None, 3), (2, None), (2, 3), None])
def test_shapes_agree_with_tensorflow(x: tuple[int | None, ...] | None) -> None:
    floating, whole, byte = (tf.float32, ()), (tf.int32, ()), (tf.qint8, x)
    scale = {"scales": floating, "zero_points": whole}
    assert_knows_as_much(RULES, "UniformQuantize", {"input": (tf.float32, x), **scale}, Tout=tf.qint8, **limits(""))
    assert_knows_as_much(RULES, "UniformDequantize", {"input": byte, **scale}, Tout=tf.float32, **limits(""))
    names = [f"{side}_{what}" for side in ("lhs", "rhs", "output") for what in ("scales", "zero_points")]
    scales = dict(zip(names, [floating, whole] * 3, strict=True))
    ends = limits("lhs_", "rhs_", "output_")
    for y in ((3, 4), (3, None), None):
        operands = {"lhs": byte, "rhs": (tf.qint8, y), **scales}
        assert_knows_as_much(RULES, "UniformQuantizedDot", operands, Tout=tf.qint32, **ends)
    operands = {"lhs": (tf.qint32, x), "rhs": (tf.qint32, (3,)), **scales}
    assert_knows_as_much(RULES, "UniformQuantizedAdd", operands, **ends)


def test_symbols_bind_to_the_same() -> None:
    for kind in ("UniformQuantizedDot", "UniformQuantizedDotHybrid"):
        assert_same_when_bound(RULES, kind, Shape(2, 3), Shape(3, 4), *SCALARS)
    assert_same_when_bound(RULES, "UniformQuantizedAdd", Shape(2, 3), Shape(2, 3), *SCALARS)


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "UniformQuantizedDot", Shape(2, 3), Shape(2, 3), *SCALARS)
    with pytest.raises(RuleError):
        apply(RULES, "UniformQuantizedAdd", Shape(2), Shape(3), *SCALARS)
