"""What rewrites made of the nodes of the file's top level: which stands for which, and which are gone."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from graphcost.explain.occurrences import Occurrence, every
from graphcost.ir.graph import Graph
from graphcost.pipeline import Analysis


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A node that a rewrite made, and the nodes of the file's top level that it stands for."""

    place: Occurrence
    names: tuple[str, ...]


def graphs_around(analysis: Analysis) -> tuple[Graph, Graph] | None:
    """The graph before and after the rewrites; None where there were none."""
    names = [step.name for step in analysis.steps]
    if "rewrite" not in names:
        return None
    position = names.index("rewrite")
    return analysis.steps[position - 1].graph, analysis.steps[position].graph


def what_was_rewritten(analysis: Analysis, lined: Container[str]) -> tuple[list[Rewritten], frozenset[str]]:
    """The nodes that rewrites made, and the names of those that nothing stands for any more.

    Each name of the file is told once, with the first that stands for it. `lined` are those that have lines of their
    own still.
    """
    around = graphs_around(analysis)
    if around is None:
        return [], frozenset()
    before, after = around
    own = analysis.model.graph
    told: set[str] = set()
    found: list[Rewritten] = []
    for place in every(analysis):
        node, function = place.node, place.body.function
        if place.label is not None or function in own.functions or node.origins in ((), (node.name,)):
            continue
        was = (before.functions.get(function, before) if function else before).nodes.get(node.name)
        if was is not None and was.origins == node.origins:
            continue
        mine = [name for name in node.origins if name in own.nodes and name not in told]
        kept = tuple(name for name in mine if name == node.name or name not in lined)
        told.update(kept)
        found.append(Rewritten(place, kept))
    left = {name for graph in (after, *after.functions.values()) for name in graph.nodes}
    was_there = {name for graph in (before, *before.functions.values()) for name in graph.nodes}
    return found, frozenset(was_there - left - told)
