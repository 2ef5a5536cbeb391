"""The passes that a graph goes through, in their order: Graph -> Graph, one module each."""

from __future__ import annotations

from collections.abc import Iterable
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

PIPELINE: tuple[Pass, ...] = (Prune(), RaiseLoops(), RaiseConds(), *BODY_PASSES)
"""What the model's graph goes through. Loops and conds are raised in all functions at once: that makes new ones."""


def run_passes(graph: Graph, passes: Iterable[Pass]) -> Graph:
    """The graph after all of the passes."""
    for each in passes:
        graph = each(graph)
    return graph
