"""Shapes: the sizes of a tensor, axis by axis."""

from __future__ import annotations

from math import prod

from graphcost.dims.expr import Dim, format_dim, product


class Shape(tuple[Dim, ...]):
    """The sizes of a tensor, axis by axis. An unknown rank is `None` in place of a Shape."""

    __slots__ = ()

    def __new__(cls, *dims: Dim) -> Shape:
        return super().__new__(cls, dims)

    @property
    def rank(self) -> int:
        return len(self)

    @property
    def size(self) -> Dim:
        """The number of elements."""
        if all(type(dim) is int for dim in self):
            return prod(self)
        return product(self)

    @property
    def is_static(self) -> bool:
        """Whether every size is a number."""
        return all(type(dim) is int for dim in self)

    def __repr__(self) -> str:
        return f"[{', '.join(format_dim(dim) for dim in self)}]"
