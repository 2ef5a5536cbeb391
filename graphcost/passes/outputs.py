"""Sets the outputs that were asked for by name or pattern."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from graphcost.errors import UsageError
from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef


def with_outputs(graph: Graph, names: Sequence[str]) -> Graph:
    """The graph with the named tensors as its outputs; nodes without outputs run as its controls.

    A name is `node`, `node:port` or a pattern such as `logits*`. Raises UsageError, with the nearest names.
    """
    return asking(graph, [ref for name in names for ref in resolve(graph, name)])


def asking(graph: Graph, refs: Iterable[TensorRef]) -> Graph:
    """The graph with these tensors as its outputs; nodes without outputs run as its controls."""
    outputs: dict[TensorRef, None] = {}
    controls: dict[str, None] = {}
    for ref in refs:
        if graph.nodes[ref.node].dtypes:
            outputs[ref] = None
        else:
            controls[ref.node] = None
    return replace(graph, outputs=tuple(outputs), controls=tuple(controls))


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
        from difflib import get_close_matches

        near = get_close_matches(name, graph.nodes, n=3, cutoff=0.5)
        hint = f"; the nearest are {', '.join(near)}" if near else ""
        raise UsageError(f"the model has no tensor {name!r}{hint}")
    return matches
