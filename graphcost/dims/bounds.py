"""What can be shown of a polynomial without knowing its atoms: a lower bound."""

from __future__ import annotations

from collections.abc import Iterator
from math import comb, prod
from typing import TYPE_CHECKING, Union

from graphcost.budget import affords_terms, steps_left
from graphcost.dims.polynomial import ONE, Monomial, Terms, degree, monomial_product, plus

if TYPE_CHECKING:
    from fractions import Fraction

MAX_DEGREE = 12
"""Monomials of a higher degree, which no shape has, aren't multiplied out for a bound."""

MAX_STEPS = 2_048
"""A bound that takes more steps to show isn't shown."""

Coefficient = Union[int, "Fraction"]


def lower_bound(terms: Terms) -> int | None:
    """A lower bound of the polynomial, not always the greatest one; None where none can be shown.

    Quotients by numbers are replaced by fractions that are never above them; then every atom x that has a lower
    bound is written as least + x', x' >= 0. Where no coefficient but the constant is negative then, the constant
    is a bound.
    """
    most = steps_left(MAX_STEPS)
    relaxed = _relax_quotients(terms, most)
    if relaxed is None or any(degree(monomial) > MAX_DEGREE for monomial in relaxed):
        return None
    steps = 0
    for monomial in relaxed:
        steps += _shifted_size(monomial)
        if steps > most:
            return None
    if not affords_terms(steps):
        return None
    shifted: dict[Monomial, Coefficient] = {}
    for monomial, coefficient in relaxed.items():
        for shifted_monomial, c in _shift(monomial):
            shifted[shifted_monomial] = shifted.get(shifted_monomial, 0) + coefficient * c
    if any(c < 0 or not _is_nonnegative(m) for m, c in shifted.items() if m and c):
        return None
    least = shifted.get((), 0)
    return -((-least.numerator) // least.denominator)


def _relax_quotients(terms: Terms, most: int) -> dict[Monomial, Coefficient] | None:
    """A rational polynomial that is never above the given one, with no floor(p/b) left for a number b.

    p/b - (b-1)/b <= floor(p/b) <= p/b: the left side stands for a quotient that is added, the right one for a
    quotient that is subtracted. None where it isn't known which of them it is, or after `most` steps.
    """
    steps = 0
    pending: list[tuple[Monomial, Coefficient]] = list(terms.items())
    relaxed: dict[Monomial, Coefficient] = {}
    while pending:
        monomial, coefficient = pending.pop()
        steps += 1
        if steps > most:
            break
        found = _first_ratio(monomial)
        if found is None:
            relaxed[monomial] = relaxed.get(monomial, 0) + coefficient
            continue
        from fractions import Fraction

        others, numerator, denominator = found
        if not _is_nonnegative(others):
            return None
        if coefficient > 0:
            numerator = plus(numerator, ONE, 1 - denominator)
        share = Fraction(coefficient, denominator)
        pending.extend((monomial_product(others, inner), share * c) for inner, c in numerator.items())
    return relaxed if affords_terms(steps) and not pending else None


def _first_ratio(monomial: Monomial) -> tuple[Monomial, Terms, int] | None:
    """The first floor(p/b) of the monomial as the other factors, p and b."""
    for i, (atom, power) in enumerate(monomial):
        if power == 1 and atom.ratio is not None:
            return monomial[:i] + monomial[i + 1 :], *atom.ratio
    return None


def _shifted_size(monomial: Monomial) -> int:
    """How many terms the monomial becomes when its bounded atoms are shifted."""
    return int(prod(1 + power for atom, power in monomial if atom.least))


def _shift(monomial: Monomial) -> Iterator[tuple[Monomial, int]]:
    """The monomial with every bounded atom x written as least + x', x' >= 0, multiplied out."""
    parts: list[tuple[Monomial, int]] = [((), 1)]
    for atom, power in monomial:
        least = atom.least or 0
        kept = range(power + 1) if least else (power,)
        parts = [
            ((*m, (atom, k)) if k else m, c * comb(power, k) * least ** (power - k)) for m, c in parts for k in kept
        ]
    yield from parts


def _is_nonnegative(monomial: Monomial) -> bool:
    return all(power % 2 == 0 or (atom.least is not None and atom.least >= 0) for atom, power in monomial)
