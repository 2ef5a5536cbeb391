"""Formulas that hypothesis draws, each with the numbers that Python's own integers give for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hypothesis import assume, settings
from hypothesis import strategies as st

from graphcost.dims import Dim, ceil_div, dim_max, dim_min, floor_div, log2_ceil, symbol
from graphcost.errors import DimError

LEASTS: dict[str, int | None] = {"H": 1, "N": 1, "W": 1, "nnz": 0, "shift": -1, "v": None}
SYMBOLS: dict[str, Dim] = {name: symbol(name, least) for name, least in LEASTS.items()}

some = settings(max_examples=100, derandomize=True, deadline=None, database=None)
many = settings(max_examples=250, derandomize=True, deadline=None, database=None)

Numbers = Mapping[str, int]
numbers: st.SearchStrategy[Numbers] = st.fixed_dictionaries(
    {
        name: st.one_of(st.just(least), st.integers(least, 12)) if least is not None else st.integers(-9, 9)
        for name, least in LEASTS.items()
    }
)
"""A legal value of every symbol, often the least one."""


@dataclass(frozen=True)
class Drawn:
    """A formula, and the function of its symbols' values that it should be."""

    dim: Dim
    function: Callable[[Numbers], int]

    def number(self, values: Numbers) -> int:
        """What Python's integers give. Rejects values for which a divisor is 0."""
        try:
            return self.function(values)
        except ZeroDivisionError:
            assume(False)
            raise

    def __repr__(self) -> str:
        return repr(self.dim)


def rounded_up_log2(number: int) -> int:
    """How often a number is halved, rounding up, until it is 1."""
    halvings = 0
    while number > 1:
        number = (number + 1) // 2
        halvings += 1
    return halvings


OPERATIONS: dict[str, tuple[Callable[[Dim, Dim], Dim], Callable[[int, int], int]]] = {
    "+": (lambda a, b: a + b, lambda a, b: a + b),
    "-": (lambda a, b: a - b, lambda a, b: a - b),
    "*": (lambda a, b: a * b, lambda a, b: a * b),
    "//": (floor_div, lambda a, b: a // b),
    "ceil": (ceil_div, lambda a, b: -(-a // b)),
    "%": (lambda a, b: a % b, lambda a, b: a % b),
    "max": (dim_max, max),
    "min": (dim_min, min),
    "log2": (lambda a, _: log2_ceil(a), lambda a, _: rounded_up_log2(a)),
}


def _leaf(name: str) -> Drawn:
    return Drawn(SYMBOLS[name], lambda values: values[name])


def _number(value: int) -> Drawn:
    return Drawn(value, lambda _: value)


def _combined(parts: tuple[str, Drawn, Drawn]) -> Drawn:
    name, a, b = parts
    if name in ("//", "ceil", "%") and b.dim == 0:
        b = _number(3)
    symbolic, numeric = OPERATIONS[name]
    try:
        dim = symbolic(a.dim, b.dim)
    except DimError:
        return a
    return Drawn(dim, lambda values: numeric(a.function(values), b.function(values)))


leaves = st.one_of(st.sampled_from(sorted(LEASTS)).map(_leaf), st.integers(-7, 7).map(_number))
formulas: st.SearchStrategy[Drawn] = st.recursive(
    leaves,
    lambda parts: st.tuples(st.sampled_from(sorted(OPERATIONS)), parts, parts).map(_combined),
    max_leaves=9,
)
