"""What depends on constants alone runs once, not per inference.

before                                after
    c -> Reshape -> MatMul                c -> _Folded -> MatMul
    x -> MatMul                           x -> MatMul
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, called
from graphcost.ir.stand_ins import FOLDED, standing_for
from graphcost.passes.control_flow.frames import CONTROL_FLOW_V1

CONSTANT = "constant"
"""The reason for which a folded node doesn't count."""


@dataclass(frozen=True, slots=True)
class Fold:
    """The graph with every stateless node that only constants reach as a stand-in, which has its facts and no cost.

    Const nodes themselves stay. Variables aren't constants, nor are inputs, whatever op they are. What runs a function
    isn't folded: TensorFlow runs loops and branches anew each time, whatever they depend on.
    """

    name: ClassVar[str] = "fold"

    def __call__(self, graph: Graph) -> Graph:
        fed = {ref.node for ref in graph.inputs}
        reads = graph.nx.pred
        constant: set[str] = set()
        folded: list[Node] = []
        for node in graph.order:
            if node.op in ("Const", FOLDED):
                constant.add(node.name)
            elif node.name not in fed and constant.issuperset(reads[node.name]) and _is_foldable(node, graph):
                constant.add(node.name)
                folded.append(standing_for(node, FOLDED))
        return graph.replacing(folded) if folded else graph


def _is_foldable(node: Node, graph: Graph) -> bool:
    if not node.inputs or not node.dtypes or node.stateful or node.op in CONTROL_FLOW_V1:
        return False
    return next(called(node, graph.functions), None) is None
