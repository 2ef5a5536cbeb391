"""FunctionDef -> Graph: arguments become `_Arg` nodes, and `node:argument:index` becomes a port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from graphcost.errors import GraphError
from graphcost.ir.graph import Graph
from graphcost.ir.node import Attr, Node, TensorRef
from graphcost.loaders.attrs import decode_attr, decode_dtype
from graphcost.loaders.nodes import Draft, NodeDecoder
from graphcost.loaders.source import FunctionSource


def decode_function(source: FunctionSource, decoder: NodeDecoder) -> Graph:
    """The body of a function as a graph.

    Its `inputs` are the arguments in order, its `outputs` the results in order, its `controls` the nodes that run for
    their effect. Raises GraphError, naming the function, where the body is broken.
    """
    name = source.header.signature.name
    try:
        return _Body(source, decoder).graph()
    except GraphError as error:
        raise GraphError(f"function {name!r}: {error}") from error


class _Body:
    def __init__(self, source: FunctionSource, decoder: NodeDecoder) -> None:
        self._header = source.header
        self._decoder = decoder
        args = list(_arg_nodes(source.header))
        self._args = {node.name: node for node in args}
        if len(self._args) < len(args):
            raise GraphError("two of its arguments have the same name")
        self._drafts = [decoder.draft(node) for node in source.nodes()]
        self._ports = {draft.name: _known_ports(draft) for draft in self._drafts}

    def graph(self) -> Graph:
        results = [self._result(arg.name) for arg in self._header.signature.output_arg]
        self._guess_ports(results)
        nodes = [*self._args.values(), *map(self._node, self._drafts)]
        graph = Graph.of(
            nodes,
            inputs=map(TensorRef, self._args),
            outputs=[self._ref(result, "the function returns") for result in results],
            controls=self._header.control_ret.values(),
        )
        for control in graph.controls:
            if control not in graph.nodes:
                raise GraphError(f"it waits for {control!r}, which isn't in its body")
        return graph

    def _result(self, name: str) -> str:
        if name not in self._header.ret:
            raise GraphError(f"its result {name!r} is computed by no node")
        return str(self._header.ret[name])

    def _node(self, draft: Draft) -> Node:
        reader = f"node {draft.name!r} reads"
        inputs = [self._ref(text, reader) for text in draft.inputs if not text.startswith("^")]
        controls = [self._decoder.shared(text[1:]) for text in draft.inputs if text.startswith("^")]
        dtypes = draft.dtypes
        if dtypes is None:
            count = max((ports.stop for ports in (self._ports[draft.name] or {}).values()), default=1)
            dtypes = self._decoder.unknown(draft, count)
        return draft.with_inputs(inputs, controls, dtypes)

    def _ref(self, text: str, reader: str) -> TensorRef:
        """The tensor that an input names: `argument`, `node:argument:index` or `node:argument`."""
        name, argument, index = _split(text)
        if name in self._args or not argument:
            return TensorRef(self._decoder.shared(name))
        ports = (self._ports.get(name) or {}).get(argument, range(0))
        if not 0 <= index < len(ports):
            raise GraphError(f"{reader} {text!r}, which isn't in its body")
        return TensorRef(self._decoder.shared(name), ports[index])

    def _guess_ports(self, results: Sequence[str]) -> None:
        """For ops without a definition: the arguments that are read, in the order in which they first are."""
        unknown = {draft.name for draft in self._drafts if self._ports[draft.name] is None}
        if not unknown:
            return
        lengths: dict[str, dict[str, int]] = {name: {} for name in unknown}
        for text in (*(text for draft in self._drafts for text in draft.inputs), *results):
            name, argument, index = _split(text)
            if name in unknown and argument:
                lengths[name][argument] = max(lengths[name].get(argument, 1), index + 1)
        for name, by_argument in lengths.items():
            self._ports[name] = dict(_consecutive(by_argument))


def _arg_nodes(header: Any) -> Iterator[Node]:
    for index, arg in enumerate(header.signature.input_arg):
        dtype = decode_dtype(arg.type)
        attrs: dict[str, Attr] = {"T": dtype, "index": index}
        if index in header.arg_attr:
            extra = header.arg_attr[index].attr
            attrs = {**{name: decode_attr(extra[name], with_elements=False) for name in extra}, **attrs}
        yield Node(arg.name, "_Arg", attrs=MappingProxyType(attrs), dtypes=(dtype,))


def _known_ports(draft: Draft) -> dict[str, range] | None:
    return draft.definition.ports(draft.attrs) if draft.definition and draft.dtypes is not None else None


def _split(text: str) -> tuple[str, str, int]:
    """Node, argument and index; -1 for an index that is none."""
    name, _, rest = text.partition(":")
    argument, _, index = rest.partition(":")
    if not index:
        return name, argument, 0
    return name, argument, int(index) if index.isascii() and index.isdigit() and len(index) < 10 else -1


def _consecutive(lengths: Mapping[str, int]) -> Iterator[tuple[str, range]]:
    start = 0
    for argument, length in lengths.items():
        yield argument, range(start, start + length)
        start += length
