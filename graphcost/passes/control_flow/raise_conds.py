"""Raises TF1's conds into the `If` that TF2 has.

before                                        after
    Switch s(x, p) --true--> Neg --> Merge m      If cond(p, x) with
    Switch s(x, p) --false--> Abs -> Merge m          cond/then(s): Neg(s)
                                                      cond/else(s): Abs(s)
                                                  Merge m = Identity(cond:0)

Every name keeps its meaning. A Merge stays where it is, as an Identity of the If's output; in the branches a Switch is
the argument, other nodes are unchanged. A Switch that nobody reads, or that is asked for, stays as an IdentityN.

A branch without a Merge is an If without outputs. What a branch computes and something other than its Merge reads (its
gradient, which is a second If on the same predicate) is an output of the If too: `_Dead` stands for it in the other
branch. A Merge of two tensors that don't differ in one predicate stays as it is, and what it reads is handed to it so.
Where they are in no branch at all, nothing is skipped, and the Merge takes the one that comes first: it is marked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

from graphcost.ir.graph import Graph
from graphcost.passes.control_flow.frames import MERGES, NEXT_ITERATIONS, SWITCHES


@dataclass(frozen=True, slots=True)
class RaiseConds:
    """Switch and Merge become If nodes, in the graph and in its functions; loops must have been raised before."""

    name: ClassVar[str] = "raise_conds"

    def __call__(self, graph: Graph) -> Graph:
        return raise_conds(graph)


def raise_conds(graph: Graph) -> Graph:
    """The graph with the conds of its top level and of its functions raised. Loops must have been raised before.

    The conds of a graph that still has a loop stay as they are.
    """
    bodies = [graph, *graph.functions.values()]
    if not any(_has_conds(body) for body in bodies):
        return graph
    # Most graphs have none, and start faster without what raises them.
    from graphcost.passes.control_flow.graph_conds import raise_conds_of
    from graphcost.passes.control_flow.naming import Names

    functions = dict(graph.functions)
    names = Names(name for body in bodies for name in body.nodes)
    function_names = Names(functions)
    for name, body in graph.functions.items():
        if _has_conds(body):
            functions[name], made = raise_conds_of(body, names, function_names)
            functions.update(made)
    if _has_conds(graph):
        graph, made = raise_conds_of(graph, names, function_names)
        functions.update(made)
    return replace(graph, functions=MappingProxyType(functions))


def _has_conds(graph: Graph) -> bool:
    ops = {node.op for node in graph.nodes.values()}
    return not ops.isdisjoint(SWITCHES | MERGES) and ops.isdisjoint(NEXT_ITERATIONS)
