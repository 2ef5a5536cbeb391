"""Graph -> GraphDef, as `loaders.graphdef` reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphcost.export.functions import fill_function, signature
from graphcost.export.nodes import add_node
from graphcost.ir.graph import Graph
from graphcost.ir.node import EMPTY, Node
from graphcost.loaders.descriptors import message_class
from graphcost.loaders.opdefs import decode_op_def


def to_graph_def(graph: Graph, *, producer: int = 0, tensors: Mapping[str, Any] = EMPTY) -> Any:
    """The GraphDef of a graph with its functions, as a message of this package's own class.

    A constant whose elements weren't read is a splat of zero. `tensors` are TensorProto messages, of any protobuf
    class, that stand in for the constants of the main graph by the names of their nodes.
    """
    message = message_class("GraphDef")()
    message.versions.producer = producer
    library = message.library.function
    stateful = _stateful_functions(graph)
    for name, body in graph.functions.items():
        library.add(signature=signature(name, body, name in stateful))
    functions = {function.signature.name: decode_op_def(function.signature) for function in library}
    for function in library:
        fill_function(function, graph.functions[function.signature.name], functions)
    for node in graph.nodes.values():
        target = message.node.add()
        add_node(target, node, graph.nodes, functions)
        target.input.extend((*map(str, node.inputs), *(f"^{name}" for name in node.controls)))
        if node.name in tensors:
            target.attr["value"].tensor.ParseFromString(tensors[node.name].SerializeToString())
    return message


def _stateful_functions(graph: Graph) -> set[str]:
    """The functions that are stateful by what calls them by name, or by what they hold where nothing does."""
    calls = [node for node in _all_nodes(graph) if node.op in graph.functions]
    called = {node.op for node in calls}
    by_call = {node.op for node in calls if node.stateful}
    return by_call | {
        name
        for name, body in graph.functions.items()
        if name not in called and any(node.stateful for node in body.nodes.values())
    }


def _all_nodes(graph: Graph) -> Iterator[Node]:
    for body in (graph, *graph.functions.values()):
        yield from body.nodes.values()
