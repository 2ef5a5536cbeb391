"""Integer polynomials over named symbols, floor divisions, extrema and logarithms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Union

from graphcost.dims.text import ceil_numerator, format_dim, monomial_key, operand_text
from graphcost.errors import DimError

MAX_TERMS = 100_000
MAX_DEPTH = 40
MAX_POWER = 1_024
MAX_WEIGHT = 5_000
"""So many symbols may stand inside one floor or extremum, written out: shared parts would double at each level."""


@dataclass(frozen=True)
class Symbol:
    """A named unknown. Sizes are at least 1; counts (non-zeros, trips) at least 0; values are unbounded."""

    name: str
    least: int | None = 1

    @property
    def key(self) -> str:
        return self.name

    @property
    def depth(self) -> int:
        return 0

    @property
    def weight(self) -> int:
        return 1


@dataclass(frozen=True)
class Quotient:
    """floor(numerator / denominator)."""

    numerator: Dim
    denominator: Dim

    @cached_property
    def key(self) -> str:
        ceil_of = ceil_numerator(self)
        if ceil_of is not None:
            return f"ceil({operand_text(ceil_of)}/{operand_text(self.denominator)})"
        return f"floor({operand_text(self.numerator)}/{operand_text(self.denominator)})"

    @cached_property
    def depth(self) -> int:
        return 1 + max(_depth(self.numerator), _depth(self.denominator))

    @cached_property
    def weight(self) -> int:
        return 1 + _weight(self.numerator) + _weight(self.denominator)

    @cached_property
    def least(self) -> int | None:
        """A lower bound; cached, since every level of a formula asks for it several times."""
        from graphcost.dims.bounds import least_of_quotient

        return least_of_quotient(self)


@dataclass(frozen=True)
class Extremum:
    """The greatest ("max") or least ("min") of its operands."""

    kind: str
    operands: tuple[Dim, ...]

    @cached_property
    def key(self) -> str:
        return f"{self.kind}({','.join(format_dim(operand) for operand in self.operands)})"

    @cached_property
    def depth(self) -> int:
        return 1 + max(_depth(operand) for operand in self.operands)

    @cached_property
    def weight(self) -> int:
        return 1 + sum(_weight(operand) for operand in self.operands)

    @cached_property
    def least(self) -> int | None:
        """A lower bound; cached, since every level of a formula asks for it several times."""
        from graphcost.dims.bounds import least_of_extremum

        return least_of_extremum(self)


@dataclass(frozen=True)
class Logarithm:
    """ceil(log2(operand)); 0 for operands below 2."""

    operand: Dim

    @cached_property
    def key(self) -> str:
        return f"log2({format_dim(self.operand)})"

    @cached_property
    def depth(self) -> int:
        return 1 + _depth(self.operand)

    @cached_property
    def weight(self) -> int:
        return 1 + _weight(self.operand)

    @property
    def least(self) -> int:
        return 0


Atom = Union[Symbol, Quotient, Extremum, Logarithm]
Monomial = tuple[tuple[Atom, int], ...]
Dim = Union[int, "Expr"]


class Expr:
    """A polynomial that isn't a plain integer. Immutable; equal when the forms are equal."""

    __slots__ = ("_hash", "depth", "terms")

    terms: Mapping[Monomial, int]
    depth: int

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms = terms
        self.depth = max((atom.depth for monomial in terms for atom, _ in monomial), default=0)
        if self.depth > MAX_DEPTH:
            raise DimError(f"a size formula is nested more than {MAX_DEPTH} deep")
        if self.depth and _weight(self) > MAX_WEIGHT * len(terms):
            raise DimError(f"a size formula has a part of more than {MAX_WEIGHT} symbols")
        self._hash: int | None = None

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
        return format_dim(self)

    def __add__(self, other: Dim) -> Dim:
        return _sum(self, other, 1)

    __radd__ = __add__

    def __sub__(self, other: Dim) -> Dim:
        return _sum(self, other, -1)

    def __rsub__(self, other: Dim) -> Dim:
        return _sum(-self, other, 1)

    def __neg__(self) -> Expr:
        return Expr({monomial: -coefficient for monomial, coefficient in self.terms.items()})

    def __mul__(self, other: Dim) -> Dim:
        if isinstance(other, int):
            return normal({monomial: c * other for monomial, c in self.terms.items()}) if other else 0
        if not isinstance(other, Expr):
            return NotImplemented
        if len(self.terms) * len(other.terms) > MAX_TERMS:
            raise DimError(f"a size formula has more than {MAX_TERMS} terms")
        terms: dict[Monomial, int] = {}
        for left, a in self.terms.items():
            for right, b in other.terms.items():
                monomial = monomial_product(left, right)
                terms[monomial] = terms.get(monomial, 0) + a * b
        return normal(terms)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Dim:
        return product([self] * exponent)

    def __floordiv__(self, other: Dim) -> Dim:
        from graphcost.dims.division import floor_div

        return floor_div(self, other)

    def __rfloordiv__(self, other: Dim) -> Dim:
        from graphcost.dims.division import floor_div

        return floor_div(other, self)

    def __mod__(self, other: Dim) -> Dim:
        return self - other * (self // other)

    def __rmod__(self, other: Dim) -> Dim:
        return other - self * (other // self)


def symbol(name: str, least: int | None = 1) -> Dim:
    """The size that is known by `name` only."""
    return Expr({((Symbol(name, least), 1),): 1})


def log2_ceil(dim: Dim) -> Dim:
    """ceil(log2(dim)): how often a sorted sequence of that length is halved, the passes of a merge sort; 0 below 2."""
    if isinstance(dim, int):
        return (dim - 1).bit_length() if dim > 1 else 0
    return lone(Logarithm(dim))


def product(dims: Iterable[Dim]) -> Dim:
    result: Dim = 1
    for dim in dims:
        result = result * dim
    return result


def monomial_product(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    powers = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + power
        if powers[atom] > MAX_POWER:
            raise DimError(f"a size formula has a power above {MAX_POWER}")
    return tuple(sorted(powers.items(), key=lambda factor: factor[0].key))


def normal(terms: dict[Monomial, int]) -> Dim:
    terms = {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return terms[()]
    if len(terms) > MAX_TERMS:
        raise DimError(f"a size formula has more than {MAX_TERMS} terms")
    return Expr(terms)


def lone(atom: Atom) -> Dim:
    return Expr({((atom, 1),): 1})


def dim_sum(dims: Iterable[Dim]) -> Dim:
    """The sum of many dims, collected term by term, so that a long formula isn't copied for each."""
    whole = 0
    terms: dict[Monomial, int] = {}
    for dim in dims:
        if isinstance(dim, int):
            whole += dim
            continue
        for monomial, coefficient in dim.terms.items():
            terms[monomial] = terms.get(monomial, 0) + coefficient
    if not terms:
        return whole
    terms[()] = terms.get((), 0) + whole
    return normal(terms)


def terms_of(dim: Dim) -> Mapping[Monomial, int]:
    return {(): dim} if isinstance(dim, int) else dim.terms


def _sum(a: Expr, b: Dim, sign: int) -> Dim:
    if not isinstance(b, (int, Expr)):
        return NotImplemented
    terms = dict(a.terms)
    for monomial, coefficient in terms_of(b).items():
        terms[monomial] = terms.get(monomial, 0) + sign * coefficient
    return normal(terms)


def _depth(dim: Dim) -> int:
    return 0 if isinstance(dim, int) else dim.depth


def _weight(dim: Dim) -> int:
    return 0 if isinstance(dim, int) else sum(atom.weight for monomial in dim.terms for atom, _ in monomial)
