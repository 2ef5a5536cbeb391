"""Sums of a formula over the iterations of a loop, in closed form where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from math import comb, gcd, lcm
from typing import TYPE_CHECKING

from graphcost.dims.atoms import Extremum, Symbol, dim_max, dim_min, extremum, summation, symbol
from graphcost.dims.binding import MAX_ADDED, bind, operands_of, symbols, with_atoms
from graphcost.dims.exact_ratios import over_one_denominator
from graphcost.dims.expr import Dim, Expr, Quotient, ceil_div, dim_sum, floor_div, is_at_least, lone, product, terms_of
from graphcost.errors import DimError

if TYPE_CHECKING:
    from fractions import Fraction

    from graphcost.dims.polynomial import Atom

MAX_PARTS = 64
"""Into so many parts a sum is split at most, before it is left as it is."""


def sum_over(dim: Dim, counter: str, trips: Dim, varying: Mapping[str, Dim]) -> Dim:
    """The sum of `dim` over counter = 0 .. trips - 1, with each varying symbol replaced by its formula first.

    Where a floor, max or min hides the counter in a way that has no closed form, the result has the sum as an atom,
    whose value is added up when the rest is bound. A formula that becomes too large is a symbol, as is one that divides
    by zero.
    """
    if isinstance(dim, int) or not symbols(dim) & {counter, *varying}:
        return dim * trips
    try:
        return _sum(bind(dim, varying), counter, trips)
    except DimError:
        return symbol(f"sum({counter})", least=0)


def _sum(dim: Dim, counter: str, trips: Dim) -> Dim:
    powers = powers_of(dim, counter)
    if powers is not None:
        return sum_of_powers(powers, trips)
    total: Dim = 0
    for factor, part in _parts(dim, counter):
        closed = _closed(part, counter, trips, MAX_PARTS)
        if closed is None:
            common = gcd(*terms_of(part).values())
            closed = common * summation(floor_div(part, common), counter, trips)
        total = total + factor * closed
    return total


def _parts(dim: Dim, counter: str) -> Iterator[tuple[Dim, Dim]]:
    """The dim as a sum of products: of what doesn't depend on the counter, and of what does."""
    parts: dict[Dim, Dim] = {}
    for monomial, coefficient in dim.terms.items() if isinstance(dim, Expr) else ():
        free: Dim = 1
        varying: Dim = coefficient
        for atom, power in monomial:
            factor = lone(atom) ** power
            if counter in symbols(factor):
                varying = varying * factor
            else:
                free = free * factor
        parts[free] = parts.get(free, 0) + varying
    yield from parts.items()


def _closed(dim: Dim, counter: str, trips: Dim, parts: int) -> Dim | None:
    """The sum in closed form, or as a number; None where that takes more than so many parts."""
    powers = powers_of(dim, counter)
    if powers is not None:
        return sum_of_powers(powers, trips)
    exact = over_one_denominator(dim)
    powers = None if exact is None else powers_of(exact[0], counter)
    if exact is not None and powers is not None:
        return sum_of_powers(powers, trips, exact[1])
    if isinstance(trips, int) and trips <= MAX_ADDED and symbols(dim) == {counter}:
        return dim_sum(bind(dim, {counter: k}) for k in range(trips))
    for atom in _innermost(dim, counter) if parts > 1 else ():
        total = _split(dim, atom, counter, trips, parts)
        if total is not None:
            return total
    return None


def _innermost(dim: Dim, counter: str) -> Iterator[Atom]:
    """Atoms that hide the counter, and have no others inside that do."""
    pending = [dim]
    seen: set[Atom] = set()
    while pending:
        current = pending.pop()
        for atom in (atom for monomial in (current.terms if isinstance(current, Expr) else ()) for atom, _ in monomial):
            if isinstance(atom, Symbol) or atom in seen or counter not in symbols(lone(atom)):
                continue
            seen.add(atom)
            hiding = [operand for operand in operands_of(atom) if powers_of(operand, counter) is None]
            if not hiding:
                yield atom
            pending += hiding


def _split(dim: Dim, atom: Atom, counter: str, trips: Dim, parts: int) -> Dim | None:
    """The sum over parts of the iterations, in each of which the atom is a polynomial in the counter."""
    split: Sequence[tuple[Dim, Dim, int]] = ()
    if isinstance(atom, Extremum):
        split = _where_they_cross(dim, atom, counter, trips)
    elif isinstance(atom, Quotient) and isinstance(atom.denominator, int):
        split = _by_remainder(dim, atom, atom.denominator, counter, trips)
    if not split or len(split) > parts:
        return None
    sums = [_closed(part, counter, count, parts // len(split)) for part, count, _ in split]
    signed = [sign * total for total, (_, _, sign) in zip(sums, split, strict=True) if total is not None]
    return dim_sum(signed) if len(signed) == len(split) else None


def _where_they_cross(dim: Dim, atom: Extremum, counter: str, trips: Dim) -> list[tuple[Dim, Dim, int]]:
    """Two operands that are straight lines change places once, in iteration ceil(-a/s) where a + s*k reaches 0.

    Given are formulas, over how many iterations they are summed, and with which sign the sums are added up.
    """
    first, second, *others = atom.operands
    difference = powers_of(first - second, counter)
    if difference is None or difference.keys() - {0, 1}:
        return []
    start, slope = difference.get(0, 0), difference.get(1, 0)
    if is_at_least(-slope, 1):
        first, second, start, slope = second, first, -start, -slope
    if not is_at_least(slope, 1):
        return []
    crossing = dim_min(trips, dim_max(0, ceil_div(-start, slope)))
    before, after = (second, first) if atom.kind == "max" else (first, second)
    early, late = (with_atoms(dim, {atom: extremum(atom.kind, [each, *others])}) for each in (before, after))
    return [(early, crossing, 1), (late, trips, 1), (late, crossing, -1)]


def _by_remainder(dim: Dim, atom: Quotient, denominator: int, counter: str, trips: Dim) -> list[tuple[Dim, Dim, int]]:
    """With k = p*q + r the floor of a polynomial in k over p is one in q: a sum for each remainder r."""
    powers = powers_of(atom.numerator, counter)
    slope = None if powers is None or powers.keys() - {0, 1} else powers.get(1, 0)
    period = denominator // gcd(denominator, slope) if isinstance(slope, int) else denominator
    if powers is None or period > MAX_PARTS:
        return []
    k = symbol(counter, least=0)
    return [(bind(dim, {counter: period * k + r}), ceil_div(trips - r, period), 1) for r in range(period)]


def sum_of_powers(powers: Mapping[int, Dim], trips: Dim, denominator: int = 1) -> Dim:
    """The sum of a polynomial, power -> coefficient, over 0 .. trips - 1, divided by a number that divides it."""
    if denominator == 1:
        return dim_sum(coefficient * power_sum(power, trips) for power, coefficient in powers.items())
    numerators = {power: _power_sum(power, trips) for power in powers}
    common = lcm(*(below for _, below in numerators.values()))
    numerator = dim_sum(powers[p] * (above * (common // below)) for p, (above, below) in numerators.items())
    return floor_div(numerator, common * denominator)


def power_sum(power: int, trips: Dim) -> Dim:
    """0^p + 1^p + ... + (trips - 1)^p."""
    return floor_div(*_power_sum(power, trips))


def _power_sum(power: int, trips: Dim) -> tuple[Dim, int]:
    """The same as a fraction, by Faulhaber's formula with Bernoulli numbers (B1 = -1/2)."""
    from fractions import Fraction

    coefficients = [Fraction(comb(power + 1, j), power + 1) * _bernoulli(j) for j in range(power + 1)]
    denominator = lcm(*(c.denominator for c in coefficients))
    numerator: Dim = 0
    for j, coefficient in enumerate(coefficients):
        numerator = numerator + int(coefficient * denominator) * product([trips] * (power + 1 - j))
    return numerator, denominator


@cache
def _bernoulli(n: int) -> Fraction:
    from fractions import Fraction

    if n == 0:
        return Fraction(1)
    return -sum((comb(n + 1, k) * _bernoulli(k) for k in range(n)), Fraction(0)) / (n + 1)


def powers_of(dim: Dim, counter: str) -> dict[int, Dim] | None:
    """The dim as a polynomial in the counter: power -> coefficient. None where an atom hides the counter."""
    if isinstance(dim, int):
        return {0: dim}
    powers: dict[int, Dim] = {}
    for monomial, coefficient in dim.terms.items():
        power = 0
        rest: Dim = coefficient
        for atom, exponent in monomial:
            if isinstance(atom, Symbol) and atom.name == counter:
                power = exponent
                continue
            factor: Dim = Expr({((atom, 1),): 1})
            if counter in symbols(factor):
                return None
            rest = rest * product([factor] * exponent)
        powers[power] = powers.get(power, 0) + rest
    return powers
