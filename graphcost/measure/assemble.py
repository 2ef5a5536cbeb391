"""From evaluations to the parts of a report: the kept lines, what was dropped, inputs and outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from graphcost.dims import Dim, dim_sum, format_dim
from graphcost.evaluate import STAND_INS, Evaluation, Run, evaluate
from graphcost.ir.graph import EMPTY, Graph, Node, TensorRef
from graphcost.ir.scopes import joined, readable, scope_of
from graphcost.measure.arithmetic import line
from graphcost.measure.branches import Choices, most_expensive, size_dependent
from graphcost.measure.call_counts import BodyRuns, bodies, call_order
from graphcost.measure.params import NO_WEIGHTS, Credits, NodeKey, Weights, credited
from graphcost.ops.fact import Fact
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.report import IDLE, Dropped, Line, Status, Tensor, sum_work


@dataclass(frozen=True, slots=True)
class Counted:
    """The kept lines, and which way open branches were counted; `size_dependent` are those that open sizes may turn."""

    lines: tuple[Line, ...]
    choices: Choices
    size_dependent: frozenset[Dim]


def count(root: Evaluation, rules: RuleSet, bindings: Mapping[str, int], phases: Mapping[str, str] = EMPTY) -> Counted:
    """The lines of every body that runs, each as often as it runs; `phases` are those of the nodes, by name."""
    order = call_order(root)
    credits = credited(order, rules)
    once = {id(each): _lines_of_one_run(each, rules, credits.weights, phases) for each in order}
    once[id(root)] = [_with_missing_shape(each, root, credits, rules) for each in once[id(root)]]
    own = _of_one_run(once)
    choices = most_expensive(order, own, bindings)
    return Counted(_all_lines(root, once, choices), choices, size_dependent(choices, order, own, bindings))


def _with_missing_shape(each: Line, root: Evaluation, credits: Credits, rules: RuleSet) -> Line:
    """The line of a bare handle says so where the shape of its variable is wanted, wherever it is read."""
    if (root.function, each.node) not in credits.shapeless or each.op not in rules.ops_in(Role.INPUT):
        return each
    hint = f"the file doesn't hold the shape of this variable: --shape {each.node}=... gives it"
    return replace(each, status=Status.NO_SHAPE, reason=hint)


def _of_one_run(once: Mapping[int, Sequence[Line]]) -> Mapping[int, Dim]:
    """The work of one run of each evaluation's own nodes."""
    return {key: _total(lines) for key, lines in once.items()}


def _all_lines(root: Evaluation, once: Mapping[int, Sequence[Line]], choices: Choices) -> tuple[Line, ...]:
    return tuple(each for body in bodies(root, choices) for each in _all_runs(body, once))


def choice_notes(counted: Counted, inputs: Collection[str]) -> Iterator[str]:
    """Say which way branches on an open predicate were counted, and how to change it."""
    for predicate, value in counted.choices.items():
        name = format_dim(predicate)
        note = f"branches on {name} are counted as if it were {value}, the most expensive way"
        if predicate in counted.size_dependent:
            note += " where open sizes are 1; where they are large, another way is"
        yield f"{note}; --bind {name}={1 - value} counts the other" if name in inputs and value in (0, 1) else note


def dropped_facts(graph: Graph, live: Evaluation, run: Run, feeds: Mapping[TensorRef, Fact]) -> Evaluation:
    """The facts of what doesn't run, beside the live ones. It learns from the live part and tells it nothing."""
    names = [node.name for node in graph.nodes.values() if node.dropped is not None and node.name not in live.facts]
    apart = replace(run, sizes=run.sizes.fork(), warnings={}, loops={}, memo={})
    return evaluate(graph, names, apart, feeds, live)


def dropped(graph: Graph, facts: Evaluation, rules: RuleSet) -> dict[str, Dropped]:
    """Nodes and work of each reason for going."""
    nodes: Counter[str] = Counter()
    lines: dict[str, list[Line]] = {}
    for node in graph.nodes.values():
        if node.dropped is not None:
            nodes[node.dropped] += 1
            lines.setdefault(node.dropped, []).extend(_lines_below(node, facts, rules))
    return {
        reason: Dropped(
            nodes[reason], sum_work(each.work for each in below), all(each.status.is_known for each in below)
        )
        for reason, below in lines.items()
    }


def _lines_below(node: Node, facts: Evaluation, rules: RuleSet) -> Sequence[Line]:
    """The lines of a node and, where it runs bodies, of all that they run."""
    own = line(node, facts, rules, NO_WEIGHTS, "")
    if node.name not in facts.calls:
        return [own]
    root = replace(facts, calls={node.name: facts.calls[node.name]})
    order = call_order(root)
    once = {id(root): [own], **{id(each): _lines_of_one_run(each, rules, {}) for each in order[1:]}}
    return _all_lines(root, once, most_expensive(order, _of_one_run(once), {}))


def tensors(facts: Evaluation, refs: Sequence[TensorRef]) -> tuple[Tensor, ...]:
    """Inputs or outputs as the report names them, in order."""
    return tuple(_tensor(facts, ref) for ref in refs)


def _tensor(facts: Evaluation, ref: TensorRef) -> Tensor:
    fact = facts.fact(ref)
    shape = None if fact.shape is None else facts.sizes.resolve_shape(fact.shape)
    return Tensor(str(ref), fact.dtype, shape)


def _lines_of_one_run(
    evaluation: Evaluation,
    rules: RuleSet,
    weights: Mapping[NodeKey, Weights],
    phases: Mapping[str, str] = EMPTY,
) -> list[Line]:
    """Lines whose scope is that of the node's own name; where the body is called comes later."""
    nodes = [node for node in evaluation.graph.kept if node.op not in STAND_INS]
    lines = [
        line(node, evaluation, rules, weights.get((id(evaluation), node.name), NO_WEIGHTS), scope_of(node.name))
        for node in nodes
    ]
    if not phases:
        return lines
    around = _phase_of(evaluation.path, phases)
    return [replace(each, phase=phases.get(node.name, around)) for node, each in zip(nodes, lines, strict=True)]


def _phase_of(path: str, phases: Mapping[str, str]) -> str:
    """The phase of the node that calls, at the outermost, the body at a path."""
    parts = path.split("/")
    callers = ("/".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((phases[caller] for caller in callers if caller in phases), "other")


def _total(lines: Sequence[Line]) -> Dim:
    return dim_sum(amount for each in lines for amount in (each.work.flops, each.work.int_ops))


def _all_runs(body: BodyRuns, once: Mapping[int, Sequence[Line]]) -> Iterator[Line]:
    count = body.count
    for each in once[id(body.evaluation)]:
        scope = readable(joined(body.scope, each.scope))
        if count == 1:
            yield replace(each, scope=scope)
        else:
            yield replace(each, scope=scope, count=count, work=each.work if each.work is IDLE else body.work(each.work))
