"""Numbers for symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from graphcost.dims.bounds import extremum
from graphcost.dims.division import floor_div
from graphcost.dims.expr import Atom, Dim, Extremum, Logarithm, Quotient, Symbol, log2_ceil, lone, product, terms_of
from graphcost.dims.text import format_dim
from graphcost.errors import UnboundSymbolError


def bind(dim: Dim, bindings: Mapping[str, Dim]) -> Dim:
    """The dim with the named symbols replaced; an int once no symbol is left."""
    return _substitute(dim, lambda atom: bindings.get(atom.name))


def symbols(dim: Dim) -> frozenset[str]:
    """The names of all symbols in the dim."""
    return frozenset(atom.name for atom in _atoms(dim) if isinstance(atom, Symbol))


def as_int(dim: Dim) -> int:
    """The dim as a number. Raises UnboundSymbolError while it has symbols."""
    if isinstance(dim, int):
        return dim
    raise UnboundSymbolError(f"{format_dim(dim)} has no number until {', '.join(sorted(symbols(dim)))} is bound")


def _substitute(dim: Dim, replacement: Callable[[Symbol], Dim | None]) -> Dim:
    if isinstance(dim, int):
        return dim
    total: Dim = 0
    for monomial, coefficient in dim.terms.items():
        value: Dim = coefficient
        for atom, power in monomial:
            factor = _substitute_atom(atom, replacement)
            value = value * product([factor] * power)
        total = total + value
    return total


def _substitute_atom(atom: Atom, replacement: Callable[[Symbol], Dim | None]) -> Dim:
    if isinstance(atom, Symbol):
        replaced = replacement(atom)
        return lone(atom) if replaced is None else replaced
    if isinstance(atom, Quotient):
        return floor_div(_substitute(atom.numerator, replacement), _substitute(atom.denominator, replacement))
    if isinstance(atom, Logarithm):
        return log2_ceil(_substitute(atom.operand, replacement))
    return extremum(atom.kind, [_substitute(operand, replacement) for operand in atom.operands])


def _atoms(dim: Dim) -> Iterator[Atom]:
    for monomial in terms_of(dim):
        for atom, _ in monomial:
            yield atom
            if isinstance(atom, Quotient):
                yield from _atoms(atom.numerator)
                yield from _atoms(atom.denominator)
            elif isinstance(atom, Logarithm):
                yield from _atoms(atom.operand)
            elif isinstance(atom, Extremum):
                for operand in atom.operands:
                    yield from _atoms(operand)
