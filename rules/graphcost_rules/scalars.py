"""Arithmetic on single elements of small tensors: whole numbers that may be symbolic, bools and floats.

An answer is None wherever TensorFlow's own can't be told for certain: a symbolic comparison that no bound settles,
an integer that wraps around, a float whose last bit depends on the kernel.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from graphcost import Dim, Item, dim_max, dim_min, dtype_named, format_dim, is_at_least

Unary = Callable[[Item], Item]
Binary = Callable[[Item, Item], Item]

GREATEST_DEGREE = 32
MOST_TERMS = 64
MOST_LETTERS = 400
"""Formulas past these limits stand for no size, and the work on them grows without bound: a chain of squares doubles
its degree with every node, the maximum of k formulas compares k^2 pairs."""

_FLOAT_FORMATS = {"float16": "<e", "float32": "<f", "float64": "<d"}
_INTEGER_RANGES = {
    **{f"int{bits}": (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, (1 << bits) - 1) for bits in (8, 16, 32, 64)},
}
_GREATEST_INTEGER = 1 << 64


def is_floating(dtype: str | None) -> bool:
    return dtype_named(dtype).is_floating


def as_whole(item: Item) -> Dim | None:
    """The element as an integer, where it is one."""
    if isinstance(item, float):
        return int(item) if item.is_integer() else None
    return item


def stored(item: Item, dtype: str | None) -> Item:
    """The element as a tensor of `dtype` holds it; None where it doesn't fit."""
    if is_floating(dtype):
        return _rounded(item, dtype)
    if item is None or isinstance(item, (bool, float)):
        return item
    if not isinstance(item, int):
        return item
    least, greatest = _INTEGER_RANGES.get(dtype or "int64", _INTEGER_RANGES["int64"])
    return item if least <= item <= greatest else None


def _rounded(item: Item, dtype: str | None) -> Item:
    if not isinstance(item, (int, float)):
        return item
    layout = _FLOAT_FORMATS.get(dtype or "")
    try:
        number = float(item)
        if layout is not None:
            (number,) = struct.unpack(layout, struct.pack(layout, number))
    except (OverflowError, struct.error):
        return None
    return number if layout is not None or _is_exact_bfloat16(number) else None


def _is_exact_bfloat16(number: float) -> bool:
    """Whether the lower half of the number's single-precision form is empty; infinities and NaN aside."""
    try:
        bits = struct.pack(">f", number)
    except OverflowError:
        return False
    return bits[2:] == b"\0\0" and struct.unpack(">f", bits) == (number,)


def on_one(whole: Callable[[Dim], Item] | None = None, floating: Callable[[float], Item] | None = None) -> Unary:
    """A function of one element from its definitions on integers, and on floats; unknown where one is missing."""

    def apply(item: Item) -> Item:
        if isinstance(item, float):
            return None if floating is None else _attempt(lambda: floating(item))
        number = _tracked(item)
        return None if whole is None or number is None else _tracked(_attempt(lambda: whole(number)))

    return apply


def on_two(
    whole: Callable[[Dim, Dim], Item] | None = None, floating: Callable[[float, float], Item] | None = None
) -> Binary:
    """A function of two elements from its definitions on integers, and on floats.

    A symbol meets only floats without a fraction, which count as the integers that they are.
    """

    def apply(a: Item, b: Item) -> Item:
        if isinstance(a, float) and isinstance(b, float):
            return None if floating is None else _attempt(lambda: floating(a, b))
        left, right = _tracked(a), _tracked(b)
        if whole is None or left is None or right is None:
            return None
        return _tracked(_attempt(lambda: whole(left, right)))

    return apply


def on_whole(step: Callable[[Dim, Dim], Item]) -> Binary:
    """A function of two integers, or of two floats without a fraction, with an answer of the same kind.

    Unlike sums of fractions, such an answer doesn't depend on the order in which many are combined.
    """
    combine = on_two(step)
    return lambda a, b: combine(as_whole(a), as_whole(b))


def _attempt(function: Callable[[], Item]) -> Item:
    """The answer, or None outside the function's domain or range."""
    try:
        return function()
    except (ArithmeticError, ValueError):
        return None


def _tracked(item: Item) -> Dim | None:
    """The element as an integer, where it is one of 64 bits or a formula within the limits."""
    whole = as_whole(item)
    if whole is None:
        return None
    if isinstance(whole, int):
        return whole if abs(whole) <= _GREATEST_INTEGER else None
    if len(whole.terms) > MOST_TERMS:
        return None
    fits = (
        abs(coefficient) <= _GREATEST_INTEGER and sum(power for _, power in factors) <= GREATEST_DEGREE
        for factors, coefficient in whole.terms.items()
    )
    return whole if all(fits) and len(format_dim(whole)) <= MOST_LETTERS else None


def exact_quotient(a: Dim, b: Dim) -> Item:
    """a / b where it is a whole number."""
    if b == 0:
        return None
    quotient = a // b
    return quotient if quotient * b == a else None


def propagating_nan(pick: Callable[[float, float], float]) -> Callable[[float, float], float]:
    """A choice between two floats that is NaN as soon as one of them is."""
    return lambda a, b: math.nan if math.isnan(a) or math.isnan(b) else pick(a, b)


def is_less(a: Dim, b: Dim) -> bool | None:
    """Whether a < b for every legal value of their symbols; None where that depends on them."""
    if is_at_least(b - a, 1):
        return True
    return False if is_at_least(a - b, 0) else None


def is_equal(a: Dim, b: Dim) -> bool | None:
    """Whether a == b for every legal value of their symbols; None where that depends on them."""
    if a == b:
        return True
    return False if is_at_least(a - b, 1) or is_at_least(b - a, 1) else None


def both(a: Item, b: Item) -> Item:
    """False as soon as one operand is, whatever the other may be."""
    if a is False or b is False:
        return False
    return True if a is True and b is True else None


def either(a: Item, b: Item) -> Item:
    """True as soon as one operand is, whatever the other may be."""
    if a is True or b is True:
        return True
    return False if a is False and b is False else None


plus = on_two(lambda a, b: a + b, lambda a, b: a + b)
plus_whole = on_whole(lambda a, b: a + b)
times_whole = on_whole(lambda a, b: a * b)
times = on_two(lambda a, b: a * b, lambda a, b: a * b)
greater = on_two(dim_max, propagating_nan(max))
lesser = on_two(dim_min, propagating_nan(min))
