"""Graphs as text, for tests: one line a node, as in

    x = Placeholder(dtype=int32, shape=<?,3>)
    two = Const(value=2)
    y = Mul(x, two:0, ^init, T=int32)
    s = Switch(y, pred) -> int32, int32

A line is `name = Op(inputs, attributes)`, then optionally `-> dtypes` of the outputs. Text after `#` is a comment.
Attributes are Python literals, or a bare word for a dtype, `<2,?>` for a shape (`<*>` of unknown rank) and `@name` for
a function; the `value` of a Const is a scalar or a flat list.

Defaults of attributes, dtypes and statefulness come from TensorFlow's definition of the op, where it has one. The
`_Arg` nodes are the graph's inputs, in the order of the text, unless `inputs` says otherwise.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from graphcost.ir.graph import Graph
from graphcost.ir.literal import Literal, PartialShape, Value
from graphcost.ir.node import EMPTY, Attr, FunctionRef, Node, TensorRef
from graphcost.loaders.opdefs import tensorflow_ops

_LINE = re.compile(r"(?P<name>\S+) = (?P<op>\w+)\((?P<args>.*)\)(?: ->(?P<dtypes>[\w, ]*))?")
_ARGUMENT = re.compile(r"""(?:[^,'"<\[({]|'[^']*'|"[^"]*"|<[^>]*>|\[[^\]]*\]|\([^)]*\))+""")


def tiny_graph(
    text: str,
    outputs: str = "",
    *,
    inputs: str | None = None,
    controls: str = "",
    functions: Mapping[str, Graph] = EMPTY,
) -> Graph:
    """The graph that the text describes; `outputs`, `inputs` and `controls` are names with commas between them."""
    nodes = [parse_node(line) for line in _lines(text)]
    arguments = [node for node in nodes if node.op == "_Arg"]
    nodes = [_indexed(node, arguments.index(node)) if node.op == "_Arg" else node for node in nodes]
    return Graph.of(
        nodes,
        inputs=[TensorRef(node.name) for node in arguments] if inputs is None else map(parse_ref, _split(inputs)),
        outputs=map(parse_ref, _split(outputs)),
        functions=functions,
        controls=_split(controls),
    )


def parse_node(line: str) -> Node:
    """The node of one line. Raises ValueError where the line isn't one."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a node: {line!r}")
    arguments = [argument.strip() for argument in _ARGUMENT.findall(match["args"])]
    attributes = [argument for argument in arguments if re.match(r"\w+=", argument)]
    names = [argument for argument in arguments if argument not in attributes]
    attrs = _attrs(match["op"], dict(text.split("=", 1) for text in attributes))
    definition = tensorflow_ops().get(match["op"])
    attrs = {**definition.defaults, **attrs} if definition else attrs
    dtypes = definition.dtypes(attrs) if definition else None
    if match["dtypes"] is not None:
        dtypes = tuple(_split(match["dtypes"]))
    return Node(
        name=match["name"],
        op=match["op"],
        inputs=tuple(parse_ref(name) for name in names if not name.startswith("^")),
        controls=tuple(name[1:] for name in names if name.startswith("^")),
        attrs=MappingProxyType(attrs),
        dtypes=dtypes or (None,),
        stateful=definition is not None and definition.stateful,
    )


def parse_ref(text: str) -> TensorRef:
    """`node` or `node:port`."""
    node, colon, port = text.rpartition(":")
    return TensorRef(node, int(port)) if colon else TensorRef(text)


def wiring(graph: Graph) -> list[str]:
    """The nodes as lines without attributes, in the order of the graph: `name = Op(input, ^control)`."""
    return [_wires(node) for node in graph.nodes.values()]


def _wires(node: Node) -> str:
    edges = [*map(str, node.inputs), *(f"^{control}" for control in node.controls)]
    return f"{node.name} = {node.op}({', '.join(edges)})"


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        code = re.sub(r"(^|\s)#.*", "", line).strip()
        if code:
            yield code


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _indexed(node: Node, index: int) -> Node:
    attrs = {"T": None, **node.attrs, "index": index}
    dtype = attrs["T"]
    return Node(node.name, "_Arg", attrs=attrs, dtypes=(dtype if isinstance(dtype, str) else None,))


def _attrs(op: str, texts: Mapping[str, str]) -> dict[str, Attr]:
    if op != "Const" or "value" not in texts:
        return {name: _attr(text) for name, text in texts.items()}
    literal = _literal(ast.literal_eval(texts["value"]), texts.get("dtype"))
    return {"value": literal, "dtype": literal.dtype}


def _attr(text: str) -> Attr:
    if text.startswith("@"):
        return FunctionRef(text[1:], EMPTY)
    if text == "<*>":
        return PartialShape(None)
    if text.startswith("<"):
        return PartialShape(tuple(-1 if size == "?" else int(size) for size in _split(text[1:-1])))
    if text.isidentifier() and text not in ("True", "False", "None"):
        return text
    attr: Attr = _frozen(ast.literal_eval(text))
    return attr


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def _literal(value: Any, dtype: str | None) -> Literal:
    tracked = Value.vector(value) if isinstance(value, list) else Value.scalar(value)
    sample = tracked.items[0] if tracked.items else 0
    guess = "bool" if isinstance(sample, bool) else "float32" if isinstance(sample, float) else "int32"
    return Literal(dtype or guess, tracked.shape, tracked)
