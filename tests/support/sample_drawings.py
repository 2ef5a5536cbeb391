"""Drawings made by hand, for the tests of what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from sample_reports import line

from graphcost.ops.cost import Cost
from graphcost.render.dot.dot_graph import DotGraph, Edge, Scope, Vertex
from graphcost.report import Line, add_up


def vertex(name: str, op: str = "Neg", *, cost: Cost | None = None, of: Line | None = None, **fields: object) -> Vertex:
    """A node in the scope of its name; its row is that of the line `of`, or of one with this cost."""
    *scope, label = name.split("/")
    lines = (line(name, op, cost=cost),) if cost else (of,) if of else ()
    row = replace(add_up(name, lines), nodes=1)
    return Vertex(**{"name": name, "label": label, "op": op, "scope": tuple(scope), "row": row} | fields)  # type: ignore[arg-type]


def drawn(vertices: Iterable[Vertex | str], *edges: Edge | tuple[str, str], bodies: Iterable[Scope] = ()) -> DotGraph:
    """Vertices, or the names of plain ones, with the edges between them."""
    every = [vertex(each) if isinstance(each, str) else each for each in vertices]
    arrows = [each if isinstance(each, Edge) else Edge(*each) for each in edges]
    return DotGraph({each.name: each for each in every}, tuple(arrows), frozenset(bodies))


def chain(*names: str) -> list[tuple[str, str]]:
    """Edges by which each of the vertices reads the one before it."""
    return [*pairwise(names)]
