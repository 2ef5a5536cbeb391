"""Makes inner tensors the inputs.

before                                after, with conv fed
    x -> Conv2D conv -> Relu -> y         Placeholder conv -> Relu -> y
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import Node, TensorRef


def feed(graph: Graph, shapes: Mapping[TensorRef, PartialShape]) -> Graph:
    """The graph with a Placeholder of the given shape in place of each tensor, and those as its inputs.

    A node with one output is replaced under its own name; a single output of several becomes `name:port`.
    """
    moved = {ref: TensorRef(str(ref)) for ref in shapes if len(graph.nodes[ref.node].dtypes) > 1}
    placeholders = {moved.get(ref, ref).node: _placeholder(graph, ref, shapes[ref], moved) for ref in shapes}
    nodes = {name: _rewired(node, moved) for name, node in graph.nodes.items()} | placeholders
    return Graph.of(
        nodes.values(),
        inputs=[moved.get(ref, ref) for ref in shapes],
        outputs=[moved.get(ref, ref) for ref in graph.outputs],
        functions=graph.functions,
        controls=graph.controls,
    )


def _placeholder(graph: Graph, ref: TensorRef, shape: PartialShape, moved: Mapping[TensorRef, TensorRef]) -> Node:
    dtype = graph.nodes[ref.node].dtypes[ref.port]
    return Node(moved.get(ref, ref).node, "Placeholder", attrs={"dtype": dtype, "shape": shape}, dtypes=(dtype,))


def _rewired(node: Node, moved: Mapping[TensorRef, TensorRef]) -> Node:
    if not any(ref in moved for ref in node.inputs):
        return node
    return replace(node, inputs=tuple(moved.get(ref, ref) for ref in node.inputs))
