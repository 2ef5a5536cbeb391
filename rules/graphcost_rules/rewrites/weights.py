"""What a rewrite can know of weights: that a tensor depends on nothing else, and its shape."""

from __future__ import annotations

from collections.abc import Mapping

from graphcost import Literal, Match, Node, PartialShape, TensorRef

HANDED_ON = ("Identity", "ReadVariableOp")
ELEMENTWISE = ("Add", "AddV2", "Sub", "Mul", "RealDiv", "Neg", "Rsqrt", "Sqrt", "Square", "Reciprocal")
VARIABLES = ("VarHandleOp", "VariableV2", "Variable")

_MOST_NODES = 64
"""The chain of a batch normalization has five."""


def weights_shape(match: Match, tensor: TensorRef) -> tuple[int, ...] | None:
    """The shape of a tensor that elementwise arithmetic makes of constants and variables; None where it isn't one."""
    shapes: dict[str, tuple[int, ...] | None] = {}
    pending = [tensor.node]
    while pending:
        node = match.producer(TensorRef(pending[-1]))
        below = [ref.node for ref in node.inputs if ref.node not in shapes] if _is_arithmetic(node) else []
        if below:
            pending += below
            if len(shapes) + len(pending) > _MOST_NODES:
                return None
            continue
        shapes[node.name] = _joined(node, shapes) if _is_arithmetic(node) else _declared(node)
        pending.pop()
    return shapes[tensor.node]


def _is_arithmetic(node: Node) -> bool:
    return node.op in HANDED_ON or node.op in ELEMENTWISE


def _declared(node: Node) -> tuple[int, ...] | None:
    value, shape = node.attrs.get("value"), node.attrs.get("shape")
    if node.op == "Const" and isinstance(value, Literal):
        return value.shape
    if node.op in VARIABLES and isinstance(shape, PartialShape) and shape.dims is not None and -1 not in shape.dims:
        return shape.dims
    return None


def _joined(node: Node, shapes: Mapping[str, tuple[int, ...] | None]) -> tuple[int, ...] | None:
    """The shapes of the operands, broadcast to each other."""
    joined: tuple[int, ...] = ()
    for ref in node.inputs:
        shape = shapes[ref.node]
        if shape is None:
            return None
        rank = max(len(joined), len(shape))
        pairs = zip(_padded(joined, rank), _padded(shape, rank), strict=True)
        sizes = [(a, b) for a, b in pairs]
        if any(a != b and 1 not in (a, b) for a, b in sizes):
            return None
        joined = tuple(b if a == 1 else a for a, b in sizes)
    return joined


def _padded(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    return (1,) * (rank - len(shape)) + shape
