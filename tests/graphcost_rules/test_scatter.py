"""Scattering against TensorFlow's kernels and a counted naive algorithm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from counting import Tally
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_oracle import Call, call, numbered, prove
from optional_tensorflow import HAS_TENSORFLOW, Unknown, tf
from single_op import apply

from graphcost import COPIES, Cost, Fact, RuleError, Shape, Value, bind
from graphcost.dims import symbol
from graphcost_rules.scatter import RULES

COMBINE: dict[str, Callable[[Tally, float, float], float]] = {
    "Update": lambda tally, old, new: new,
    "Add": lambda tally, old, new: tally.add(old, new),
    "Sub": lambda tally, old, new: tally.sub(old, new),
    "Min": lambda tally, old, new: tally.min(old, new),
    "Max": lambda tally, old, new: tally.max(old, new),
    "Mul": lambda tally, old, new: tally.mul(old, new),
    "Div": lambda tally, old, new: tally.div(old, new),
}


@st.composite
def scatters(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A target, different rows of indices that name some of its axes, and the updates."""
    shape = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    depth = draw(st.integers(1, len(shape)))
    rows = [list(index) for index in np.ndindex(*shape[:depth])]
    picked = draw(st.lists(st.sampled_from(rows), min_size=1, max_size=4, unique_by=tuple))
    indices = np.asarray(picked, dtype=np.int32)
    updates = numbered([len(picked), *shape[depth:]]) * 3 + 1
    return numbered(shape) + 5, indices, updates


def scatter(kind: str, target: np.ndarray, indices: np.ndarray, updates: np.ndarray) -> tuple[np.ndarray, Tally]:
    tally, result = Tally(), target.astype(np.float32)
    for row, update in zip(indices, updates, strict=True):
        for inner in np.ndindex(*update.shape):
            place = (*map(int, row), *inner)
            result[place] = COMBINE[kind](tally, float(result[place]), float(update[inner]))
    return result, tally


def into_variable(kind: str, target: np.ndarray, indices: np.ndarray, updates: np.ndarray) -> Any:
    """What the kernel makes of a variable, which is a resource or, as TensorFlow 1 has it, a reference."""
    if not HAS_TENSORFLOW:
        return Unknown()
    is_resource = kind.startswith("Resource")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variable = tf.compat.v1.Variable(target.astype(np.float32), use_resource=is_resource)
        session.run(variable.initializer)
        name = "resource" if is_resource and "Nd" not in kind else "ref"
        handle = {name: variable.handle if is_resource else variable._ref()}
        session.run(getattr(tf.raw_ops, kind)(**handle, indices=indices, updates=updates.astype(np.float32)))
        return session.run(variable.read_value())


def variable_fact(kind: str, target: np.ndarray) -> Fact:
    held = Fact("float32", Shape(*target.shape))
    return Fact("resource", Shape(), element=held) if kind.startswith("Resource") else held


@pytest.mark.parametrize("kind", ["Update", "Add", "Sub", "Min", "Max"])
@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(case=scatters())
def test_scattering_into_a_tensor_costs_what_the_naive_algorithm_counts(
    kind: str, case: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    target, indices, updates = case
    result, tally = scatter(kind, *case)
    kernel = getattr(tf.raw_ops, f"TensorScatter{kind}")(
        tensor=target.astype(np.float32), indices=indices, updates=updates.astype(np.float32)
    )
    tally.gives(result, kernel)
    facts = Shape(*target.shape), Shape(*indices.shape), Shape(*updates.shape)
    outcome = apply(RULES, f"TensorScatter{kind}", *facts)
    assert outcome.shapes == (Shape(*target.shape),)
    if kind == "Update":
        assert outcome.cost == COPIES
    else:
        tally.proves(f"TensorScatter{kind}", outcome.cost)


@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(case=scatters())
def test_scatter_nd_adds_into_zeros(case: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    target, indices, updates = case
    result, tally = scatter("Add", np.zeros_like(target), indices, updates)
    tally.gives(result, tf.raw_ops.ScatterNd(indices=indices, updates=updates, shape=target.shape))
    outcome = apply(RULES, "ScatterNd", Shape(*indices.shape), Shape(*updates.shape), list(target.shape))
    assert outcome.shapes == (Shape(*target.shape),)
    tally.proves("ScatterNd", outcome.cost)


@pytest.mark.tensorflow
@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(case=scatters(), repeats=st.booleans())
def test_what_integers_are_scattered_to_is_known(
    case: tuple[np.ndarray, np.ndarray, np.ndarray], repeats: bool
) -> None:
    target, indices, updates = case
    indices = np.zeros_like(indices) if repeats else indices
    updates = updates.astype(np.int32)
    result = tf.raw_ops.ScatterNd(indices=indices, updates=updates, shape=target.shape).numpy()
    facts = (
        Fact(str(each.dtype), Shape(*each.shape), Value(each.shape, tuple(each.ravel().tolist())))
        for each in (indices, updates)
    )
    outcome = apply(RULES, "ScatterNd", *facts, list(target.shape))
    assert outcome.values == (Value(target.shape, tuple(result.ravel().tolist())),)


@pytest.mark.parametrize(("index", "dtype"), [(3, "int32"), (-1, "int32"), (0, "float32")])
def test_what_is_scattered_elsewhere_or_rounded_is_not_known(index: int, dtype: str) -> None:
    update = Fact(dtype, Shape(1), Value.vector([7]))
    outcome = apply(RULES, "ScatterNd", Value((1, 1), (index,)), update, [3])
    assert outcome.shapes == (Shape(3),)
    assert outcome.values == ()


@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(case=scatters())
def test_scatter_nd_adds_into_a_tensor_that_may_be_overwritten(case: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    target, indices, updates = case
    result, tally = scatter("Add", *case)
    tally.gives(result, tf.raw_ops.ScatterNdNonAliasingAdd(input=target, indices=indices, updates=updates))
    facts = Shape(*target.shape), Shape(*indices.shape), Shape(*updates.shape)
    tally.proves("ScatterNdNonAliasingAdd", apply(RULES, "ScatterNdNonAliasingAdd", *facts).cost)


@pytest.mark.parametrize("prefix", ["ScatterNd", "ResourceScatterNd"])
@pytest.mark.parametrize("kind", ["Update", "Add", "Sub", "Min", "Max"])
def test_scattering_into_places_of_a_variable_costs_one_operation_for_each_update(prefix: str, kind: str) -> None:
    target, indices = numbered([4, 3, 2]) + 5, np.asarray([[0, 1], [3, 2], [1, 1]], dtype=np.int32)
    updates = numbered([3, 2]) * 3 + 1
    result, tally = scatter(kind, target, indices, updates)
    tally.gives(result, into_variable(prefix + kind, target, indices, updates))
    handle = variable_fact(prefix, target)
    cost = apply(RULES, prefix + kind, handle, Shape(3, 2), Shape(3, 2)).cost
    if kind == "Update":
        assert cost == COPIES
    else:
        tally.proves(prefix + kind, cost)


@pytest.mark.parametrize("prefix", ["Scatter", "ResourceScatter"])
@pytest.mark.parametrize("kind", list(COMBINE))
def test_scattering_into_a_variable_costs_one_operation_for_each_element_of_the_rows(prefix: str, kind: str) -> None:
    table, indices = numbered([5, 3]) + 2, np.asarray([[0, 4], [2, 1]], dtype=np.int32)
    handle = variable_fact(prefix, table)
    for updates in (numbered([2, 2, 3]) + 1, np.array(4)):
        rows = np.broadcast_to(updates, (2, 2, 3)).reshape(4, 3)
        result, tally = scatter(kind, table, indices.reshape(4, 1), rows)
        tally.gives(result, into_variable(prefix + kind, table, indices, updates))
        cost = apply(RULES, prefix + kind, handle, Shape(2, 2), Shape(*updates.shape)).cost
        if kind == "Update":
            assert cost == COPIES
        else:
            tally.proves(prefix + kind, cost)


def test_a_symbolic_number_of_updates_is_counted() -> None:
    rows = symbol("rows")
    cost = apply(RULES, "ScatterNd", Shape(rows, 1), Shape(rows, 8), [100, 8]).cost
    assert isinstance(cost, Cost)
    assert bind(cost.add, {"rows": 6}) == 48


@st.composite
def partitions(draw: st.DrawFn) -> Call:
    labelled = draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
    labels = np.zeros(labelled, dtype=np.int32)
    return call(
        "DynamicPartition", numbered([*labelled, *draw(st.lists(st.integers(1, 2)))][:4]), labels, num_partitions=2
    )


@st.composite
def stitches(draw: st.DrawFn, kind: str) -> Call:
    """Every index is named once, by one of two operands."""
    order = draw(st.permutations(range(draw(st.integers(1, 5)))))
    cut = draw(st.integers(0, len(order)))
    row = draw(st.lists(st.integers(1, 2), max_size=2))
    indices = [list(order[:cut]), list(order[cut:])]
    data = [numbered([len(part), *row]) + 10 * i for i, part in enumerate(indices)]
    return call(kind, *indices, *data, lists={"indices": 2, "data": 2})


@st.composite
def sparse_tensors(draw: st.DrawFn) -> Call:
    shape = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    return call("SparseToDense", np.zeros([1, len(shape)], dtype=np.int32), shape, [4], 0)


@pytest.mark.tensorflow
def test_partitions_agree_with_tensorflow() -> None:
    """How many rows each part gets depends on data, so that only the shape function is asked."""
    prove(RULES, partitions(), has_value=False, has_shape=False)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["DynamicStitch", "ParallelDynamicStitch"])
def test_stitching_agrees_with_tensorflow(kind: str) -> None:
    prove(RULES, stitches(kind))


@pytest.mark.tensorflow
def test_sparse_to_dense_agrees_with_tensorflow() -> None:
    prove(RULES, sparse_tensors(), has_value=False)


def test_symbols_are_stitched_into_a_shape() -> None:
    """As the gradient of a mean does it: the reduced axes become 1."""
    n, h = symbol("N"), symbol("H")
    shape, ones = Value.vector([n, h, 3]), Value.vector([1, 1])
    outcome = apply(RULES, "DynamicStitch", [0, 1, 2], [1, 2], shape, ones)
    assert outcome.shapes == (Shape(3),)
    assert outcome.values == (Value.vector([n, 1, 1]),)


@pytest.mark.parametrize("indices", [[-1, 0], [0]])
def test_indices_that_fit_no_row_are_refused(indices: list[int]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "DynamicStitch", indices, [5, 6])


@pytest.mark.parametrize("parts", [0, -3, 10**12])
def test_an_absurd_number_of_partitions_is_refused(parts: int) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "DynamicPartition", Shape(4), Shape(4), num_partitions=parts)
