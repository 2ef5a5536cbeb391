"""Where the nodes of a file went: at the top level, into a loop or branch that was raised, or into nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from graphcost.evaluate import Evaluation
from graphcost.ir.graph import Node
from graphcost.ir.scopes import joined
from graphcost.pipeline import Analysis


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A node in one of the bodies that it stands in, and its name in the report's lines.

    `label` is the reason for which it doesn't run, its own or that of the node that runs the body; None when it does.
    """

    node: Node
    body: Evaluation
    label: str | None

    @property
    def line(self) -> str:
        return joined(self.body.path, self.node.name)

    @property
    def is_raised(self) -> bool:
        """Whether the node stands in a loop or branch that the file writes flat."""
        return bool(self.body.function)


def top_level(analysis: Analysis) -> Mapping[str, list[Occurrence]]:
    """For each node of the file's top level, where it stands after the passes; nowhere if they removed it."""
    places: dict[str, list[Occurrence]] = {}
    own = analysis.model.graph
    for body, label in _raised_bodies(analysis):
        for node in body.graph.nodes.values():
            if node.name in own.nodes:
                places.setdefault(node.name, []).append(Occurrence(node, body, node.dropped or label))
    return places


def every(analysis: Analysis) -> Iterator[Occurrence]:
    """Every node of every body that was looked at, function bodies included; what runs comes first."""
    for body, label in _bodies(analysis, entering=lambda _: True):
        for node in body.graph.nodes.values():
            yield Occurrence(node, body, node.dropped or label)


def _raised_bodies(analysis: Analysis) -> Iterator[tuple[Evaluation, str | None]]:
    functions = analysis.model.graph.functions
    return _bodies(analysis, entering=lambda body: body.function not in functions)


def _bodies(analysis: Analysis, entering: Callable[[Evaluation], bool]) -> Iterator[tuple[Evaluation, str | None]]:
    """The top level and the bodies that its nodes run, each once, with why it doesn't run."""
    pending: list[tuple[Evaluation, str | None]] = [(analysis.facts, None)]
    seen = {id(analysis.facts)}
    for body, label in pending:
        yield body, label
        calls = [(name, call) for name, calls in body.calls.items() for call in calls]
        if body is analysis.facts:
            calls += [(name, call) for name, calls in analysis.aside.calls.items() for call in calls]
        for name, call in calls:
            if id(call.callee) not in seen and entering(call.callee):
                seen.add(id(call.callee))
                pending.append((call.callee, label or body.graph.nodes[name].dropped))
