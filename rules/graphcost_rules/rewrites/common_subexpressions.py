"""Computes once what several nodes compute alike."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

from graphcost import Attr, FunctionRef, Graph, GraphRewrite, Literal, Node, TensorRef

KEPT_APART = frozenset({
    "Placeholder", "PlaceholderV2", "PlaceholderWithDefault", "_Arg", "Switch", "RefSwitch", "Merge", "RefMerge",
    "Enter", "RefEnter", "Exit", "RefExit", "NextIteration", "RefNextIteration", "LoopCond", "ControlTrigger",
})  # fmt: skip
"""Sources of different data, and what says where control goes."""
REFERENCES = frozenset({"Variable", "VariableV2", "TemporaryVariable"})


def merge(graph: Graph) -> Graph:
    """Of nodes with the same operation, attributes and operands the first stands for all of them.

    before: Mul(Neg(x), Neg(x))      two nodes Neg
    after:  Mul(Neg(x), Neg(x))      one node Neg, read twice

    What has state or draws random numbers is left alone, and so is what the graph names as an input or output.
    So are weights: a file may have nothing but zeros in their place. Constants are alike where all elements are known.
    """
    fixed = {*(ref.node for ref in (*graph.inputs, *graph.outputs)), *graph.controls}
    first: dict[Hashable, str] = {}
    instead: dict[str, str] = {}
    merged: dict[str, Node] = {}
    for node in graph.order:
        node = rewired(node, instead)
        key = identity(node, graph) if node.name not in fixed else None
        known = node.name if key is None else first.setdefault(key, node.name)
        if known == node.name:
            merged[node.name] = node
        else:
            instead[node.name] = known
            merged[known] = replace(merged[known], origins=origins(merged[known], node))
    if not instead:
        return graph
    return Graph.of(
        # Behind a loop's back edge a node can read one that was merged later than it.
        (rewired(merged[name], instead) for name in graph.nodes if name in merged),
        inputs=graph.inputs,
        outputs=graph.outputs,
        functions=graph.functions,
        controls=graph.controls,
    )


def identity(node: Node, graph: Graph) -> Hashable | None:
    """What nodes must share to compute the same; None for one that is like no other."""
    if node.stateful or not node.dtypes or node.op in KEPT_APART:
        return None
    if any(graph.nodes[ref.node].op in REFERENCES for ref in node.inputs):
        return None
    if node.op == "Const" and not is_known_number(node.attrs.get("value")):
        return None
    attrs = {name: attr for name, attr in node.attrs.items() if not name.startswith("_")}
    return (node.op, node.inputs, frozenset(node.controls), node.dtypes, hashable(attrs))


def is_known_number(value: Attr) -> bool:
    """Whether a constant is no weight, which a floating one of rank 1 and above is, and its elements are known."""
    if not isinstance(value, Literal) or (value.shape and "float" in value.dtype):
        return False
    return value.value is not None or value.texts is not None


def hashable(attr: object) -> Hashable:
    """Equal for equal attributes only: 1, 1.0 and True aren't, nor are 0.0 and -0.0."""
    if isinstance(attr, float):
        return ("float", attr.hex())
    if isinstance(attr, FunctionRef):
        return ("function", attr.name, hashable(attr.attrs))
    if isinstance(attr, Literal):
        items = None if attr.value is None else hashable(attr.value.items)
        return ("tensor", attr.dtype, attr.shape, items, attr.texts)
    if isinstance(attr, Mapping):
        return ("attributes", tuple((name, hashable(attr[name])) for name in sorted(attr)))
    if isinstance(attr, tuple):
        return (type(attr).__name__, tuple(map(hashable, attr)))
    return (type(attr).__name__, attr if isinstance(attr, Hashable) else id(attr))


def rewired(node: Node, instead: Mapping[str, str]) -> Node:
    if not any(ref.node in instead for ref in node.inputs) and not any(name in instead for name in node.controls):
        return node
    inputs = tuple(TensorRef(instead.get(ref.node, ref.node), ref.port) for ref in node.inputs)
    return replace(
        node, inputs=inputs, controls=tuple(dict.fromkeys(instead.get(name, name) for name in node.controls))
    )


def origins(known: Node, node: Node) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*(known.origins or (known.name,)), *(node.origins or (node.name,)))))


REWRITE = GraphRewrite("common_subexpressions", merge)
