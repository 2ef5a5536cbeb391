"""Labels what depends on constants alone: it runs once, not per inference.

before                                after
    c -> Reshape -> MatMul                c                                kept
    x -> MatMul                           Reshape                          dropped: constant
                                          x, MatMul                        kept
"""

from __future__ import annotations

from dataclasses import replace

from graphcost.ir.graph import Graph, Node, called, producers
from graphcost.passes.control_flow.frames import CONTROL_FLOW_V1

CONSTANT = "constant"


def fold(graph: Graph) -> Graph:
    """The graph with every kept, stateless node that only constants reach labelled as constant.

    Const nodes themselves stay. Variables aren't constants, nor are inputs, whatever op they are. What runs a function
    isn't folded: TensorFlow runs loops and branches anew each time, whatever they depend on.
    """
    fed = {ref.node for ref in graph.inputs}
    constant: set[str] = set()
    changed: list[Node] = []
    for node in graph.order:
        if node.op == "Const":
            constant.add(node.name)
        elif node.name not in fed and all(name in constant for name in producers(node)) and _is_foldable(node, graph):
            constant.add(node.name)
            if node.dropped is None:
                changed.append(replace(node, dropped=CONSTANT))
    return graph.replacing(changed)


def _is_foldable(node: Node, graph: Graph) -> bool:
    if not node.inputs or not node.dtypes or node.stateful or node.op in CONTROL_FLOW_V1:
        return False
    return next(called(node, graph.functions), None) is None
