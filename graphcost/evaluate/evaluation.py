"""What is known inside one body, and which bodies its nodes run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from graphcost.dims import Dim, Expr, symbols
from graphcost.evaluate.infer import Problem
from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef
from graphcost.ops.fact import UNKNOWN, Fact
from graphcost.ops.sizes import Need, Sizes

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Binder:
    """The iteration of a loop: inside it, `symbols` vary with the counter `counter` = 0 .. trips - 1."""

    counter: str
    trips: Dim
    symbols: Mapping[str, Dim]


@dataclass(frozen=True, slots=True)
class Guard:
    """A body that runs only where the predicate has this value (0 and 1 for booleans, else a branch index)."""

    predicate: Dim
    value: int


@dataclass(frozen=True, slots=True)
class Call:
    """A body that a node runs, how often for one run of the node, and when.

    `operands` are the positions of the node's inputs that the body's arguments come from, None for what isn't an input;
    None altogether where they are the last.
    """

    callee: Evaluation
    times: Dim = 1
    binder: Binder | None = None
    guard: Guard | None = None
    operands: tuple[int | None, ...] | None = None

    def given(self, inputs: Sequence[T]) -> Sequence[T | None]:
        """For each argument of the body what it comes from, of what there is for each input of the node."""
        if self.operands is None:
            return inputs[len(inputs) - len(self.callee.graph.inputs) :]
        return [None if position is None else inputs[position] for position in self.operands]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What is known inside one body: facts, problems and calls by node, for the nodes that run.

    `symbols` are those of what is fed: a loop around the body shows inside by them alone. `function` is the
    function's name, empty for the top level. `needs` are what open sizes must be for a node to be legal.
    """

    graph: Graph
    path: str
    sizes: Sizes
    symbols: frozenset[str] = frozenset()
    facts: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    problems: Mapping[str, Problem] = field(default_factory=dict)
    calls: Mapping[str, tuple[Call, ...]] = field(default_factory=dict)
    function: str = ""
    needs: Mapping[str, tuple[Need, ...]] = field(default_factory=dict)

    def fact(self, ref: TensorRef) -> Fact:
        return fact_in(self.facts, ref)

    @property
    def outputs(self) -> tuple[Fact, ...]:
        return tuple(self.fact(ref) for ref in self.graph.outputs)


def fact_in(facts: Mapping[str, tuple[Fact, ...]], ref: TensorRef) -> Fact:
    """What the facts of nodes, by name, tell of a tensor; nothing of one whose node they don't have."""
    return facts[ref.node][ref.port] if ref.node in facts else UNKNOWN


def symbols_of(facts: Iterable[Fact]) -> frozenset[str]:
    found: set[str] = set()
    for fact in facts:
        items = fact.value.items if fact.value is not None else ()
        for dim in (*(fact.shape or ()), *(item for item in items if isinstance(item, Expr))):
            found |= symbols(dim)
        if fact.element is not None:
            found |= symbols_of([fact.element])
    return frozenset(found)
