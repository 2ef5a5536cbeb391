"""_TPUReplicate: a function that several devices run at once, each on inputs of its own."""

from __future__ import annotations

from dataclasses import dataclass

from graphcost.evaluate import Call, HandlerSteps, Outcome, Request, Site
from graphcost.evaluate.infer import Problem
from graphcost.ops.status import Status

MOST_ARGUMENTS = 10_000_000
"""So many arguments are dealt out to the replicas of a node; real ones have a few thousand."""


@dataclass(frozen=True, slots=True)
class Replicas:
    """How many there are, and how many inputs and outputs of the node each of them has for itself."""

    count: int
    inputs: int
    outputs: int


def replicate(site: Site) -> HandlerSteps:
    """Evaluates the function for each replica: on its own inputs, then on those that all of them share."""
    function = site.function("computation")
    if function is None:
        return site.unknown(Problem(Status.INVALID, "it names no function to replicate"))
    replicas = _replicas(site)
    if replicas is None:
        return site.unknown(Problem(Status.INVALID, "its inputs and outputs can't be dealt out to its replicas"))
    if replicas.count * len(site.inputs) > MOST_ARGUMENTS and replicas.inputs > 0:
        return site.unknown(Problem(Status.NO_SHAPE, f"its replicas have more than {MOST_ARGUMENTS} arguments"))
    shared = tuple(range(replicas.count * replicas.inputs, len(site.inputs)))
    # Replicas without inputs of their own are alike: however many they are, one evaluation is that of all.
    alike = replicas.count if replicas.inputs == 0 else 1
    used = frozenset(port % replicas.outputs for port in site.used if port < len(site.node.dtypes))
    calls: list[Call] = []
    for replica in range(replicas.count // alike):
        first = replica * replicas.inputs
        operands = (*range(first, first + replicas.inputs), *shared)
        arguments = tuple(site.inputs[position] for position in operands)
        evaluation = yield Request(function, arguments, f"{site.inner_path}/replica_{replica}", used)
        if isinstance(evaluation, Problem):
            return site.unknown(evaluation)
        if len(evaluation.outputs) != replicas.outputs:
            return site.unknown(Problem(Status.INVALID, f"{function!r} doesn't give what its replicas output"))
        calls.append(Call(evaluation, alike, operands=operands))
    facts = [fact for call in calls for fact in call.callee.outputs] * alike
    return Outcome(site.filled(facts), tuple(calls))


def _replicas(site: Site) -> Replicas | None:
    attrs = site.node.attrs
    count, distributed = attrs.get("num_replicas"), attrs.get("num_distributed_variables", 0)
    listed = attrs.get("Tinputs")
    if not isinstance(count, int) or not isinstance(distributed, int) or not isinstance(listed, tuple):
        return None
    own = len(listed) - distributed
    if count < 1 or distributed < 0 or own < 0 or len(listed) > len(site.inputs):
        return None
    if own % count or len(site.node.dtypes) % count:
        return None
    return Replicas(count, own // count, len(site.node.dtypes) // count)
