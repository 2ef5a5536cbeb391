"""Which nodes are drawn."""

from __future__ import annotations

from graphcost.ir.graph import Node
from graphcost.passes.fold import CONSTANT
from graphcost.render.dot.dot_graph import Drawing

CONSTANTS = frozenset({"Const", "HostConst", "Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"})
IDENTITIES = frozenset({"Identity", "StopGradient", "PreventGradient", "Snapshot", "ReadVariableOp", "NoOp"})
"""They hand on what they read: where they aren't drawn, edges pass through them."""


def is_shown(node: Node, dropped: str | None, drawing: Drawing) -> bool:
    """Whether a node is drawn; `dropped` is why it doesn't run. What is computed once goes with the constants."""
    if node.op in CONSTANTS or dropped == CONSTANT:
        return drawing.constants
    return drawing.identities or node.op not in IDENTITIES
