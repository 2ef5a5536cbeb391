"""One node: its rule with the sizes filled in, its cost, how often it runs and why, or why it doesn't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from graphcost.dims import Shape
from graphcost.errors import UsageError
from graphcost.evaluate import Evaluation
from graphcost.evaluate.infer import guarded
from graphcost.explain.docs import algorithm, first_paragraph
from graphcost.explain.occurrences import Occurrence, every
from graphcost.explain.paths import Step, steps_to
from graphcost.explain.reference import Count, together
from graphcost.ir.literal import Item
from graphcost.ir.node import EMPTY, Attr, Node
from graphcost.ir.stand_ins import STAND_INS
from graphcost.measure.arithmetic import line as line_of
from graphcost.measure.params import NO_WEIGHTS
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost.ops.rule import Rule
from graphcost.ops.status import Status
from graphcost.pipeline import Analysis
from graphcost.report import Line

if TYPE_CHECKING:
    from graphcost.explain.rewrites import RewriteReason

MOST_ITEMS = 16
"""Values of more elements aren't shown."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output: `value` where every element is known and they are few."""

    name: str
    dtype: str | None
    shape: Shape | None
    value: tuple[Item, ...] | None


@dataclass(frozen=True)
class NodeExplanation:
    """What is known of a node.

    `once` is a line of a single run, whatever becomes of it; `lines` are those of the report, none where the node
    doesn't run, and then `dropped` is the reason. `attributes` are those that its rules asked for. `steps` lead from
    the top level to the body that it stands in. `theirs` is another tool's count, where that was asked for. `rewrites`
    are the reasons for which those that were asked for left it as it is.
    """

    node: Node
    name: str
    dropped: str | None
    rule: Rule | None
    shape_doc: str
    cost_doc: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    attributes: Mapping[str, Attr]
    once: Line
    lines: tuple[Line, ...]
    steps: tuple[Step, ...]
    theirs: Count | None = None
    others: tuple[str, ...] = ()
    rewrites: tuple[RewriteReason, ...] = ()


def explain_node(analysis: Analysis, name: str, theirs: Mapping[str, Count] = EMPTY) -> NodeExplanation:
    """The explanation of the node that the report's lines, or the file, call `name`.

    `theirs` is what another tool counts for each node of the file's top level.

    Where several bodies have one of that name, the first that runs; `others` are the names of the rest. Raises
    UsageError where there is none.
    """
    found = _find(analysis, name)
    place = found[0]
    body, node = place.body, place.node
    rule = analysis.rules.get(node.op)
    once = line_of(node, body, analysis.rules, NO_WEIGHTS, "")
    once = replace(once, work=once.work.whole())
    if node.op in STAND_INS:
        once = replace(once, status=Status.FREE, reason="stands for what is computed elsewhere and given to the body")
    return NodeExplanation(
        node=node,
        name=place.line,
        dropped=place.label,
        rule=rule,
        shape_doc=first_paragraph(rule.shape) if rule is not None else "",
        cost_doc=algorithm(rule),
        inputs=tuple(_tensor(str(ref), body.fact(ref), body) for ref in node.inputs),
        outputs=tuple(_tensor(f"output {port}", fact, body) for port, fact in enumerate(body.facts.get(node.name, ()))),
        attributes=_attributes_asked_for(node, rule, body),
        once=once,
        lines=tuple(line for line in analysis.report.lines if line.node == place.line),
        steps=tuple(steps_to(analysis.calls, place.body)),
        theirs=None if place.body.function in analysis.model.graph.functions else _theirs(node, theirs),
        others=tuple(dict.fromkeys(other.line for other in found[1:] if other.line != place.line)),
        rewrites=_rewrites(analysis, place),
    )


def _theirs(node: Node, theirs: Mapping[str, Count]) -> Count | None:
    """The other tool's count of the node, or of all that it stands for where a rewrite put it in their place."""
    if node.name not in theirs:
        return None
    return together(theirs[name] for name in dict.fromkeys((node.name, *node.origins)) if name in theirs)


def _rewrites(analysis: Analysis, place: Occurrence) -> tuple[RewriteReason, ...]:
    if not analysis.rewrites:
        return ()
    from graphcost.explain.rewrites import rewrite_reasons

    return rewrite_reasons(analysis, place.node.name, place.body)


def _find(analysis: Analysis, name: str) -> list[Occurrence]:
    places = list(every(analysis))
    found = (
        [place for place in places if place.line == name]
        or [place for place in places if place.node.name == name]
        or [place for place in places if name in place.node.origins]
    )
    if not found:
        raise UsageError(_unknown(analysis, name, places))
    return sorted(found, key=lambda place: place.label is not None)


def _unknown(analysis: Analysis, name: str, places: Sequence[Occurrence]) -> str:
    near = get_close_matches(name, dict.fromkeys(place.line for place in places), n=3, cutoff=0.5)
    return f"the model has no node {name!r}" + (f"; near it are {', '.join(near)}" if near else "")


def _tensor(name: str, fact: Fact, body: Evaluation) -> Tensor:
    shape = None if fact.shape is None else body.sizes.resolve_shape(fact.shape)
    value = fact.value
    shown = value.items if value is not None and value.is_known and len(value.items) <= MOST_ITEMS else None
    return Tensor(name, fact.dtype, shape, shown)


class _Asked(Mapping[str, Attr]):
    """Attributes that remember which of them were asked for."""

    def __init__(self, attrs: Mapping[str, Attr]) -> None:
        self._attrs = attrs
        self.names: dict[str, None] = {}

    def __getitem__(self, name: str) -> Attr:
        value = self._attrs[name]
        self.names[name] = None
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._attrs)

    def __len__(self) -> int:
        return len(self._attrs)


def _attributes_asked_for(node: Node, rule: Rule | None, body: Evaluation) -> Mapping[str, Attr]:
    if rule is None:
        return {}
    asked = _Asked(node.attrs)
    inputs = [body.fact(ref) for ref in node.inputs]
    op = Op(replace(node, attrs=asked), inputs, body.facts.get(node.name, ()), body.sizes.fork())
    for aspect in (rule.shape, rule.value, rule.cost):
        if callable(aspect):
            guarded(lambda aspect=aspect: aspect(op))  # type: ignore[misc]
    return {name: node.attrs[name] for name in asked.names}
