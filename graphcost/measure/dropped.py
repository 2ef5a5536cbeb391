"""What doesn't run: the part of the graph that the outputs don't need, with its facts and its work, by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from graphcost.evaluate import Evaluation, Run, evaluate
from graphcost.evaluate.call_graph import CallGraph
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.ir.stand_ins import FOLDED, origins, restored
from graphcost.measure.arithmetic import line, work_and_status
from graphcost.measure.assemble import all_lines, lines_of_one_run, work_of_one_run
from graphcost.measure.branches import most_expensive
from graphcost.measure.params import NO_WEIGHTS
from graphcost.ops.fact import Fact
from graphcost.ops.rule import RuleSet
from graphcost.ops.status import Status
from graphcost.passes.control_flow.raise_control_flow import raise_control_flow
from graphcost.passes.fold import CONSTANT
from graphcost.report import Dropped, Work, sum_work


@dataclass(frozen=True)
class DroppedPart:
    """What doesn't run and what that reads, loops and conds raised, and why it doesn't.

    reasons: by the name of a node, of the file or of `graph`; what runs, or holds something that does, has none.
    facts: of all its nodes, those that run included.
    """

    graph: Graph
    reasons: Mapping[str, str]
    facts: Evaluation


def whole_graph(graph: Graph, reasons: Mapping[str, str]) -> Graph:
    """The graph before it is pruned, loops and conds raised: what nothing reads runs for itself."""
    ends = (name for name in reasons if not any(graph.readers(name)))
    return raise_control_flow(replace(graph, controls=tuple(dict.fromkeys([*graph.controls, *ends]))))


def raised_reasons(whole: Graph, reasons: Mapping[str, str]) -> Mapping[str, str]:
    """The reasons, and those of loops and branches: the commonest of what each was made from."""
    found = dict(reasons)
    for node in (node for node in whole.nodes.values() if node.origins):
        labels = Counter(reasons.get(name) for name in origins(node))
        reason = None if None in labels else labels.most_common(1)[0][0]
        if reason is not None:
            found[node.name] = reason
    return found


def find_dropped(
    whole: Graph, reasons: Mapping[str, str], live: Evaluation, run: Run, feeds: Mapping[TensorRef, Fact]
) -> DroppedPart:
    """What doesn't run, with its facts beside the live ones. It learns from the live part and tells it nothing."""
    if not reasons:
        return DroppedPart(live.graph, reasons, live)
    names = raised_reasons(whole, reasons)
    needed = whole.ancestors(name for name in names if name in whole.nodes)
    part = replace(whole, outputs=(), controls=()).induced(needed)
    return DroppedPart(part, names, _facts(replace(part, outputs=tuple(_results(part))), live, run, feeds))


def _results(part: Graph) -> Iterator[TensorRef]:
    """What nothing reads: the bodies that give it are there for it, as if it were asked for."""
    for name, node in part.nodes.items():
        if not any(part.readers(name)):
            yield from (TensorRef(name, port) for port in range(len(node.dtypes)))


def _facts(whole: Graph, live: Evaluation, run: Run, feeds: Mapping[TensorRef, Fact]) -> Evaluation:
    nodes = live.graph.nodes.items()
    known = {name: live.facts[name] for name, node in nodes if _is_same(whole.nodes.get(name), restored(node))}
    apart = replace(run, functions=whole.functions, sizes=run.sizes.fork(), warnings={}, loops={}, memo={}, bodies={})
    return evaluate(whole, apart, feeds, known)


def _is_same(before: Node | None, after: Node) -> bool:
    """Whether a node of the whole graph reads and gives what one that runs does."""
    return before is not None and replace(before, origins=()) == replace(after, origins=())


def dropped_work(part: DroppedPart, whole: Graph, live: Evaluation, rules: RuleSet) -> dict[str, Dropped]:
    """Nodes and work of each reason for going, in the order of the whole graph; what was folded is constant."""
    nodes: Counter[str] = Counter()
    work: dict[str, list[tuple[Work, Status]]] = {}
    for reason, node, evaluation in _falling(part, whole, live):
        nodes[reason] += 1
        work.setdefault(reason, []).extend(_work_below(node, evaluation, rules))
    return {
        reason: Dropped(nodes[reason], sum_work(each for each, _ in below), all(status.is_known for _, status in below))
        for reason, below in work.items()
    }


def _falling(part: DroppedPart, whole: Graph, live: Evaluation) -> Iterator[tuple[str, Node, Evaluation]]:
    for name in whole.nodes:
        if name in part.reasons:
            yield part.reasons[name], part.graph.nodes[name], part.facts
        elif name in live.graph.nodes and live.graph.nodes[name].op == FOLDED:
            yield CONSTANT, restored(live.graph.nodes[name]), live


def _work_below(node: Node, facts: Evaluation, rules: RuleSet) -> Iterable[tuple[Work, Status]]:
    """The work of a node and, where it runs bodies, of all that they run."""
    if node.name not in facts.calls:
        work, status = work_and_status(node, facts, rules)
        return [(work.whole(), status)]
    root = replace(facts, calls={node.name: facts.calls[node.name]})
    calls = CallGraph.of(root)
    own = line(node, facts, rules, NO_WEIGHTS, "")
    once = {id(root): [own], **{id(each): lines_of_one_run(each, rules, {}) for each in calls.order[1:]}}
    lines = all_lines(calls, once, most_expensive(calls, work_of_one_run(once), {}))
    return [(each.work, each.status) for each in lines]
