"""What the engine's own walks rely on of a node: checked where a graph is made, so that no walk has to ask.

The walks go through Identities to where a value comes from, take conditions of loops apart, and compare what goes into
a loop with what comes out of it. A node that isn't what its op promises has another op from then on: no walk takes it
for what it isn't, and its line says so. What a rule looks at is the rule's to check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from graphcost.ir.node import Node

MALFORMED = " (malformed)"
"""What the op of a node that isn't sound ends in."""

ARITY: Mapping[str, int] = {
    "Identity": 1,
    "LogicalNot": 1,
    **dict.fromkeys(("LogicalAnd", "LogicalOr", "Less", "LessEqual", "Greater", "GreaterEqual"), 2),
}
"""How many inputs the operations have whose inputs are followed by position."""

LOOPS = frozenset({"While", "_While", "StatelessWhile", "XlaWhile", "RiscWhile"})
"""What comes out of a loop is what went in, tensor by tensor."""

FRAMES = frozenset({"Enter", "RefEnter"})


def sound(node: Node) -> Node:
    """The node, if it has what the engine relies on; else one that nothing takes for what it isn't.

    It counts as one with state, so that nobody takes it for a constant either.
    """
    op = node.op
    if op in ARITY:
        fits = len(node.inputs) == ARITY[op]
    elif op in LOOPS:
        fits = len(node.inputs) == len(node.dtypes)
    elif op in FRAMES:
        fits = isinstance(node.attrs.get("frame_name", b""), bytes)
    else:
        return node
    return node if fits else replace(node, op=op + MALFORMED, stateful=True)


def is_malformed(node: Node) -> bool:
    """Whether the node is one that isn't sound, under its other op."""
    return node.op.endswith(MALFORMED)


def written_op(node: Node) -> str:
    """The op as the file has it."""
    return node.op.removesuffix(MALFORMED)
