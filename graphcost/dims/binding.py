"""Numbers and formulas for symbols."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from graphcost.dims.atoms import Extremum, Logarithm, Summation, Symbol, extremum, log2_ceil, summation
from graphcost.dims.expr import Dim, Expr, Quotient, dim_sum, floor_div, format_dim, terms_of
from graphcost.dims.polynomial import Atom, Monomial
from graphcost.errors import DimError, UnboundSymbolError

MAX_ADDED = 4096
"""Sums without a closed form are added up one by one, up to so many terms."""

Bindings = Mapping[str, Dim]
NOTHING: Mapping[Atom, Dim] = MappingProxyType({})


def bind(dim: Dim, bindings: Bindings) -> Dim:
    """The dim with the named symbols replaced; an int once no symbol is left, unless a sum has too many terms."""
    return _replaced(dim, bindings, NOTHING)


def with_atoms(dim: Dim, atoms: Mapping[Atom, Dim]) -> Dim:
    """The dim with these atoms replaced, wherever they stand."""
    return _replaced(dim, {}, atoms)


def _replaced(dim: Dim, bindings: Bindings, atoms: Mapping[Atom, Dim]) -> Dim:
    if isinstance(dim, int):
        return dim
    replaced: dict[Atom, Dim] = {}
    for atom in dict.fromkeys(atom for monomial in dim.terms for atom, _ in monomial):
        value = _value(atom, bindings, atoms)
        if value is not None:
            replaced[atom] = value
    if not replaced:
        return dim
    return dim_sum(_bound_term(monomial, coefficient, replaced) for monomial, coefficient in dim.terms.items())


def symbols(dim: Dim) -> frozenset[str]:
    """The names of all symbols in the dim. A sum of numbers that has too many terms is a symbol of its own."""
    names: set[str] = set()
    for monomial in terms_of(dim):
        for atom, _ in monomial:
            names |= _names(atom)
    return frozenset(names)


def _names(atom: Atom) -> frozenset[str]:
    if isinstance(atom, Symbol):
        return frozenset([atom.name])
    if isinstance(atom, Summation):
        return symbols(atom.term) - {atom.counter} | symbols(atom.count) or frozenset([atom.key])
    return frozenset().union(*map(symbols, operands_of(atom)))


def as_int(dim: Dim) -> int:
    """The dim as a number. Raises UnboundSymbolError while it has symbols."""
    if isinstance(dim, int):
        return dim
    raise UnboundSymbolError(f"{format_dim(dim)} has no number until {', '.join(sorted(symbols(dim)))} is bound")


def _bound_term(monomial: Monomial, coefficient: int, replaced: Mapping[Atom, Dim]) -> Dim:
    kept = tuple(factor for factor in monomial if factor[0] not in replaced)
    term: Dim = Expr({kept: coefficient}) if kept else coefficient
    for atom, power in monomial:
        if atom in replaced:
            term = term * replaced[atom] ** power
    return term


def _value(atom: Atom, bindings: Bindings, atoms: Mapping[Atom, Dim]) -> Dim | None:
    """What replaces the atom; None where nothing in it is replaced."""
    if atom in atoms:
        return atoms[atom]
    if isinstance(atom, Symbol):
        return bindings.get(atom.name)
    if isinstance(atom, Summation):
        return _sum(atom, bindings, atoms)
    operands = operands_of(atom)
    bound = [_replaced(operand, bindings, atoms) for operand in operands]
    if all(new is old for new, old in zip(bound, operands, strict=True)):
        return None
    if isinstance(atom, Quotient):
        return floor_div(*bound)
    if isinstance(atom, Extremum):
        return extremum(atom.kind, bound)
    return log2_ceil(*bound)


def _sum(atom: Summation, bindings: Bindings, atoms: Mapping[Atom, Dim]) -> Dim | None:
    if atom.key in bindings:
        return bindings[atom.key]
    around = {name: value for name, value in bindings.items() if name != atom.counter}
    term, count = (_replaced(dim, around, atoms) for dim in (atom.term, atom.count))
    if term is atom.term and count is atom.count:
        return None
    names = symbols(term)
    if atom.counter not in names:
        return term * count
    if isinstance(count, int) and count <= MAX_ADDED and names == {atom.counter}:
        try:
            return dim_sum(bind(term, {atom.counter: k}) for k in range(count))
        except DimError:
            # It divides by zero: what can't run has no number.
            return summation(term, atom.counter, count)
    return summation(term, atom.counter, count)


def operands_of(atom: Atom) -> tuple[Dim, ...]:
    """The formulas that a function is applied to; of a sum, its term and how many there are."""
    if isinstance(atom, Quotient):
        return atom.numerator, atom.denominator
    if isinstance(atom, Extremum):
        return atom.operands
    if isinstance(atom, Summation):
        return atom.term, atom.count
    return (atom.operand,) if isinstance(atom, Logarithm) else ()
