"""Trips that are counted by going through them: counters that double, halve or step in fractions, and known flags.

Of the body only what the condition reads is worked out, from numbers, as rules do it; so a float is rounded as a
tensor rounds it.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence

from graphcost.evaluate import Evaluation, Request, Site
from graphcost.evaluate.infer import Problem
from graphcost.ir.graph import Graph
from graphcost.ir.structural import BRANCHES
from graphcost.ops.fact import Fact

MAX_NODES = 2048
"""So many nodes are worked out to count the trips of one loop; one that takes more has a symbol."""


def simulated_trips(
    site: Site, condition: str, body: str, variables: Sequence[Fact]
) -> Generator[Request, Evaluation | Problem, int | None]:
    """How often the condition holds from the variables' first values on; None where data decide, or after MAX_NODES.

    variables: what holds of each variable at the start of every iteration.
    """
    test, step = site.run.body(condition, None), site.run.body(body, None)
    if test is None or step is None or not test.outputs:
        return None
    needed = _needed(test, step)
    used = frozenset(needed)
    step = site.run.body(body, used)
    if step is None or not (_is_plain(site, test) and _is_plain(site, step)):
        return None
    loops = dict(site.run.loops)
    facts = tuple(site.inputs[p] if p in needed else fact for p, fact in enumerate(variables))
    try:
        for trips in range(MAX_NODES // (len(test.nodes) + len(step.nodes)) + 1):
            tested = yield Request(condition, facts, f"{site.inner_path}/cond")
            goes_on = None if isinstance(tested, Problem) else tested.outputs[0].item
            if not isinstance(goes_on, (bool, int)):
                return None
            if not goes_on:
                return trips
            after = yield Request(body, facts, f"{site.inner_path}/body", used)
            if isinstance(after, Problem):
                return None
            facts = tuple(after.outputs[p] if p in needed else fact for p, fact in enumerate(facts))
    finally:
        # Loops in branches that were gone through aren't the model's.
        site.run.loops.clear()
        site.run.loops.update(loops)
    return None


def _needed(test: Graph, step: Graph) -> set[int]:
    """The positions of the variables that the condition depends on, in this or a later iteration."""
    needed = _read(test, [0])
    while True:
        more = _read(step, needed)
        if more <= needed:
            return needed
        needed |= more


def _read(graph: Graph, outputs: Collection[int]) -> set[int]:
    reached = graph.ancestors(graph.outputs[port].node for port in outputs)
    return {position for position, ref in enumerate(graph.inputs) if ref.node in reached}


def _is_plain(site: Site, graph: Graph) -> bool:
    """Whether nothing but branches runs bodies in a body. Another loop, or a call, may take any time."""
    run = site.run
    return not any(
        (node.op in run.handlers and node.op not in BRANCHES) or node.op in run.functions
        for node in graph.nodes.values()
    )
