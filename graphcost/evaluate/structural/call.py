"""Calls of functions: PartitionedCall and its relatives, and nodes whose op is a function's name.

A batch of requests that a BatchFunction gathers is one call, of what the graph gives to it.
"""

from __future__ import annotations

from graphcost.evaluate import Call, HandlerSteps, Outcome, Request, Site
from graphcost.evaluate.infer import Problem
from graphcost.ops.fact import Fact
from graphcost.ops.status import Status

CALLEES = {"XlaLaunch": "function", "XlaLaunchV2": "function"}
"""The attributes that name the function, where that isn't `f`."""


def call(site: Site) -> HandlerSteps:
    """Evaluates the callee for the facts of the inputs; its outputs are the node's."""
    name = _callee(site)
    if name is None:
        return site.unknown(Problem(Status.INVALID, "it names no function to call"))
    evaluation = yield Request(name, _arguments(site), site.inner_path, site.used)
    if isinstance(evaluation, Problem):
        return site.unknown(evaluation)
    return Outcome(site.filled(evaluation.outputs), (Call(evaluation),))


def _callee(site: Site) -> str | None:
    function = site.function(CALLEES.get(site.node.op, "f"))
    if function is not None:
        return function
    return site.node.op if site.node.op in site.run.functions else None


def _arguments(site: Site) -> tuple[Fact, ...]:
    return site.inputs[1:] if site.node.op == "RemoteCall" else site.inputs
