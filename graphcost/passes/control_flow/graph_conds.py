"""The conds of one graph: its Switches and Merges become If nodes, and what is between them their branches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.passes.control_flow.branches import Branches, find_branches
from graphcost.passes.control_flow.cond_parts import Level
from graphcost.passes.control_flow.frames import COMES_FIRST, CONTROL_FLOW_V1, FIRST, MERGES, SWITCHES
from graphcost.passes.control_flow.if_node import BranchBody, raise_level
from graphcost.passes.control_flow.naming import Names, in_file_order


def raise_conds_of(graph: Graph, names: Names, function_names: Names) -> tuple[Graph, dict[str, Graph]]:
    """One graph without its functions' graphs, and the functions that its branches became."""
    read = {ref for node in graph.nodes.values() for ref in node.inputs} | set(graph.outputs)
    branches = find_branches(graph)
    places = {name: place for place, name in enumerate(graph.nodes)}
    top = BranchBody([_passed_on(node, read) for node in graph.order], graph.inputs, graph.outputs, graph.controls)
    raised, inner = raise_level(top, Level(top.nodes, branches), names, function_names)
    if all(node.op in MERGES or node.op not in CONTROL_FLOW_V1 | SWITCHES for node in raised.nodes):
        raised = replace(raised, nodes=[_marked(node, graph, branches) for node in raised.nodes])
    pending = list(inner.items())
    functions: dict[str, Graph] = {}
    while pending:
        name, body = pending.pop()
        body, inner = raise_level(body, Level(body.nodes, branches), names, function_names)
        pending.extend(inner.items())
        functions[name] = _graph(body, places)
    return _graph(raised, places), functions


def _graph(body: BranchBody, places: Mapping[str, int]) -> Graph:
    """The graph of a body. An input that isn't fed from outside any more, as a branch computes it, is none."""
    standing = {node.name for node in body.nodes}
    return Graph.of(
        in_file_order(body.nodes, places),
        inputs=[ref for ref in body.inputs if ref.node in standing],
        outputs=body.outputs,
        controls=body.controls,
    )


def _marked(node: Node, graph: Graph, branches: Branches) -> Node:
    """A Merge of tensors that are there in any case takes the one that comes first, as TensorFlow's executor does."""
    if node.op not in MERGES:
        return node
    if any(branches.places[ref.node] for ref in graph.nodes[node.name].inputs):
        return node
    return replace(node, attrs=MappingProxyType({**node.attrs, FIRST: COMES_FIRST}))


def _passed_on(node: Node, read: set[TensorRef]) -> Node:
    """A Merge of one tensor is that tensor."""
    if node.op not in MERGES or len(node.inputs) != 1 or TensorRef(node.name, 1) in read:
        return node
    dtype = node.dtypes[0]
    return replace(node, op="Identity", attrs=MappingProxyType({"T": dtype}), dtypes=(dtype,))
