from __future__ import annotations

import math

import numpy as np
import pytest
from counted import floats, ints, prove_count
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_oracle import call, prove
from single_op import apply

from graphcost import Cost, Fact, RuleError, Shape, ShapeUnknown, Value
from graphcost.dims import symbol
from graphcost_rules.reduction import RULES


def folded(step):
    def fold(t, items):
        total = items[0]
        for item in items[1:]:
            total = step(t, total, item)
        return total

    return fold


def norm(t, items):
    return t.sqrt(t.sum([t.mul(v, v) for v in items]))


FOLDS = {
    "Sum": folded(lambda t, a, b: t.add(a, b)),
    "Prod": folded(lambda t, a, b: t.mul(a, b)),
    "Max": folded(lambda t, a, b: t.max(a, b)),
    "Min": folded(lambda t, a, b: t.min(a, b)),
    "Mean": lambda t, items: t.div(t.sum(items), len(items)),
    "EuclideanNorm": norm,
}


def logical(function):
    """A logical operation counts as a comparison."""

    def counted(t, a, b):
        t.counts["compare"] += 1
        return function(a, b)

    return counted


LOGIC = {"All": folded(logical(lambda a, b: a and b)), "Any": folded(logical(lambda a, b: a or b))}


@st.composite
def reductions(draw, least=1):
    shape = draw(st.lists(st.integers(least, 3), max_size=4))
    axes = draw(st.lists(st.integers(0, len(shape) - 1), unique=True)) if shape else []
    return shape, [axis - draw(st.sampled_from([0, len(shape)])) for axis in axes], draw(st.booleans())


@pytest.mark.parametrize("kind", FOLDS)
def test_each_output_takes_one_step_less_than_it_has_inputs(kind):
    @settings(max_examples=15, derandomize=True, deadline=None, database=None)
    @given(reductions())
    def run(drawn):
        shape, axes, keep_dims = drawn

        def naive(t, x, _):
            positive = [axis % x.ndim for axis in axes]
            kept = [axis for axis in range(x.ndim) if axis not in positive]
            rows = x.transpose(kept + positive).reshape([math.prod(x.shape[a] for a in kept), -1]).tolist()
            final = [1 if a in positive else x.shape[a] for a in range(x.ndim)]
            outputs = np.reshape([FOLDS[kind](t, row) for row in rows], final)
            return [outputs if keep_dims else outputs.squeeze(tuple(positive))]

        prove_count(RULES, kind, {"input": floats(1, *shape), "axis": ints(*axes)}, naive, keep_dims=keep_dims)

    run()


@pytest.mark.parametrize("kind", ["All", "Any"])
def test_logic_counts_comparisons(kind):
    x = np.array([[True, False, True], [True, False, False], [True, False, True], [True, False, True]])

    def naive(t, x, _):
        return [[LOGIC[kind](t, column) for column in x.T.tolist()]]

    prove_count(RULES, kind, {"input": x, "axis": ints(0)}, naive)


def test_nothing_is_reduced_for_nothing():
    assert apply(RULES, "Sum", Shape(4, 3), []).cost == Cost()
    assert apply(RULES, "Max", Shape(4, 1), [1]).cost == Cost()
    assert apply(RULES, "Sum", Shape(0, 3), [0]).cost == Cost()
    assert apply(RULES, "Mean", Shape(0, 3), [0]).cost == Cost(div=3)
    assert apply(RULES, "Sum", Shape(), []).cost == Cost()


def test_a_formula_has_no_clamp_where_sizes_are_positive():
    n, h = symbol("N"), symbol("h")
    assert apply(RULES, "Mean", Shape(n, 7, 7, 3), [1, 2]).cost == Cost(add=144 * n, div=3 * n)
    assert apply(RULES, "Sum", Shape(n, h), 1).cost == Cost(add=n * h - n)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["Sum", "Prod", "Max", "Min"])
def test_integers_have_values(kind):
    vectors = st.lists(st.integers(0, 5), max_size=5).map(lambda items: np.array(items, np.int32))
    axes = st.sampled_from([np.array(0, np.int32), ints(0), ints(-1), ints()])
    made = st.tuples(vectors, axes, st.booleans()).map(lambda m: call(kind, m[0], m[1], keep_dims=m[2]))
    prove(RULES, made.filter(lambda c: kind in ("Sum", "Prod") or c.inputs[0].array.size > 0))


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["Sum", "Prod", "Max", "Min", "Mean", "EuclideanNorm"])
def test_partly_known_shapes_know_what_tensorflow_knows(kind):
    x = floats(1, 2, 3, 4)
    calls = reductions(least=2).map(lambda d: call(kind, floats(1, *d[0]), ints(*d[1]), keep_dims=d[2]))
    prove(RULES, calls, has_value=False)
    prove(RULES, st.just(call(kind, x, np.array(1, np.int32))), has_value=False)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["All", "Any"])
def test_bools_have_values(kind):
    matrices = st.lists(st.booleans(), min_size=4, max_size=4).map(lambda items: np.array(items).reshape(2, 2))
    prove(RULES, st.tuples(matrices, st.sampled_from([ints(0), ints(0, 1)])).map(lambda m: call(kind, *m)))


def value(kind, items, dtype="int32"):
    vector = Value.vector(items)
    return apply(RULES, kind, Fact(dtype, Shape(len(items)), vector), 0).values[0].items[0]


def test_symbols_stay_in_the_answer():
    n = symbol("N")
    assert value("Prod", [n, 3, 4]) == 12 * n
    assert value("Sum", [n, n, 1]) == 2 * n + 1
    assert value("Max", [n, 1]) == n
    assert value("Min", [n, 0]) == 0
    assert value("Mean", [2 * n, 4]) == n + 2
    assert value("Mean", [1, 2]) is None
    assert value("Max", [1.5, 2.5], "float32") == 2.5
    assert value("Sum", [0.1, 0.2], "float32") is None
    assert value("All", [True, None], "bool") is None
    assert value("All", [False, None], "bool") is False
    assert value("Any", [True, None], "bool") is True
    assert value("Prod", [None, 2]) is None
    assert value("Prod", [2**40] * 3) is None


def test_axes_that_tensorflow_refuses_are_refused():
    matrix = Value((1, 2), (0, 1))
    for axes in ([2], [-3], [0, 0], [0, -2], matrix, Value.vector([1.0])):
        with pytest.raises(RuleError):
            apply(RULES, "Sum", Shape(2, 3), axes)
    with pytest.raises(RuleError):
        apply(RULES, "Sum", Shape(2, 3), [0], keep_dims=b"yes")


def test_unknown_axes_leave_the_rank_where_dims_are_kept():
    unknown = Fact("int32", Shape(1))
    rule = RULES.get("Sum")
    from single_op import make_op

    (shape,) = rule.shape(make_op("Sum", Shape(2, 3), unknown, keep_dims=True))
    assert shape.rank == 2
    (shape,) = rule.shape(make_op("Sum", Shape(2, 3), unknown))
    assert shape.rank == 1


def test_a_vast_empty_value_is_not_listed():
    vast = Fact("int32", Shape(0, 10**12), Value((0, 10**12), ()))
    rule = RULES.get("Sum")
    from single_op import make_op

    with pytest.raises(ShapeUnknown):
        rule.value(make_op("Sum", vast, 0))
    assert apply(RULES, "Sum", vast, 1).values[0].items == ()
