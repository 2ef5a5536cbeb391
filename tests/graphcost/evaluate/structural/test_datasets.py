"""Datasets: how many elements there are and how often what makes them runs, against going through them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_graph import tiny_graph

from graphcost.dims import Dim, Shape, bind, symbol
from graphcost.evaluate import Evaluation
from graphcost.evaluate.structural import datasets
from graphcost.evaluate.structural.datasets import Dataset
from graphcost.ops.fact import Fact
from graphcost.ops.sizes import Sizes

BODY = Evaluation(tiny_graph("a = _Arg(T=float32)", "a"), "", Sizes())
ROW = Fact("float32", Shape(4))
SMALL = st.integers(1, 4)


def source(count: Dim) -> Dataset:
    """Rows that a function makes."""
    plain = datasets.sliced([Fact("float32", Shape(count, 4))], count)
    return datasets.mapped(plain, [BODY], [(ROW,)])


class Rows:
    """The same in Python: counts how many rows are made."""

    def __init__(self, count: int) -> None:
        self.count, self.made = count, 0

    def __iter__(self) -> Iterator[int]:
        for row in range(self.count):
            self.made += 1
            yield row


def batches(rows: Iterator[int], size: int, drops: bool) -> Iterator[list[int]]:
    batch: list[int] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch and not drops:
        yield batch


def runs(dataset: Dataset) -> Sequence[Dim]:
    assert dataset.count is not None
    return [call.times for call in datasets.calls_of(dataset, dataset.count, True)]


@given(st.integers(0, 11), SMALL, st.booleans())
def test_batches_have_what_is_left_in_the_last(count: int, size: int, drops: bool) -> None:
    theirs = Rows(count)
    lengths = [len(batch) for batch in batches(iter(theirs), size, drops)]
    for ours in (datasets.batched(source(count), size, drops), datasets.batched(source(symbol("N")), size, drops)):
        assert bind(ours.count or 0, {"N": count}) == len(lengths)
        assert [bind(each, {"N": count}) for each in runs(ours)] == [theirs.made]
        total: Dim = 0
        for (fact,), often in ours.kinds:
            assert fact.shape is not None
            total = total + fact.shape[0] * often(ours.count or 0, True)
        assert bind(total, {"N": count}) == sum(lengths)


@given(st.integers(0, 9), st.integers(0, 12), st.integers(0, 12))
def test_taking_and_skipping(count: int, taken: int, skipped: int) -> None:
    ours = datasets.first(datasets.without_first(source(count), skipped), taken)
    rows = range(count)[skipped:][:taken]
    assert ours.count == len(rows)
    if rows:
        assert runs(ours) == [min(count, skipped + taken)]
    assert datasets.first(source(count), -1).count == count
    assert datasets.without_first(source(count), -1).count == 0


@given(st.integers(0, 9), SMALL, st.integers(0, 3))
def test_a_shard_makes_the_other_elements_too(count: int, shards: int, index: int) -> None:
    ours = datasets.shard(source(count), shards, index % shards)
    assert ours is not None
    assert (ours.count, runs(ours)) == (len(range(index % shards, count, shards)), [count])


@given(st.integers(0, 6), SMALL, st.integers(0, 9))
def test_repeating_makes_all_again_unless_they_are_kept(count: int, times: int, taken: int) -> None:
    again = datasets.repeated(source(count), times)
    assert again is not None
    assert (again.count, runs(again)) == (count * times, [count * times])
    once = datasets.repeated(datasets.kept(source(count)), times)
    assert once is not None
    assert (once.count, runs(once)) == (count * times, [count])
    if count:
        endless = datasets.repeated(source(count), -1)
        assert endless is not None
        assert endless.count is None
        assert runs(datasets.first(endless, taken)) == [taken]


def test_zipped_datasets_end_with_the_shortest() -> None:
    """One more element is made of the longer one, when the end of the shorter is found."""
    ours = datasets.zipped([source(10), source(5)])
    assert ours is not None
    assert (ours.count, len(ours.elements), runs(ours)) == (5, 2, [6, 5])
    assert datasets.zipped([datasets.batched(source(10), 4, False), source(9)]) is None


@pytest.mark.parametrize(("start", "stop", "step"), [(0, 5, 1), (2, 20, 3), (9, 0, -2), (5, 2, 1)])
def test_a_range_has_its_numbers(start: int, stop: int, step: int) -> None:
    assert datasets.numbers("int64", start, stop, step).count == len(range(start, stop, step))
    assert datasets.numbers("int64", 0, 2**63 - 1, 1).count is None


def test_unbatching_and_joining() -> None:
    rows = datasets.unbatched(datasets.batched(source(8), 4, False))
    assert rows is not None
    assert (rows.elements, rows.count, runs(rows)) == ((ROW,), 8, [8])
    assert datasets.unbatched(datasets.batched(source(9), 4, False)) is None
    both = datasets.concatenated(source(3), source(symbol("N")))
    assert both is not None
    assert (both.count, runs(both)) == (3 + symbol("N"), [3, symbol("N")])
    assert datasets.concatenated(source(3), datasets.batched(source(8), 4, False)) is None
