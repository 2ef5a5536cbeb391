"""Where data comes from: the operations through which a model is fed."""

from __future__ import annotations

from collections.abc import Iterator

from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef
from graphcost.ops.roles import SOURCES
from graphcost.ops.rule import RuleSet


def input_refs(graph: Graph, rules: RuleSet) -> Iterator[TensorRef]:
    """The tensors through which the graph is fed: its declared inputs, placeholders and data sources."""
    sources = rules.ops_in(SOURCES)
    declared = dict.fromkeys(graph.inputs)
    yield from declared
    for node in graph.nodes.values():
        if node.op in sources:
            refs = (TensorRef(node.name, port) for port in range(len(node.dtypes)))
            yield from (ref for ref in refs if ref not in declared and _is_data(node.dtypes[ref.port]))


def _is_data(dtype: str | None) -> bool:
    return dtype not in ("resource", "variant")
