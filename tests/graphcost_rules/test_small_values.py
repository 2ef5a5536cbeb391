"""Values that are moved, element by element, as NumPy moves them."""

from __future__ import annotations

import numpy as np
import pytest
from single_op import make_op

from graphcost import VALUE_LIMIT, Fact, Shape, ShapeUnknown, Value
from graphcost.dims import symbol
from graphcost_rules.small_values import (
    concatenated,
    element,
    filled,
    indices,
    rearranged,
    small,
    value_or_blank,
    with_axis,
)

N = symbol("N")


def value(array: np.ndarray) -> Value:
    return Value(array.shape, tuple(array.ravel().tolist()))


def counted(*sizes: int) -> np.ndarray:
    return np.arange(int(np.prod(sizes)), dtype=int).reshape(sizes)


def test_sizes_are_small_up_to_the_limit_and_where_all_are_numbers() -> None:
    assert small([]) == ()
    assert small([0, 3]) == (0, 3)
    assert small([VALUE_LIMIT]) == (VALUE_LIMIT,)
    assert small([0, VALUE_LIMIT + 1]) == (0, VALUE_LIMIT + 1)
    for sizes in ([VALUE_LIMIT + 1], [2, VALUE_LIMIT], [N], [2, N], [-1], [0, N]):
        with pytest.raises(ShapeUnknown):
            small(sizes)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 3), (0, 2), (2, 0), (0, 10**12)])
def test_indices_are_in_row_major_order(shape: tuple[int, ...]) -> None:
    assert list(indices(shape)) == (list(np.ndindex(*shape)) if 0 not in shape else [])


def test_each_element_is_found_by_its_index() -> None:
    array = counted(2, 3, 4)
    assert all(element(value(array), index) == array[index] for index in np.ndindex(*array.shape))
    assert element(Value.scalar(7), ()) == 7
    with pytest.raises(ValueError, match="zip"):
        element(value(array), (0, 1))


def test_rearranging_takes_each_element_from_its_source() -> None:
    array = counted(2, 3)
    assert rearranged(value(array), (3, 2), lambda index: index[::-1]) == value(array.T)
    assert rearranged(value(array), (2, 0), lambda index: index) == Value((2, 0), ())
    with pytest.raises(ShapeUnknown):
        rearranged(value(array), (N,), lambda index: (0, 0))


def test_filling_repeats_an_element() -> None:
    assert filled((2, 3), 7) == value(np.full((2, 3), 7))
    assert filled((), True) == Value.scalar(True)
    assert filled((0, 3), 7).items == ()


def test_what_nothing_is_known_of_is_blank() -> None:
    op = make_op("Any", [3, 4], Fact("int32", Shape(2)), Fact("int32", Shape(N)), Fact("int32"))
    assert value_or_blank(op, 0) == Value.vector([3, 4])
    assert value_or_blank(op, 1) == Value((2,), (None, None))
    for index in (2, 3):
        with pytest.raises(ShapeUnknown):
            value_or_blank(op, index)


def test_a_position_is_replaced_along_one_axis() -> None:
    assert [with_axis((1, 2, 3), axis, 9) for axis in range(3)] == [(9, 2, 3), (1, 9, 3), (1, 2, 9)]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_values_are_joined_along_an_axis(axis: int) -> None:
    sizes = [2, 3, 2]
    parts = []
    for length in (1, 0, 2):
        sizes[axis] = length
        parts.append(counted(*sizes) + 100 * length)
    assert concatenated([value(part) for part in parts], axis) == value(np.concatenate(parts, axis))
    assert concatenated([value(parts[2])], axis) == value(parts[2])


def test_what_is_joined_may_be_too_large() -> None:
    half = value(counted(VALUE_LIMIT // 2 + 1))
    with pytest.raises(ShapeUnknown):
        concatenated([half, half], 0)
