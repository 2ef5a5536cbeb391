"""A drawing as DOT text. Ids are numbers; whatever comes from the model stands in escaped labels only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from graphcost.dims import Dim
from graphcost.render.columns import measured, measured_as
from graphcost.render.dot.dot_graph import DotGraph, Edge, Scope, Vertex
from graphcost.render.dot.style import DROPPED, fill, ink
from graphcost.render.numbers import human_in, share
from graphcost.render.sanitize import middle, sanitize
from graphcost.render.summary import shape_text, title
from graphcost.report import Quantity, Report, Row

LEAST_CLUSTER = 4
"""Scopes of fewer vertices get no box: boxes cost the layout most of its time."""

NAME_LIMIT = 40
MOST_EDGE_LABELS = 400

SCOPE_STYLE = 'style="rounded"; color="#bbbbbb"; fontcolor="#555555"; penwidth=1'
BODY_STYLE = 'style="rounded"; color="#1f5fa8"; fontcolor="#1f5fa8"; penwidth=1.5'

HEADER = """digraph model {
  graph [rankdir=TB, nslimit=2, nslimit1=2, ranksep=0.3, nodesep=0.2, fontname="Helvetica", fontsize=11, labelloc=t]
  node [shape=box, style="filled,rounded", fontname="Helvetica", fontsize=10, margin="0.12,0.05", color="#8c8c8c"]
  edge [fontname="Helvetica", fontsize=8, fontcolor="#666666", color="#777777", arrowsize=0.6]
"""


def write(dot_graph: DotGraph, report: Report, heading: str = "") -> str:
    """The text. The heading has the report's totals, unless another is given."""
    ids = {name: f"n{i}" for i, name in enumerate(dot_graph.vertices)}
    scale = _most_expensive(dot_graph, report.total)
    lines = [HEADER.rstrip(), f"  label={quoted(heading or _heading(report))}"]
    lines += _boxed(_tree(dot_graph), _Style(ids, report, scale, count()), 0, 0)
    lines += _edges(dot_graph, ids)
    return "\n".join([*lines, "}"]) + "\n"


def quoted(*lines: str) -> str:
    """A DOT string of lines, each sanitized: backslash, quote and the ampersand of entities are escaped."""
    return '"' + "\\n".join(_escaped(line) for line in lines) + '"'


def _escaped(line: str) -> str:
    text = sanitize(line, 400)
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")


def _heading(report: Report) -> str:
    shown = (quantity for quantity in report.quantities if not quantity.beside and not quantity.minor_to)
    return f"{title(report)}: {', '.join(_amount(report.total, quantity, 40) for quantity in shown)}; darker is dearer"


def _amount(row: Row, quantity: Quantity, limit: int = 24) -> str:
    bound = "at least " if row.missing(quantity) else ""
    return f"{bound}{human_in(row.amount(quantity), quantity.unit, limit)} {quantity.spoken}"


@dataclass(slots=True)
class _Box:
    """A scope while boxes are built; `size` counts the vertices in it and in its inner boxes.

    `is_body` marks loops and branches, which have a box however small they are.
    """

    label: str
    is_body: bool = False
    size: int = 0
    members: list[Vertex] = field(default_factory=list)
    inner: dict[str, _Box] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Style:
    """What writing a vertex takes beside the vertex."""

    ids: Mapping[str, str]
    report: Report
    scale: Dim
    boxes: Iterator[int]


def _tree(dot_graph: DotGraph) -> _Box:
    root = _Box("")
    boxes: dict[Scope, _Box] = {(): root}
    for vertex in dot_graph.vertices.values():
        root.size += 1
        for depth in range(1, len(vertex.scope) + 1):
            scope = vertex.scope[:depth]
            if scope not in boxes:
                boxes[scope] = boxes[scope[:-1]].inner[scope[-1]] = _Box(scope[-1], scope in dot_graph.bodies)
            boxes[scope].size += 1
        boxes[vertex.scope].members.append(vertex)
    return root


def _boxed(box: _Box, style: _Style, depth: int, level: int) -> Iterator[str]:
    """The vertices of a scope, `depth` parts of whose name stand on the boxes around it already.

    Recurses as deep as boxes nest, which is MAX_DEPTH at most.
    """
    indent = "  " * (level + 1)
    yield from (f"{indent}{style.ids[v.name]} [{_attributes(v, style, depth)}]" for v in box.members)
    for inner in box.inner.values():
        scope, length = _lone_chain(inner)
        if scope.size < LEAST_CLUSTER and not scope.is_body:
            yield from _boxed(scope, style, depth, level)
            continue
        look = BODY_STYLE if scope.is_body else SCOPE_STYLE
        yield f"{indent}subgraph cluster_{next(style.boxes)} {{"
        yield f"{indent}  label={quoted(scope.label)}; {look}"
        yield from _boxed(scope, style, depth + length, level + 1)
        yield f"{indent}}}"


def _lone_chain(box: _Box) -> tuple[_Box, int]:
    """A scope that holds nothing but one scope, and so on, as one: the innermost with all their labels."""
    labels = [box.label]
    while len(box.inner) == 1 and not box.members and not box.is_body:
        (box,) = box.inner.values()
        labels.append(box.label)
    return replace(box, label="/".join(labels)), len(labels)


def _attributes(vertex: Vertex, style: _Style, depth: int) -> str:
    part = share(measured_as(vertex.row, style.report.total), style.scale)
    attributes = {
        "label": quoted(*_label(vertex, style.report, depth)),
        "tooltip": quoted(vertex.name),
        "fillcolor": f'"{DROPPED if vertex.dropped else fill(part)}"',
        "fontcolor": f'"{"#666666" if vertex.dropped else ink(part)}"',
    }
    if vertex.dropped or vertex.note:
        attributes |= {"style": '"filled,rounded,dashed"'}
    elif vertex.status:
        attributes |= {"color": '"#c00000"', "penwidth": "2", "style": '"filled,rounded,dashed"'}
    elif vertex.is_input or vertex.is_output:
        attributes |= {"color": '"#1f5fa8"', "penwidth": "2"}
    if vertex.is_input and vertex.op:
        attributes |= {"shape": "ellipse"}
    return ", ".join(f"{name}={value}" for name, value in attributes.items())


def _label(vertex: Vertex, report: Report, depth: int) -> Iterator[str]:
    """The name without what the boxes around say, the op and the output's shape, the cost."""
    name = "/".join((*vertex.scope[depth:], vertex.label))
    if name != vertex.op:
        yield middle(sanitize(name), NAME_LIMIT)
    shape = "" if vertex.shape is None else shape_text(vertex.shape)
    kind = vertex.op or f"{vertex.row.nodes:,} nodes"
    yield f"{middle(sanitize(kind), NAME_LIMIT)}  {shape}".rstrip()
    remark = f"dropped: {vertex.dropped}" if vertex.dropped else vertex.note or _cost(vertex, report)
    if remark:
        yield remark


def _cost(vertex: Vertex, report: Report) -> str:
    """The first quantity that the vertex has any of, with its share where that is the first of all."""
    if vertex.status and vertex.op:
        return f"? ({vertex.status})"
    first = report.quantities[0]
    for quantity in report.quantities:
        amount = vertex.row.amount(quantity)
        if quantity.may_be_open and (amount != 0 or vertex.row.missing(quantity)):
            part = share(amount, report.total.amount(quantity)) if quantity is first else None
            portion = f" ({100 * part:.1f} %)" if part is not None and part >= 0.001 else ""
            return f"{_amount(vertex.row, quantity)}{portion}"
    return ""


def _most_expensive(dot_graph: DotGraph, total: Row) -> Dim:
    """The cost of the most expensive vertex, which gets the darkest colour."""
    costs = [measured_as(vertex.row, total) for vertex in dot_graph.vertices.values() if vertex.dropped is None]
    return max(costs, key=lambda cost: share(cost, measured(total)) or 0.0, default=0)


def _edges(dot_graph: DotGraph, ids: Mapping[str, str]) -> Iterator[str]:
    is_labelled = len(dot_graph.edges) <= MOST_EDGE_LABELS
    for edge in dot_graph.edges:
        attributes = list(_edge_attributes(edge, is_labelled and not dot_graph.vertices[edge.source].op))
        suffix = f" [{', '.join(attributes)}]" if attributes else ""
        yield f"  {ids[edge.source]} -> {ids[edge.target]}{suffix}"


def _edge_attributes(edge: Edge, is_labelled: bool) -> Iterator[str]:
    """Groups don't show the shape of what they give, so the edges out of them do."""
    if edge.is_control:
        yield 'style=dashed, color="#b0b0b0"'
    if edge.is_back:
        yield 'style=dotted, color="#1f5fa8", constraint=false'
    if edge.shape is not None:
        shape = quoted(shape_text(edge.shape))
        yield f"edgetooltip={shape}"
        if is_labelled:
            yield f"label={shape}"
