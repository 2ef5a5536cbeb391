"""Raises TF1's conds into the `If` that TF2 has.

before                                        after
    Switch s(x, p) --true--> Neg --> Merge m      If cond(p, x) with
    Switch s(x, p) --false--> Abs -> Merge m          cond/then(s): Neg(s)
                                                      cond/else(s): Abs(s)
                                                  Merge m = Identity(cond:0)

Every name keeps its meaning. A Merge stays where it is, as an Identity of the If's output; in the branches a Switch is
the argument, other nodes are unchanged. A Switch that nobody reads, or that is asked for, stays as an IdentityN.

A branch without a Merge is an If without outputs. What a branch computes and something other than its Merge reads (its
gradient, which is a second If on the same predicate) is an output of the If too: `_Dead` stands for it in the other
branch. A Merge of two tensors that don't differ in one predicate stays as it is, and what it reads is handed to it so.
Where they are in no branch at all, nothing is skipped, and the Merge takes the one that comes first: it is marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.passes.control_flow.branches import Branches, find_branches
from graphcost.passes.control_flow.cond_parts import Level
from graphcost.passes.control_flow.frames import (
    COMES_FIRST,
    CONTROL_FLOW_V1,
    FIRST,
    MERGES,
    NEXT_ITERATIONS,
    SWITCHES,
)
from graphcost.passes.control_flow.if_node import BranchBody, raise_level
from graphcost.passes.control_flow.naming import Names, in_file_order


@dataclass(frozen=True, slots=True)
class RaiseConds:
    """Switch and Merge become If nodes, in the graph and in its functions; loops must have been raised before."""

    name: ClassVar[str] = "raise_conds"

    def __call__(self, graph: Graph) -> Graph:
        return raise_conds(graph)


def raise_conds(graph: Graph) -> Graph:
    """The graph with the conds of its top level and of its functions raised. Loops must have been raised before.

    The conds of a graph that still has a loop stay as they are.
    """
    bodies = [graph, *graph.functions.values()]
    if not any(_has_conds(body) for body in bodies):
        return graph
    functions = dict(graph.functions)
    names = Names(name for body in bodies for name in body.nodes)
    function_names = Names(functions)
    for name, body in graph.functions.items():
        if _has_conds(body):
            functions[name], made = _raise_conds_of(body, names, function_names)
            functions.update(made)
    if _has_conds(graph):
        graph, made = _raise_conds_of(graph, names, function_names)
        functions.update(made)
    return replace(graph, functions=MappingProxyType(functions))


def _has_conds(graph: Graph) -> bool:
    ops = {node.op for node in graph.nodes.values()}
    return not ops.isdisjoint(SWITCHES | MERGES) and ops.isdisjoint(NEXT_ITERATIONS)


def _raise_conds_of(graph: Graph, names: Names, function_names: Names) -> tuple[Graph, dict[str, Graph]]:
    """One graph without its functions' graphs, and the functions that its branches became."""
    read = {ref for node in graph.nodes.values() for ref in node.inputs} | set(graph.outputs)
    branches = find_branches(graph)
    places = {name: place for place, name in enumerate(graph.nodes)}
    top = BranchBody([_passed_on(node, read) for node in graph.order], graph.inputs, graph.outputs, graph.controls)
    raised, inner = raise_level(top, Level(top.nodes, 0, branches), names, function_names)
    if all(node.op in MERGES or node.op not in CONTROL_FLOW_V1 for node in raised.nodes):
        raised = replace(raised, nodes=[_marked(node, graph, branches) for node in raised.nodes])
    pending = list(inner.items())
    functions: dict[str, Graph] = {}
    while pending:
        name, body = pending.pop()
        level = Level(body.nodes, body.depth, branches)
        body, inner = raise_level(body, level, names, function_names)
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
