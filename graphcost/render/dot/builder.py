"""Where a drawing comes into being: bodies, their vertices with the costs that the report has for them, and edges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from graphcost.dims import Shape
from graphcost.evaluate import CallGraph, Evaluation
from graphcost.ir.node import Node, TensorRef
from graphcost.ir.scopes import joined, readable
from graphcost.ir.stand_ins import STAND_INS
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.render.dot.dot_graph import MAX_DEPTH, DotGraph, Edge, Scope, Vertex
from graphcost.report import Line, Report, Row, add_up


class Endpoint(NamedTuple):
    """A vertex that gives a tensor, and the tensor where its facts are."""

    vertex: str
    evaluation: Evaluation
    ref: TensorRef

    def port(self, port: int) -> Endpoint:
        """Another output of the vertex."""
        return self._replace(ref=self.ref._replace(port=port))


@dataclass(frozen=True, slots=True)
class DrawnBody:
    """A body to be drawn. `scope` leads to it in the report's terms, `boxes` are what stands around it."""

    evaluation: Evaluation
    scope: str
    boxes: Scope
    arguments: Mapping[TensorRef, Endpoint]

    def inner(self, name: str) -> tuple[str, Scope]:
        """A scope of the body as it reads from outside, and the boxes that it stands for."""
        scope = readable(joined(self.scope, name))
        inside = scope[len(self.scope) :] if scope.startswith(self.scope) else scope
        return scope, (*self.boxes, *(part for part in inside.split("/") if part))

    def line(self, node: Node) -> str:
        """What the report's lines call the node."""
        return joined(self.evaluation.path, node.name)


class Builder:
    """Collects what is drawn. Every vertex has a name of its own, and at most one has a line's costs."""

    def __init__(self, report: Report, calls: CallGraph, rules: RuleSet) -> None:
        """`calls` are the bodies that the report was made from, by these rules."""
        self.report = report
        self._fed = {ref.node for ref in calls.root.graph.inputs}
        self._inputs = rules.ops_in(Role.INPUT)
        self._lines = _lines_by_node(calls, report.bound_lines)
        self._vertices: dict[str, Vertex] = {}
        self._edges: dict[Edge, None] = {}
        self._bodies: set[Scope] = set()
        self._namesakes: Counter[str] = Counter()

    def add_box(self, boxes: Scope) -> Scope:
        """Says that the innermost of the boxes is a loop or a branch."""
        self._bodies.add(boxes[:MAX_DEPTH])
        return boxes

    def add_node(self, place: DrawnBody, node: Node, boxes: Scope, dropped: str | None = None) -> Endpoint:
        """The vertex of a node, with what the report says of it; `dropped` is why it doesn't run."""
        name = place.line(node)
        line = self._lines.get((id(place.evaluation), node.name))
        vertex = Vertex(
            name=name,
            label=_last_part(node.name),
            op=node.op,
            scope=boxes,
            row=self._row(node, line),
            dropped=dropped,
            status="" if line is None or line.status.is_known else line.status.value,
            is_input=node.op in self._inputs or name in self._fed,
        )
        return self._add(vertex, Endpoint(name, place.evaluation, TensorRef(node.name)))

    def add_stand_in(self, place: DrawnBody, node: Node, boxes: Scope, op: str, note: str = "") -> Endpoint:
        """A vertex without costs of its own: a loop variable, or a body that is drawn elsewhere."""
        name = place.line(node)
        vertex = Vertex(name, _last_part(node.name), op, boxes, self._row(node, None), note=note)
        return self._add(vertex, Endpoint(name, place.evaluation, TensorRef(node.name)))

    def connect(self, sources: Iterable[Endpoint | None], target: Endpoint, *, is_back: bool = False) -> None:
        """Edges for tensors, each once; what isn't drawn gives none."""
        for source in sources:
            if source is not None:
                self._edges[Edge(source.vertex, target.vertex, self._shape(source), is_back=is_back)] = None

    def connect_control(self, source: Endpoint, target: Endpoint) -> None:
        self._edges[Edge(source.vertex, target.vertex, is_control=True)] = None

    def is_counted(self, evaluation: Evaluation) -> bool:
        """Whether the report counts a body: the lines of a branch that it leaves out run 0 times."""
        found = (self._lines.get((id(evaluation), node.name)) for node in evaluation.graph.nodes.values())
        counts = [line.count for line in found if line is not None]
        return not counts or any(count != 0 for count in counts)

    def dot_graph(self, outputs: Iterable[Endpoint | None]) -> DotGraph:
        """What was drawn, with the vertices of the model's outputs marked as such."""
        vertices = dict(self._vertices)
        for source in outputs:
            if source is not None:
                vertices[source.vertex] = replace(vertices[source.vertex], is_output=True)
        return DotGraph(vertices, tuple(self._edges), frozenset(self._bodies))

    def _add(self, vertex: Vertex, source: Endpoint) -> Endpoint:
        """Under a name that no other vertex has; parts of the scope that are too deep for boxes go to the label."""
        name = vertex.name
        while name in self._vertices:
            self._namesakes[vertex.name] += 1
            name = f"{vertex.name} #{self._namesakes[vertex.name] + 1}"
        self._vertices[name] = replace(
            vertex,
            name=name,
            label="/".join((*vertex.scope[MAX_DEPTH:], vertex.label)),
            scope=vertex.scope[:MAX_DEPTH],
            shape=self._shape(source),
        )
        return source._replace(vertex=name)

    def _row(self, node: Node, line: Line | None) -> Row:
        """What the report says of one vertex; a node without a line has a part in nothing."""
        own = () if line is None else (line,)
        return replace(add_up(node.name if line is None else line.node, own, self.report.quantities), nodes=1)

    def _shape(self, source: Endpoint) -> Shape | None:
        """None also for a node that gives nothing, such as an Assert."""
        facts = source.evaluation.facts.get(source.ref.node, ())
        known = facts[source.ref.port].shape if source.ref.port < len(facts) else None
        if known is None:
            return None
        return Shape(*(self.report.value(dim) for dim in source.evaluation.sizes.resolve_shape(known)))


def _last_part(name: str) -> str:
    return name.rpartition("/")[2]


def _lines_by_node(calls: CallGraph, lines: Iterable[Line]) -> Mapping[tuple[int, str], Line]:
    """Lines by body and node. A report has them in this order; by their names alone two branches look alike."""
    bodies = ((body, node) for body in calls.order for node in body.graph.nodes.values())
    nodes = ((body, node) for body, node in bodies if node.op not in STAND_INS)
    return {(id(body), node.name): line for (body, node), line in zip(nodes, lines, strict=True)}
