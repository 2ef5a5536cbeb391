"""Why nodes don't run: it follows from the regions of the graph and from the operations that nodes serve."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType

from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, producers
from graphcost.ops.roles import Role
from graphcost.roles.flow import Flow
from graphcost.roles.network import Network
from graphcost.roles.weights import batch_reductions, is_floating, owners_of

UNUSED = "unused"
DROP_REASONS = (
    "loss", "metric", "gradient", "optimizer", "initializer", "saver", "summary", "assert", "input pipeline", UNUSED,
)  # fmt: skip
"""All reasons but `constant`. What serves several goes for the first."""

OWN_REASONS: Mapping[Role, str] = MappingProxyType(
    {
        Role.OPTIMIZER: "optimizer",
        Role.GRADIENT: "gradient",
        Role.SAVER: "saver",
        Role.INITIALIZER: "initializer",
        Role.ASSERT: "assert",
        Role.SUMMARY: "summary",
        Role.PIPELINE: "input pipeline",
    }
)
"""The reason that a role is by itself; of several the first."""

NEAR = 3
"""How many scopes around a node are looked at."""


def reasons(graph: Graph, kept: Collection[str], network: Network) -> Mapping[str, str]:
    """For each node that isn't kept the reason: one of DROP_REASONS.

    Some nodes have a reason of their own: they are part of a backward pass or a loss, or their op says it. Any other
    goes for what depends on it; what nothing depends on for what it reads or waits for, and a constant that has no
    edge at all for the scope that it stands in. What is left is unused.
    """
    dropped = [node for node in graph.order if node.name not in kept]
    own = _own_reasons(dropped, kept, network)
    found: dict[str, str] = {}
    _spread(graph, kept, own, found)
    _spread(graph, kept, _of_weights_alone(dropped, found, network), found)
    for node in dropped:
        before = {found[name] for name in producers(node) if name in found}
        if node.name not in found and before:
            found[node.name] = min(before, key=DROP_REASONS.index)
    found.update(_by_scope(graph, dropped, kept, found))
    return {node.name: found.get(node.name, UNUSED) for node in dropped}


def _spread(graph: Graph, kept: Collection[str], own: Mapping[str, str], found: dict[str, str]) -> None:
    """Gives each reason to its own nodes and to what they depend on, unless that has one already."""
    for reason in DROP_REASONS:
        pending = [name for name, given in own.items() if given == reason and name not in found]
        found.update(dict.fromkeys(pending, reason))
        while pending:
            for name in producers(graph.nodes[pending.pop()]):
                if name not in kept and name not in found and own.get(name, reason) == reason:
                    found[name] = reason
                    pending.append(name)


def _by_scope(
    graph: Graph, dropped: Iterable[Node], kept: Collection[str], found: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Nodes without edges whose nearest scope with other nodes holds those of one reason only."""
    lone = [node.name for node in dropped if node.name not in found and _is_alone(graph, node)]
    if not lone:
        return
    held: dict[str, set[str]] = {}
    for name in graph.nodes:
        if name in kept or name in found:
            for scope in _scopes(name):
                held.setdefault(scope, set()).add(found.get(name, UNUSED))
    for name in lone:
        reasons_near = next((held[scope] for scope in _scopes(name) if scope in held), set())
        if len(reasons_near) == 1:
            yield name, next(iter(reasons_near))


def _is_alone(graph: Graph, node: Node) -> bool:
    return not node.inputs and not node.controls and not any(graph.readers(node.name))


def _scopes(name: str) -> Iterator[str]:
    """The nearest scopes around a name, from the inside."""
    for _ in range(NEAR):
        name = name.rpartition("/")[0]
        if not name:
            return
        yield name


def _own_reasons(dropped: Iterable[Node], kept: Collection[str], network: Network) -> dict[str, str]:
    flow = network.flow
    restored = flow.downstream(flow.points(Role.SAVER))
    told = {op: reason for role, reason in reversed(tuple(OWN_REASONS.items())) for op in flow.rules.ops_in(role)}
    changes = flow.rules.ops_in(Role.ASSIGNMENT | Role.UPDATE)
    judging = _judging(network, kept)
    counted = _counted(network)
    own: dict[str, str] = {}
    for node in dropped:
        point = flow.index[node.name]
        if point in counted:
            reason: str | None = "metric"
        elif node.op in changes:
            reason = _of_change(point, restored, network)
        else:
            reason = told.get(node.op)
        if reason is None and point in network.regions.gradient:
            reason = "gradient"
        reason = reason or judging.get(point)
        if reason is not None:
            own[node.name] = reason
    return own


def _of_change(point: int, restored: Collection[int], network: Network) -> str:
    if point in restored:
        return "saver"
    if point in network.regions.gradient:
        return "optimizer"
    if point in network.judged:
        return "metric"
    is_update = network.flow.has(point, Role.UPDATE)
    return "optimizer" if is_update or point in network.weight_uses.data else "initializer"


def _judging(network: Network, kept: Collection[str]) -> dict[int, str]:
    """The points of losses and metrics.

    A loss is what the gradients read and what follows from it; without gradients, any judgement that stays floating.
    What follows from a comparison or a count is a metric.
    """
    flow, regions = network.flow, network.regions
    behind = flow.downstream(_computed(network, kept), regions.gradient)
    collapsed = flow.downstream(batch_reductions(flow) & behind, regions.gradient)
    read = behind & flow.upstream(regions.gradient)
    candidates = (network.judged | collapsed | read) - regions.gradient - regions.effects
    differentiated = read & candidates
    of_loss = flow.downstream(differentiated, regions.gradient) if differentiated else candidates
    judging: dict[int, str] = {}
    for point in sorted(candidates):
        if flow.nodes[point].name in kept:
            continue
        if point in differentiated:
            judging[point] = "loss"
        elif point in behind:
            counts = not is_floating(flow.nodes[point].dtypes[0]) if flow.nodes[point].dtypes else False
            follows = any(judging.get(each) == "metric" for each in flow.operands[point])
            judging[point] = "metric" if counts or follows or point not in of_loss else "loss"
    return judging


def _computed(network: Network, kept: Collection[str]) -> Iterator[int]:
    """What the kept part makes of data."""
    for point, node in enumerate(network.flow.nodes):
        if node.name in kept and node.inputs and point in network.weight_uses.data:
            yield point


def _counted(network: Network) -> set[int]:
    """The updates of the variables that metrics are counted in, and what is read from these.

    A count belongs to a metric where it is read together with what the judgement updates.
    """
    flow, aside = network.flow, network.regions.gradient | network.regions.effects
    updates = [point for point in sorted(network.regions.effects) if flow.has(point, Role.UPDATE)]
    changed = {operand for point in updates if point in network.judged for operand in flow.operands[point][:1]}
    variables = changed - _weights(network)
    read = flow.downstream(variables, aside) - variables
    beside = flow.upstream(read, aside) if read else variables
    return read | {point for point in updates if any(each in beside for each in flow.operands[point][:1])}


def _weights(network: Network) -> frozenset[int]:
    operands = [each for point in network.weighted for each in network.flow.operands[point]]
    return owners_of(network.weight_uses, operands)


def _of_weights_alone(dropped: Iterable[Node], found: Collection[str], network: Network) -> dict[str, str]:
    """Norms of weights that nothing reads: a loss' regularizers."""
    flow = network.flow
    norms = flow.downstream(_norms(flow, network))
    return {node.name: "loss" for node in dropped if node.name not in found and flow.index[node.name] in norms}


def _norms(flow: Flow, network: Network) -> Iterator[int]:
    for point in batch_reductions(flow):
        if all(each in network.weight_uses.owner for each in flow.operands[point][:1]):
            yield point
