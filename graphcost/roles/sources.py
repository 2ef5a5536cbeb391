"""Where data comes from: the operations through which a model is fed."""

from __future__ import annotations

from collections.abc import Iterator

from graphcost.ir.graph import Graph, TensorRef

PLACEHOLDERS = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})
DATA_SOURCES = frozenset({
    "IteratorGetNext", "IteratorGetNextSync", "IteratorGetNextAsOptional", "OneShotIterator",
    "QueueDequeue", "QueueDequeueV2", "QueueDequeueMany", "QueueDequeueManyV2", "QueueDequeueUpTo",
    "QueueDequeueUpToV2", "ReaderRead", "ReaderReadV2", "ReaderReadUpTo", "ReaderReadUpToV2", "Unstage",
    "BarrierTakeMany", "_Recv", "_HostRecv",
})  # fmt: skip
INPUT_OPS = PLACEHOLDERS | DATA_SOURCES


def input_refs(graph: Graph) -> Iterator[TensorRef]:
    """The tensors through which the graph is fed: its declared inputs, placeholders and data sources."""
    declared = dict.fromkeys(graph.inputs)
    yield from declared
    for node in graph.nodes.values():
        if node.op in INPUT_OPS:
            refs = (TensorRef(node.name, port) for port in range(len(node.dtypes)))
            yield from (ref for ref in refs if ref not in declared and _is_data(node.dtypes[ref.port]))


def _is_data(dtype: str | None) -> bool:
    return dtype not in ("resource", "variant")
