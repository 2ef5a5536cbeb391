"""Graph -> FunctionDef: `_Arg` nodes become arguments, and a port becomes `node:argument:index`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphcost.export.attrs import dtype_number, encode_attr
from graphcost.export.nodes import add_node, definition_of
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.loaders.descriptors import message_class
from graphcost.loaders.opdefs import OpDef

_ANY_OUTPUT = "out"
"""The output argument of an operation that nobody describes: reading one by one, its index is the port."""


def signature(name: str, body: Graph, is_stateful: bool) -> Any:
    """The OpDef of a function: its arguments have their names, its results `result_0` and so on."""
    message = message_class("OpDef")(name=name, is_stateful=is_stateful, control_output=body.controls)
    for ref in body.inputs:
        message.input_arg.add(name=ref.node, type=dtype_number(_dtype(body, ref)))
    for index, ref in enumerate(body.outputs):
        message.output_arg.add(name=f"result_{index}", type=dtype_number(_dtype(body, ref)))
    return message


def fill_function(target: Any, body: Graph, functions: Mapping[str, OpDef]) -> None:
    """Writes a body into a FunctionDef that has its signature already. `functions` are the signatures of all."""
    arguments = {ref.node for ref in body.inputs}
    for index, ref in enumerate(body.inputs):
        for name, attr in body.nodes[ref.node].attrs.items():
            if name not in ("T", "index") and attr is not None:
                encode_attr(target.arg_attr[index].attr[name], attr)
    names = _Names(body, arguments, functions)
    for node in body.nodes.values():
        if node.name not in arguments:
            message = target.node_def.add()
            add_node(message, node, body.nodes, functions)
            message.input.extend((*map(names.of, node.inputs), *(f"^{name}" for name in node.controls)))
    for argument, ref in zip(target.signature.output_arg, body.outputs, strict=True):
        target.ret[argument.name] = names.of(ref)
    for name in body.controls:
        target.control_ret[name] = name


class _Names:
    """How tensors are called within a body."""

    def __init__(self, body: Graph, arguments: set[str], functions: Mapping[str, OpDef]) -> None:
        self._body = body
        self._arguments = arguments
        self._functions = functions
        self._known: dict[str, tuple[str, ...] | None] = {}

    def of(self, ref: TensorRef) -> str:
        if ref.node in self._arguments:
            return ref.node
        if ref.node not in self._known:
            self._known[ref.node] = self._outputs(self._body.nodes[ref.node])
        outputs = self._known[ref.node]
        if outputs is None or ref.port >= len(outputs):
            return f"{ref.node}:{_ANY_OUTPUT}:{ref.port}"
        return f"{ref.node}:{outputs[ref.port]}"

    def _outputs(self, node: Node) -> tuple[str, ...] | None:
        definition = definition_of(node, self._functions)
        ports = None if definition is None else definition.ports(node.attrs)
        if ports is None:
            return None
        return tuple(f"{name}:{index}" for name, numbers in ports.items() for index in range(len(numbers)))


def _dtype(body: Graph, ref: TensorRef) -> str | None:
    return body.nodes[ref.node].dtypes[ref.port]
