"""Shares of sizes: what a rule writes with Fractions, until the total of its line is rounded up.

Cost(mac=Fraction(1, 3) * size)    # size: N*128, so the share is (N*128)/3
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Union

from graphcost.dims.expr import Dim, Expr, ceil_div, floor_div, format_dim, is_at_least, terms_of

if TYPE_CHECKING:
    from fractions import Fraction

Amount = Union[Dim, "Fraction", "Ratio"]
"""A size, or a share of one."""


class Ratio:
    """A formula over a number above 1. Immutable; equal when the reduced forms are equal."""

    __slots__ = ("denominator", "numerator")

    numerator: Expr
    denominator: int

    def __init__(self, numerator: Expr, denominator: int) -> None:
        self.numerator = numerator
        self.denominator = denominator

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ratio):
            return NotImplemented
        return (self.numerator, self.denominator) == (other.numerator, other.denominator)

    def __hash__(self) -> int:
        return hash((self.numerator, self.denominator))

    def __repr__(self) -> str:
        return f"({format_dim(self.numerator)})/{self.denominator}"

    def __add__(self, other: Amount) -> Amount:
        over = as_quotient(other)
        return NotImplemented if over is None else _sum(self, over, 1)

    __radd__ = __add__

    def __sub__(self, other: Amount) -> Amount:
        over = as_quotient(other)
        return NotImplemented if over is None else _sum(self, over, -1)

    def __rsub__(self, other: Amount) -> Amount:
        return -self + other

    def __neg__(self) -> Ratio:
        return Ratio(-self.numerator, self.denominator)

    def __mul__(self, other: Amount) -> Amount:
        over = as_quotient(other)
        if over is None:
            return NotImplemented
        return quotient(self.numerator * over[0], self.denominator * over[1])

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return floor_div(self.numerator, other * self.denominator)

    def __floor__(self) -> Dim:
        return floor_div(self.numerator, self.denominator)

    def __ceil__(self) -> Dim:
        return ceil_div(self.numerator, self.denominator)


def quotient(numerator: Dim, denominator: int) -> Amount:
    """numerator / denominator, which is above 0, as a whole size where it is one."""
    common = gcd(denominator, *terms_of(numerator).values())
    if isinstance(numerator, int):
        from fractions import Fraction

        return numerator // common if common == denominator else Fraction(numerator, denominator)
    reduced = Expr({monomial: c // common for monomial, c in numerator.terms.items()})
    return reduced if common == denominator else Ratio(reduced, denominator // common)


def as_quotient(value: object) -> tuple[Dim, int] | None:
    """The value as (p, q), which stand for p / q with q above 0; None where it is no amount."""
    if isinstance(value, (int, Expr)):
        return value, 1
    if isinstance(value, Ratio):
        return value.numerator, value.denominator
    from fractions import Fraction

    return (value.numerator, value.denominator) if isinstance(value, Fraction) else None


def round_up(numerator: Dim, denominator: int) -> Dim:
    """ceil(numerator / denominator)."""
    return numerator if denominator == 1 else ceil_div(numerator, denominator)


def is_negative(amount: object) -> bool:
    """Whether the amount is below zero, whatever its symbols are."""
    if isinstance(amount, int):
        return amount < 0
    if not isinstance(amount, Expr):
        over = as_quotient(amount)
        return over is not None and is_negative(over[0])
    for coefficient in amount.terms.values():
        # Bounds take time, and what has a term that is added is hardly ever below zero.
        if coefficient >= 0:
            return False
    return is_at_least(-amount, 1)


def _sum(left: Ratio, right: tuple[Dim, int], sign: int) -> Amount:
    numerator, denominator = right
    return quotient(left.numerator * denominator + sign * numerator * left.denominator, left.denominator * denominator)
