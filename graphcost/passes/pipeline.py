"""The passes that a graph goes through, in their order: Graph -> Graph, one module each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from graphcost.ir.graph import Graph
from graphcost.passes.control_flow.raise_conds import RaiseConds
from graphcost.passes.control_flow.raise_loops import RaiseLoops
from graphcost.passes.fold import Fold
from graphcost.passes.prune import Prune


class Pass(Protocol):
    """A rewrite of a whole graph. Its options are its fields; its docstring shows before and after."""

    @property
    def name(self) -> str:
        """What the command line calls it."""

    def __call__(self, graph: Graph) -> Graph:
        """The rewritten graph; the graph itself where there is nothing to do."""


BODY_PASSES: tuple[Pass, ...] = (Fold(),)
"""What each body goes through, the model's own and those of its functions; a function's body after it was pruned."""

RAISING: tuple[Pass, ...] = (Prune(), RaiseLoops(), RaiseConds())
"""What comes before anybody's rewrites. Loops and conds are raised in all functions at once: that makes new ones."""

PIPELINE: tuple[Pass, ...] = (*RAISING, *BODY_PASSES)
"""What the model's graph goes through, where no rewrites are asked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """The graph after a pass, and how long it took, in seconds."""

    name: str
    graph: Graph
    seconds: float


class Recorder:
    """Runs passes one after the other, and remembers what came of each."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._since = perf_counter()

    def __call__(self, name: str, graph: Graph, rewrite: Callable[[Graph], Graph]) -> Graph:
        """The rewritten graph."""
        self._since = perf_counter()
        return self.note(name, rewrite(graph))

    def note(self, name: str, graph: Graph) -> Graph:
        """The graph, made by what ran since the last step."""
        now = perf_counter()
        self._steps.append(Step(name, graph, now - self._since))
        self._since = now
        return graph

    @property
    def steps(self) -> tuple[Step, ...]:
        """What came of each pass so far."""
        return tuple(self._steps)


def run_passes(graph: Graph, passes: Iterable[Pass]) -> Graph:
    """The graph after all of the passes."""
    for each in passes:
        graph = each(graph)
    return graph
