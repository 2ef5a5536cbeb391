"""How the top level comes to run a body: the loops, branches and calls on the way."""

from __future__ import annotations

from dataclasses import dataclass

from graphcost.dims import Dim
from graphcost.evaluate import Call, Evaluation
from graphcost.ir.scopes import joined


@dataclass(frozen=True, slots=True)
class Step:
    """A node that runs a body: so many times for one run of its own, and under which predicate, if any."""

    node: str
    op: str
    times: Dim
    predicate: Dim | None = None
    value: int = 0


def steps_to(root: Evaluation, body: Evaluation) -> list[Step]:
    """The steps from the root to a body, outermost first; of several ways a shortest. Empty where there is none."""
    came_from: dict[int, tuple[Evaluation, Step]] = {}
    pending = [root]
    for caller in pending:
        for name, calls in caller.calls.items():
            for call in calls:
                if id(call.callee) not in came_from and call.callee is not root:
                    came_from[id(call.callee)] = (caller, _step(caller, name, call))
                    pending.append(call.callee)
    steps: list[Step] = []
    while id(body) in came_from:
        body, step = came_from[id(body)]
        steps.append(step)
    return steps[::-1]


def _step(caller: Evaluation, name: str, call: Call) -> Step:
    node = caller.graph.nodes[name]
    times = call.times if call.binder is None else call.binder.trips * call.times
    guard = call.guard
    if guard is None:
        return Step(joined(caller.path, name), node.op, times)
    return Step(joined(caller.path, name), node.op, times, guard.predicate, guard.value)
