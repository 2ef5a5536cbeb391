"""Raises TF1's loops into the `While` that TF2 has.

before                                        after
    Enter(zero) -> Merge m <- NextIteration       While while(zero, ten) with
    Less(m, Enter(ten)) -> LoopCond                   while/cond(m, ten): Less(m, ten) -> LoopCond
    Switch(m, LoopCond) -> Add -> NextIteration       while/body(m, ten): Identity(m) -> Add -> Identity, ten
    Switch(m, LoopCond) -> Exit                   Exit = Identity(while:0)

Every name keeps its meaning. Exits stay where they are, as Identities of the While's outputs. In the functions, Merges
and Enters are the arguments, Switches, NextIterations and the LoopCond are Identities; other nodes are unchanged.

What runs before the Switch runs once more than the body: it stands in the condition. Where the body, or what comes
after the loop, needs such a value too, a `_Copy` gives it there; it is evaluated but doesn't count.
What depends on the loop's invariants alone stands in the body if the condition doesn't need it.

A frame that makes no such loop stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

from graphcost.ir.graph import Graph
from graphcost.passes.control_flow.frames import ENTERS


@dataclass(frozen=True, slots=True)
class RaiseLoops:
    """Enter, Merge, Switch, NextIteration, Exit and LoopCond become While nodes, in the graph and in its functions."""

    name: ClassVar[str] = "raise_loops"

    def __call__(self, graph: Graph) -> Graph:
        return raise_loops(graph)


def raise_loops(graph: Graph) -> Graph:
    """The graph with the loops of its top level and of its functions raised.

    An output that names a tensor inside a loop has no one value: the loop becomes one of the graph's controls instead.
    Raises GraphError where frames nest so deep that their loops can't be written down.
    """
    if not any(_has_loops(body) for body in (graph, *graph.functions.values())):
        return graph
    # Most graphs have none, and start faster without what raises them.
    from graphcost.passes.control_flow.graph_loops import raise_loops_of
    from graphcost.passes.control_flow.naming import Names

    functions = dict(graph.functions)
    function_names = Names(functions)
    for name, body in graph.functions.items():
        if _has_loops(body):
            functions[name], made = raise_loops_of(body, function_names)
            functions.update(made)
    if _has_loops(graph):
        graph, made = raise_loops_of(graph, function_names)
        functions.update(made)
    return replace(graph, functions=MappingProxyType(functions))


def _has_loops(graph: Graph) -> bool:
    return any(node.op in ENTERS for node in graph.nodes.values())
