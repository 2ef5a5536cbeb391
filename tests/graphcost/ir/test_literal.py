"""Small tensors that are known."""

from __future__ import annotations

import pytest

from graphcost.dims import symbol
from graphcost.ir.literal import Value


def test_a_value_has_as_many_items_as_its_shape_says() -> None:
    assert Value((2, 0), ()).items == ()
    for shape, items in (((2, 2), (1, 2, 3)), ((), ()), ((0,), (1,))):
        with pytest.raises(ValueError, match="elements, not"):
            Value(shape, items)


def test_scalars_have_no_axis_and_vectors_one() -> None:
    assert Value.scalar(7) == Value((), (7,))
    assert Value.vector([7, 8]) == Value((2,), (7, 8))
    assert Value.vector([]).shape == (0,)


def test_a_value_is_known_where_no_item_is_missing() -> None:
    assert Value.vector([0, False, symbol("N")]).is_known
    assert Value.vector([]).is_known
    assert not Value.vector([1, None]).is_known
    assert not Value.scalar(None).is_known
