"""Quotients without a remainder: floor(p/b) for a polynomial p that b divides whatever its symbols are."""

from __future__ import annotations

from itertools import product as cartesian
from math import lcm

from graphcost.dims.atoms import Symbol
from graphcost.dims.expr import Dim, Expr, Quotient, lone, of_terms
from graphcost.dims.polynomial import Atom, Terms

MAX_CASES = 4096
"""So many cases are tried to show that a number divides a polynomial."""


def over_one_denominator(dim: Dim) -> tuple[Dim, int] | None:
    """(p, b) where the dim is p/b and p has none of the dim's exact quotients left; None where it has none."""
    if not isinstance(dim, Expr):
        return None
    ratios: dict[Atom, tuple[Terms, int]] = {}
    for atom in dict.fromkeys(atom for monomial in dim.terms for atom, _ in monomial):
        ratio = atom.ratio if isinstance(atom, Quotient) else None
        if ratio is not None and _divides(ratio[1], ratio[0]):
            ratios[atom] = ratio
    if not ratios:
        return None
    below = {monomial: _below(monomial, ratios) for monomial in dim.terms}
    common = lcm(*below.values())
    total: Dim = 0
    for monomial, coefficient in dim.terms.items():
        term: Dim = coefficient * (common // below[monomial])
        for atom, power in monomial:
            term = term * (of_terms(ratios[atom][0]) if atom in ratios else lone(atom)) ** power
        total = total + term
    return total, common


def _below(monomial: tuple[tuple[Atom, int], ...], ratios: dict[Atom, tuple[Terms, int]]) -> int:
    below = 1
    for atom, power in monomial:
        below *= ratios[atom][1] ** power if atom in ratios else 1
    return below


def _divides(number: int, terms: Terms) -> bool:
    """Whether it divides the polynomial for all values of its atoms: for all their remainders."""
    atoms = list(dict.fromkeys(atom for monomial in terms for atom, _ in monomial))
    if not all(isinstance(atom, Symbol) for atom in atoms) or number ** len(atoms) > MAX_CASES:
        return False
    for values in cartesian(range(number), repeat=len(atoms)):
        remainders = dict(zip(atoms, values, strict=True))
        total = 0
        for monomial, coefficient in terms.items():
            for atom, power in monomial:
                coefficient = coefficient * pow(remainders[atom], power, number) % number
            total += coefficient
        if total % number:
            return False
    return True
