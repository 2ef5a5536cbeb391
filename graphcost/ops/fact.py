"""What is known of a tensor before anything runs: its dtype, shape, small value and, for handles, its elements."""

from __future__ import annotations

from dataclasses import dataclass

from graphcost.dims import Dim, Shape
from graphcost.ir.literal import Item, Value


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
