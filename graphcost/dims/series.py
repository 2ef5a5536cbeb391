"""Sums of a formula over the iterations of a loop, in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import comb, lcm
from typing import TYPE_CHECKING

from graphcost.dims.atoms import Symbol
from graphcost.dims.binding import bind, symbols
from graphcost.dims.expr import Dim, Expr, floor_div, product
from graphcost.errors import DimError

if TYPE_CHECKING:
    from fractions import Fraction

MAX_ADDED = 4096
"""Formulas that aren't polynomials in the counter are added up one by one, up to so many iterations."""


def sum_over(dim: Dim, counter: str, trips: Dim, varying: Mapping[str, Dim]) -> Dim:
    """The sum of `dim` over counter = 0 .. trips - 1, with each varying symbol replaced by its formula first.

    Raises DimError where the counter stands inside a floor, max or min and the trip count isn't a small number.
    """
    if isinstance(dim, int) or not symbols(dim) & {counter, *varying}:
        return dim * trips
    dim = bind(dim, varying)
    coefficients = powers_of(dim, counter)
    if coefficients is not None:
        return sum_of_powers(coefficients, trips)
    if isinstance(trips, int) and trips <= MAX_ADDED:
        total: Dim = 0
        for k in range(trips):
            total = total + bind(dim, {counter: k})
        return total
    raise DimError(f"the cost varies with the iteration {counter} in a way that has no closed form")


def sum_of_powers(powers: Mapping[int, Dim], trips: Dim) -> Dim:
    """The sum of a polynomial, power -> coefficient, over 0 .. trips - 1."""
    total: Dim = 0
    for power, coefficient in powers.items():
        total = total + coefficient * power_sum(power, trips)
    return total


def power_sum(power: int, trips: Dim) -> Dim:
    """0^p + 1^p + ... + (trips - 1)^p, by Faulhaber's formula with Bernoulli numbers (B1 = -1/2)."""
    from fractions import Fraction

    coefficients = [Fraction(comb(power + 1, j), power + 1) * _bernoulli(j) for j in range(power + 1)]
    denominator = lcm(*(c.denominator for c in coefficients))
    numerator: Dim = 0
    for j, coefficient in enumerate(coefficients):
        numerator = numerator + int(coefficient * denominator) * product([trips] * (power + 1 - j))
    return floor_div(numerator, denominator)


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
