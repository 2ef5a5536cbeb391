"""What a rewrite can know of weights: that a tensor depends on nothing else, and its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from graphcost import Literal, Match, Node, PartialShape, TensorRef

HANDED_ON = ("Identity", "ReadVariableOp")
ELEMENTWISE = ("Add", "AddV2", "Sub", "Mul", "RealDiv", "Neg", "Rsqrt", "Sqrt", "Square", "Reciprocal")
RESHAPE = "Reshape"
VARIABLES = ("VarHandleOp", "VariableV2", "Variable")

_MOST_NODES = 64
"""The arithmetic of a batch normalization has a dozen."""

Shapes = Mapping[str, "tuple[int, ...] | None"]


def weights_shape(match: Match, tensor: TensorRef) -> tuple[int, ...] | None:
    """The shape of a tensor that elementwise arithmetic and reshapes make of weights alone; None for any other."""
    shapes: dict[str, tuple[int, ...] | None] = {}
    pending = [tensor.node]
    while pending:
        node = match.producer(TensorRef(pending[-1]))
        below = [ref.node for ref in _operands(node) if ref.node not in shapes]
        if below:
            pending += below
            if len(shapes) + len(pending) > _MOST_NODES:
                return None
            continue
        shapes[node.name] = _shape(match, node, shapes)
        pending.pop()
    return shapes[tensor.node]


def _operands(node: Node) -> Sequence[TensorRef]:
    """The tensors of weights that the node is computed of."""
    if node.op == RESHAPE:
        return node.inputs[:1]
    return node.inputs if node.op in HANDED_ON or node.op in ELEMENTWISE else ()


def _shape(match: Match, node: Node, shapes: Shapes) -> tuple[int, ...] | None:
    if node.op == RESHAPE:
        return _reshaped(match.producer(node.inputs[1]), shapes[node.inputs[0].node])
    return _joined(node, shapes) if _operands(node) else _declared(node)


def _reshaped(sizes: Node, before: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """The shape that a constant asks for; one with an open size isn't looked at."""
    literal = sizes.attrs.get("value")
    if before is None or sizes.op != "Const" or not isinstance(literal, Literal) or literal.value is None:
        return None
    shape = tuple(size for size in literal.value.items if isinstance(size, int) and size >= 0)
    return shape if len(shape) == len(literal.value.items) and prod(shape) == prod(before) else None


def _declared(node: Node) -> tuple[int, ...] | None:
    value, shape = node.attrs.get("value"), node.attrs.get("shape")
    if node.op == "Const" and isinstance(value, Literal):
        return value.shape
    if node.op in VARIABLES and isinstance(shape, PartialShape) and shape.dims is not None and -1 not in shape.dims:
        return shape.dims
    return None


def _joined(node: Node, shapes: Shapes) -> tuple[int, ...] | None:
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
