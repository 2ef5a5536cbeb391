"""What is known of a tensor before anything runs: its dtype, shape, small value and, for handles, its elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from graphcost.dims import Dim, Shape

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


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one tensor. `element` is what a variable, TensorList, TensorArray or stack holds.

    `texts` are a constant's strings, row-major: a few operations take shapes and equations as text.
    """

    dtype: str | None = None
    shape: Shape | None = None
    value: Value | None = None
    element: Fact | None = None
    texts: tuple[bytes, ...] | None = None

    @property
    def item(self) -> Item:
        """The value of a tensor of one element; None where it isn't known, or there are more."""
        return self.value.items[0] if self.value is not None and len(self.value.items) == 1 else None

    @property
    def number(self) -> Dim | None:
        """The same where it is an integer, which may be symbolic, or a boolean."""
        item = self.item
        return None if isinstance(item, float) else item


UNKNOWN = Fact()
