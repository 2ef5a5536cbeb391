"""Values have as many elements as their shape says; an item is that of a single element."""

from __future__ import annotations

import pytest

from graphcost.dims import Shape, symbol
from graphcost.ir.literal import Value
from graphcost.ops.fact import UNKNOWN, Fact


def test_values_of_each_rank() -> None:
    assert Value.scalar(3) == Value((), (3,))
    assert Value.vector([1, 2]) == Value((2,), (1, 2))
    assert Value.vector([]).items == ()
    with pytest.raises(ValueError, match="has 6 elements, not 2"):
        Value((2, 3), (1, 2))


def test_a_value_with_a_gap_is_not_known() -> None:
    assert Value.vector([1, symbol("N")]).is_known
    assert not Value.vector([1, None]).is_known


@pytest.mark.parametrize(
    ("value", "item", "number"),
    [
        (Value.scalar(3), 3, 3),
        (Value((1, 1), (4,)), 4, 4),
        (Value.scalar(True), True, True),
        (Value.scalar(0.5), 0.5, None),
        (Value.scalar(None), None, None),
        (Value.vector([1, 2]), None, None),
        (None, None, None),
    ],
)
def test_the_item_of_a_single_element(value: Value | None, item: object, number: object) -> None:
    fact = Fact("int32", Shape(), value)
    assert (fact.item, fact.number) == (item, number)


def test_nothing_is_known_of_what_is_unknown() -> None:
    assert (UNKNOWN.dtype, UNKNOWN.shape, UNKNOWN.item) == (None, None, None)
