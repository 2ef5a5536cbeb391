"""Node -> NodeDef, but for the names of inputs, which top-level graphs and function bodies write differently."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from graphcost.export.attrs import encode_attr
from graphcost.ir.node import EMPTY, Attr, Node
from graphcost.ir.sound import written_op
from graphcost.loaders.opdefs import OpDef, tensorflow_ops

_COLOCATION = "_class"
_AT_NODE = b"loc:@"


def add_node(target: Any, node: Node, names: Collection[str], functions: Mapping[str, OpDef]) -> None:
    """Writes name, op and attributes into a NodeDef. Attributes at their defaults, and those of no value, are left out.

    `names` are the nodes of the graph, `functions` the definitions of its functions, which come before operations.
    """
    target.name, target.op = node.name, written_op(node)
    definition = definition_of(node, functions)
    defaults = EMPTY if definition is None else definition.defaults
    for name, attr in node.attrs.items():
        written = _colocated(attr, names) if name == _COLOCATION else attr
        is_default = name in defaults and _is_same(written, defaults[name])
        if not is_default and (written is not None or name in defaults):
            encode_attr(target.attr[name], written)


def definition_of(node: Node, functions: Mapping[str, OpDef]) -> OpDef | None:
    return functions.get(node.op) or tensorflow_ops().get(node.op)


def _is_same(attr: Attr, default: Attr) -> bool:
    return type(attr) is type(default) and attr == default


def _colocated(attr: Attr, names: Collection[str]) -> Attr:
    """Without the nodes that aren't in the graph, for which TensorFlow would look in vain."""
    if not isinstance(attr, tuple):
        return attr
    kept = [item for item in attr if isinstance(item, bytes) and item.removeprefix(_AT_NODE).decode() in names]
    return tuple(kept) or None
