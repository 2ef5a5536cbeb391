"""Sizes and paddings of which a graph tells only some."""

from __future__ import annotations

import pytest
from single_op import make_op

from graphcost import Fact, RuleError, Shape, Value
from graphcost.dims import symbol
from graphcost_rules.partial_values import partial_sizes

N = symbol("N")


def test_what_is_known_is_given_and_the_rest_left_open() -> None:
    op = make_op("Any", 1, Value((2, 2), (0, None, -1, N)))
    assert partial_sizes(op, 1, 2, 2) == (0, None, None, N)
    assert partial_sizes(op, 0) == (1,)


def test_all_are_open_where_no_value_is_known() -> None:
    op = make_op("Any", Fact("int32", Shape(2, 3)), Fact("int32"), Fact("int32", Shape(N)))
    assert partial_sizes(op, 0, 2, 3) == (None,) * 6
    assert partial_sizes(op, 1, 2, 3) == (None,) * 6
    assert partial_sizes(op, 2, 4) == (None,) * 4


def test_another_shape_is_refused() -> None:
    for given in (
        Fact("int32", Shape(3)),
        Fact("int32", Shape(2, 1)),
        Fact("int32", Shape(3), Value.vector([1, 2, 3])),
    ):
        with pytest.raises(RuleError):
            partial_sizes(make_op("Any", given), 0, 2)


def test_a_value_of_another_shape_than_the_tensor_is_refused() -> None:
    with pytest.raises(RuleError, match=r"input 0 has shape \[3\], not \[2\]"):
        partial_sizes(make_op("Any", Fact("int32", None, Value.vector([1, 2, 3]))), 0, 2)


@pytest.mark.parametrize("items", [(1, -2), (0.5, 1), (1, 2.0)])
def test_what_is_no_size_is_refused(items: tuple[float, float]) -> None:
    with pytest.raises(RuleError, match="aren't sizes"):
        partial_sizes(make_op("Any", Value.vector(list(items))), 0, 2)
