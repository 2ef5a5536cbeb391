"""Chooses the outputs: the ones that were asked for, else the signature's, else those that the graph suggests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase

from graphcost.errors import UsageError
from graphcost.graph import Graph, Node, TensorRef, producers
from graphcost.passes.reasons import ASSERTS, ASSIGNMENTS, SAVERS, UPDATES, VARIABLES
from graphcost.passes.sources import INPUT_OPS


def with_outputs(graph: Graph, names: Sequence[str]) -> Graph:
    """The graph with the named tensors as its outputs; nodes without outputs run as its controls.

    A name is `node`, `node:port` or a pattern such as `logits*`. Raises UsageError, with the nearest names.
    """
    refs: list[TensorRef] = []
    controls: list[str] = []
    for name in names:
        for ref in resolve(graph, name):
            if graph.nodes[ref.node].dtypes:
                refs.append(ref)
            else:
                controls.append(ref.node)
    return replace(graph, outputs=tuple(dict.fromkeys(refs)), controls=tuple(dict.fromkeys(controls)))


def resolve(graph: Graph, name: str) -> list[TensorRef]:
    """The tensors that a name or pattern means."""
    node, _, port = name.rpartition(":")
    if name in graph.nodes:
        return [TensorRef(name)]
    if node in graph.nodes and port.isdecimal():
        if int(port) >= max(1, len(graph.nodes[node].dtypes)):
            raise UsageError(f"{node!r} ({graph.nodes[node].op}) has no output {port}")
        return [TensorRef(node, int(port))]
    matches = [TensorRef(known) for known in graph.nodes if any(c in name for c in "*?[") and fnmatchcase(known, name)]
    if not matches:
        near = get_close_matches(name, graph.nodes, n=3, cutoff=0.5)
        hint = f"; the nearest are {', '.join(near)}" if near else ""
        raise UsageError(f"the model has no tensor {name!r}{hint}")
    return matches


def with_inferred_outputs(graph: Graph) -> Graph:
    """The graph with its sinks as outputs: what nobody reads, less what no model gives as its answer.

    Where nothing is left, the inputs are the outputs.
    """
    fed_by_data = _reached_by_data(graph)
    sinks = [n for n in graph.nodes.values() if not graph.consumers[n.name] and _may_be_output(n)]
    outputs = [TensorRef(n.name, port) for n in sinks if n.name in fed_by_data for port in range(len(n.dtypes))]
    if not outputs:
        outputs = [TensorRef(n.name) for n in graph.nodes.values() if n.op in INPUT_OPS]
    return replace(graph, outputs=tuple(outputs), controls=())


def _may_be_output(node: Node) -> bool:
    if not node.dtypes or node.op in INPUT_OPS or node.op in VARIABLES:
        return False
    if node.op in SAVERS or node.op in ASSERTS or node.op in ASSIGNMENTS or node.op in UPDATES:
        return False
    return node.op not in ("Const", "NoOp", "ReadVariableOp", "IsVariableInitialized") and "Summary" not in node.op


def _reached_by_data(graph: Graph) -> set[str]:
    """The nodes that something other than constants and variables reaches."""
    found: set[str] = set()
    for node in graph.order:
        starts = not node.inputs and node.op not in ("Const", "NoOp") and node.op not in VARIABLES
        if starts or any(name in found for name in producers(node)):
            found.add(node.name)
    return found
