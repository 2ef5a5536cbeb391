"""What can be shown of a size without knowing it: lower bounds, and the extrema that they decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from graphcost.dims.expr import Atom, Dim, Expr, Extremum, Monomial, Quotient, lone, monomial_product, terms_of
from graphcost.dims.text import format_dim
from graphcost.errors import DimError

MAX_DEGREE = 12
"""Monomials of a higher degree, which no shape has, aren't multiplied out for a bound."""


def is_at_least(dim: Dim, bound: int) -> bool:
    """Whether the dim is provably at least `bound` for every legal value of its symbols."""
    least = least_value(dim)
    return least is not None and least >= bound


def least_value(dim: Dim) -> int | None:
    """A lower bound of the dim, not always the greatest one; None where none can be shown."""
    if isinstance(dim, int):
        return dim
    relaxed = _relax_quotients(dim)
    if relaxed is None or any(sum(power for _, power in monomial) > MAX_DEGREE for monomial in relaxed):
        return None
    shifted: dict[Monomial, Fraction] = {}
    for monomial, coefficient in relaxed.items():
        for shifted_monomial, c in _shift(monomial):
            shifted[shifted_monomial] = shifted.get(shifted_monomial, Fraction(0)) + coefficient * c
    if any(c < 0 or not _is_nonnegative(m) for m, c in shifted.items() if m and c):
        return None
    least = shifted.get((), Fraction(0))
    return -((-least.numerator) // least.denominator)


def dim_max(*dims: Dim) -> Dim:
    """The greatest of the dims; operands that are provably never the greatest fall away."""
    return extremum("max", dims)


def dim_min(*dims: Dim) -> Dim:
    """The least of the dims; operands that are provably never the least fall away."""
    return extremum("min", dims)


def extremum(kind: str, dims: Iterable[Dim]) -> Dim:
    kept: list[Dim] = []
    for candidate in dict.fromkeys(operand for dim in dims for operand in _operands(kind, dim)):
        if any(_beats(kind, other, candidate) for other in kept):
            continue
        kept = [other for other in kept if not _beats(kind, candidate, other)]
        kept.append(candidate)
    if not kept:
        raise DimError(f"{kind}() of nothing")
    if len(kept) == 1:
        return kept[0]
    return lone(Extremum(kind, tuple(sorted(kept, key=format_dim))))


def _operands(kind: str, dim: Dim) -> tuple[Dim, ...]:
    if isinstance(dim, Expr) and len(dim.terms) == 1:
        ((monomial, coefficient),) = dim.terms.items()
        if coefficient == 1 and len(monomial) == 1:
            atom, power = monomial[0]
            if power == 1 and isinstance(atom, Extremum) and atom.kind == kind:
                return atom.operands
    return (dim,)


def _beats(kind: str, a: Dim, b: Dim) -> bool:
    return is_at_least(a - b if kind == "max" else b - a, 0)


def _relax_quotients(dim: Expr) -> dict[Monomial, Fraction] | None:
    """A rational polynomial that is never above the dim, with no floor(p/b) left for an integer b."""
    pending: list[tuple[Monomial, Fraction]] = [(m, Fraction(c)) for m, c in dim.terms.items()]
    relaxed: dict[Monomial, Fraction] = {}
    while pending:
        monomial, coefficient = pending.pop()
        position = next((i for i, (a, p) in enumerate(monomial) if _is_rational(a) and p == 1), None)
        if position is None:
            relaxed[monomial] = relaxed.get(monomial, Fraction(0)) + coefficient
            continue
        others = monomial[:position] + monomial[position + 1 :]
        if not _is_nonnegative(others):
            return None
        quotient = monomial[position][0]
        assert isinstance(quotient, Quotient)
        assert isinstance(quotient.denominator, int)
        slack = quotient.denominator - 1 if coefficient > 0 else 0
        for inner, c in terms_of(quotient.numerator - slack).items():
            pending.append((monomial_product(others, inner), coefficient * c / quotient.denominator))
    return relaxed


def _is_rational(atom: Atom) -> bool:
    return isinstance(atom, Quotient) and isinstance(atom.denominator, int)


def _shift(monomial: Monomial) -> Iterator[tuple[Monomial, int]]:
    """The monomial with every bounded symbol x written as least + x', x' >= 0, multiplied out."""
    parts: list[tuple[Monomial, int]] = [((), 1)]
    for atom, power in monomial:
        least = atom.least
        for _ in range(power):
            shifted: list[tuple[Monomial, int]] = [(monomial_product(m, ((atom, 1),)), c) for m, c in parts]
            parts = shifted + ([(m, c * least) for m, c in parts] if least else [])
    yield from parts


def _is_nonnegative(monomial: Monomial) -> bool:
    return all(power % 2 == 0 or (atom.least is not None and atom.least >= 0) for atom, power in monomial)


def least_of_quotient(quotient: Quotient) -> int | None:
    """0 where the quotient is shown not to be negative."""
    numerator, denominator = least_value(quotient.numerator), least_value(quotient.denominator)
    is_nonnegative = numerator is not None and numerator >= 0 and denominator is not None and denominator >= 1
    return 0 if is_nonnegative else None


def least_of_extremum(extremum: Extremum) -> int | None:
    """The best bound of a greatest operand, the worst of a least one."""
    leasts = [least_value(operand) for operand in extremum.operands]
    known = [least for least in leasts if least is not None]
    if extremum.kind == "max":
        return max(known, default=None)
    return min(known) if len(known) == len(leasts) else None
