"""Operations whose output size depends on data: the sizes that don't, against TensorFlow; costs against a naive run."""

from __future__ import annotations

import math

import pytest
from counting import Tally
from hypothesis import strategies as st
from kernel_oracle import Call, call, prove, tensors
from optional_tensorflow import tf
from single_op import apply

from graphcost import RuleError, Shape
from graphcost_rules.unique import RULES

VECTORS = st.lists(st.integers(0, 3), min_size=1, max_size=6)


@st.composite
def rows(draw: st.DrawFn, kind: str) -> Call:
    tensor = draw(tensors(least=1, least_rank=1))
    return call(kind, tensor % 3, [draw(st.integers(-tensor.ndim, tensor.ndim - 1))])


CALLS = {
    "Where": tensors(least_rank=1).map(lambda tensor: call("Where", tensor % 2)),
    "Unique": VECTORS.map(lambda items: call("Unique", items)),
    "UniqueWithCounts": VECTORS.map(lambda items: call("UniqueWithCounts", items)),
    "UniqueV2": rows("UniqueV2"),
    "UniqueWithCountsV2": rows("UniqueWithCountsV2"),
    "ListDiff": st.tuples(VECTORS, VECTORS).map(lambda pair: call("ListDiff", *pair)),
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_agrees_with_tensorflow(calls: st.SearchStrategy[Call]) -> None:
    prove(RULES, calls, has_shape=False)


def test_where_compares_every_element_with_zero() -> None:
    items, tally = [0.0, 2.0, -1.0, 0.0], Tally()
    found = [[i] for i, item in enumerate(items) if tally.less(0, abs(item))]
    tally.gives(found, tf.raw_ops.Where(condition=items))
    tally.proves("Where", apply(RULES, "Where", Shape(4)).cost)


def holds(tally: Tally, table: dict[int, float], item: int) -> bool:
    """Whether a hash table without collisions holds the item: what is in its slot is compared with it."""
    tally.counts["compare"] += 1
    return table.get(item, math.nan) == item


AXIS: dict[str, dict[str, list[int]]] = {"": {}, "V2": {"axis": [0]}}


@pytest.mark.parametrize("version", AXIS)
def test_unique_looks_every_element_up_once(version: str) -> None:
    items, tally, table = [4, 2, 4, 4, 1], Tally(), dict[int, float]()
    for item in items:
        if not holds(tally, table, item):
            table[item] = item
    kind = f"Unique{version}"
    tally.gives(list(table), getattr(tf.raw_ops, kind)(x=items, **AXIS[version]).y)
    tally.proves(kind, apply(RULES, kind, Shape(5), *AXIS[version].values()).cost)


@pytest.mark.parametrize("version", AXIS)
def test_the_counts_of_unique_add_one_for_every_element(version: str) -> None:
    items, tally, table = [4, 2, 4, 4, 1], Tally(), dict[int, float]()
    counts = dict.fromkeys(items, 0.0)
    for item in items:
        if not holds(tally, table, item):
            table[item] = item
        counts[item] = tally.add(counts[item], 1)
    kind = f"UniqueWithCounts{version}"
    tally.gives(list(counts.values()), getattr(tf.raw_ops, kind)(x=items, **AXIS[version]).count)
    tally.proves(kind, apply(RULES, kind, Shape(5), *AXIS[version].values()).cost)


def test_a_list_is_looked_up_element_by_element() -> None:
    items, others, tally = [1, 2, 3, 4], [2, 9], Tally()
    table: dict[int, float] = {other: other for other in others}
    left = [item for item in items if not holds(tally, table, item)]
    tally.gives(left, tf.raw_ops.ListDiff(x=items, y=others).out)
    tally.proves("ListDiff", apply(RULES, "ListDiff", Shape(4), Shape(2)).cost)


@pytest.mark.parametrize("axes", [[5], [0, 1], []])
def test_axes_that_there_are_not_are_refused(axes: list[int]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "UniqueV2", Shape(2, 3), axes)


def test_what_is_found_has_a_symbol() -> None:
    (found,) = apply(RULES, "Where", Shape(7, 2)).shapes
    assert found is not None
    assert str(found) == "[size(node:0,0), 2]"
