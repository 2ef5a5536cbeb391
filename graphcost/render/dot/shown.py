"""Which nodes are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from graphcost.ir.node import Node
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.passes.fold import CONSTANT
from graphcost.render.dot.dot_graph import Drawing


@dataclass(frozen=True, slots=True)
class Shown:
    """What a drawing leaves out. Where identities aren't drawn, edges pass through them."""

    drawing: Drawing
    rules: RuleSet

    def has(self, node: Node, dropped: str | None = None) -> bool:
        """Whether a node is drawn; `dropped` is why it doesn't run. What is computed once goes with the constants."""
        if node.op in self.rules.ops_in(Role.CONSTANT | Role.VARIABLE) or dropped == CONSTANT:
            return self.drawing.constants
        return self.drawing.identities or not self.hands_on(node)

    def hands_on(self, node: Node) -> bool:
        """Whether a node is an identity: it hands on what it reads."""
        return node.op in self.rules.ops_in(Role.IDENTITY | Role.READ)
