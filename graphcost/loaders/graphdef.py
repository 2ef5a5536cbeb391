"""GraphSource -> Graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any

from graphcost.errors import GraphError
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.loaders.functions import decode_function
from graphcost.loaders.nodes import Draft, NodeDecoder
from graphcost.loaders.opdefs import OpDef, OpDefs, decode_op_def, tensorflow_ops
from graphcost.loaders.source import FunctionSource, GraphSource


def decode_graph(source: GraphSource, *, op_defs: Iterable[Any] = (), read: Iterable[TensorRef] = ()) -> Graph:
    """The graph with its functions.

    `op_defs` are the OpDef messages that the file brings along for ops that TensorFlow doesn't have. `read` are
    tensors that are asked for from outside: for an op without a definition they tell of outputs that nothing else does.
    Raises GraphError where the graph is broken.
    """
    decoder = NodeDecoder(OpDefs(op_defs, fallback=tensorflow_ops()), _signatures(source.functions))
    functions = {item.header.signature.name: decode_function(item, decoder) for item in source.functions}
    drafts = map(decoder.draft, source.nodes())
    return Graph.of(_nodes(drafts, decoder, read), functions=MappingProxyType(functions))


def parse_tensor_name(text: str) -> TensorRef:
    """The tensor that "node" or "node:port" names. Raises GraphError for anything else."""
    node, colon, port = text.rpartition(":")
    if not colon:
        return TensorRef(text)
    if not (node and port.isascii() and port.isdigit() and len(port) < 10):
        raise GraphError(f"{text!r} names no tensor")
    return TensorRef(node, int(port))


def _signatures(functions: Sequence[FunctionSource]) -> dict[str, OpDef]:
    signatures: dict[str, OpDef] = {}
    for function in functions:
        signature = decode_op_def(function.header.signature)
        if signature.name in signatures:
            raise GraphError(f"two functions are named {signature.name!r}")
        signatures[signature.name] = signature
    return signatures


def _nodes(drafts: Iterable[Draft], decoder: NodeDecoder, read: Iterable[TensorRef]) -> list[Node]:
    nodes: list[Node] = []
    unknown: dict[str, tuple[int, Draft]] = {}
    for draft in drafts:
        if draft.dtypes is None:
            unknown[draft.name] = (len(nodes), draft)
        nodes.append(_node(draft, decoder))
    if unknown:
        counts = _output_counts([*read, *(ref for node in nodes for ref in node.inputs)], unknown)
        for name, (position, draft) in unknown.items():
            node = nodes[position]
            nodes[position] = draft.with_inputs(node.inputs, node.controls, decoder.unknown(draft, counts[name]))
    return nodes


def _node(draft: Draft, decoder: NodeDecoder) -> Node:
    inputs: list[TensorRef] = []
    controls: list[str] = []
    for text in draft.inputs:
        if text.startswith("^"):
            controls.append(decoder.shared(text[1:]))
        elif ":" in text:
            inputs.append(_ref(text, draft, decoder))
        else:
            inputs.append(TensorRef(decoder.shared(text)))
    return draft.with_inputs(inputs, controls, draft.dtypes or ())


def _ref(text: str, draft: Draft, decoder: NodeDecoder) -> TensorRef:
    try:
        name, port = parse_tensor_name(text)
    except GraphError as error:
        raise GraphError(f"node {draft.name!r} reads {text!r}, which names no output of a node") from error
    return TensorRef(decoder.shared(name), port)


def _output_counts(refs: Iterable[TensorRef], unknown: Iterable[str]) -> dict[str, int]:
    counts = dict.fromkeys(unknown, 1)
    for name, port in refs:
        if name in counts:
            counts[name] = max(counts[name], port + 1)
    return counts
