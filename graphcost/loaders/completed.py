"""What a file means but doesn't write into its nodes: shapes of variables, and what old writers left open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import Node, with_shape

SCALAR_PLACEHOLDERS = 22
"""From this version of GraphDef on, a Placeholder of shape {} is a scalar; before, and unversioned, of any rank."""

OPEN = PartialShape(None)


def completed(graph: Graph, producer: int, variable_shapes: Mapping[str, tuple[str, PartialShape]]) -> Graph:
    """The graph with the shape attributes of placeholders and variables as their writer meant them."""
    changed: list[Node] = []
    if producer < SCALAR_PLACEHOLDERS:
        changed += _old_placeholders(graph)
    if variable_shapes:
        changed += _sized_variables(graph, variable_shapes)
    return graph.replacing(changed) if changed else graph


def _old_placeholders(graph: Graph) -> Iterator[Node]:
    for node in graph.nodes.values():
        if node.op == "Placeholder" and node.attrs.get("shape") == PartialShape(()):
            yield with_shape(node, OPEN)


def _sized_variables(graph: Graph, shapes: Mapping[str, tuple[str, PartialShape]]) -> Iterator[Node]:
    for node in graph.nodes.values():
        if node.op != "VarHandleOp" or node.attrs.get("shape", OPEN) != OPEN:
            continue
        shared = node.attrs.get("shared_name")
        name = shared.decode(errors="replace") if isinstance(shared, bytes) and shared else node.name
        if name in shapes:
            yield with_shape(node, shapes[name][1])
