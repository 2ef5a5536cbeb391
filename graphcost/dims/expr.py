"""Sizes as objects: a number, or a polynomial with Python's operators, `//` and `%` among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import gcd
from typing import Any, NoReturn, Union

from graphcost.dims.bounds import lower_bound
from graphcost.dims.polynomial import (
    Atom,
    Monomial,
    Terms,
    exact_quotient,
    first_in_text,
    format_int,
    format_terms,
    monomial_key,
    normal,
    plus,
    times,
)
from graphcost.errors import AnswerError, DimError

MAX_DEPTH = 40
MAX_WEIGHT = 5_000
"""So many symbols may stand inside one floor or extremum, written out: shared parts would double at each level."""

Dim = Union[int, "Expr"]


class Expr:
    """A polynomial that isn't a plain integer. Immutable; equal when the forms are equal."""

    __slots__ = ("_hash", "depth", "terms", "weight")

    terms: Terms
    depth: int
    weight: int

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._hash: int | None = None
        depth = weight = 0
        for monomial in terms:
            for atom, _ in monomial:
                if atom.depth > depth:
                    depth = atom.depth
                weight += atom.weight
        self.depth = depth
        self.weight = weight
        if depth > MAX_DEPTH:
            raise DimError(f"a size formula is nested more than {MAX_DEPTH} deep")
        if depth and weight > MAX_WEIGHT * len(terms):
            raise DimError(f"a size formula has a part of more than {MAX_WEIGHT} symbols")

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Expr) and hash(self) == hash(other) and self.terms == other.terms

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset((monomial_key(m), c) for m, c in self.terms.items()))
        return self._hash

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return format_terms(self.terms)

    def __add__(self, other: Dim) -> Dim:
        if other.__class__ is int and not other:
            return self
        if not isinstance(other, (int, Expr)):
            return _shared(self) + other if _is_fraction(other) else NotImplemented
        return of_terms(plus(self.terms, terms_of(other)))

    __radd__ = __add__

    def __sub__(self, other: Dim) -> Dim:
        if not isinstance(other, (int, Expr)):
            return _shared(self) - other if _is_fraction(other) else NotImplemented
        return of_terms(plus(self.terms, terms_of(other), -1))

    def __rsub__(self, other: Dim) -> Dim:
        return -self + other

    def __neg__(self) -> Expr:
        return Expr({monomial: -coefficient for monomial, coefficient in self.terms.items()})

    def __mul__(self, other: Dim) -> Dim:
        if isinstance(other, int):
            if other == 1:
                return self
            return Expr({monomial: c * other for monomial, c in self.terms.items()}) if other else 0
        if not isinstance(other, Expr):
            return _shared(self) * other if _is_fraction(other) else NotImplemented
        return of_terms(times(self.terms, other.terms))

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Dim:
        return product([self] * exponent)

    def __floordiv__(self, other: Dim) -> Dim:
        return floor_div(self, other)

    def __rfloordiv__(self, other: Dim) -> Dim:
        return floor_div(other, self)

    def __truediv__(self, other: object) -> NoReturn:
        raise AnswerError("a size isn't divided by /; use // or Fraction")

    __rtruediv__ = __truediv__

    def __mod__(self, other: Dim) -> Dim:
        return self - other * (self // other)

    def __rmod__(self, other: Dim) -> Dim:
        return other - self * (other // self)


def _is_fraction(other: object) -> bool:
    """Whether it is a Fraction. Raises AnswerError where it is a float: a share of a size is exact."""
    if isinstance(other, float):
        raise AnswerError(f"a size is multiplied with and added to what is exact, not {other}; use // or Fraction")
    from fractions import Fraction

    return isinstance(other, Fraction)


def _shared(expr: Expr) -> Any:
    """A ratio with the denominator 1, which takes Fractions."""
    from graphcost.dims.ratio import Ratio

    return Ratio(expr, 1)


@dataclass(frozen=True)
class Quotient:
    """floor(numerator / denominator)."""

    numerator: Dim
    denominator: Dim

    @cached_property
    def key(self) -> str:
        ceil_of = self._ceil_numerator()
        if ceil_of is not None:
            return f"ceil({_operand_text(ceil_of)}/{_operand_text(self.denominator)})"
        return f"floor({_operand_text(self.numerator)}/{_operand_text(self.denominator)})"

    @cached_property
    def least(self) -> int | None:
        """0 where the quotient is shown not to be negative; cached, since every level of a formula asks for it."""
        return 0 if is_at_least(self.numerator, 0) and is_at_least(self.denominator, 1) else None

    @cached_property
    def ratio(self) -> tuple[Terms, int] | None:
        return (terms_of(self.numerator), self.denominator) if isinstance(self.denominator, int) else None

    @cached_property
    def depth(self) -> int:
        return 1 + max(depth_of(self.numerator), depth_of(self.denominator))

    @cached_property
    def weight(self) -> int:
        return 1 + weight_of(self.numerator) + weight_of(self.denominator)

    def _ceil_numerator(self) -> Dim | None:
        """p where the quotient is floor((p + b - 1)/b) for a number b, which reads better as ceil(p/b)."""
        if self.ratio is None:
            return None
        terms, denominator = self.ratio
        return self.numerator - (denominator - 1) if terms.get((), 0) == denominator - 1 else None


def of_terms(terms: Terms) -> Dim:
    """The polynomial as a number where it is one."""
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return terms[()]
    return Expr(terms)


def terms_of(dim: Dim) -> Terms:
    if isinstance(dim, Expr):
        return dim.terms
    return {(): dim} if dim else {}


def lone(atom: Atom) -> Expr:
    return Expr({((atom, 1),): 1})


def depth_of(dim: Dim) -> int:
    return dim.depth if isinstance(dim, Expr) else 0


def weight_of(dim: Dim) -> int:
    return dim.weight if isinstance(dim, Expr) else 0


def format_dim(dim: Dim) -> str:
    """The dim as a formula in a fixed term order: higher degrees first, then by name."""
    return format_int(dim) if isinstance(dim, int) else format_terms(dim.terms)


def product(dims: Iterable[Dim]) -> Dim:
    result: Dim = 1
    for dim in dims:
        result = result * dim
    return result


def dim_sum(dims: Iterable[Dim]) -> Dim:
    """The sum of many dims, collected term by term, so that a long formula isn't copied for each."""
    terms: dict[Monomial, int] = {}
    for dim in dims:
        for monomial, coefficient in terms_of(dim).items():
            terms[monomial] = terms.get(monomial, 0) + coefficient
    return of_terms(normal(terms))


def least_value(dim: Dim) -> int | None:
    """A lower bound of the dim, not always the greatest one; None where none can be shown."""
    return dim if isinstance(dim, int) else lower_bound(dim.terms)


def is_at_least(dim: Dim, bound: int) -> bool:
    """Whether the dim is provably at least `bound` for every legal value of its symbols."""
    least = least_value(dim)
    return least is not None and least >= bound


def floor_div(a: Dim, b: Dim) -> Dim:
    """floor(a / b). Raises DimError where b is 0."""
    if b == 0:
        raise DimError(f"division of {format_dim(a)} by zero")
    if isinstance(b, int):
        return _floor_div_by_int(a, b)
    exact = exact_quotient(terms_of(a), b.terms)
    if exact is not None:
        return of_terms(exact)
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
    return of_terms(normal(whole)) + _quotient_of_remainder(of_terms(normal(rest)), b)


def _quotient_of_remainder(rest: Dim, b: int) -> Dim:
    if isinstance(rest, int):
        return rest // b
    if rest.terms[first_in_text(rest.terms)] < 0:
        # floor(-p/b) = -ceil(p/b): one sign, one form.
        return -_floor_div_by_int(b - 1 - rest, b)
    common = gcd(b, *(c for monomial, c in rest.terms.items() if monomial))
    if common > 1:
        reduced = normal({m: c // common for m, c in rest.terms.items()})
        return _floor_div_by_int(of_terms(reduced), b // common)
    inner = _lone_ratio(rest.terms)
    if inner is not None:
        # floor((floor(p/q) + c)/b) = floor((p + c*q)/(b*q))
        numerator, denominator = inner
        shifted = of_terms(numerator) + rest.terms.get((), 0) * denominator
        return _floor_div_by_int(shifted, b * denominator)
    return lone(Quotient(rest, b))


def _lone_ratio(terms: Terms) -> tuple[Terms, int] | None:
    """(p, q) where the polynomial is floor(p/q) and a constant."""
    variable = [(monomial, c) for monomial, c in terms.items() if monomial]
    if len(variable) != 1 or variable[0][1] != 1 or len(variable[0][0]) != 1:
        return None
    atom, power = variable[0][0][0]
    return atom.ratio if power == 1 else None


def _operand_text(dim: Dim) -> str:
    text = format_dim(dim)
    is_single = len(terms_of(dim)) <= 1 and "*" not in text
    return text if is_single else f"({text})"
