"""Floor and ceil division, exact wherever the quotient is a polynomial."""

from __future__ import annotations

from math import gcd

from graphcost.dims.bounds import is_at_least
from graphcost.dims.expr import Dim, Expr, Monomial, Quotient, lone, normal, terms_of
from graphcost.dims.text import format_dim, sorted_terms
from graphcost.errors import DimError


def floor_div(a: Dim, b: Dim) -> Dim:
    """floor(a / b). Raises DimError where b is 0."""
    if b == 0:
        raise DimError(f"division of {format_dim(a)} by zero")
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    if isinstance(b, int):
        return _floor_div_by_int(a, b)
    exact = _exact_quotient(a, b)
    if exact is not None:
        return exact
    if is_at_least(a, 0) and is_at_least(b - a, 1):
        return 0
    return lone(Quotient(a, b))


def ceil_div(a: Dim, b: Dim) -> Dim:
    """ceil(a / b). Raises DimError where b is 0."""
    return floor_div(a + b - 1, b) if is_at_least(b, 1) else -floor_div(-a, b)


def _floor_div_by_int(a: Dim, b: int) -> Dim:
    if isinstance(a, int):
        return a // b
    if b < 0:
        return _floor_div_by_int(-a, -b)
    whole: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for monomial, coefficient in a.terms.items():
        # Truncated, not floored, so that a negative term keeps its sign and is normalized below.
        quotient = coefficient // b if not monomial or coefficient > 0 else -(-coefficient // b)
        whole[monomial] = quotient
        rest[monomial] = coefficient - b * quotient
    return normal(whole) + _quotient_of_remainder(normal(rest), b)


def _quotient_of_remainder(rest: Dim, b: int) -> Dim:
    if isinstance(rest, int):
        return rest // b
    constant = rest.terms.get((), 0)
    leading = sorted_terms(rest)[0][1]
    if leading < 0:
        # floor(-p/b) = -ceil(p/b): one sign, one form.
        return -_floor_div_by_int(b - 1 - rest, b)
    common = gcd(b, *(c for monomial, c in rest.terms.items() if monomial))
    if common > 1:
        reduced = normal({m: c // common for m, c in rest.terms.items()})
        return _floor_div_by_int(reduced, b // common)
    inner = _lone_quotient(rest)
    if inner is not None and isinstance(inner.denominator, int):
        # floor((floor(p/q) + c)/b) = floor((p + c*q)/(b*q))
        return _floor_div_by_int(inner.numerator + constant * inner.denominator, b * inner.denominator)
    return lone(Quotient(rest, b))


def _lone_quotient(rest: Expr) -> Quotient | None:
    variable = [(monomial, c) for monomial, c in rest.terms.items() if monomial]
    if len(variable) != 1 or variable[0][1] != 1 or len(variable[0][0]) != 1:
        return None
    atom, power = variable[0][0][0]
    return atom if power == 1 and isinstance(atom, Quotient) else None


def _exact_quotient(a: Dim, b: Expr) -> Dim | None:
    """The polynomial q with a = q*b, or None. Long division by the leading term."""
    lead, lead_coefficient = min(b.terms.items(), key=lambda term: _lexicographic(term[0]))
    quotient: Dim = 0
    remainder = a
    for _ in range(len(terms_of(a)) * 2):
        if remainder == 0:
            return quotient
        top, coefficient = min(terms_of(remainder).items(), key=lambda term: _lexicographic(term[0]))
        factor = _monomial_quotient(top, lead)
        if factor is None or coefficient % lead_coefficient:
            return None
        step = normal({factor: coefficient // lead_coefficient})
        quotient = quotient + step
        remainder = remainder - step * b
    return quotient if remainder == 0 else None


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
