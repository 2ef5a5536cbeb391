"""What of a graph is drawn: its nodes with their costs, and the tensors between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphcost.dims import Shape, bind
from graphcost.graph import Graph, Node, TensorRef
from graphcost.render.entries import add_up
from graphcost.report import IDLE, Line, Report, Row

if TYPE_CHECKING:
    from graphcost.analyze import Analysis

CONSTANTS = frozenset({"Const", "HostConst", "Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"})
IDENTITIES = frozenset({"Identity", "StopGradient", "PreventGradient", "Snapshot", "ReadVariableOp", "NoOp"})
INPUTS = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})
FOLDED = "constant"
"""The reason of nodes that run once, not per inference; drawn along with the constants."""

MAX_DEPTH = 24
"""Scopes are told apart down to so many parts; hostile names have thousands."""


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
    """A node, or with an empty `op` the nodes of one scope. `scope` are the parts of the name that lead to it."""

    name: str
    op: str
    scope: tuple[str, ...]
    row: Row
    shape: Shape | None = None
    dropped: str | None = None
    status: str = ""
    is_input: bool = False
    is_output: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """A tensor from one vertex to another, by their names; a control edge has none."""

    source: str
    target: str
    shape: Shape | None = None
    is_control: bool = False


@dataclass(frozen=True, slots=True)
class Sketch:
    vertices: Mapping[str, Vertex]
    edges: tuple[Edge, ...]


def sketch(analysis: Analysis, drawing: Drawing) -> Sketch:
    """The vertices by name in the order of the graph, and the edges between them, drawn through what is left out."""
    graph, report = analysis.graph, analysis.report
    shown = {node.name: node for node in graph.order if _is_shown(node, drawing)}
    lines = _lines_by_node(graph, report)
    fed = {ref.node for ref in graph.inputs}
    origins = _origins(graph, shown)
    asked = {origins.get(ref.node, ref).node for ref in graph.outputs}

    def shape(ref: TensorRef) -> Shape | None:
        known = analysis.facts.fact(ref).shape
        if known is None:
            return None
        return Shape(*(bind(dim, report.bindings) for dim in analysis.facts.sizes.resolve_shape(known)))

    vertices = {}
    for node in shown.values():
        vertices[node.name] = Vertex(
            name=node.name,
            op=node.op,
            scope=tuple(node.name.split("/", MAX_DEPTH)[:-1]),
            row=_row(node, lines.get(node.name, ())),
            shape=shape(TensorRef(node.name)),
            dropped=node.dropped,
            status=_status(lines.get(node.name, ())),
            is_input=node.name in fed or node.op in INPUTS,
            is_output=node.name in asked,
        )
    edges = tuple(
        Edge(ref.node, node.name, None if is_control else shape(ref), is_control)
        for node in shown.values()
        for ref, is_control in _sources(node, origins, shown, drawing)
    )
    return Sketch(vertices, edges)


def _is_shown(node: Node, drawing: Drawing) -> bool:
    if node.op in CONSTANTS or node.dropped == FOLDED:
        return drawing.constants and (node.dropped in (None, FOLDED) or drawing.dropped)
    if node.op in IDENTITIES and not drawing.identities:
        return False
    return node.dropped is None or drawing.dropped


def _sources(
    node: Node, origins: Mapping[str, TensorRef], shown: Mapping[str, Node], drawing: Drawing
) -> Iterator[tuple[TensorRef, bool]]:
    """Where a node's inputs come from, each tensor once; True marks control edges."""
    refs = dict.fromkeys(origins.get(ref.node, ref) for ref in node.inputs)
    yield from ((ref, False) for ref in refs if ref.node in shown)
    if drawing.controls:
        yield from ((TensorRef(name), True) for name in dict.fromkeys(node.controls) if name in shown)


def _origins(graph: Graph, shown: Mapping[str, Node]) -> Mapping[str, TensorRef]:
    """For each identity that is left out the tensor that it passes on."""
    origins: dict[str, TensorRef] = {}
    for node in graph.order:
        if node.op in IDENTITIES and node.inputs and node.name not in shown:
            source = node.inputs[0]
            origins[node.name] = origins.get(source.node, source)
    return origins


def _lines_by_node(graph: Graph, report: Report) -> Mapping[str, list[Line]]:
    """The lines of each node; those of a function's body go to the node that calls it."""
    lines: dict[str, list[Line]] = {}
    for line in report.bound_lines:
        owner = _owner(line.node, graph)
        if owner is not None:
            lines.setdefault(owner, []).append(line)
    return lines


def _owner(name: str, graph: Graph) -> str | None:
    """A line inside a body is named after the call: `call/node`."""
    while name not in graph.nodes:
        name, slash, _ = name.rpartition("/")
        if not slash:
            return None
    return name


def _row(node: Node, lines: Iterable[Line]) -> Row:
    rows = [
        Row(line.node, 1, line.work, line.params, line.param_bytes, int(not line.status.is_settled)) for line in lines
    ]
    if not rows:
        return Row(node.name, 1, IDLE, 0, 0, 0)
    return rows[0] if len(rows) == 1 else add_up(node.name, rows)


def _status(lines: Iterable[Line]) -> str:
    """Why the first uncosted line has no cost; "" where all have one."""
    return next((line.status.value for line in lines if not line.status.is_settled), "")
