"""Small tensors that are known, and shapes as files write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from graphcost.dims import Dim

VALUE_LIMIT = 4096
"""The most elements that a tracked value may have; larger tensors are known by shape only."""

FLOAT_LIMIT = 64
"""The same for floats: shape arithmetic has a scale or a rate, never a vector of weights."""

Item = Dim | bool | float | None
"""One element of a value; None where it isn't known."""


@dataclass(frozen=True, slots=True)
class Value:
    """A small tensor's elements in row-major order; integers may be symbolic, single elements unknown (None)."""

    shape: tuple[int, ...]
    items: tuple[Item, ...]

    def __post_init__(self) -> None:
        if prod(self.shape) != len(self.items):
            raise ValueError(f"a value of shape {self.shape} has {prod(self.shape)} elements, not {len(self.items)}")

    @staticmethod
    def scalar(item: Item) -> Value:
        return Value((), (item,))

    @staticmethod
    def vector(items: Sequence[Item]) -> Value:
        return Value((len(items),), tuple(items))

    @property
    def is_known(self) -> bool:
        """Whether every element is known."""
        return None not in self.items


class PartialShape(NamedTuple):
    """A shape as files write it: -1 is an open size, `dims is None` an unknown rank."""

    dims: tuple[int, ...] | None


class Literal(NamedTuple):
    """A constant. `value` is None where the elements were not read (weights), are absent or too many.

    `texts` are the elements of a small constant of strings, row-major.
    """

    dtype: str
    shape: tuple[int, ...]
    value: Value | None
    texts: tuple[bytes, ...] | None = None
