from __future__ import annotations

import numpy as np
import pytest
from counted import floats, prove_count
from hypothesis import strategies as st
from kernel_oracle import call, prove
from single_op import apply

from graphcost import Fact, RuleError, Shape, Value
from graphcost.dims import symbol
from graphcost_rules.comparison import RULES

LESS = {
    "Less": lambda t, x, y: t.less(x, y),
    "Greater": lambda t, x, y: t.less(y, x),
    "LessEqual": lambda t, x, y: not t.less(y, x),
    "GreaterEqual": lambda t, x, y: not t.less(x, y),
}


def equal(t, x, y):
    t.less(x, y)
    return x == y


FORMULAS = {**LESS, "Equal": equal, "NotEqual": lambda t, x, y: not equal(t, x, y)}


@pytest.mark.parametrize("kind", FORMULAS)
def test_a_comparison_for_each_element_of_the_broadcast(kind):
    def naive(t, x, y):
        return [[[FORMULAS[kind](t, p, q) for q in y.ravel().tolist()] for p in x.ravel().tolist()]]

    prove_count(RULES, kind, {"x": np.round(floats(1, 4, 1) * 2), "y": np.round(floats(2, 1, 3) * 2)}, naive)


def logical(function):
    """A logical operation counts as a comparison."""

    def counted(t, x, y):
        t.counts["compare"] += 1
        return function(x, y)

    return counted


LOGIC = {"LogicalAnd": logical(lambda x, y: x and y), "LogicalOr": logical(lambda x, y: x or y)}


@pytest.mark.parametrize("kind", LOGIC)
def test_logic_counts_a_comparison_for_each_element(kind):
    def naive(t, x, y):
        return [[[LOGIC[kind](t, p, q) for q in y.ravel().tolist()] for p in x.ravel().tolist()]]

    prove_count(RULES, kind, {"x": np.array([[True], [False]]), "y": np.array([True, False, True])}, naive)


def test_approximate_equality_takes_the_difference_and_its_size():
    def naive(t, x, y):
        def near(p, q):
            difference = t.sub(p, q)
            return t.less(t.add(abs(difference), 0), 0.5)

        return [[near(p, q) for p, q in zip(x.tolist(), y.tolist(), strict=True)]]

    prove_count(RULES, "ApproximateEqual", {"x": floats(1, 6), "y": floats(2, 6)}, naive, tolerance=0.5)


VECTORS = st.lists(st.integers(0, 4), min_size=3, max_size=3).map(lambda items: np.array(items, np.int32))
BOOLS = st.lists(st.booleans(), min_size=3, max_size=3).map(np.array)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", FORMULAS)
def test_comparisons_have_values(kind):
    prove(RULES, st.tuples(VECTORS, VECTORS).map(lambda both: call(kind, *both)))


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["LogicalAnd", "LogicalOr"])
def test_logic_has_values(kind):
    prove(RULES, st.tuples(BOOLS, BOOLS).map(lambda both: call(kind, *both)))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Less", False),
        ("GreaterEqual", True),
        ("Greater", None),
        ("LessEqual", None),
        ("Equal", None),
        ("NotEqual", None),
    ],
)
def test_a_size_is_compared_by_what_is_known_of_it(kind, expected):
    assert apply(RULES, kind, Value.scalar(symbol("N")), 1).values[0].items == (expected,)


def test_one_known_operand_may_settle_a_logical_answer():
    unknown = Fact("bool", Shape())
    for kind, settled, open_item in (("LogicalAnd", False, True), ("LogicalOr", True, False)):
        assert apply(RULES, kind, unknown, Value.scalar(settled)).values[0].items == (settled,)
        assert apply(RULES, kind, unknown, Value.scalar(open_item)).values[0].items == (None,)


def test_shapes_that_do_not_fit_are_unequal_where_that_is_allowed():
    for kind in ("Equal", "NotEqual"):
        outcome = apply(RULES, kind, [1, 2], [1, 2, 3], incompatible_shape_error=False)
        assert outcome.shapes == (Shape(),)
        assert outcome.values[0] == Value.scalar(kind == "NotEqual")
        with pytest.raises(RuleError):
            apply(RULES, kind, [1, 2], [1, 2, 3])


def test_a_hostile_attribute_is_refused():
    with pytest.raises(RuleError):
        apply(RULES, "Equal", [1], [1], incompatible_shape_error=3)
