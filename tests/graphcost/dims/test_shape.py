"""Shapes."""

from __future__ import annotations

from graphcost.dims import Shape, symbol

N = symbol("N")


def test_size_and_rank() -> None:
    assert Shape(2, 3).size == 6
    assert Shape().size == 1
    assert Shape(N, 3, N).size == 3 * N * N
    assert Shape(N, 3).rank == 2


def test_static_shapes_have_numbers_only() -> None:
    assert Shape(2, 3).is_static
    assert not Shape(N, 3).is_static


def test_shapes_are_tuples() -> None:
    assert Shape(2, 3) == (2, 3)
    assert repr(Shape(N, 3)) == "[N, 3]"
