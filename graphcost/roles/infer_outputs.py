"""Chooses the outputs from the structure of the graph, where nobody names them.

In a graph that is trained or has labels, the model's answer is where the forward pass meets the loss. In any other it
is what nobody reads. Names decide nothing, but whether a metric or the model works out the likeliest class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from graphcost.ir.graph import Graph
from graphcost.ir.structural import RETURNS
from graphcost.ops.rule import RuleSet
from graphcost.passes.outputs import asking
from graphcost.roles.candidates import Candidate, Inferred, refs, weighted_before
from graphcost.roles.copies import frozen_outputs
from graphcost.roles.network import Network, find_network
from graphcost.roles.plain_sinks import UNREAD, Sinks, find_sinks

if TYPE_CHECKING:
    from graphcost.roles.endings import Ending
    from graphcost.roles.heads import Heads

NAMED = 3
"""How many tensors a doubt names."""


def infer_outputs(graph: Graph, rules: RuleSet) -> Inferred:
    """The graph with the outputs that its structure suggests.

    before                                    after
        x -> MatMul -> Softmax                    outputs: Softmax
        MatMul, y -> CrossEntropy -> Mean
        1.0 -> ... -> ApplyAdam(w)
    """
    returned = [node for node in graph.nodes.values() if node.op in RETURNS and node.inputs]
    if returned:
        return _inferred(graph, [Candidate(node.inputs[0], "the graph returns it") for node in returned])
    network = find_network(graph, rules)
    if network.has_loss and not frozen_outputs(network):
        from graphcost.roles.heads import find_heads

        heads = find_heads(network)
        if any(each.points for each in heads.chosen):
            return _of_heads(graph, network, heads)
    return _of_sinks(graph, network, find_sinks(network))


def _of_heads(graph: Graph, network: Network, heads: Heads) -> Inferred:
    chosen = _candidates(network, heads.chosen)
    copies = _without(_candidates(network, heads.copies), chosen)
    auxiliary = _without(_candidates(network, heads.auxiliary), chosen)
    unjudged = _without(_candidates(network, heads.unjudged), [*chosen, *copies, *auxiliary])
    doubts = [*_source_doubts(network)]
    if unjudged:
        doubts.append(f"weights are also used where no loss looks: {_named(unjudged)}")
    if copies and heads.is_adversarial:
        doubts.append(f"taken for a generator, since another network judges its results beside data: {_named(copies)}")
    elif copies:
        doubts.append(f"the network is there more than once, on the same weights: also {_named(copies)}")
    if auxiliary:
        doubts.append(f"taken for auxiliary, since they leave the network early: {_named(auxiliary)}")
    if network.is_trained and not network.regions.is_complete:
        doubts.append("no start of a backward pass was found for some optimizers: gradients may pass for the model")
    if network.is_trained and network.weight_uses.is_fed and not network.judged:
        doubts.append("no input is a label: the loss may begin earlier")
    if len({each.rank for each in heads.chosen}) > 1:
        doubts.append("the heads are unlike one another: some may be auxiliary")
    return _inferred(graph, chosen, [*auxiliary, *copies, *unjudged], doubts, network)


def _of_sinks(graph: Graph, network: Network, sinks: Sinks) -> Inferred:
    chosen = _points(network, sinks.chosen, sinks.why)
    copies = _points(network, sinks.copies, "computes the same with the same weights once more")
    unnamed = _points(network, sinks.unnamed, "nothing reads it, but no Identity names it")
    early = _points(network, sinks.early, "nothing reads it, but other weights follow")
    doubts = [*_source_doubts(network)]
    if sinks.why != UNREAD:
        doubts.append("nothing that the graph computes looks like an output; --outputs NAME names one")
    if network.suspects:
        inputs = [Candidate(network.flow.ref(point), "") for point in sorted(network.suspects)]
        doubts.append(f"these inputs only meet results that no weights follow, and may be labels: {_named(inputs)}")
    if network.has_loss:
        doubts.append("the graph is trained, but where the loss begins wasn't found")
    apart = weighted_before(network, sinks.unnamed) - weighted_before(network, sinks.chosen)
    if apart:
        doubts.append(f"weights meet data for {_named(unnamed)} alone: they may be outputs too")
    if sinks.inner and len(sinks.inner) < len(sinks.chosen):
        doubts.append(f"maybe inner results, since other weights follow: {_named(_points(network, sinks.inner, ''))}")
    if sinks.sharing:
        sharing = _named(_points(network, sinks.sharing, ""))
        doubts.append(f"maybe not asked for together with the others, whose weights they share: {sharing}")
    if early:
        doubts.append(f"nothing reads these either: {_named(early)}")
    if copies:
        doubts.append(f"taken for copies, since they do the same with the same weights: {_named(copies)}")
    return _inferred(graph, chosen, [*unnamed, *early, *copies], doubts, network)


def _source_doubts(network: Network) -> Iterator[str]:
    if network.weighted and not network.weight_uses.is_fed:
        yield "no placeholder or data source feeds the network: it runs on noise or on constants"


def _inferred(
    graph: Graph,
    chosen: Sequence[Candidate],
    second: Sequence[Candidate] = (),
    doubts: Sequence[str] = (),
    network: Network | None = None,
) -> Inferred:
    asked = asking(graph, [each.ref for each in chosen])
    chosen = [each for each in chosen if graph.nodes[each.ref.node].dtypes]
    return Inferred(asked, tuple(chosen), tuple(second), tuple(doubts), network)


def _candidates(network: Network, endings: Iterable[Ending]) -> list[Candidate]:
    """One candidate for each tensor, as the first ending has it."""
    every = [candidate for each in endings for candidate in _points(network, sorted(each.points), each.why)]
    return list({candidate.ref: candidate for candidate in reversed(every)}.values())[::-1]


def _points(network: Network, points: Iterable[int], why: str) -> list[Candidate]:
    return [Candidate(ref, why) for point in points for ref in refs(network, point)]


def _without(candidates: Iterable[Candidate], chosen: Iterable[Candidate]) -> list[Candidate]:
    known = {each.ref for each in chosen}
    return [each for each in candidates if each.ref not in known]


def _named(candidates: Sequence[Candidate]) -> str:
    names = [str(each.ref) for each in candidates[:NAMED]]
    more = len(candidates) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
