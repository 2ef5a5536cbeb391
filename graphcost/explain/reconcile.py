"""Another tool's count beside graphcost's, with a reason for each difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from graphcost.dims import Dim, dim_sum
from graphcost.explain.docs import algorithm
from graphcost.explain.occurrences import Occurrence, top_level
from graphcost.explain.reasons import ALIKE, IN_FUNCTION, NO_RULE, OTHER_RULE, REWRITTEN_AWAY, why, why_rewritten
from graphcost.explain.reference import Count, counts, facts_on_import
from graphcost.explain.rewritten import Rewritten, what_was_rewritten
from graphcost.ops.rule import RuleSet
from graphcost.pipeline import Analysis
from graphcost.report import Line, Report

MOST_OPS = 8
"""How many ops without a rule are named."""


@dataclass(frozen=True, slots=True)
class NodeDifference:
    """One node: what the other tool counts of it and what graphcost does, and why they differ."""

    node: str
    op: str
    theirs: int
    ours: Dim
    reason: str

    @property
    def difference(self) -> Dim:
        """What the other tool counts more."""
        return self.theirs - self.ours


@dataclass(frozen=True, slots=True)
class Differences:
    """The nodes that differ for one reason, the greatest differences first. `note` says more, where there is more."""

    reason: str
    entries: tuple[NodeDifference, ...]
    note: str = ""

    @property
    def theirs(self) -> int:
        return sum(entry.theirs for entry in self.entries)

    @property
    def ours(self) -> Dim:
        return dim_sum(entry.ours for entry in self.entries)

    @property
    def difference(self) -> Dim:
        return self.theirs - self.ours


@dataclass(frozen=True)
class Reconciliation:
    """Both counts of a model. The groups' differences add up to that of the totals, exactly.

    Nodes of which both count nothing are left out. `ours` is a formula where symbols of the report are open.
    """

    tool: str
    report: Report
    groups: tuple[Differences, ...]

    @property
    def theirs(self) -> int:
        return sum(group.theirs for group in self.groups)

    @property
    def ours(self) -> Dim:
        return self.report.total.work.flops


def reconcile(analysis: Analysis, shapes: RuleSet, reference: RuleSet, tool: str) -> Reconciliation:
    """Holds the other tool's count against the analysis' report, under the report's bindings. See `their_counts`."""
    entries = _entries(analysis, their_counts(analysis, shapes, reference))
    groups: dict[str, list[NodeDifference]] = {}
    for entry in entries:
        groups.setdefault(entry.reason, []).append(entry)
    found = [Differences(reason, tuple(sorted(members, key=_size))) for reason, members in groups.items()]
    noted = [replace(group, note=_note(group, analysis.rules, reference, tool)) for group in found]
    return Reconciliation(tool, analysis.report, tuple(sorted(noted, key=_weight)))


def their_counts(analysis: Analysis, shapes: RuleSet, reference: RuleSet) -> Mapping[str, Count]:
    """What the rules of `reference` count for each node of the file's top level.

    The other tool sees it as TensorFlow imports it, with shapes by the rules of `shapes`; of what the user said it
    knows the shapes of inputs.
    """
    facts = facts_on_import(analysis.model.graph, shapes | reference, analysis.feeds)
    return counts(analysis.model.graph, facts, reference)


def _entries(analysis: Analysis, theirs: Mapping[str, Count]) -> Iterator[NodeDifference]:
    places = top_level(analysis)
    lines, others = _by_file_node(analysis, places)
    rewritten, gone = what_was_rewritten(analysis, lines)
    made: dict[str, list[Line]] = {each.place.line: [] for each in rewritten}
    for line in analysis.report.bound_lines if made else ():
        if line.node in made:
            made[line.node].append(line)
    for each in rewritten:
        yield from _rewritten_entry(each, made[each.place.line], theirs)
    told = {name for each in rewritten for name in each.names}
    for name, node in analysis.model.graph.nodes.items():
        own = lines.get(name, [])
        ours = _flops(own)
        if name not in told and (theirs[name].flops != 0 or ours != 0):
            reason = REWRITTEN_AWAY if name in gone else why(node.op, theirs[name], own, ours, places.get(name, ()))
            yield NodeDifference(name, node.op, theirs[name].flops, ours, reason)
    for line in others:
        if line.work.flops != 0 and line.node not in made:
            yield NodeDifference(line.node, line.op, 0, line.work.flops, IN_FUNCTION)


def _rewritten_entry(each: Rewritten, own: Sequence[Line], theirs: Mapping[str, Count]) -> Iterator[NodeDifference]:
    """A node that a rewrite made, with its lines, against all nodes of the file that it stands for."""
    place = each.place
    counted = [theirs[name] for name in each.names]
    flops, ours = sum(count.flops for count in counted), _flops(own)
    if flops != 0 or ours != 0:
        reason = why_rewritten(place.node.op, counted, own, ours, place)
        yield NodeDifference(place.line, place.node.op, flops, ours, reason)


def _by_file_node(
    analysis: Analysis, places: Mapping[str, Iterable[Occurrence]]
) -> tuple[Mapping[str, list[Line]], list[Line]]:
    """The report's lines by the node of the file's top level, and those of other nodes; each line is in one of both."""
    origins = {place.line: name for name, each in places.items() for place in each}
    known: dict[str, list[Line]] = {}
    others: list[Line] = []
    for line in analysis.report.bound_lines:
        origin = origins.get(line.node)
        if origin is None:
            others.append(line)
        else:
            known.setdefault(origin, []).append(line)
    return known, others


def _flops(lines: Iterable[Line]) -> Dim:
    return dim_sum(line.work.flops for line in lines)


def _note(group: Differences, own: RuleSet, reference: RuleSet, tool: str) -> str:
    """Where two rules differ, what both say of themselves; where one is missing, of which ops."""
    if group.reason.startswith(OTHER_RULE):
        op = group.entries[0].op
        return f"{op}: {tool} counts: {algorithm(reference.get(op))} graphcost counts: {algorithm(own.get(op))}"
    if group.reason == NO_RULE:
        nodes = Counter(entry.op for entry in group.entries).most_common()
        more = f" and {len(nodes) - MOST_OPS} more" if len(nodes) > MOST_OPS else ""
        return f"{tool} has no rule for {', '.join(f'{op} x {count:,}' for op, count in nodes[:MOST_OPS])}{more}."
    return ""


def _size(entry: NodeDifference) -> tuple[bool, int]:
    """A sort key: open differences first, then the greatest; of equal counts the greatest."""
    return _greatness(entry.difference or entry.theirs)


def _weight(group: Differences) -> tuple[bool, tuple[bool, int]]:
    return group.reason == ALIKE, _greatness(group.difference)


def _greatness(value: Dim) -> tuple[bool, int]:
    return (True, -abs(value)) if isinstance(value, int) else (False, 0)
