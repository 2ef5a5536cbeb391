"""What formulas are made of beside arithmetic: symbols, extrema, logarithms and sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from graphcost.budget import affords_terms
from graphcost.dims.expr import Dim, Expr, depth_of, format_dim, is_at_least, least_value, lone, weight_of
from graphcost.errors import DimError


@dataclass(frozen=True)
class Symbol:
    """A named unknown. Sizes are at least 1; counts (non-zeros, trips) at least 0; values are unbounded."""

    name: str
    least: int | None = 1
    ratio: ClassVar[None] = None
    depth: ClassVar[int] = 0
    weight: ClassVar[int] = 1

    @property
    def key(self) -> str:
        return self.name


@dataclass(frozen=True)
class Extremum:
    """The greatest ("max") or least ("min") of its operands."""

    kind: str
    operands: tuple[Dim, ...]
    ratio: ClassVar[None] = None

    @cached_property
    def key(self) -> str:
        return f"{self.kind}({','.join(format_dim(operand) for operand in self.operands)})"

    @cached_property
    def least(self) -> int | None:
        """The best bound of a greatest operand, the worst of a least one."""
        leasts = [least_value(operand) for operand in self.operands]
        known = [least for least in leasts if least is not None]
        if self.kind == "max":
            return max(known, default=None)
        return min(known) if len(known) == len(leasts) else None

    @cached_property
    def depth(self) -> int:
        return 1 + max(depth_of(operand) for operand in self.operands)

    @cached_property
    def weight(self) -> int:
        return 1 + sum(weight_of(operand) for operand in self.operands)


@dataclass(frozen=True)
class Logarithm:
    """ceil(log2(operand)); 0 for operands below 2."""

    operand: Dim
    least: ClassVar[int] = 0
    ratio: ClassVar[None] = None

    @cached_property
    def key(self) -> str:
        return f"log2({format_dim(self.operand)})"

    @cached_property
    def depth(self) -> int:
        return 1 + depth_of(self.operand)

    @cached_property
    def weight(self) -> int:
        return 1 + weight_of(self.operand)


@dataclass(frozen=True)
class Summation:
    """The sum of `term` over counter = 0 .. count - 1, where that has no closed form."""

    term: Dim
    counter: str
    count: Dim
    ratio: ClassVar[None] = None

    @cached_property
    def key(self) -> str:
        return f"sum({format_dim(self.term)},{self.counter}<{format_dim(self.count)})"

    @cached_property
    def least(self) -> int | None:
        return 0 if is_at_least(self.term, 0) else None

    @cached_property
    def depth(self) -> int:
        return 1 + max(depth_of(self.term), depth_of(self.count))

    @cached_property
    def weight(self) -> int:
        return 1 + weight_of(self.term) + weight_of(self.count)


def symbol(name: str, least: int | None = 1) -> Dim:
    """The size that is known by `name` only."""
    return lone(Symbol(name, least))


def log2_ceil(dim: Dim) -> Dim:
    """ceil(log2(dim)): how often a sorted sequence of that length is halved, the passes of a merge sort; 0 below 2."""
    if isinstance(dim, int):
        return (dim - 1).bit_length() if dim > 1 else 0
    return lone(Logarithm(dim))


def dim_max(*dims: Dim) -> Dim:
    """The greatest of the dims; operands that are provably never the greatest fall away."""
    return extremum("max", dims)


def dim_min(*dims: Dim) -> Dim:
    """The least of the dims; operands that are provably never the least fall away."""
    return extremum("min", dims)


def summation(term: Dim, counter: str, count: Dim) -> Dim:
    """The sum of `term` over counter = 0 .. count - 1, as an atom."""
    return lone(Summation(term, counter, count))


def extremum(kind: str, dims: Iterable[Dim]) -> Dim:
    kept: list[Dim] = []
    for candidate in dict.fromkeys(operand for dim in dims for operand in alternatives_of(kind, dim)):
        if not affords_terms(len(kept)):
            raise DimError(f"one of too many {kind}() of many sizes")
        if any(_beats(kind, other, candidate) for other in kept):
            continue
        kept = [other for other in kept if not _beats(kind, candidate, other)]
        kept.append(candidate)
    if not kept:
        raise DimError(f"{kind}() of nothing")
    if len(kept) == 1:
        return kept[0]
    return lone(Extremum(kind, tuple(sorted(kept, key=format_dim))))


def alternatives_of(kind: str, dim: Dim) -> tuple[Dim, ...]:
    """What the dim is the greatest ("max") or least ("min") of; the dim alone where it is no such extremum."""
    if isinstance(dim, Expr) and len(dim.terms) == 1:
        ((monomial, coefficient),) = dim.terms.items()
        if coefficient == 1 and len(monomial) == 1:
            atom, power = monomial[0]
            if power == 1 and isinstance(atom, Extremum) and atom.kind == kind:
                return atom.operands
    return (dim,)


def _beats(kind: str, a: Dim, b: Dim) -> bool:
    return is_at_least(a - b if kind == "max" else b - a, 0)
