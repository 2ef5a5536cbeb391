"""For: a loop whose trip count its operands say, around a body that takes the counter first."""

from __future__ import annotations

from dataclasses import replace

from graphcost.dims import Dim, Shape, ceil_div, dim_max, symbol
from graphcost.evaluate import Binder, Call, HandlerSteps, LoopTrips, Outcome, Request, Site
from graphcost.evaluate.infer import Problem
from graphcost.evaluate.structural.join import join
from graphcost.evaluate.structural.loop import MAX_ROUNDS
from graphcost.ir.literal import Value
from graphcost.ir.node import TensorRef
from graphcost.ops.fact import Fact
from graphcost.ops.status import Status

BOUNDS = 3
"""start, limit and delta come before the loop variables."""


def for_loop(site: Site) -> HandlerSteps:
    """Evaluates the body until the shapes of its variables stay, and counts it for each trip."""
    function = site.function("body")
    if function is None or len(site.inputs) < BOUNDS:
        return site.unknown(Problem(Status.INVALID, "it names no body, or lacks its bounds"))
    index = symbol(f"value({site.label}:index)", least=None)
    variables = tuple(replace(fact, value=None) for fact in site.inputs[BOUNDS:])
    for _ in range(MAX_ROUNDS):
        counter = Fact("int32", Shape(), Value.scalar(index))
        body = yield Request(function, (counter, *variables), f"{site.inner_path}/body")
        if isinstance(body, Problem):
            return site.unknown(body)
        if len(body.outputs) != len(variables):
            return site.unknown(Problem(Status.INVALID, "its body doesn't give back what it takes"))
        joined = tuple(
            _joined(site, position, *pair) for position, pair in enumerate(zip(variables, body.outputs, strict=True))
        )
        if joined == variables:
            break
        variables = joined
    else:
        return site.unknown(Problem(Status.NO_SHAPE, "the shapes of its variables never settle"))
    trips, binder = _iteration(site, index)
    site.run.loops[site.inner_path] = LoopTrips(trips, "unknown" if binder.symbols == {} else "derived")
    return Outcome(site.filled(variables), (Call(body, binder=binder),))


def _joined(site: Site, position: int, before: Fact, after: Fact) -> Fact:
    return replace(join(before, after, TensorRef(site.node.name, position), site.sizes), value=None)


def _iteration(site: Site, index: Dim) -> tuple[Dim, Binder]:
    """max(0, ceil((limit - start)/delta)) trips, on which the index is start + delta*k."""
    counter = f"k({site.label})"
    bounds = [fact.number for fact in site.inputs[:BOUNDS]]
    start, limit, delta = bounds
    if start is None or limit is None or not isinstance(delta, int) or delta == 0:
        trips = symbol(f"trips({site.inner_path})", least=0)
        return trips, Binder(counter, trips, {})
    distance = limit - start if delta > 0 else start - limit
    trips = dim_max(0, ceil_div(distance, abs(delta)))
    return trips, Binder(counter, trips, {str(index): start + delta * symbol(counter, least=0)})
