"""What two facts of one tensor agree on, where either may hold when the graph runs."""

from __future__ import annotations

from graphcost.dims import Dim, Shape, is_at_least
from graphcost.ir.literal import Value
from graphcost.ir.node import TensorRef
from graphcost.ops.fact import Fact
from graphcost.ops.sizes import Sizes


def join(a: Fact, b: Fact, ref: TensorRef, sizes: Sizes) -> Fact:
    """Sizes on which they differ become open sizes of `ref`. No element at all agrees with any element."""
    if a == b:
        return a
    return Fact(a.dtype or b.dtype, _shape(a.shape, b.shape, ref, sizes), _value(a, b), _element(a, b, ref, sizes))


def _shape(a: Shape | None, b: Shape | None, ref: TensorRef, sizes: Sizes) -> Shape | None:
    if a is None or b is None or a.rank != b.rank:
        return None
    return Shape(*(_size(x, y, ref, axis, sizes) for axis, (x, y) in enumerate(zip(a, b, strict=True))))


def _size(a: Dim, b: Dim, ref: TensorRef, axis: int, sizes: Sizes) -> Dim:
    a, b = sizes.resolve(a), sizes.resolve(b)
    if a == b:
        return a
    # What may be nothing on one side, as a cache is that starts empty, may be nothing.
    return sizes.open(ref, axis, least=1 if is_at_least(a, 1) and is_at_least(b, 1) else 0)


def _value(a: Fact, b: Fact) -> Value | None:
    if a.value is None or b.value is None or a.value.shape != b.value.shape:
        return None
    items = tuple(x if x == y else None for x, y in zip(a.value.items, b.value.items, strict=True))
    return Value(a.value.shape, items)


def _element(a: Fact, b: Fact, ref: TensorRef, sizes: Sizes) -> Fact | None:
    if a.element is None or b.element is None:
        return a.element or b.element
    return join(a.element, b.element, TensorRef(f"{ref} element"), sizes)
