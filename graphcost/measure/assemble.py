"""From evaluations to the parts of a report: the kept lines, what was dropped, inputs and outputs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from graphcost.dims import Dim, dim_sum, format_dim
from graphcost.evaluate import CallGraph, Evaluation
from graphcost.ir.node import EMPTY, TensorRef
from graphcost.ir.scopes import joined, readable, scope_of
from graphcost.ir.stand_ins import STAND_INS
from graphcost.measure.arithmetic import line
from graphcost.measure.branches import Choices, most_expensive, size_dependent
from graphcost.measure.call_counts import BodyRuns, bodies
from graphcost.measure.params import NO_WEIGHTS, Credits, NodeKey, Weights, credited
from graphcost.measure.reads import Reads, reads
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.ops.status import Status
from graphcost.report import IDLE, Line, Tensor


@dataclass(frozen=True, slots=True)
class Counted:
    """The kept lines, which of them read which, and which way open branches were counted.

    `size_dependent` are the branches that open sizes may turn.
    """

    lines: tuple[Line, ...]
    reads: Reads
    choices: Choices
    size_dependent: frozenset[Dim]


def count(root: Evaluation, rules: RuleSet, bindings: Mapping[str, int], phases: Mapping[str, str] = EMPTY) -> Counted:
    """The lines of every body that runs, each as often as it runs; `phases` are those of the nodes, by name."""
    calls = CallGraph.of(root)
    credits = credited(calls.order, rules)
    once = {id(each): lines_of_one_run(each, rules, credits.weights, phases) for each in calls.order}
    once[id(root)] = [_with_missing_shape(each, root, credits, rules) for each in once[id(root)]]
    own = work_of_one_run(once)
    choices = most_expensive(calls, own, bindings)
    turned = size_dependent(choices, calls, own, bindings)
    return Counted(all_lines(calls, once, choices), reads(calls), choices, turned)


def _with_missing_shape(each: Line, root: Evaluation, credits: Credits, rules: RuleSet) -> Line:
    """The line of a bare handle says so where the shape of its variable is wanted, wherever it is read."""
    if (root.function, each.node) not in credits.shapeless or each.op not in rules.ops_in(Role.INPUT):
        return each
    hint = f"the file doesn't hold the shape of this variable: --shape {each.node}=... gives it"
    return replace(each, status=Status.NO_SHAPE, reason=hint)


def work_of_one_run(once: Mapping[int, Sequence[Line]]) -> Mapping[int, Dim]:
    """The work of one run of each evaluation's own nodes."""
    return {key: _total(lines) for key, lines in once.items()}


def all_lines(calls: CallGraph, once: Mapping[int, Sequence[Line]], choices: Choices) -> tuple[Line, ...]:
    """The lines of every body, as often as it runs, from those of one run of each."""
    return tuple(each for body in bodies(calls, choices) for each in _all_runs(body, once))


def choice_notes(counted: Counted, inputs: Collection[str]) -> Iterator[str]:
    """Say which way branches on an open predicate were counted, and how to change it."""
    for predicate, value in counted.choices.items():
        name = format_dim(predicate)
        note = f"branches on {name} are counted as if it were {value}, the most expensive way"
        if predicate in counted.size_dependent:
            note += " where open sizes are 1; where they are large, another way is"
        yield f"{note}; --bind {name}={1 - value} counts the other" if name in inputs and value in (0, 1) else note


def tensors(facts: Evaluation, refs: Sequence[TensorRef]) -> tuple[Tensor, ...]:
    """Inputs or outputs as the report names them, in order."""
    return tuple(_tensor(facts, ref) for ref in refs)


def _tensor(facts: Evaluation, ref: TensorRef) -> Tensor:
    fact = facts.fact(ref)
    shape = None if fact.shape is None else facts.sizes.resolve_shape(fact.shape)
    return Tensor(str(ref), fact.dtype, shape)


def lines_of_one_run(
    evaluation: Evaluation,
    rules: RuleSet,
    weights: Mapping[NodeKey, Weights],
    phases: Mapping[str, str] = EMPTY,
) -> list[Line]:
    """Lines whose scope is that of the node's own name; where the body is called comes later."""
    nodes = [node for node in evaluation.graph.nodes.values() if node.op not in STAND_INS]
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
    works = (each.work.whole() for each in lines)
    return dim_sum(amount for work in works for amount in (work.flops, work.int_ops))


def _all_runs(body: BodyRuns, once: Mapping[int, Sequence[Line]]) -> Iterator[Line]:
    count = body.count
    lines = once[id(body.evaluation)]
    scopes = {scope: readable(joined(body.scope, scope)) for scope in {each.scope for each in lines}}
    for each in lines:
        scope = scopes[each.scope]
        if body.is_plain:
            work = each.work.whole()
            is_same = scope == each.scope and work is each.work
            yield each if is_same else replace(each, scope=scope, work=work)
        else:
            yield replace(each, scope=scope, count=count, work=each.work if each.work is IDLE else body.work(each.work))
