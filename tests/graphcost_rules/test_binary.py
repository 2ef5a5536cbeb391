from __future__ import annotations

import math
import operator

import numpy as np
import pytest
from counted import floats, ints, kernel, prove_count
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_oracle import call, check_kernel, prove
from single_op import apply

from graphcost import Fact, Free, RuleError, Shape, Value, floor_div
from graphcost.dims import symbol
from graphcost_rules.binary import RULES


def floor_mod(t: Tally, x, y):
    return t.sub(x, t.mul(y, rounded(t, t.div(x, y))))


def rounded(t: Tally, x):
    t.less(x, 0)
    return math.floor(x)


def unless_zero(t: Tally, tested, answer):
    """Both sides of the condition are computed."""
    t.less(0, abs(tested))
    return 0 if tested == 0 else answer


def squared_difference(t: Tally, x, y):
    difference = t.sub(x, y)
    return t.mul(difference, difference)


def regularized_gamma(a, x):
    """The series of the lower incomplete gamma function, over gamma(a)."""
    terms = (x**n * math.exp(-x + a * math.log(x) - math.lgamma(a + n + 1)) for n in range(80))
    return sum(terms)


def by_a(a, x):
    return (regularized_gamma(a + 1e-4, x) - regularized_gamma(a - 1e-4, x)) / 2e-4


def density(a, x):
    return math.exp((a - 1) * math.log(x) - x - math.lgamma(a))


def hurwitz(x, q):
    """The zeta function, its tail by the integral."""
    return sum((n + q) ** -x for n in range(2000)) + (2000 + q - 0.5) ** (1 - x) / (x - 1)


def called(function):
    return lambda t, x, y: t.call(function, x, y)


FORMULAS = {
    "Add": Tally.add,
    "AddV2": Tally.add,
    "Sub": Tally.sub,
    "Mul": Tally.mul,
    "MulNoNan": lambda t, x, y: unless_zero(t, y, t.mul(x, y)),
    "RealDiv": Tally.div,
    "Div": Tally.div,
    "DivNoNan": lambda t, x, y: unless_zero(t, y, t.div(x, y)),
    "FloorDiv": lambda t, x, y: rounded(t, t.div(x, y)),
    "Mod": lambda t, x, y: t.div(x, y) and math.fmod(x, y),
    "TruncateMod": lambda t, x, y: t.div(x, y) and math.fmod(x, y),
    "FloorMod": floor_mod,
    "Xdivy": lambda t, x, y: unless_zero(t, x, t.div(x, y)),
    "Xlogy": lambda t, x, y: unless_zero(t, x, t.mul(x, t.call(math.log, y))),
    "Xlog1py": lambda t, x, y: unless_zero(t, x, t.mul(x, t.call(math.log1p, y))),
    "SquaredDifference": squared_difference,
    "Maximum": Tally.max,
    "Minimum": Tally.min,
    "Pow": called(math.pow),
    "Atan2": called(math.atan2),
    "Igamma": called(regularized_gamma),
    "Igammac": called(lambda a, x: 1 - regularized_gamma(a, x)),
    "IgammaGradA": called(by_a),
    "RandomGammaGrad": called(lambda a, x: -by_a(a, x) / density(a, x)),
    "Zeta": called(lambda x, q: hurwitz(x + 2, q)),
    "Polygamma": called(lambda n, x: (-1) ** (n + 1) * math.factorial(int(n)) * hurwitz(n + 1, x)),
}
ARGUMENTS = {
    "Atan2": ("y", "x"),
    "Igamma": ("a", "x"),
    "Igammac": ("a", "x"),
    "IgammaGradA": ("a", "x"),
    "RandomGammaGrad": ("alpha", "sample"),
    "Zeta": ("x", "q"),
    "Polygamma": ("a", "x"),
}
SHAPES = (((2, 3), (2, 3)), ((2, 1), (1, 3)), ((), (4,)), ((2, 1, 3), (2, 1)), ((0, 3), (3,)))


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("kind", FORMULAS)
def test_a_function_takes_its_formula_for_each_element_of_the_broadcast(kind, shapes):
    a, b = (floats(seed, *shape, least=0.5, most=3) for seed, shape in enumerate(shapes))
    if kind == "Polygamma":
        a = np.floor(a) + 1
    if kind == "Zeta":
        a = a + 2

    def naive(t, x, y):
        x, y = np.broadcast_arrays(x, y)
        shift = 2 if kind == "Zeta" else 0
        pairs = zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)
        return [np.reshape([FORMULAS[kind](t, p - shift, q) for p, q in pairs], x.shape)]

    prove_count(RULES, kind, dict(zip(ARGUMENTS.get(kind, "xy"), (a, b), strict=True)), naive, tolerance=2e-3)


def by_bits(function):
    """An operation on bits counts as a comparison."""

    def counted(t, x, y):
        t.counts["compare"] += 1
        return function(x, y)

    return counted


BITS = {
    "BitwiseAnd": by_bits(operator.and_),
    "BitwiseOr": by_bits(operator.or_),
    "BitwiseXor": by_bits(operator.xor),
    "LeftShift": by_bits(operator.lshift),
    "RightShift": by_bits(operator.rshift),
    "TruncateDiv": lambda t, x, y: math.trunc(t.div(x, y)),
}


@pytest.mark.parametrize("kind", BITS)
def test_integers_take_their_formula_for_each_element_of_the_broadcast(kind):
    def naive(t, x, y):
        return [[[BITS[kind](t, p, q) for q in y.ravel().tolist()] for p in x.ravel().tolist()]]

    prove_count(RULES, kind, {"x": ints(-9, 5, 12).reshape(3, 1), "y": ints(1, 3)}, naive)


def test_the_next_number_differs_in_the_last_bit():
    """Floats in order are integers in order, once the bits of negative ones are counted downwards."""
    x, y, tally = floats(1, 4, 1), floats(2, 1, 3), Tally()

    def towards(p, q):
        bits = int(np.float32(abs(p)).view(np.int32))
        place = tally.add(-bits if p < 0 else bits, 1 if tally.less(p, q) else -1)
        return math.copysign(np.int32(abs(place)).view(np.float32), place)

    theirs = kernel("NextAfter", {"x1": x, "x2": y})[0]
    ours = [[towards(p, q) for q in y[0].tolist()] for p in x[:, 0].tolist()]
    tally.gives(ours, theirs, tolerance=0)
    tally.proves("NextAfter", apply(RULES, "NextAfter", Shape(4, 1), Shape(1, 3)).cost)


def test_a_cross_product_takes_six_multiplications_for_each_vector():
    def naive(t, a, b):
        def component(u, v, i):
            j, k = (i + 1) % 3, (i + 2) % 3
            return t.sub(t.mul(u[j], v[k]), t.mul(u[k], v[j]))

        return [[[component(u, v, i) for i in range(3)] for u, v in zip(a.tolist(), b.tolist(), strict=True)]]

    prove_count(RULES, "Cross", {"a": floats(1, 4, 3), "b": floats(2, 4, 3)}, naive)
    with pytest.raises(RuleError):
        apply(RULES, "Cross", Shape(4, 2), Shape(4, 2))


def test_joining_two_parts_of_complex_numbers_is_free():
    assert isinstance(RULES.get("Complex").cost, Free)


INTEGERS = st.integers(-20, 20)


def pairs(least=-20, most=20):
    """Two integer tensors that can be broadcast, whose open sizes are equal where they meet."""

    def tensors(shape):
        return st.lists(st.integers(least, most), min_size=math.prod(shape), max_size=math.prod(shape)).map(
            lambda items: np.array(items, np.int32).reshape(shape)
        )

    shapes = st.sampled_from([((2,), (2,)), ((), (3,)), ((2, 3), (3,)), ((2,), ())])
    return shapes.flatmap(lambda both: st.tuples(tensors(both[0]), tensors(both[1])))


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "kind", ["Add", "AddV2", "Sub", "Mul", "SquaredDifference", "Maximum", "Minimum", "BitwiseAnd", "BitwiseOr"]
)
def test_integers_have_values(kind):
    prove(RULES, pairs().map(lambda both: call(kind, *both)), least_named=-20)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "kind",
    ["Div", "TruncateDiv", "FloorDiv", "FloorMod", "TruncateMod", "Pow", "LeftShift", "RightShift", "BitwiseXor"],
)
def test_integers_that_have_no_sum_have_values(kind):
    right = st.integers(1, 6).map(lambda n: np.array(n, np.int32))
    left = st.lists(INTEGERS, min_size=1, max_size=4).map(lambda items: np.array(items, np.int32))
    prove(RULES, st.tuples(left, right).map(lambda both: call(kind, *both)), least_named=-20)


@pytest.mark.tensorflow
@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.integers(-40, 40), st.integers(-9, 9).filter(bool))
def test_negative_divisors_round_as_tensorflow_does(a, b):
    for kind in ("FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod"):
        (theirs,) = kernel(kind, {"x": ints(a), "y": ints(b)})
        assert apply(RULES, kind, [a], [b]).values[0].items == tuple(theirs.tolist())


@pytest.mark.tensorflow
def test_both_operands_may_be_stretched():
    check_kernel(RULES, call("Sub", np.array([[5], [7]], np.int32), np.array([[1, 2, 3]], np.int32)))


def value(kind, a, b, dtype="int32"):
    given_pair = [Fact(dtype, Shape(), Value.scalar(item)) for item in (a, b)]
    return apply(RULES, kind, *given_pair).values[0].items[0]


def test_symbols_stay_in_the_answer():
    n = symbol("N")
    assert value("Mul", n, 4) == 4 * n
    assert value("FloorDiv", 4 * n, 2) == 2 * n
    assert value("FloorDiv", n, 2) == floor_div(n, 2)
    assert value("FloorMod", n, n) == 0
    assert value("Maximum", n, 0) == n
    assert value("Minimum", n, 0) == 0
    assert value("TruncateDiv", n, 2) == floor_div(n, 2)
    assert value("TruncateDiv", symbol("v", None), 2) is None
    assert value("Div", n, 2) == floor_div(n, 2)
    assert value("LeftShift", n, 3) == 8 * n


def test_floats_without_a_fraction_meet_symbols():
    n = symbol("N")
    assert value("Mul", n, 2.0, "float32") == 2 * n
    assert value("Mul", n, 0.5, "float32") is None
    assert value("RealDiv", 4 * n, 2.0, "float32") == 2 * n
    assert value("RealDiv", n, 2.0, "float32") is None
    assert value("Div", 3.0, 2.0, "float32") == 1.5


@pytest.mark.parametrize(
    ("kind", "a", "b"),
    [
        ("FloorDiv", 3, 0),
        ("FloorMod", 3, 0),
        ("TruncateDiv", symbol("N"), 0),
        ("RealDiv", 1.0, 0.0),
        ("Pow", 10, 10**9),
        ("Pow", 2, -1),
        ("LeftShift", 1, 10**9),
        ("LeftShift", 1, -1),
        ("Mul", 2**62, 4),
        ("Pow", -8.0, 0.5),
        ("Pow", 10.0, 400.0),
        ("FloorDiv", 0.7, 0.1),
        ("BitwiseAnd", symbol("N"), 1),
    ],
)
def test_what_can_not_be_told_is_unknown(kind, a, b):
    assert value(kind, a, b, "float32" if isinstance(a, float) else "int64") is None


def test_shapes_that_can_not_be_broadcast_are_refused():
    with pytest.raises(RuleError):
        apply(RULES, "Add", Shape(2), Shape(3))
