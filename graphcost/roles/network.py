"""The network in a graph: what depends on its inputs and weights, and on no label, gradient or effect."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass

from graphcost.ir.graph import Graph
from graphcost.ir.node import FunctionRef
from graphcost.ir.structural import BRANCHES, LOOPS
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.passes.control_flow.frames import ENTERS, EXITS, ROOT, SWITCHES, find_frames
from graphcost.roles.flow import Flow
from graphcost.roles.labels import Labels, find_labels
from graphcost.roles.regions import Regions, find_regions, only_for
from graphcost.roles.weights import WeightUses, batch_reductions, find_weight_uses


@dataclass(frozen=True)
class Network:
    """The parts of a graph, as points of `flow`.

    `weighted` are the points of the network where weights meet data (only trained weights, if any are), `last` those
    that no other follows; without any, the inputs are. `live` is all that depends on them and not on a label. `judged`
    is what depends on `labels`: losses and metrics; `suspects` are inputs that would be labels, if what depends on them
    were a loss. `served` are effects and what only they read. `hidden` are points whose value is nobody's answer:
    inside a loop, or on one side of a branch.
    """

    flow: Flow
    weight_uses: WeightUses
    regions: Regions
    labels: frozenset[int]
    suspects: frozenset[int]
    weighted: frozenset[int]
    last: frozenset[int]
    live: frozenset[int]
    judged: frozenset[int]
    served: frozenset[int]
    hidden: frozenset[int]

    @property
    def is_trained(self) -> bool:
        """Whether the graph holds a backward pass or an optimizer."""
        return bool(self.regions.trained)

    @property
    def has_loss(self) -> bool:
        return bool(self.labels) or self.is_trained


def find_network(graph: Graph, rules: RuleSet) -> Network:
    """The network that the rules' roles show in a graph."""
    flow = Flow.of(graph, rules)
    weight_uses = find_weight_uses(flow, graph.inputs)
    regions = find_regions(flow, weight_uses)
    weighted = {
        point
        for point in weight_uses.weighted - regions.gradient - regions.effects
        if not regions.trained or any(weight_uses.owner.get(each) in regions.trained for each in flow.operands[point])
    }
    labels = find_labels(flow, weight_uses, regions, weighted)
    judged = flow.downstream(labels.judges, regions.gradient)
    suspects: frozenset[int] = frozenset()
    if labels.sources and not regions.trained and not _ends_in_loss(flow, regions, judged):
        labels, judged, suspects = Labels(), set(), labels.sources
    served = regions.effects | only_for(flow, regions.effects, judged)
    if weighted <= served:
        served = regions.effects | only_for(flow, regions.effects, judged | flow.upstream(weighted))
    outside = judged | regions.gradient | served
    weighted -= outside
    loops = _find_loops(graph, flow)
    roots = weighted or {point for point in weight_uses.sources - outside if not flow.is_split(point)}
    return Network(
        flow=flow,
        weight_uses=weight_uses,
        regions=regions,
        labels=labels.sources,
        suspects=suspects,
        weighted=frozenset(weighted),
        last=frozenset(_last_before(flow, labels.answers, roots, outside, loops)),
        live=frozenset(flow.downstream(roots, outside)),
        judged=frozenset(judged),
        served=frozenset(served),
        hidden=frozenset(_hidden(flow) | _saving(graph, flow) | loops.inside.keys() | loops.unread),
    )


def _ends_in_loss(flow: Flow, regions: Regions, judged: Set[int]) -> bool:
    """Whether what depends on labels is compared by an op made for that, or ends in effects or means over the batch."""
    if not judged.isdisjoint(flow.points(Role.LOSS)):
        return True
    collapsed = flow.downstream(batch_reductions(flow) & judged) | regions.effects
    return all(point in collapsed for point in judged if not flow.readers[point])


@dataclass(frozen=True)
class _Loops:
    """Points inside loops and exits that are read, each with its outermost loop; exits that aren't read."""

    inside: Mapping[int, int]
    exits: Mapping[int, int]
    unread: frozenset[int]


def _find_loops(graph: Graph, flow: Flow) -> _Loops:
    if not any(node.op in ENTERS for node in flow.nodes):
        return _Loops({}, {}, frozenset())
    frames = find_frames(graph)
    outermost = [ROOT]
    for frame, parent in enumerate(frames.parents[1:], start=1):
        outermost.append(frame if parent == ROOT else outermost[parent])
    inside: dict[int, int] = {}
    exits: dict[int, int] = {}
    unread: set[int] = set()
    for point, node in enumerate(flow.nodes):
        home = frames.home[node.name]
        if node.op in EXITS and not flow.readers[point]:
            unread.add(point)
        elif node.op in EXITS and frames.parents[home] == ROOT:
            exits[point] = outermost[home]
        elif home != ROOT:
            inside[point] = outermost[home]
    return _Loops(inside, exits, frozenset(unread))


def _last_before(
    flow: Flow, answers: Collection[int], weighted: Collection[int], outside: Collection[int], loops: _Loops
) -> set[int]:
    """The last weighted points. Weights that follow an answer, and of which none is compared, belong to the loss.

    So do those of a conditional random field, which is summed over all sequences of labels.
    """
    last = _last(flow, weighted, outside, loops)
    answering = flow.upstream(answers, outside)
    before = {point for point in weighted if point in answering}
    if not before:
        return last
    of_loss = last & flow.downstream(before, outside) - answering
    if not of_loss:
        return last
    return last - of_loss | _last(flow, before, {*outside, *(set(weighted) - before)}, loops)


def _last(flow: Flow, weighted: Collection[int], outside: Collection[int], loops: _Loops) -> set[int]:
    """The weighted points that no weighted point follows. For those in a loop its exits stand, if none follows them."""
    leading = flow.upstream(weighted, outside)
    last = {
        point
        for point in weighted
        if point not in loops.inside and not any(reader in leading for reader in flow.readers[point])
    }
    looped = [point for point in weighted if point in loops.inside]
    weighing = {loops.inside[point] for point in looped}
    reached = flow.downstream(looped, outside)
    return last | {p for p, loop in loops.exits.items() if loop in weighing and p in reached and p not in leading}


def _hidden(flow: Flow) -> set[int]:
    """Points whose values choose a branch, or stand on one side of it, that only wait for a saver, or that are one
    result of several of which another is read.
    """
    hidden = _unread_of_several(flow)
    savers = flow.rules.ops_in(Role.SAVER)
    for point, node in enumerate(flow.nodes):
        if node.op in SWITCHES:
            hidden.add(point)
            hidden.update(flow.index[ref.node] for ref in node.inputs[1:])
        elif node.op in BRANCHES:
            hidden.update(flow.index[ref.node] for ref in node.inputs[:1])
        elif node.op == "Identity" and (
            any(flow.nodes[each].op in SWITCHES for each in flow.operands[point])
            or any(flow.nodes[flow.index[name]].op in savers for name in node.controls)
        ):
            hidden.add(point)
    return hidden


def _saving(graph: Graph, flow: Flow) -> set[int]:
    """Calls of functions that save or restore variables."""
    savers = flow.rules.ops_in(Role.SAVER)
    saving = {name for name, body in graph.functions.items() if any(node.op in savers for node in body.nodes.values())}
    calls = [(point, node.attrs.get("f")) for point, node in enumerate(flow.nodes)] if saving else []
    return flow.downstream(p for p, function in calls if isinstance(function, FunctionRef) and function.name in saving)


def _unread_of_several(flow: Flow) -> set[int]:
    """Identities that nobody reads of a call's results, where another result of the same call is read."""
    unread: dict[str, list[int]] = {}
    read: set[str] = set()
    for point, node in enumerate(flow.nodes):
        if node.op != "Identity" or not flow.operands[point]:
            continue
        call = flow.nodes[flow.operands[point][0]]
        if call.op in BRANCHES | LOOPS and len(call.dtypes) > 1:
            if flow.readers[point]:
                read.add(call.name)
            else:
                unread.setdefault(call.name, []).append(point)
    return {point for name, points in unread.items() if name in read for point in points}
