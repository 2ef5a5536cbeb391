from __future__ import annotations

import math

import numpy as np
import pytest
from counted import ask, floats, ints, prove_count
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from internal_ops import run
from kernel_oracle import call, prove
from optional_tensorflow import tf
from single_op import apply

from graphcost import Cost, RuleError, Shape, Value
from graphcost.dims import symbol
from graphcost_rules.ranking import RULES

few = settings(max_examples=20, derandomize=True, deadline=None, database=None)
SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=3)


def best_position(t, line, is_less):
    best = 0
    for position in range(1, len(line)):
        if is_less(t, line[best], line[position]):
            best = position
    return best


@pytest.mark.parametrize(
    ("kind", "is_less"),
    [("ArgMax", lambda t, a, b: t.less(a, b)), ("ArgMin", lambda t, a, b: t.less(b, a))],
)
def test_a_position_takes_one_comparison_less_than_elements(kind, is_less):
    @few
    @given(SHAPES, st.data())
    def run(shape, data):
        axis = data.draw(st.integers(-len(shape), len(shape) - 1))

        def naive(t, x, _):
            lines = np.moveaxis(x, axis, -1)
            rows = lines.reshape(-1, lines.shape[-1]).tolist()
            return [np.reshape([best_position(t, row, is_less) for row in rows], lines.shape[:-1])]

        prove_count(RULES, kind, {"input": floats(1, *shape), "dimension": np.array(axis, np.int32)}, naive)

    run()


def insertion(t, sorted_items, item, is_before=lambda t, a, b: t.less(a, b)):
    """Where the item belongs among sorted ones, of which there must be a power of two less one."""
    low, high = 0, len(sorted_items)
    while low < high:
        middle = (low + high) // 2
        if is_before(t, item, sorted_items[middle]):
            high = middle
        else:
            low = middle + 1
    return low


def filled(items, count):
    """So many more items that every binary search among them is as long."""
    return [*items, *[math.inf] * (2 ** count.bit_length() - 1 - len(items))]


def least(t, row, k):
    """The k least of a row with their positions, by insertion into a sorted list."""
    best = [(item, -1) for item in filled([], k)]
    for index, item in enumerate(row):
        best.insert(insertion(t, [pair[0] for pair in best], item), (item, index))
        best.pop()
    return best[:k]


@few
@given(SHAPES, st.data())
def test_the_top_k_are_found_by_binary_search(shape, data):
    k = data.draw(st.integers(0, shape[-1]))

    def naive(t, x, _):
        found = [least(t, row, k) for row in (-x).reshape(-1, x.shape[-1]).tolist()]
        final = (*x.shape[:-1], k)
        values = np.reshape([[-pair[0] for pair in row] for row in found], final)
        return [values, np.reshape([[pair[1] for pair in row] for row in found], final)]

    prove_count(RULES, "TopKV2", {"input": floats(1, *shape), "k": np.array(k, np.int32)}, naive)


@few
@given(SHAPES, st.data(), st.booleans())
def test_the_nth_element_is_the_last_of_the_best(shape, data, is_reversed):
    n = data.draw(st.integers(0, shape[-1] - 1))
    sign = -1 if is_reversed else 1

    def naive(t, x, _):
        rows = (sign * x).reshape(-1, x.shape[-1]).tolist()
        return [np.reshape([sign * least(t, row, n + 1)[-1][0] for row in rows], x.shape[:-1])]

    tensors = {"input": floats(1, *shape), "n": np.array(n, np.int32)}
    prove_count(RULES, "NthElement", tensors, naive, reverse=is_reversed)


@pytest.mark.parametrize("length", [1, 2, 5, 8])
@pytest.mark.parametrize(
    ("kind", "is_before"),
    [("LowerBound", lambda t, a, b: not t.less(b, a)), ("UpperBound", lambda t, a, b: t.less(a, b))],
)
def test_a_place_in_a_sorted_row_is_found_by_binary_search(kind, is_before, length):
    def naive(t, rows, values):
        pairs = zip(rows.tolist(), values.tolist(), strict=True)
        return [[[insertion(t, filled(row, length), v, is_before) for v in line] for row, line in pairs]]

    rows = np.sort(np.round(floats(1, 2, length) * 3), axis=1)
    tensors = {"sorted_inputs": rows, "values": np.round(floats(2, 2, 4) * 3)}
    prove_count(RULES, kind, tensors, naive, is_open=False)
    _, cost = ask(RULES, kind, list(tensors.values()), {})
    assert cost == Cost(compare=8 * length.bit_length())


def test_the_k_of_an_attribute_counts_alike():
    x, tally = floats(1, 3, 9), Tally()
    found = [least(tally, row, 4) for row in (-x).tolist()]
    # The kernel is registered for an attribute that the operation lacks.
    theirs = run("TopK", [x], k=4, index_type=tf.int32)
    tally.gives([[-item for item, _ in row] for row in found], theirs)
    outcome = apply(RULES, "TopK", Shape(3, 9), k=4)
    assert outcome.shapes == (Shape(3, 4),) * 2
    tally.proves("TopK", outcome.cost)


def test_a_symbolic_k_counts_with_a_logarithm():
    k = symbol("k")
    outcome = apply(RULES, "TopKV2", Shape(2, k), Value.scalar(k))
    assert outcome.shapes == (Shape(2, k), Shape(2, k))
    assert isinstance(outcome.cost, Cost)
    for number in (1, 2, 5, 8):
        assert outcome.cost.bind({"k": number}) == apply(RULES, "TopKV2", Shape(2, number), number).cost


@pytest.mark.parametrize("kind", ["InTopK", "InTopKV2"])
def test_membership_compares_each_class_with_the_target(kind):
    def naive(t, predictions, targets, *_):
        answers = []
        for row, target in zip(predictions.tolist(), targets.tolist(), strict=True):
            above = sum(t.less(row[target], item) for item in row)
            answers.append(t.less(above, 2))
        return [answers]

    tensors = {"predictions": floats(1, 4, 5), "targets": ints(0, 1, 2, 4)}
    if kind == "InTopK":
        prove_count(RULES, kind, tensors, naive, k=2)
    else:
        prove_count(RULES, kind, {**tensors, "k": np.array(2, np.int32)}, naive)


@few
@given(st.integers(0, 9))
def test_a_bucket_is_found_by_binary_search(count):
    boundaries = [i / max(count, 1) for i in range(count)]

    def naive(t, x):
        return [[insertion(t, filled(boundaries, count), item) for item in x.tolist()]]

    prove_count(RULES, "Bucketize", {"input": floats(1, 8)}, naive, boundaries=boundaries)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["ArgMax", "ArgMin"])
def test_positions_have_values(kind):
    items = st.lists(st.integers(0, 3), min_size=6, max_size=6).map(lambda i: np.array(i, np.int32).reshape(2, 3))
    prove(RULES, st.tuples(items, st.integers(-2, 1)).map(lambda drawn: call(kind, *drawn)))


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "made",
    [
        call("TopKV2", floats(1, 2, 5), 3),
        call("ArgMax", floats(1, 2, 3, 2), 1),
        call("ArgMin", floats(1, 4), 0),
        call("InTopKV2", floats(1, 2, 3), [0, 1], 1),
        call("NthElement", floats(1, 2, 5), 3),
        call("LowerBound", np.sort(floats(1, 2, 5)), floats(1, 2, 3)),
        call("Bucketize", floats(1, 2, 3), boundaries=[0.5]),
    ],
    ids=lambda made: made.kind,
)
def test_partly_known_shapes_know_what_tensorflow_knows(made):
    prove(RULES, st.just(made), has_value=False)


def test_single_elements_and_empty_lines_cost_nothing():
    assert apply(RULES, "ArgMax", Shape(3, 0), 1).cost == Cost()
    assert apply(RULES, "ArgMax", Shape(3, 1), 1).cost == Cost()


def test_hostile_nodes_are_refused():
    for kind, arguments, attrs in (
        ("ArgMax", (Shape(2, 3), [0]), {}),
        ("ArgMax", (Shape(2, 3), 2), {}),
        ("TopKV2", (Shape(2, 3), 4), {}),
        ("TopKV2", (Shape(2, 3), -1), {}),
        ("TopKV2", (Shape(2, 3), [1]), {}),
        ("TopKV2", (Shape(), 1), {}),
        ("TopK", (Shape(3),), {"k": 1.5}),
        ("Bucketize", (Shape(3),), {"boundaries": 3}),
        ("NthElement", (Shape(2, 3), 3), {}),
        ("NthElement", (Shape(2, 3), -1), {}),
        ("UpperBound", (Shape(2, 3), Shape(3, 3)), {}),
        ("InTopK", (Shape(3, 2), Shape(4)), {}),
    ):
        with pytest.raises(RuleError):
            apply(RULES, kind, *arguments, **attrs)
