"""Integer polynomials over atoms, as mappings from monomials to coefficients: normal forms, arithmetic, text.

An atom is whatever stands in the place of a variable. Nothing in this module asks which kinds there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from graphcost.budget import affords_terms
from graphcost.errors import DimError

MAX_TERMS = 20_000
MAX_POWER = 1_024
COPIED = 8
"""So many terms are copied in the time in which two are multiplied."""
MAX_PRINTED_TERMS = 10_000
MAX_PRINTED_BITS = 4096


class Atom(Protocol):
    """A variable of a polynomial: a symbol, or a function of polynomials that is none itself. Hashable, immutable."""

    @property
    def key(self) -> str:
        """The atom as text, by which factors are sorted."""

    @property
    def least(self) -> int | None:
        """A lower bound of its values; None where none can be shown."""

    @property
    def ratio(self) -> tuple[Terms, int] | None:
        """(p, b) where the atom is floor(p / b) for a positive number b; None of any other atom."""

    @property
    def depth(self) -> int:
        """How many functions are nested in it; 0 of a symbol."""

    @property
    def weight(self) -> int:
        """How many symbols and functions stand in it, written out."""


Monomial = tuple[tuple[Atom, int], ...]
"""Atoms with their powers, sorted by the atoms' keys; () is 1."""
Terms = Mapping[Monomial, int]
"""A polynomial: monomials with their coefficients, none of them 0; {} is 0."""

ONE: Terms = MappingProxyType({(): 1})


def plus(a: Terms, b: Terms, factor: int = 1) -> dict[Monomial, int]:
    """a + factor*b, for a factor that isn't 0. Raises DimError where long formulas are added too often."""
    copied = len(a) + len(b)
    if copied > COPIED and not affords_terms(copied // COPIED):
        raise DimError("a size formula is one of too many that are long")
    terms = dict(a)
    for monomial, coefficient in b.items():
        total = terms.get(monomial, 0) + factor * coefficient
        if total:
            terms[monomial] = total
        else:
            del terms[monomial]
    return terms


def normal(terms: Terms) -> dict[Monomial, int]:
    """The terms less those whose coefficient is 0."""
    return {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}


def times(a: Terms, b: Terms) -> dict[Monomial, int]:
    """a * b. Raises DimError where that has too many terms, or too high a power."""
    if len(a) == 1 and len(b) == 1:
        (((left, c),), ((right, d),)) = a.items(), b.items()
        return {monomial_product(left, right): c * d}
    if len(a) * len(b) > MAX_TERMS:
        raise DimError(f"a size formula has more than {MAX_TERMS} terms")
    if not affords_terms(len(a) * len(b)):
        raise DimError("a size formula is one of too many that are long")
    terms: dict[Monomial, int] = {}
    for left, c in a.items():
        for right, d in b.items():
            monomial = monomial_product(left, right)
            terms[monomial] = terms.get(monomial, 0) + c * d
    return normal(terms)


def monomial_product(left: Monomial, right: Monomial) -> Monomial:
    """Raises DimError where a power is too high."""
    if not left or not right:
        return left or right
    powers = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + power
        if powers[atom] > MAX_POWER:
            raise DimError(f"a size formula has a power above {MAX_POWER}")
    return tuple(sorted(powers.items(), key=lambda factor: factor[0].key))


def degree(monomial: Monomial) -> int:
    return sum(power for _, power in monomial)


def exact_quotient(a: Terms, b: Terms) -> dict[Monomial, int] | None:
    """q with a = q*b, or None where no polynomial is, or a is too long.

    Long division by the leading term of b, which isn't 0.
    """
    if not affords_terms(len(a) * len(a) // COPIED):
        return None
    lead, lead_coefficient = _leading(b)
    quotient: dict[Monomial, int] = {}
    remainder = a
    for _ in range(2 * len(a)):
        if not remainder:
            break
        top, coefficient = _leading(remainder)
        factor = _monomial_quotient(top, lead)
        if factor is None or coefficient % lead_coefficient:
            return None
        step = {factor: coefficient // lead_coefficient}
        quotient = plus(quotient, step)
        remainder = plus(remainder, times(step, b), -1)
    return None if remainder else quotient


def first_in_text(terms: Terms) -> Monomial:
    """The monomial that is printed first."""
    return min(terms, key=_place)


def format_terms(terms: Terms) -> str:
    """The polynomial as a formula in a fixed term order: higher degrees first, then by name."""
    if len(terms) > MAX_PRINTED_TERMS:
        return f"(a formula of {len(terms)} terms)"
    text = ""
    for monomial in sorted(terms, key=_place):
        sign = "-" if terms[monomial] < 0 else "+" if text else ""
        text += f" {sign} " if text else sign
        text += _format_term(monomial, abs(terms[monomial]))
    return text


def format_int(value: int) -> str:
    if value.bit_length() > MAX_PRINTED_BITS:
        return f"(about 2^{value.bit_length()})"
    return str(value)


def monomial_key(monomial: Monomial) -> str:
    return "*".join([f"{atom.key}^{power}" for atom, power in monomial])


def _leading(terms: Terms) -> tuple[Monomial, int]:
    return min(terms.items(), key=lambda term: _lexicographic(term[0]))


def _lexicographic(monomial: Monomial) -> tuple[tuple[str, int], ...]:
    """A sort key that puts x^2 before x*y before x before y before 1, which multiplication respects."""
    return (*((atom.key, -power) for atom, power in monomial), ("\U0010ffff", 0))


def _monomial_quotient(a: Monomial, b: Monomial) -> Monomial | None:
    powers = dict(a)
    for atom, power in b:
        left = powers.get(atom, 0) - power
        if left < 0:
            return None
        powers[atom] = left
    return tuple((atom, power) for atom, power in powers.items() if power)


def _place(monomial: Monomial) -> tuple[int, str]:
    return -degree(monomial), monomial_key(monomial)


def _format_term(monomial: Monomial, coefficient: int) -> str:
    factors = [atom.key if power == 1 else f"{atom.key}^{power}" for atom, power in monomial]
    if coefficient != 1 or not factors:
        factors.insert(0, format_int(coefficient))
    return "*".join(factors)
