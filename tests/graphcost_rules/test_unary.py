from __future__ import annotations

import math
import operator
from statistics import NormalDist

import numpy as np
import pytest
from counted import ask, floats, kernel, prove_count
from counting import Tally
from hypothesis import strategies as st
from kernel_oracle import call, prove
from single_op import apply

from graphcost import Free, Shape, Value
from graphcost.dims import symbol
from graphcost.ir.node import Node, TensorRef
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost_rules.unary import LIBRARY, RULES

STEPS = 20_000


def integral(function, start, end):
    """Simpson's rule."""
    x = np.linspace(start, end, 2 * STEPS + 1)
    y = function(x)
    return float((end - start) / (6 * STEPS) * (y[0] + y[-1] + 4 * y[1::2].sum() + 2 * y[2:-1:2].sum()))


def bessel_i(order, x):
    return integral(lambda t: np.exp(x * np.cos(t)) * np.cos(order * t), 0, math.pi) / math.pi


def bessel_j(order, x):
    return integral(lambda t: np.cos(order * t - x * np.sin(t)), 0, math.pi) / math.pi


def bessel_k(order, x):
    return integral(lambda t: np.exp(-x * np.cosh(t)) * np.cosh(order * t), 0, 10)


def bessel_y(order, x):
    oscillating = integral(lambda t: np.sin(x * np.sin(t) - order * t), 0, math.pi) / math.pi
    falling = integral(
        lambda t: (np.exp(order * t) + np.exp(-order * t) * math.cos(order * math.pi)) * np.exp(-x * np.sinh(t)), 0, 9
    )
    return oscillating - falling / math.pi


def digamma(x):
    return (math.lgamma(x + 1e-5) - math.lgamma(x - 1e-5)) / 2e-5


FUNCTIONS = {
    **{name: getattr(math, name.lower()) for name in ("Exp", "Expm1", "Log", "Log1p", "Erf", "Erfc", "Lgamma")},
    **{name: getattr(math, name.lower()) for name in ("Sin", "Cos", "Tan", "Asin", "Acos", "Atan")},
    **{name: getattr(math, name.lower()) for name in ("Sinh", "Cosh", "Tanh", "Asinh", "Acosh", "Atanh")},
    "Sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "Erfinv": lambda x: NormalDist().inv_cdf((x + 1) / 2) / math.sqrt(2),
    "Ndtri": NormalDist().inv_cdf,
    "Digamma": digamma,
    "BesselI0": lambda x: bessel_i(0, x),
    "BesselI1": lambda x: bessel_i(1, x),
    "BesselI0e": lambda x: bessel_i(0, x) * math.exp(-x),
    "BesselI1e": lambda x: bessel_i(1, x) * math.exp(-x),
    "BesselJ0": lambda x: bessel_j(0, x),
    "BesselJ1": lambda x: bessel_j(1, x),
    "BesselK0": lambda x: bessel_k(0, x),
    "BesselK1": lambda x: bessel_k(1, x),
    "BesselK0e": lambda x: bessel_k(0, x) * math.exp(x),
    "BesselK1e": lambda x: bessel_k(1, x) * math.exp(x),
    "BesselY0": lambda x: bessel_y(0, x),
    "BesselY1": lambda x: bessel_y(1, x),
    "Dawsn": lambda x: math.exp(-x * x) * integral(lambda t: np.exp(t * t), 0, x),
    "Expint": lambda x: 0.5772156649 + math.log(x) + sum(x**k / (k * math.factorial(k)) for k in range(1, 30)),
    "FresnelSin": lambda x: integral(lambda t: np.sin(math.pi / 2 * t * t), 0, x),
    "FresnelCos": lambda x: integral(lambda t: np.cos(math.pi / 2 * t * t), 0, x),
    "Spence": lambda x: -integral(lambda t: np.log(t) / (t - 1), 1 + 1e-12, x),
}


def one_comparison(function):
    def step(t: Tally, x: float) -> float:
        t.less(x, 0)
        return function(x)

    return step


FORMULAS = {
    "Neg": lambda t, x: t.sub(0, x),
    "Abs": lambda t, x: t.sub(0, x) if x < 0 else t.add(x, 0),
    "Square": lambda t, x: t.mul(x, x),
    "Reciprocal": lambda t, x: t.div(1, x),
    "Inv": lambda t, x: t.div(1, x),
    "Sqrt": lambda t, x: t.sqrt(abs(x)),
    "Rsqrt": lambda t, x: t.rsqrt(x),
    "Sign": lambda t, x: -1 if t.less(x, 0) else 1,
    "Floor": one_comparison(math.floor),
    "Ceil": one_comparison(math.ceil),
    "Round": one_comparison(round),
    "Rint": one_comparison(round),
    "IsNan": one_comparison(math.isnan),
    "IsInf": one_comparison(math.isinf),
    "IsFinite": one_comparison(math.isfinite),
}


@pytest.mark.parametrize("kind", LIBRARY)
def test_a_library_function_is_one_call_for_each_element(kind):
    x = floats(1, 2, 3, least=0.1, most=0.9) + (1 if kind == "Acosh" else 0)

    def naive(t, x):
        return [[[t.call(FUNCTIONS[kind], v) for v in row] for row in x.tolist()]]

    prove_count(RULES, kind, {"x": x}, naive, tolerance=1e-3)


@pytest.mark.parametrize("kind", FORMULAS)
def test_other_functions_take_the_operations_of_their_formula(kind):
    least = 0.2 if kind in ("Sqrt", "Rsqrt") else -3

    def naive(t, x):
        return [[[FORMULAS[kind](t, v) for v in row] for row in x.tolist()]]

    prove_count(RULES, kind, {"x": floats(2, 4, 3, least=least, most=3)}, naive, tolerance=1e-3)


@pytest.mark.parametrize(
    ("kind", "array", "function"),
    [
        ("LogicalNot", np.array([True, False, True]), operator.not_),
        ("Invert", np.array([1, 2, 3], np.int32), operator.inv),
        ("PopulationCount", np.array([7, 8, 0], np.int32), int.bit_count),
    ],
)
def test_logic_and_bits_count_a_comparison_for_each_element(kind, array, function):
    def naive(t, x):
        t.counts["compare"] += len(x)
        return [list(map(function, x.tolist()))]

    prove_count(RULES, kind, {"x": array}, naive)


def complex_numbers():
    return (floats(3, 5) + 1j * floats(4, 5)).astype(np.complex64)


def test_functions_of_complex_numbers_count_real_operations():
    def absolute(t, z):
        return [[t.sqrt(t.add(t.mul(v.real, v.real), t.mul(v.imag, v.imag))) for v in z.tolist()]]

    def angle(t, z):
        return [[t.call(math.atan2, v.imag, v.real) for v in z.tolist()]]

    def conjugate(t, z):
        return [[complex(v.real, t.sub(0, v.imag)) for v in z.tolist()]]

    prove_count(RULES, "ComplexAbs", {"x": complex_numbers()}, absolute)
    prove_count(RULES, "Angle", {"input": complex_numbers()}, angle)
    prove_count(RULES, "Conj", {"input": complex_numbers()}, conjugate)
    for kind in ("ComplexAbs", "Angle", "Conj"):
        assert RULES.get(kind).real


@pytest.mark.parametrize("kind", ["Real", "Imag", "ZerosLike", "OnesLike"])
def test_what_only_writes_memory_is_free(kind):
    assert isinstance(RULES.get(kind).cost, Free)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["Neg", "Abs", "Square", "Sign", "Invert", "ZerosLike", "OnesLike"])
def test_integers_have_values(kind):
    arrays = st.lists(st.integers(-9, 9), max_size=4).map(lambda items: np.array(items, np.int32))
    prove(RULES, arrays.map(lambda array: call(kind, array)))


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["Neg", "Abs", "Square", "Sqrt", "Sign", "Floor", "Ceil", "Round", "Rint"])
def test_floats_have_the_values_that_single_precision_has(kind):
    x = np.array([0.1, 0.7, 2.5, 3.5, 1e10, 1.4999999, 0.0], np.float32)
    (theirs,) = kernel(kind, {"x": x})
    given = Fact("float32", Shape(7), Value((7,), tuple(x.tolist())))
    (value,) = value_of(kind, given, "float32")
    assert list(value.items) == theirs.tolist()


def value_of(kind, given, dtype):
    return RULES.get(kind).value(Op(Node("node", kind, (TensorRef("x"),), dtypes=(dtype,)), [given]))


def test_symbols_keep_their_form():
    n = symbol("N")
    assert apply(RULES, "Neg", Value.scalar(n)).values[0].items == (-n,)
    assert apply(RULES, "Abs", Value.scalar(-n)).values[0].items == (n,)
    assert apply(RULES, "Sign", Value.scalar(n)).values[0].items == (1,)
    assert apply(RULES, "Sign", Value.scalar(symbol("v", least=None))).values[0].items == (None,)
    assert apply(RULES, "Floor", Value.scalar(n)).values[0].items == (n,)


def test_what_no_number_answers_is_unknown():
    for item in (math.nan, math.inf):
        assert apply(RULES, "Floor", Value.scalar(item)).values[0].items == (None,)
    assert apply(RULES, "Sqrt", Value.scalar(-1.0)).values[0].items == (None,)
    huge = Value.scalar(2**62)
    assert apply(RULES, "Square", huge).values[0].items == (None,)


def test_an_empty_tensor_costs_nothing():
    _, cost = ask(RULES, "Neg", [np.zeros((0, 3), np.float32)], {})
    assert cost.flops == 0
