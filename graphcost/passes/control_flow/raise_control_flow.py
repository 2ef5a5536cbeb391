"""Raises TF1's control flow, loops and conds in each other, into the functional form that TF2 has.

    Enter, Merge, Switch, NextIteration, Exit, LoopCond  ->  While, If and their functions

See raise_loops and raise_conds for what becomes of each node. A name of the file goes on naming a node with the same
value, in the graph or in one of the new functions, where nodes keep the names that they had; the outputs of the graph
keep theirs.
"""

from __future__ import annotations

from graphcost.ir.graph import Graph
from graphcost.passes.control_flow.raise_conds import raise_conds
from graphcost.passes.control_flow.raise_loops import raise_loops


def raise_control_flow(graph: Graph) -> Graph:
    """The graph, and its functions, as acyclic graphs; what can't be raised stays as it is."""
    return raise_conds(raise_loops(graph))
