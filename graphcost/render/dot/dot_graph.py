"""What is drawn: vertices, the tensors between them, and the boxes around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphcost.dims import Shape
from graphcost.report import Row

MAX_DEPTH = 24
"""Scopes are told apart down to so many parts; hostile names have thousands."""

Scope = tuple[str, ...]
"""What stands on the boxes around a vertex, outermost first: parts of names, and the titles of loops and branches."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What to draw beside the nodes that run, and how far down. `depth` cuts scopes after so many parts."""

    constants: bool = False
    identities: bool = False
    controls: bool = False
    dropped: bool = False
    full: bool = False
    depth: int | None = None


@dataclass(frozen=True, slots=True)
class Vertex:
    """A node, or with an empty `op` the nodes of one scope.

    `name` is its own in the drawing, mostly the one that the report's lines have; `label` is what of it the boxes don't
    say; `note` is a remark in place of the cost.
    """

    name: str
    label: str
    op: str
    scope: Scope
    row: Row
    shape: Shape | None = None
    dropped: str | None = None
    status: str = ""
    note: str = ""
    is_input: bool = False
    is_output: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """A tensor from one vertex to another, by their names; a control edge has none.

    A back edge hands a loop variable on to the next iteration.
    """

    source: str
    target: str
    shape: Shape | None = None
    is_control: bool = False
    is_back: bool = False


@dataclass(frozen=True, slots=True)
class DotGraph:
    """Vertices by name, in the order in which they run. `bodies` are the scopes that are loops and branches."""

    vertices: Mapping[str, Vertex]
    edges: tuple[Edge, ...]
    bodies: frozenset[Scope] = frozenset()
