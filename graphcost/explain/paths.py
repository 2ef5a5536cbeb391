"""How the top level comes to run a body: the loops, branches and calls on the way."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from graphcost.dims import Dim
from graphcost.evaluate import CallGraph, Evaluation, calls_of
from graphcost.ir.scopes import joined


@dataclass(frozen=True, slots=True)
class Step:
    """A node that runs a body: so many times for one run of its own, and under which predicate, if any."""

    node: str
    op: str
    times: Dim
    predicate: Dim | None = None
    value: int = 0


def steps_to(calls: CallGraph, body: Evaluation) -> list[Step]:
    """The steps from the root to a body, outermost first; of several ways a shortest. Empty where there is none."""
    return [_step(caller, callee) for caller, callee in pairwise(calls.path(body))]


def _step(caller: Evaluation, callee: Evaluation) -> Step:
    name, call = next((name, call) for name, call in calls_of(caller) if call.callee is callee)
    node = caller.graph.nodes[name]
    times = call.times if call.binder is None else call.binder.trips * call.times
    guard = call.guard
    if guard is None:
        return Step(joined(caller.path, name), node.op, times)
    return Step(joined(caller.path, name), node.op, times, guard.predicate, guard.value)
