"""Which nodes are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from graphcost.ir.graph import Node
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.passes.fold import CONSTANT
from graphcost.render.dot.dot_graph import Drawing


@dataclass(frozen=True, slots=True)
class Shown:
    """What a drawing leaves out. Where identities aren't drawn, edges pass through them."""

    drawing: Drawing
    rules: RuleSet

    def has(self, node: Node) -> bool:
        """Whether a node is drawn. What is computed once, not per inference, is drawn along with the constants."""
        drawing = self.drawing
        if node.op in self.rules.ops_in(Role.CONSTANT | Role.VARIABLE) or node.dropped == CONSTANT:
            return drawing.constants and (node.dropped in (None, CONSTANT) or drawing.dropped)
        if self.hands_on(node) and not drawing.identities:
            return False
        return node.dropped is None or drawing.dropped

    def hands_on(self, node: Node) -> bool:
        """Whether a node is an identity: it hands on what it reads."""
        return node.op in self.rules.ops_in(Role.IDENTITY | Role.READ)
