"""Nodes that stand for a tensor that is computed elsewhere: they have no rule and no line of their own.

Their ops are the engine's: a node of a file that has such an op is renamed when it is read.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from graphcost.ir.node import Node

ARGUMENT = "_Arg"
"""What a function's body is given. TensorFlow has it too."""

DEAD = "_Dead"
"""A branch's output that only the other branch computes. Who reads it runs with the other branch only."""

COPY = "_Copy"
"""A node whose value is wanted in a second graph: it runs, and counts, in the first."""

FOLDED = "_Folded"
"""A node that constants alone decide: it runs once, before anything is asked of the model, and not at each run."""

STAND_INS = frozenset({ARGUMENT, DEAD, COPY, FOLDED})
INTERNAL = STAND_INS - {ARGUMENT}

_OP = "_op"
"""The attribute of a COPY or FOLDED node that holds its former op."""


def standing_for(node: Node, op: str) -> Node:
    """The node as a stand-in, COPY or FOLDED: with its edges, its facts to be found, and nothing to be counted."""
    return replace(node, op=op, attrs=MappingProxyType({**node.attrs, _OP: node.op}), origins=origins(node))


def restored(node: Node) -> Node:
    """The node that a COPY or FOLDED stands for; any other node as it is."""
    if node.op not in (COPY, FOLDED):
        return node
    op = node.attrs.get(_OP)
    if not isinstance(op, str):
        return node
    attrs = dict(node.attrs)
    del attrs[_OP]
    # Every constant comes here at least twice: replace() takes twice the time.
    return Node(
        node.name, op, node.inputs, node.controls, MappingProxyType(attrs), node.dtypes, node.stateful, node.origins
    )


def origins(node: Node) -> tuple[str, ...]:
    """The names in the file that a node stands for: its own where nothing else is said."""
    return node.origins or (node.name,)
