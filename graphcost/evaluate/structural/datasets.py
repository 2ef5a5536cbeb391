"""Datasets that are iterated where they are made: their elements, how many there are, and what making them runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from graphcost.dims import Dim, Shape, ceil_div, dim_max, dim_min, floor_div, is_at_least
from graphcost.evaluate import Call, Evaluation
from graphcost.ops.fact import Fact

Runs = Callable[[Dim, bool], Dim]
"""How often something runs, by how many elements are taken from a dataset, and whether its end is reached: whoever
takes all elements asks once more, which makes what another element would have needed."""


@dataclass(frozen=True, slots=True)
class Work:
    """A function that making elements runs. `is_kept`: the results are kept for the next pass."""

    evaluation: Evaluation
    runs: Runs
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """What is known of a dataset.

    elements: the components of an element. count: how many elements there are; None where they never end. last: the
    components of the last element where that is a smaller one, behind `full` others. is_exact: whether `count` is no
    mere bound. works: what taking elements from it runs.
    """

    elements: tuple[Fact, ...]
    count: Dim | None
    last: tuple[Fact, ...] | None = None
    full: Dim = 0
    is_exact: bool = True
    works: tuple[Work, ...] = ()

    @property
    def kinds(self) -> tuple[tuple[tuple[Fact, ...], Runs], ...]:
        """The kinds of elements, and how many there are of each among the first ones."""
        full = self.full
        if self.last is None:
            return ((self.elements, lambda taken, ends: taken),)
        return (
            (self.elements, lambda taken, ends: dim_min(taken, full)),
            (self.last, lambda taken, ends: dim_max(taken - full, 0)),
        )

    def seen_through(self, taken: Runs, works: Sequence[Work] = ()) -> tuple[Work, ...]:
        """The works of a dataset that takes so many elements of this one, for each number of its own."""
        return (*(replace(work, runs=_composed(work.runs, taken)) for work in self.works), *works)


def _composed(outer: Runs, inner: Runs) -> Runs:
    return lambda taken, ends: outer(inner(taken, ends), ends)


def rows_of(fact: Fact) -> Fact:
    """What slicing a tensor along its first axis gives."""
    return Fact(fact.dtype, Shape(*fact.shape[1:]) if fact.shape else None)


def sliced(components: Sequence[Fact], count: Dim) -> Dataset:
    """The rows of tensors."""
    return Dataset(tuple(map(rows_of, components)), count)


def numbers(dtype: str | None, start: Dim, stop: Dim, step: int) -> Dataset:
    """RangeDataset: ceil((stop - start)/step) scalars."""
    distance = stop - start if step > 0 else start - stop
    endless = isinstance(stop, int) and stop >= 2**63 - 1
    return Dataset((Fact(dtype, Shape()),), None if endless else dim_max(0, ceil_div(distance, abs(step))))


def batched(source: Dataset, size: Dim, drops_remainder: bool) -> Dataset:
    """`size` elements as one; the last one has what is left, unless that is dropped."""
    count = source.count

    def grouped(length: Dim) -> tuple[Fact, ...]:
        shapes = ((each, None if each.shape is None else Shape(length, *each.shape)) for each in source.elements)
        return tuple(Fact(each.dtype, shape) for each, shape in shapes)

    whole = None if count is None else floor_div(count, size)

    def taken(groups: Dim, ends: bool) -> Dim:
        if count is None:
            return groups * size
        return count if ends and groups == whole else dim_min(groups * size, count)

    if count is None or whole is None or drops_remainder:
        return Dataset(grouped(size), whole, is_exact=source.is_exact, works=source.seen_through(taken))
    rest = count - whole * size
    last = None if rest == 0 else grouped(rest)
    return Dataset(grouped(size), ceil_div(count, size), last, whole, source.is_exact, source.seen_through(taken))


def repeated(source: Dataset, times: Dim) -> Dataset | None:
    """The elements again and again; -1 times is for ever. None where it isn't known how the last elements differ."""
    count = source.count
    if source.last is not None and times != 1:
        return None
    if count is None or times == 1:
        return source
    if isinstance(times, int) and times < 0:
        return replace(source, count=None, works=tuple(_repeated(work, count, None) for work in source.works))
    return replace(source, count=count * times, works=tuple(_repeated(work, count, times) for work in source.works))


def _repeated(work: Work, count: Dim, times: Dim | None) -> Work:
    runs = work.runs
    if work.is_kept:
        return replace(work, runs=lambda taken, ends: runs(dim_min(taken, count), ends))

    def each_pass(taken: Dim, ends: bool) -> Dim:
        if times is not None and taken == count * times:
            return times * runs(count, True)
        passes = floor_div(taken, count) if is_at_least(count, 1) else 0
        return passes * runs(count, True) + runs(taken - passes * count, False)

    return replace(work, runs=each_pass)


def first(source: Dataset, count: Dim) -> Dataset:
    """TakeDataset; -1 takes all."""
    if isinstance(count, int) and count < 0:
        return source
    if source.count is None or is_at_least(source.count - count, 0):
        return replace(source, count=count, works=tuple(map(_without_end, source.works)))
    return replace(source, count=dim_min(source.count, count))


def _without_end(work: Work) -> Work:
    runs = work.runs
    return replace(work, runs=lambda taken, ends: runs(taken, False))


def without_first(source: Dataset, count: Dim) -> Dataset:
    """SkipDataset: the elements that are skipped are made too; -1 skips all."""
    if isinstance(count, int) and count < 0:
        count = source.count or 0
    left = None if source.count is None else dim_max(0, source.count - count)
    full = dim_max(0, source.full - count)
    return replace(source, count=left, full=full, works=source.seen_through(lambda taken, ends: taken + count))


def shard(source: Dataset, shards: Dim, index: Dim) -> Dataset | None:
    """Each `shards`-th element; the others are made too."""
    count = source.count
    if source.last is not None or not is_at_least(shards, 1):
        return None
    if count is None:
        return replace(source, works=source.seen_through(lambda taken, ends: (taken - 1) * shards + index + 1))
    left = dim_max(0, ceil_div(count - index, shards))

    def made(taken: Dim, ends: bool) -> Dim:
        return count if ends and taken == left else dim_max(0, dim_min((taken - 1) * shards + index + 1, count))

    return replace(source, count=left, works=source.seen_through(made))


def zipped(sources: Sequence[Dataset]) -> Dataset | None:
    """Elements side by side, as many as the shortest dataset has."""
    finite = [source.count for source in sources if source.count is not None]
    uneven = [source for source in sources if source.last is not None]
    if len({id(source) for source in uneven}) > 1 or (uneven and any(count != uneven[0].count for count in finite)):
        return None
    elements = tuple(fact for source in sources for fact in source.elements)
    last = tuple(fact for source in sources for fact in source.last or source.elements) if uneven else None
    count = dim_min(*finite) if finite else None
    works = [work for source in sources for work in source.seen_through(_until_one_ends(count, source.count))]
    is_exact = all(source.is_exact for source in sources)
    return Dataset(elements, count, last, uneven[0].full if uneven else 0, is_exact, tuple(works))


def _until_one_ends(count: Dim | None, own: Dim | None) -> Runs:
    """When one dataset ends, one more element is made of each of the others."""

    def taken_of_one(taken: Dim, ends: bool) -> Dim:
        if not ends or taken != count:
            return taken
        return taken + 1 if own is None else dim_min(taken + 1, own)

    return taken_of_one


def unbatched(source: Dataset) -> Dataset | None:
    """The rows of each element. None where their number isn't known, or the last element has fewer."""
    shape = source.elements[0].shape if source.elements else None
    if not shape or source.last is not None or source.count is None or not is_at_least(shape[0], 1):
        return None
    rows = shape[0]
    works = source.seen_through(lambda taken, ends: ceil_div(taken, rows))
    return replace(source, elements=tuple(map(rows_of, source.elements)), count=source.count * rows, works=works)


def concatenated(source: Dataset, second: Dataset) -> Dataset | None:
    """One dataset after the other. None where their elements differ."""
    count = source.count
    if count is None or second.count is None or source.last or second.last or source.elements != second.elements:
        return None
    works = (
        *source.seen_through(lambda taken, ends: dim_min(taken, count)),
        *second.seen_through(lambda taken, ends: dim_max(taken - count, 0)),
    )
    return Dataset(source.elements, count + second.count, is_exact=source.is_exact and second.is_exact, works=works)


def mapped(source: Dataset, evaluations: Sequence[Evaluation], results: Sequence[tuple[Fact, ...]]) -> Dataset:
    """A function that runs once for each element: evaluated for each kind of them, with what it makes of each."""
    works = [Work(each, runs) for each, (_, runs) in zip(evaluations, source.kinds, strict=True)]
    elements, *last = results
    return replace(source, elements=elements, last=last[0] if last else None, works=(*source.works, *works))


def kept(source: Dataset) -> Dataset:
    """CacheDataset: another pass makes nothing again."""
    return replace(source, works=tuple(replace(work, is_kept=True) for work in source.works))


def calls_of(dataset: Dataset, taken: Dim, ends: bool) -> list[Call]:
    """What taking so many elements runs; where the arguments come from isn't told."""
    return [
        Call(work.evaluation, work.runs(taken, ends), operands=(None,) * len(work.evaluation.graph.inputs))
        for work in dataset.works
    ]
