"""Sparse tensors: three inputs, which must agree."""

from __future__ import annotations

import pytest
from single_op import make_op

from graphcost import Cost, Fact, RuleError, Shape, ShapeUnknown, Value
from graphcost.dims import symbol
from graphcost_rules.slicing import MOST_PARTS
from graphcost_rules.sparse_tensors import dense_sizes, entries, leading_size, parts, sorting, sparse

N, M = symbol("N"), symbol("M")


def test_the_inputs_agree_in_entries_and_axes() -> None:
    assert entries(make_op("Any", Shape(N, 3), Shape(N), Shape(3))) == (N, 3)
    assert entries(make_op("Any", Shape(N, 3), Shape(7), Shape(M))) == (7, 3)
    for wrong in (
        [Shape(4, 3), Shape(5), Shape(3)],
        [Shape(4, 3), Shape(4), Shape(2)],
        [Shape(4), Shape(4), Shape(1)],
        [Shape(4, 3), Shape(4, 1), Shape(3)],
        [Shape(4, 3), Shape(4), Shape(3, 1)],
    ):
        with pytest.raises(RuleError):
            entries(make_op("Any", *wrong))


def test_lists_of_sparse_tensors_have_all_places_first() -> None:
    dense = Shape(9, 9, 9)
    op = make_op("Any", dense, Shape(4, 2), Shape(5, 3), Shape(4), Shape(5), Shape(2), Shape(3), dense)
    assert entries(op, 1, 2) == (4, 2)
    assert entries(op, 2, 2) == (5, 3)


def test_a_sparse_tensor_is_three_outputs() -> None:
    assert sparse(N, 3) == [Shape(N, 3), Shape(N), Shape(3)]


def test_a_node_lists_some_but_not_too_many() -> None:
    for count in (1, 2, MOST_PARTS):
        assert parts(make_op("Any", N=count), "N") == count
    for count in (0, -1, MOST_PARTS + 1):
        with pytest.raises(RuleError, match=f"'N' is {count}"):
            parts(make_op("Any", N=count), "N")


def test_the_dense_sizes_are_those_that_are_known() -> None:
    op = make_op("Any", Value.vector([4, None, 6]), Fact("int64", Shape(2)), Fact("int64", Shape(N)), Fact("int64"))
    assert dense_sizes(op, 0) == (4, None, 6)
    assert dense_sizes(op, 1) == (None, None)
    for index in (2, 3):
        with pytest.raises(ShapeUnknown):
            dense_sizes(op, index)


def test_the_leading_size_is_the_first_or_open() -> None:
    given = [
        [4, 5],
        Value.vector([None, 5]),
        Value.vector([N, 5]),
        [],
        Fact("int64", Shape(2)),
        Fact("int64", Shape(N)),
    ]
    op = make_op("Any", *given, Shape(2, 2))
    assert [leading_size(op, index) for index in range(len(given))] == [4, None, N, None, None, None]
    with pytest.raises(RuleError):
        leading_size(op, len(given))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9])
def test_sorting_takes_a_comparison_for_each_element_and_level(count: int) -> None:
    """Runs of 1, 2, 4, ... elements are merged, each element by one comparison, until a run holds all."""
    comparisons, run = 0, 1
    while run < count:
        comparisons += count
        run *= 2
    assert sorting(count) == Cost(compare=comparisons)
