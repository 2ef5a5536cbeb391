"""Where a sketch comes into being: nodes of evaluated bodies become vertices, what they read edges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from graphcost.dims import Shape
from graphcost.evaluate import Evaluation
from graphcost.graph import Node, TensorRef
from graphcost.passes.sources import INPUT_OPS
from graphcost.render.dot.sketch import Drawing, Edge, Scope, Vertex
from graphcost.report import Line, Report
from graphcost.scopes import joined, readable, scope_of

CONSTANTS = frozenset({"Const", "HostConst", "Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"})
IDENTITIES = frozenset({"Identity", "StopGradient", "PreventGradient", "Snapshot", "ReadVariableOp", "NoOp"})
FOLDED = "constant"
"""The reason of nodes that run once, not per inference; drawn along with the constants."""


class Source(NamedTuple):
    """A vertex that gives a tensor, and the tensor's shape."""

    vertex: str
    shape: Shape | None


@dataclass(frozen=True, slots=True)
class Place:
    """A body to be drawn. `scope` leads to it in the report's terms, `boxes` are what stands around it."""

    evaluation: Evaluation
    scope: str
    boxes: Scope
    arguments: Mapping[TensorRef, Source]

    def boxes_of(self, name: str) -> tuple[str, Scope]:
        """The scope of that name inside the body, and the boxes that it stands for."""
        scope = readable(joined(self.scope, name))
        inner = scope[len(self.scope) :] if scope.startswith(self.scope) else scope
        return scope, (*self.boxes, *(part for part in inner.split("/") if part))

    def line(self, node: Node) -> str:
        """What the report's lines call the node."""
        return joined(self.evaluation.path, node.name)


class Canvas:
    """Collects vertices and edges, each vertex under a name of its own, and the costs that lines have for them."""

    def __init__(self, drawing: Drawing, report: Report) -> None:
        self.drawing = drawing
        self.report = report
        self.bodies: set[Scope] = set()
        self._lines: dict[str, list[Line]] = {}
        self._vertices: dict[str, Vertex] = {}
        self._edges: dict[Edge, None] = {}
        self._namesakes: Counter[str] = Counter()
        for line in report.bound_lines:
            self._lines.setdefault(line.node, []).append(line)

    def shows(self, node: Node) -> bool:
        drawing = self.drawing
        if node.op in CONSTANTS or node.dropped == FOLDED:
            return drawing.constants and (node.dropped in (None, FOLDED) or drawing.dropped)
        if node.op in IDENTITIES and not drawing.identities:
            return False
        return node.dropped is None or drawing.dropped

    def is_counted(self, evaluation: Evaluation) -> bool:
        """Whether a body runs as the report counts: the branches that it leaves out have lines of no runs."""
        lines = (self._lines.get(joined(evaluation.path, node.name), ()) for node in evaluation.graph.kept)
        counts = [line.count for found in lines for line in found]
        return not counts or any(count != 0 for count in counts)

    def add_node(self, place: Place, node: Node, boxes: Scope | None = None) -> str:
        """The vertex of a node, in the boxes of its scope unless others are given; its name in the sketch."""
        lines = self._lines.get(place.line(node), ())
        given = {ref.node for ref in place.evaluation.graph.inputs}
        return self._add(
            boxes if boxes is not None else place.boxes_of(scope_of(node.name))[1],
            name=place.line(node),
            label=node.name.rpartition("/")[2],
            op=node.op,
            row=_row(node, lines),
            shape=shape_of(place, TensorRef(node.name), self.report),
            dropped=node.dropped,
            status=next((line.status.value for line in lines if not line.status.is_settled), ""),
            is_input=node.op in INPUT_OPS or node.name in given,
        )
