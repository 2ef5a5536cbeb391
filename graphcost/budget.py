"""What one analysis may spend on what can grow faster than its model: every bound on work, in one place.

Most work follows the number of nodes, and needs no bound. Formulas, values of tensors and bodies that are evaluated for
each distinct input can grow with products and powers of it: what makes them asks here first. What isn't granted is left
open by who asked: a size becomes a symbol, a value is unknown, a call or a cost isn't known, and its line says why.
What is small is always granted, so that a large model loses its details last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import inf

MAX_RANK = 254
"""TensorFlow's tensors have no more axes than this."""

MAX_NAME = 400
"""So many characters of a call path, or of an input's name in a symbol, are kept; of a longer one a digest as well."""

MAX_OUTPUTS = 1 << 19
"""So many outputs all nodes of a file have, beside the first of each: a few bytes can ask for thousands."""

MAX_ELEMENTS = 1 << 22
"""So many elements all constants of a file have whose values are kept."""

MAX_VISITS = 10_000
"""So often nodes are looked at, once for each branch that they stand in, for branches to nest deep."""

SMALL_FORMULA = 64
"""Terms that a formula may always have, and symbols that a tracked size or element may have, written out."""

SMALL_VALUE = 64
"""Elements of a value that is always tracked."""

SYMBOLIC = 8
"""A formula in a value counts as so many numbers."""


@dataclass(slots=True)
class Budget:
    """What is left to spend.

    terms: of formulas that are multiplied out. elements: of values of tensors. nodes: in bodies that are evaluated.
    refused: what has been refused so far, in words.
    """

    terms: int = 100_000
    elements: int = 100_000
    nodes: int = 20_000
    refused: dict[str, None] = field(default_factory=dict)

    def widen(self, nodes: int) -> None:
        """Adds what a model of so many nodes may spend."""
        self.terms += 20 * nodes
        self.elements += 10 * nodes
        self.nodes += 8 * nodes

    def refuse(self, what: str) -> bool:
        """Notes what isn't granted; False."""
        self.refused[what] = None
        return False


_CURRENT: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def spending(budget: Budget) -> Iterator[Budget]:
    """Inside, this budget is asked. Outside of any, all is granted."""
    token = _CURRENT.set(budget)
    try:
        yield budget
    finally:
        _CURRENT.reset(token)


def widen(nodes: int) -> None:
    """Adds what a model of so many nodes may spend to the budget that is asked."""
    budget = _CURRENT.get()
    if budget is not None:
        budget.widen(nodes)


def affords_terms(count: int) -> bool:
    """Whether a formula may take so many steps of multiplying out; they are spent if so."""
    budget = _CURRENT.get()
    if count <= SMALL_FORMULA or budget is None:
        return True
    if budget.terms < count:
        return budget.refuse("formulas of many terms were given up, as there would be too many of them")
    budget.terms -= count
    return True


def steps_left(most: int) -> int:
    """How many of `most` steps a question about a formula may take."""
    budget = _CURRENT.get()
    return most if budget is None else min(most, max(SMALL_FORMULA, budget.terms))


def affords_elements(count: int) -> bool:
    """Whether a value of so many elements may be worked out and kept; they are spent if so."""
    budget = _CURRENT.get()
    if not has_elements(count):
        return False
    if budget is not None and count > SMALL_VALUE:
        budget.elements -= count
    return True


def elements_left() -> float:
    """How many elements of values may still be worked out and kept."""
    budget = _CURRENT.get()
    return inf if budget is None else budget.elements


def has_elements(count: int) -> bool:
    """As affords_elements(), but nothing is spent."""
    budget = _CURRENT.get()
    if count <= SMALL_VALUE or budget is None or budget.elements >= count:
        return True
    return budget.refuse("values of many elements were given up, as there would be too many of them")


def affords_nodes(count: int) -> bool:
    """Whether a body of so many nodes may be evaluated for one more input; they are spent if so."""
    budget = _CURRENT.get()
    if budget is None:
        return True
    if budget.nodes < count:
        return budget.refuse("calls were given up, as functions would be evaluated for too many distinct inputs")
    budget.nodes -= count
    return True


def shortened(name: str) -> str:
    """The name, or its start and end around a digest of it where it is too long: other names still differ."""
    if len(name) <= MAX_NAME:
        return name
    from hashlib import blake2b

    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    half = (MAX_NAME - len(digest) - 2) // 2
    return f"{name[:half]}~{digest}~{name[-half:]}"
