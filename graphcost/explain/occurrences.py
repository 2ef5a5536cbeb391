"""Where the nodes of a file went: at the top level, into a loop or branch that was raised, or into nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphcost.evaluate import CallGraph, Evaluation, calls_of
from graphcost.ir.node import Node
from graphcost.ir.scopes import joined
from graphcost.ir.stand_ins import COPY, DEAD, FOLDED, restored
from graphcost.passes.fold import CONSTANT
from graphcost.pipeline import Analysis
from graphcost.roles.reasons import UNUSED

COPIED = "copy"
"""Why a node doesn't run in the second of two bodies that have it."""


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
    found: dict[str, list[Occurrence]] = {}
    own = analysis.model.graph
    for each in every(analysis):
        if each.node.name in own.nodes and each.body.function not in own.functions:
            found.setdefault(each.node.name, []).append(each)
    return found


def every(analysis: Analysis) -> Iterator[Occurrence]:
    """Every node of every body that was looked at, function bodies included; what runs comes first."""
    for body in analysis.calls.order:
        for node in body.graph.nodes.values():
            if node.op != DEAD:
                yield Occurrence(restored(node), body, _label(node))
    for body in analysis.calls.order:
        for node in _left_out(analysis, body):
            yield Occurrence(node, body, UNUSED)
    if analysis.dropped.facts is not analysis.facts:
        yield from _dropped(analysis)


def _label(node: Node) -> str | None:
    return {FOLDED: CONSTANT, COPY: COPIED}.get(node.op)


def _left_out(analysis: Analysis, body: Evaluation) -> Iterator[Node]:
    """The nodes of a function that its body doesn't need."""
    function = analysis.graph.functions.get(body.function)
    for node in function.nodes.values() if function is not None else ():
        if node.name not in body.graph.nodes or body.graph.nodes[node.name].op == DEAD:
            yield node


def _dropped(analysis: Analysis) -> Iterator[Occurrence]:
    """What doesn't run: of a body that a dropped node runs all, of the others what has a reason."""
    reasons = analysis.dropped.reasons
    around: dict[Evaluation, str | None] = {}
    for body in CallGraph.of(analysis.dropped.facts).order:
        label = around.get(body)
        for node in body.graph.nodes.values():
            reason = label or reasons.get(node.name)
            if reason is not None:
                yield Occurrence(restored(node), body, reason)
        for name, call in calls_of(body):
            around.setdefault(call.callee, label or reasons.get(name))
