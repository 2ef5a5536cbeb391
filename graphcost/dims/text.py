"""Sizes as formulas, in a fixed term order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphcost.dims.expr import Dim, Expr, Monomial, Quotient

MAX_PRINTED_TERMS = 10_000
MAX_PRINTED_BITS = 4096


def format_dim(dim: Dim) -> str:
    """The dim as a formula in a fixed term order: higher degrees first, then by name."""
    if isinstance(dim, int):
        return _format_int(dim)
    if len(dim.terms) > MAX_PRINTED_TERMS:
        return f"(a formula of {len(dim.terms)} terms)"
    text = ""
    for monomial, coefficient in sorted_terms(dim):
        sign = "-" if coefficient < 0 else "+" if text else ""
        text += f" {sign} " if text else sign
        text += _format_term(monomial, abs(coefficient))
    return text


def sorted_terms(dim: Expr) -> list[tuple[Monomial, int]]:
    return sorted(dim.terms.items(), key=lambda term: _order(term[0]))


def monomial_key(monomial: Monomial) -> str:
    return "*".join(f"{atom.key}^{power}" for atom, power in monomial)


def operand_text(dim: Dim) -> str:
    text = format_dim(dim)
    is_single = isinstance(dim, int) or (len(dim.terms) == 1 and "*" not in text)
    return text if is_single else f"({text})"


def ceil_numerator(quotient: Quotient) -> Dim | None:
    """p where the quotient is floor((p + b - 1)/b), which reads better as ceil(p/b)."""
    numerator, denominator = quotient.numerator, quotient.denominator
    if not isinstance(denominator, int) or isinstance(numerator, int):
        return None
    return numerator - (denominator - 1) if numerator.terms.get((), 0) == denominator - 1 else None


def _format_int(value: int) -> str:
    if value.bit_length() > MAX_PRINTED_BITS:
        return f"(about 2^{value.bit_length()})"
    return str(value)


def _format_term(monomial: Monomial, coefficient: int) -> str:
    factors = [atom.key if power == 1 else f"{atom.key}^{power}" for atom, power in monomial]
    if coefficient != 1 or not factors:
        factors.insert(0, _format_int(coefficient))
    return "*".join(factors)


def _order(monomial: Monomial) -> tuple[int, str]:
    return -sum(power for _, power in monomial), monomial_key(monomial)
