from __future__ import annotations

import math

import numpy as np
import pytest
from counted import ask, floats, prove_count
from hypothesis import strategies as st
from kernel_oracle import call, numbered, prove
from single_op import apply

from graphcost import Cost, Fact, RuleError, Shape, Value
from graphcost.dims import symbol
from graphcost_rules.selection import RULES


@pytest.mark.parametrize("condition", [(), (2,), (2, 3)])
def test_a_select_compares_once_for_each_element(condition):
    def naive(t, c, x, y):
        c = np.broadcast_to(c.reshape(c.shape + (1,) * (2 - c.ndim)), x.shape)
        chosen = [p if t.less(0, w) else q for w, p, q in zip(c.ravel(), x.ravel(), y.ravel(), strict=True)]
        return [np.reshape(chosen, x.shape)]

    condition = floats(3, *condition) > 0
    prove_count(RULES, "Select", {"condition": condition, "x": floats(1, 2, 3), "y": floats(2, 2, 3)}, naive)


def test_selectv2_broadcasts_all_three():
    def naive(t, c, x, y):
        c, x, y = np.broadcast_arrays(c, x, y)
        chosen = [p if t.less(0, w) else q for w, p, q in zip(c.ravel(), x.ravel(), y.ravel(), strict=True)]
        return [np.reshape(chosen, c.shape)]

    condition = floats(3, 4, 1, 1) > 0
    prove_count(RULES, "SelectV2", {"condition": condition, "t": floats(1, 2, 1), "e": floats(2, 3)}, naive)


def conditions():
    return st.sampled_from(
        [np.array(True), np.array([True, False]), np.array([[True, False, True], [False, True, True]])]
    )


@pytest.mark.tensorflow
def test_select_has_values_and_merges_shapes():
    prove(RULES, conditions().map(lambda c: call("Select", c, numbered((2, 3)), numbered((2, 3)) + 10)))


@pytest.mark.tensorflow
def test_selectv2_has_values():
    columns = st.sampled_from([np.array(True), np.array([[True], [False]]), np.array([True, False, False])])
    prove(RULES, columns.map(lambda c: call("SelectV2", c, numbered((2, 3)), numbered((1, 3)) + 10)))


def test_a_known_condition_needs_one_branch_only():
    unknown = Fact("int32", Shape(2))
    for kind in ("Select", "SelectV2"):
        assert apply(RULES, kind, Value.scalar(True), [7, 8], unknown).values[0].items == (7, 8)
        assert apply(RULES, kind, Value.scalar(None), [7, 8], [7, 9]).values[0].items == (7, None)


def test_a_condition_that_does_not_fit_is_refused():
    with pytest.raises(RuleError):
        apply(RULES, "Select", Fact("bool", Shape(3)), Shape(2, 3), Shape(2, 3))
    with pytest.raises(RuleError):
        apply(RULES, "Select", Fact("bool", Shape(2, 3, 1)), Shape(2, 3), Shape(2, 3))


def test_clipping_compares_twice():
    def naive(t, x, least, greatest):
        return [[t.max(t.min(v, greatest), least) for v in x.tolist()]]

    x, bounds = floats(1, 7), (np.float32(-0.3), np.float32(0.4))
    prove_count(
        RULES, "ClipByValue", dict(zip(("t", "clip_value_min", "clip_value_max"), (x, *bounds), strict=True)), naive
    )
    prove(RULES, st.just(call("ClipByValue", numbered((5,)), 1, 3)))


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_sum_of_many_adds_one_time_less(count):
    def naive(t, *arrays):
        return [[t.sum(items) for items in zip(*(a.tolist() for a in arrays), strict=True)]]

    prove_count(RULES, "AddN", {"inputs": [floats(i, 5) for i in range(count)]}, naive)


@pytest.mark.tensorflow
def test_a_sum_of_many_has_values_and_merges_shapes():
    arrays = [numbered((2, 3)), numbered((2, 3)), numbered((2, 3))]
    prove(RULES, st.just(call("AddN", *arrays, lists={"inputs": 3})))
    n = symbol("N")
    assert apply(RULES, "AddN", Value.scalar(n), Value.scalar(n), 1).values[0].items == (2 * n + 1,)


def test_accumulate_counts_as_a_sum():
    assert ask(RULES, "AccumulateNV2", [floats(i, 5) for i in range(3)], {}) == ([Shape(5)], Cost(add=10))


@pytest.mark.parametrize("shapes", [((), (3,), (3,)), ((3,), (3,), (3,)), ((), (), ())])
def test_the_incomplete_beta_function_is_one_call(shapes):
    def incomplete_beta(a, b, x):
        u = (np.arange(20000) + 0.5) / 20000 * x
        return (
            float((u ** (a - 1) * (1 - u) ** (b - 1)).mean() * x) * math.gamma(a + b) / (math.gamma(a) * math.gamma(b))
        )

    def naive(t, *arrays):
        a, b, x = np.broadcast_arrays(*arrays)
        triples = zip(a.ravel().tolist(), b.ravel().tolist(), x.ravel().tolist(), strict=True)
        return [np.reshape([t.call(incomplete_beta, *triple) for triple in triples], a.shape)]

    ranges = ((1, 2), (1, 2), (0.1, 0.9))
    arrays = [floats(i, *shape, least=r[0], most=r[1]) for i, (shape, r) in enumerate(zip(shapes, ranges, strict=True))]
    prove_count(RULES, "Betainc", dict(zip("abx", arrays, strict=True)), naive, tolerance=1e-3)
    prove(RULES, st.just(call("Betainc", *arrays)), has_value=False)
