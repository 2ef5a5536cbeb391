"""The way back from a graph to a file: skeletons without weights, and what rewrites made of a graph."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from graphcost.export.graphdef import to_graph_def
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.ir.stand_ins import DEAD, INTERNAL, restored
from graphcost.loaders.descriptors import dtype_numbers, message_class
from graphcost.loaders.model import Model, Signature

__all__ = ["export_graph", "export_model", "to_graph_def"]


def export_model(model: Model) -> bytes:
    """The file as a skeleton, its graph whole: a GraphDef, or a MetaGraphDef where the model has signatures."""
    graph_def = to_graph_def(model.graph, producer=model.producer)
    if not model.signatures:
        return bytes(graph_def.SerializeToString())
    meta_graph = message_class("MetaGraphDef")(graph_def=graph_def)
    for name, signature in model.signatures.items():
        _add_signature(meta_graph.signature_def[name], signature, model.graph)
    return bytes(meta_graph.SerializeToString())


def export_graph(graph: Graph, producer: int = 0) -> bytes:
    """A graph, as any pass left it, as a GraphDef: it has no place for the names of the graph's inputs and outputs."""
    functions = {name: _written(body) for name, body in graph.functions.items()}
    whole = replace(_written(graph), functions=MappingProxyType(functions))
    return bytes(to_graph_def(whole, producer=producer).SerializeToString())


def _written(graph: Graph) -> Graph:
    """The graph in TensorFlow's operations: what stands in for a node is that node, and what never runs is fed."""
    standing = (node for node in graph.nodes.values() if node.op in INTERNAL)
    return graph.replacing(_fed(node) if node.op == DEAD else restored(node) for node in standing)


def _fed(node: Node) -> Node:
    return replace(node, op="Placeholder", attrs=MappingProxyType({"dtype": node.dtypes[0]}))


def _add_signature(target: Any, signature: Signature, graph: Graph) -> None:
    for field, refs in ((target.inputs, signature.inputs), (target.outputs, signature.outputs)):
        for key, ref in refs.items():
            field[key].name = f"{ref.node}:{ref.port}"
            field[key].dtype = _dtype_number(graph, ref)


def _dtype_number(graph: Graph, ref: TensorRef) -> int:
    dtype = graph.nodes[ref.node].dtypes[ref.port]
    return 0 if dtype is None else dtype_numbers()[dtype]
