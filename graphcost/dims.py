"""Exact symbolic sizes: integers, and integer polynomials over named symbols.

A `Dim` is a plain `int` wherever the size is known. Otherwise it is an `Expr`: a polynomial with integer
coefficients whose atoms are symbols, floor divisions and extrema. Ceil division and modulo are written with
floor division (`ceil(a/b) = floor((a+b-1)/b)`, `a mod b = a - b*floor(a/b)`), so that equal sizes that were
computed along different paths get equal forms: ceil(ceil(H/2)/2) is ceil(H/4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd, prod
from typing import Union

from graphcost.errors import DimError, UnboundSymbolError

MAX_TERMS = 100_000
MAX_PRINTED_TERMS = 10_000
MAX_DEPTH = 40


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


@dataclass(frozen=True)
class Quotient:
    """floor(numerator / denominator)."""

    numerator: Dim
    denominator: Dim

    @cached_property
    def key(self) -> str:
        ceil_of = _ceil_numerator(self)
        if ceil_of is not None:
            return f"ceil({_operand(ceil_of)}/{_operand(self.denominator)})"
        return f"floor({_operand(self.numerator)}/{_operand(self.denominator)})"

    @cached_property
    def depth(self) -> int:
        return 1 + max(_depth(self.numerator), _depth(self.denominator))


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


Atom = Union[Symbol, Quotient, Extremum]
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
        self._hash: int | None = None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Expr) and hash(self) == hash(other) and self.terms == other.terms

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset((_monomial_key(m), c) for m, c in self.terms.items()))
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
            return _normal({monomial: c * other for monomial, c in self.terms.items()}) if other else 0
        if not isinstance(other, Expr):
            return NotImplemented
        if len(self.terms) * len(other.terms) > MAX_TERMS:
            raise DimError(f"a size formula has more than {MAX_TERMS} terms")
        terms: dict[Monomial, int] = {}
        for left, a in self.terms.items():
            for right, b in other.terms.items():
                monomial = _times(left, right)
                terms[monomial] = terms.get(monomial, 0) + a * b
        return _normal(terms)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Dim:
        return product([self] * exponent)

    def __floordiv__(self, other: Dim) -> Dim:
        return floor_div(self, other)

    def __rfloordiv__(self, other: Dim) -> Dim:
        return floor_div(other, self)

    def __mod__(self, other: Dim) -> Dim:
        return self - other * floor_div(self, other)

    def __rmod__(self, other: Dim) -> Dim:
        return other - self * floor_div(other, self)


def symbol(name: str, least: int | None = 1) -> Dim:
    """The size that is known by `name` only."""
    return Expr({((Symbol(name, least), 1),): 1})


def product(dims: Iterable[Dim]) -> Dim:
    result: Dim = 1
    for dim in dims:
        result = result * dim
    return result


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
    return _atom(Quotient(a, b))


def ceil_div(a: Dim, b: Dim) -> Dim:
    """ceil(a / b). Raises DimError where b is 0."""
    return floor_div(a + b - 1, b) if is_at_least(b, 1) else -floor_div(-a, b)


def dim_max(*dims: Dim) -> Dim:
    """The greatest of the dims; operands that are provably never the greatest fall away."""
    return _extremum("max", dims)


def dim_min(*dims: Dim) -> Dim:
    """The least of the dims; operands that are provably never the least fall away."""
    return _extremum("min", dims)


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


def is_at_least(dim: Dim, bound: int) -> bool:
    """Whether the dim is provably at least `bound` for every legal value of its symbols."""
    least = least_value(dim)
    return least is not None and least >= bound


def least_value(dim: Dim) -> int | None:
    """A lower bound of the dim, not always the greatest one; None where none can be shown."""
    if isinstance(dim, int):
        return dim
    relaxed = _relax_quotients(dim)
    if relaxed is None:
        return None
    shifted: dict[Monomial, Fraction] = {}
    for monomial, coefficient in relaxed.items():
        for shifted_monomial, c in _shift(monomial):
            shifted[shifted_monomial] = shifted.get(shifted_monomial, Fraction(0)) + coefficient * c
    if any(c < 0 or not _is_nonnegative(m) for m, c in shifted.items() if m and c):
        return None
    least = shifted.get((), Fraction(0))
    return -((-least.numerator) // least.denominator)


def format_dim(dim: Dim) -> str:
    """The dim as a formula in a fixed term order: higher degrees first, then by name."""
    if isinstance(dim, int):
        return _format_int(dim)
    if len(dim.terms) > MAX_PRINTED_TERMS:
        return f"(a formula of {len(dim.terms)} terms)"
    text = ""
    for monomial, coefficient in _sorted_terms(dim):
        sign = "-" if coefficient < 0 else "+" if text else ""
        text += f" {sign} " if text else sign
        text += _format_term(monomial, abs(coefficient))
    return text


def _format_int(value: int) -> str:
    if value.bit_length() > 4096:
        return f"(about 2^{value.bit_length()})"
    return str(value)


def _format_term(monomial: Monomial, coefficient: int) -> str:
    factors = [atom.key if power == 1 else f"{atom.key}^{power}" for atom, power in monomial]
    if coefficient != 1 or not factors:
        factors.insert(0, _format_int(coefficient))
    return "*".join(factors)


def _sorted_terms(dim: Expr) -> list[tuple[Monomial, int]]:
    return sorted(dim.terms.items(), key=lambda term: _order(term[0]))


def _order(monomial: Monomial) -> tuple[int, str]:
    return -sum(power for _, power in monomial), _monomial_key(monomial)


def _monomial_key(monomial: Monomial) -> str:
    return "*".join(f"{atom.key}^{power}" for atom, power in monomial)


def _operand(dim: Dim) -> str:
    text = format_dim(dim)
    is_single = isinstance(dim, int) or (len(dim.terms) == 1 and "*" not in text)
    return text if is_single else f"({text})"


def _ceil_numerator(quotient: Quotient) -> Dim | None:
    """p where the quotient is floor((p + b - 1)/b), which reads better as ceil(p/b)."""
    numerator, denominator = quotient.numerator, quotient.denominator
    if not isinstance(denominator, int) or isinstance(numerator, int):
        return None
    return numerator - (denominator - 1) if numerator.terms.get((), 0) == denominator - 1 else None


def _depth(dim: Dim) -> int:
    return 0 if isinstance(dim, int) else dim.depth


def _atom(atom: Atom) -> Dim:
    return Expr({((atom, 1),): 1})


def _normal(terms: dict[Monomial, int]) -> Dim:
    terms = {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return terms[()]
    if len(terms) > MAX_TERMS:
        raise DimError(f"a size formula has more than {MAX_TERMS} terms")
    return Expr(terms)


def _terms(dim: Dim) -> Mapping[Monomial, int]:
    return {(): dim} if isinstance(dim, int) else dim.terms


def _sum(a: Expr, b: Dim, sign: int) -> Dim:
    if not isinstance(b, (int, Expr)):
        return NotImplemented
    terms = dict(a.terms)
    for monomial, coefficient in _terms(b).items():
        terms[monomial] = terms.get(monomial, 0) + sign * coefficient
    return _normal(terms)


def _times(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    powers = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(powers.items(), key=lambda factor: factor[0].key))


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
    return _normal(whole) + _quotient_of_remainder(_normal(rest), b)


def _quotient_of_remainder(rest: Dim, b: int) -> Dim:
    if isinstance(rest, int):
        return rest // b
    constant = rest.terms.get((), 0)
    leading = _sorted_terms(rest)[0][1]
    if leading < 0:
        # floor(-p/b) = -ceil(p/b): one sign, one form.
        return -_floor_div_by_int(b - 1 - rest, b)
    common = gcd(b, *(c for monomial, c in rest.terms.items() if monomial))
    if common > 1:
        reduced = _normal({m: c // common for m, c in rest.terms.items()})
        return _floor_div_by_int(reduced, b // common)
    inner = _lone_quotient(rest)
    if inner is not None and isinstance(inner.denominator, int):
        # floor((floor(p/q) + c)/b) = floor((p + c*q)/(b*q))
        return _floor_div_by_int(inner.numerator + constant * inner.denominator, b * inner.denominator)
    return _atom(Quotient(rest, b))


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
    for _ in range(len(_terms(a)) * 2):
        if remainder == 0:
            return quotient
        top, coefficient = min(_terms(remainder).items(), key=lambda term: _lexicographic(term[0]))
        factor = _monomial_quotient(top, lead)
        if factor is None or coefficient % lead_coefficient:
            return None
        step = _normal({factor: coefficient // lead_coefficient})
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


def _extremum(kind: str, dims: Iterable[Dim]) -> Dim:
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
    return _atom(Extremum(kind, tuple(sorted(kept, key=format_dim))))


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
        return _atom(atom) if replaced is None else replaced
    if isinstance(atom, Quotient):
        return floor_div(_substitute(atom.numerator, replacement), _substitute(atom.denominator, replacement))
    return _extremum(atom.kind, [_substitute(operand, replacement) for operand in atom.operands])


def _atoms(dim: Dim) -> Iterator[Atom]:
    for monomial in _terms(dim):
        for atom, _ in monomial:
            yield atom
            if isinstance(atom, Quotient):
                yield from _atoms(atom.numerator)
                yield from _atoms(atom.denominator)
            elif isinstance(atom, Extremum):
                for operand in atom.operands:
                    yield from _atoms(operand)


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
        for inner, c in _terms(quotient.numerator - slack).items():
            pending.append((_times(others, inner), coefficient * c / quotient.denominator))
    return relaxed


def _is_rational(atom: Atom) -> bool:
    return isinstance(atom, Quotient) and isinstance(atom.denominator, int)


def _shift(monomial: Monomial) -> Iterator[tuple[Monomial, int]]:
    """The monomial with every bounded symbol x written as least + x', x' >= 0, multiplied out."""
    parts: list[tuple[Monomial, int]] = [((), 1)]
    for atom, power in monomial:
        least = _least_of_atom(atom)
        for _ in range(power):
            shifted: list[tuple[Monomial, int]] = [(_times(m, ((atom, 1),)), c) for m, c in parts]
            parts = shifted + ([(m, c * least) for m, c in parts] if least else [])
    yield from parts


def _is_nonnegative(monomial: Monomial) -> bool:
    return all(power % 2 == 0 or ((_least_of_atom(atom) or 0) >= 0 and _is_bounded(atom)) for atom, power in monomial)


def _is_bounded(atom: Atom) -> bool:
    return _least_of_atom(atom) is not None


def _least_of_atom(atom: Atom) -> int | None:
    if isinstance(atom, Symbol):
        return atom.least
    if isinstance(atom, Quotient):
        numerator, denominator = least_value(atom.numerator), least_value(atom.denominator)
        is_nonnegative = numerator is not None and numerator >= 0 and denominator is not None and denominator >= 1
        return 0 if is_nonnegative else None
    leasts = [least_value(operand) for operand in atom.operands]
    known = [least for least in leasts if least is not None]
    if atom.kind == "max":
        return max(known, default=None)
    return min(known) if len(known) == len(leasts) else None


class Shape(tuple[Dim, ...]):
    """The sizes of a tensor, axis by axis. An unknown rank is `None` in place of a Shape."""

    __slots__ = ()

    def __new__(cls, *dims: Dim) -> Shape:
        return super().__new__(cls, dims)

    @property
    def rank(self) -> int:
        return len(self)

    @property
    def size(self) -> Dim:
        """The number of elements."""
        if all(type(dim) is int for dim in self):
            return prod(self)
        return product(self)

    @property
    def is_static(self) -> bool:
        """Whether every size is a number."""
        return all(type(dim) is int for dim in self)

    def __repr__(self) -> str:
        return f"[{', '.join(format_dim(dim) for dim in self)}]"
