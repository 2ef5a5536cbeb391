"""Numbers and formulas for symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphcost.dims.atoms import Extremum, Logarithm, Symbol, extremum, log2_ceil
from graphcost.dims.expr import Dim, Expr, Quotient, dim_sum, floor_div, format_dim, terms_of
from graphcost.dims.polynomial import Atom, Monomial
from graphcost.errors import UnboundSymbolError


def bind(dim: Dim, bindings: Mapping[str, Dim]) -> Dim:
    """The dim with the named symbols replaced; an int once no symbol is left."""
    if isinstance(dim, int):
        return dim
    replaced: dict[Atom, Dim] = {}
    for atom in dict.fromkeys(atom for monomial in dim.terms for atom, _ in monomial):
        value = _value(atom, bindings)
        if value is not None:
            replaced[atom] = value
    if not replaced:
        return dim
    return dim_sum(_bound_term(monomial, coefficient, replaced) for monomial, coefficient in dim.terms.items())


def symbols(dim: Dim) -> frozenset[str]:
    """The names of all symbols in the dim."""
    return frozenset(atom.name for atom in _atoms(dim) if isinstance(atom, Symbol))


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


def _value(atom: Atom, bindings: Mapping[str, Dim]) -> Dim | None:
    """What replaces the atom; None where no symbol in it is bound."""
    if isinstance(atom, Symbol):
        return bindings.get(atom.name)
    operands = _operands(atom)
    bound = [bind(operand, bindings) for operand in operands]
    if all(new is old for new, old in zip(bound, operands, strict=True)):
        return None
    if isinstance(atom, Quotient):
        return floor_div(*bound)
    if isinstance(atom, Extremum):
        return extremum(atom.kind, bound)
    return log2_ceil(*bound)


def _operands(atom: Atom) -> tuple[Dim, ...]:
    if isinstance(atom, Quotient):
        return atom.numerator, atom.denominator
    if isinstance(atom, Extremum):
        return atom.operands
    return (atom.operand,) if isinstance(atom, Logarithm) else ()


def _atoms(dim: Dim) -> Iterator[Atom]:
    for monomial in terms_of(dim):
        for atom, _ in monomial:
            yield atom
            for operand in _operands(atom):
                yield from _atoms(operand)
