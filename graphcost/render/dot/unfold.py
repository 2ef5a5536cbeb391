"""From an analysis to a drawing of what runs: bodies are drawn where they are called, each of them once.

A call's body takes the place of its node: what the node reads is what the body's inputs are. Loops and branches become
boxes. Where a body has been drawn before a vertex refers to it, so the drawing grows with the number of bodies, not
of call paths.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from graphcost.evaluate import Call
from graphcost.evaluate.structural.loop import passes_through
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.ir.scopes import scope_of
from graphcost.ir.stand_ins import FOLDED, STAND_INS, restored
from graphcost.passes.fold import CONSTANT
from graphcost.render.dot.builder import Builder, DrawnBody, Endpoint
from graphcost.render.dot.dot_graph import DotGraph, Drawing, Scope
from graphcost.render.dot.style import Shown, alternative_title, branch_title, loop_title, times_text
from graphcost.roles.reasons import UNUSED

if TYPE_CHECKING:
    from graphcost.pipeline import Analysis

Endpoints = Sequence[Endpoint | None]
"""The vertices that tensors come from; None for a tensor that nothing drawn gives."""

Steps = Generator[DrawnBody, Endpoints, Endpoints]
"""Draws a body: asks for the bodies inside it, is told what their outputs are, and returns its own."""

LOOP_VARIABLE = "loop variable"


def unfold(analysis: Analysis, drawing: Drawing) -> DotGraph:
    """What runs, in the order in which it runs; edges pass through what is left out."""
    builder = Builder(analysis.report, analysis.calls, analysis.rules)
    unfolding = _Unfolding(builder, Shown(drawing, analysis.rules), analysis)
    return builder.dot_graph(_drive(unfolding, DrawnBody(analysis.facts, "", (), {})))


def _drive(unfolding: _Unfolding, root: DrawnBody) -> Endpoints:
    """Keeps the bodies that are being drawn on a stack: no depth of calls is a depth of recursion."""
    stack = [unfolding.draw(root)]
    answer: Endpoints | None = None
    while True:
        try:
            wish = next(stack[-1]) if answer is None else stack[-1].send(answer)
        except StopIteration as stop:
            outputs: Endpoints = stop.value
            stack.pop()
            if not stack:
                return outputs
            answer = outputs
        else:
            stack.append(unfolding.draw(wish))
            answer = None


class _Unfolding:
    """Draws bodies on a builder, and remembers for which node each was drawn."""

    def __init__(self, builder: Builder, shown: Shown, analysis: Analysis) -> None:
        self.builder = builder
        self.shown = shown
        self.drawing = shown.drawing
        self.analysis = analysis
        self.report = analysis.report
        self.loops = {loop.name: loop for loop in self.report.loops}
        self.drawn: dict[int, str] = {}

    def draw(self, place: DrawnBody) -> Steps:
        graph, calls = place.evaluation.graph, place.evaluation.calls
        sources: dict[TensorRef, Endpoint] = dict(place.arguments)
        for node in graph.order:
            if node.name in calls:
                inputs = [sources.get(ref) for ref in node.inputs]
                _note(sources, node, (yield from self._run(place, node, calls[node.name], inputs)))
            elif node.op == FOLDED:
                self._draw_node(place, restored(node), CONSTANT, sources)
            elif node.op not in STAND_INS:
                self._draw_node(place, node, None, sources)
        if self.drawing.dropped:
            self._draw_dropped(place, sources)
        return [sources.get(ref) for ref in graph.outputs]

    def _draw_node(self, place: DrawnBody, node: Node, dropped: str | None, sources: dict[TensorRef, Endpoint]) -> None:
        """A vertex with its edges; edges pass through an identity that isn't drawn."""
        inputs = [sources.get(ref) for ref in node.inputs]
        if self.shown.has(node, dropped):
            vertex = self.builder.add_node(place, node, place.inner(scope_of(node.name))[1], dropped)
            self.builder.connect(inputs, vertex)
            self._connect_controls(node, sources, vertex)
            _note(sources, node, _outputs(vertex, node))
        elif self.shown.hands_on(node):
            _note(sources, node, inputs[:1])

    def _draw_dropped(self, place: DrawnBody, sources: dict[TensorRef, Endpoint]) -> None:
        """What of the top level, or of a function, doesn't run: it reads what runs, never the other way."""
        live = place.evaluation.graph.nodes
        if place.evaluation is self.analysis.facts:
            part = self.analysis.dropped
            beside = replace(place, evaluation=part.facts)
            for node in part.graph.order:
                if node.name in part.reasons and node.name not in live:
                    self._draw_node(beside, node, part.reasons[node.name], sources)
            return
        function = self.analysis.graph.functions.get(place.evaluation.function)
        for node in function.order if function is not None else ():
            if node.name not in live:
                self._draw_node(place, node, UNUSED, sources)

    def _connect_controls(self, node: Node, sources: Mapping[TensorRef, Endpoint], vertex: Endpoint) -> None:
        if self.drawing.controls:
            for name in node.controls:
                source = sources.get(TensorRef(name))
                if source is not None and source.ref.node == name:
                    self.builder.connect_control(source, vertex)

    def _run(self, place: DrawnBody, node: Node, calls: Sequence[Call], inputs: Endpoints) -> Steps:
        """What stands in the place of a node that runs bodies; gives the node's outputs."""
        first = calls[0]
        if first.binder is not None:
            return (yield from self._loop(place, node, calls, inputs))
        if first.guard is not None:
            return (yield from self._branches(place, node, calls, inputs))
        if first.times != 1 or len(calls) > 1:
            return (yield from self._repeated(place, node, calls, inputs))
        scope, boxes = place.inner(node.name)
        return (yield from self._body(place, node, first, inputs, scope, boxes))

    def _body(self, place: DrawnBody, node: Node, call: Call, inputs: Endpoints, scope: str, boxes: Scope) -> Steps:
        """The callee in the boxes, or a vertex that says where it is drawn and counted."""
        seen = self.drawn.get(id(call.callee))
        if seen is not None:
            vertex = self.builder.add_stand_in(place, node, boxes, node.op, f"counted at {seen}")
            self.builder.connect(inputs, vertex)
            return _outputs(vertex, node)
        self.drawn[id(call.callee)] = place.line(node)
        given = zip(call.callee.graph.inputs, call.given(inputs), strict=True)
        arguments = {ref: source for ref, source in given if source is not None}
        return (yield DrawnBody(call.callee, scope, boxes, arguments))

    def _loop(self, place: DrawnBody, node: Node, calls: Sequence[Call], inputs: Endpoints) -> Steps:
        """A box with the condition and the body in it, which read loop variables and hand them on."""
        body, *conditions = calls
        assert body.binder is not None
        scope, (*outer, name) = _named(place, node)
        title = loop_title(name, body.binder, self.loops.get(place.line(node)), self.report)
        boxes = self.builder.add_box((*outer, title))
        given = _last(inputs, len(body.callee.graph.inputs))
        is_new = id(body.callee) not in self.drawn
        variables = self._variables(DrawnBody(body.callee, scope, boxes, {}), given) if is_new else given
        for condition in conditions:
            within = self.builder.add_box((*boxes, "condition"))
            yield from self._body(place, node, condition, variables, scope, within)
        results = yield from self._body(place, node, body, variables, scope, boxes)
        handed_on = len(body.callee.graph.outputs)
        for variable, before, result in zip(
            _last(variables, handed_on), _last(given, handed_on), results[:handed_on], strict=True
        ):
            if variable is not None and variable is not before:
                self.builder.connect([result], variable, is_back=True)
        return results

    def _variables(self, inside: DrawnBody, given: Endpoints) -> Endpoints:
        """A vertex for each variable that an iteration reads and changes; the others are what the loop is given."""
        graph = inside.evaluation.graph
        before_them = len(graph.inputs) - len(graph.outputs)
        variables = list(given)
        for position in range(len(graph.outputs)):
            ref = graph.inputs[before_them + position]
            if before_them or _changes(graph, position):
                vertex = self.builder.add_stand_in(inside, graph.nodes[ref.node], inside.boxes, LOOP_VARIABLE)
                self.builder.connect([given[before_them + position]], vertex)
                variables[before_them + position] = vertex
        return variables

    def _branches(self, place: DrawnBody, node: Node, calls: Sequence[Call], inputs: Endpoints) -> Steps:
        """A box with each branch in it, and the node itself, where the branches meet."""
        scope, (*outer, name) = _named(place, node)
        boxes: Scope = ()
        ends: list[Endpoint | None] = [inputs[0]]
        for call in calls:
            assert call.guard is not None
            boxes = self.builder.add_box((*outer, branch_title(name, node, call.guard)))
            title = alternative_title(node, call.guard, self.builder.is_counted(call.callee))
            within = self.builder.add_box((*boxes, title))
            ends += yield from self._body(place, node, call, inputs, scope, within)
        meeting = self.builder.add_node(place, node, boxes)
        self.builder.connect(ends, meeting)
        return _outputs(meeting, node)

    def _repeated(self, place: DrawnBody, node: Node, calls: Sequence[Call], inputs: Endpoints) -> Steps:
        """A box with each body that a node runs many times, and the node itself, which makes its outputs of theirs."""
        scope, (*outer, name) = _named(place, node)
        boxes = self.builder.add_box((*outer, name))
        ends: list[Endpoint | None] = []
        for call in calls:
            word = call.callee.path.rpartition("/")[2]
            within = self.builder.add_box((*boxes, f"{word}, {times_text(call.times, self.report)}"))
            ends += yield from self._body(place, node, call, inputs, scope, within)
        meeting = self.builder.add_node(place, node, boxes)
        self.builder.connect(ends, meeting)
        return _outputs(meeting, node)


def _note(sources: dict[TensorRef, Endpoint], node: Node, outputs: Endpoints) -> None:
    """Remembers what vertices a node's outputs come from."""
    sources.update((TensorRef(node.name, i), source) for i, source in enumerate(outputs) if source is not None)


def _outputs(vertex: Endpoint, node: Node) -> Endpoints:
    return [vertex.port(port) for port in range(len(node.dtypes))]


def _last(sources: Endpoints, count: int) -> Endpoints:
    """The callee takes the last of a node's inputs: those before them say which branch, how often, or where."""
    return sources[len(sources) - count :]


def _named(place: DrawnBody, node: Node) -> tuple[str, Scope]:
    """The scope of what a node runs, and its boxes; the last one has the node's name, a wrapper's too."""
    scope, boxes = place.inner(node.name)
    return scope, boxes if len(boxes) > len(place.boxes) else (*boxes, node.name.rpartition("/")[2])


def _changes(body: Graph, position: int) -> bool:
    """Whether a loop's body reads a variable and hands on something else."""
    return any(body.readers(body.inputs[position].node)) and not passes_through(body, position)
