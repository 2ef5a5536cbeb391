"""Which nodes are drawn."""

from __future__ import annotations

from graphcost.ir.graph import Node
from graphcost.passes.fold import CONSTANT
from graphcost.render.dot.dot_graph import Drawing

CONSTANTS = frozenset({"Const", "HostConst", "Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"})
IDENTITIES = frozenset({"Identity", "StopGradient", "PreventGradient", "Snapshot", "ReadVariableOp", "NoOp"})
"""They hand on what they read: where they aren't drawn, edges pass through them."""


def is_shown(node: Node, drawing: Drawing) -> bool:
    """What is computed once, not per inference, is drawn along with the constants."""
    if node.op in CONSTANTS or node.dropped == CONSTANT:
        return drawing.constants and (node.dropped in (None, CONSTANT) or drawing.dropped)
    if node.op in IDENTITIES and not drawing.identities:
        return False
    return node.dropped is None or drawing.dropped
