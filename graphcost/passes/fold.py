"""Labels what depends on constants alone: it runs once, not per inference.

before                                after
    c -> Reshape -> MatMul                c                                kept
    x -> MatMul                           Reshape                          dropped: constant
                                          x, MatMul                        kept
"""

from __future__ import annotations

from dataclasses import replace

from graphcost.graph import Graph, Node, producers
from graphcost.passes.control_flow.frames import CONTROL_FLOW_V1

CONSTANT = "constant"


def fold(graph: Graph) -> Graph:
    """The graph with every kept, stateless node that only constants reach labelled as constant.

    Const nodes themselves stay. Variables aren't constants, nor are inputs, whatever op they are.
    """
    fed = {ref.node for ref in graph.inputs}
    constant: set[str] = set()
    changed: list[Node] = []
    for node in graph.order:
        if node.op == "Const":
            constant.add(node.name)
        elif node.name not in fed and _is_foldable(node) and all(name in constant for name in producers(node)):
            constant.add(node.name)
            if node.dropped is None:
                changed.append(replace(node, dropped=CONSTANT))
    return graph.replacing(changed)


def _is_foldable(node: Node) -> bool:
    return bool(node.inputs) and bool(node.dtypes) and not node.stateful and node.op not in CONTROL_FLOW_V1
