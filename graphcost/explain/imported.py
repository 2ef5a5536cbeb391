"""What TensorFlow knows of a graph's top level as it imports it: shapes in numbers, without a single symbol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from graphcost.dims import Dim, Expr, Shape
from graphcost.evaluate.infer import infer
from graphcost.explain.called import Calls
from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape, Value
from graphcost.ir.node import Node, TensorRef
from graphcost.ops.fact import UNKNOWN, Fact
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import Sizes

Facts = Mapping[str, tuple[Fact, ...]]


def facts_on_import(graph: Graph, rules: RuleSet, feeds: Mapping[TensorRef, Fact]) -> Facts:
    """The facts of every node of the top level, dropped or not. `feeds` are shapes laid over the placeholders'.

    Each node is looked at once, in order: what comes round a loop is unknown. An open size isn't told from another,
    so that what a later node says of one teaches nothing of others.
    """
    facts: dict[str, tuple[Fact, ...]] = {}
    calls = Calls(graph.functions, rules)
    for node in graph.order:
        inputs = [_input(ref, facts) for ref in node.inputs]
        if calls.has(node):
            inferred = calls.outputs(node, inputs)
        else:
            inferred = infer(node, rules.get(node.op), inputs, Sizes()).facts
        facts[node.name] = tuple(
            _told(node, port, _fed(fact, feeds.get(TensorRef(node.name, port))), inputs, rules.role(node.op))
            for port, fact in enumerate(inferred)
        )
    return facts


def _input(ref: TensorRef, facts: Facts) -> Fact:
    return facts[ref.node][ref.port] if ref.node in facts else UNKNOWN


def _fed(fact: Fact, feed: Fact | None) -> Fact:
    return fact if feed is None or feed.shape is None else replace(fact, shape=feed.shape, value=None)


def _told(node: Node, port: int, fact: Fact, inputs: Sequence[Fact], role: Role) -> Fact:
    """The fact without what only graphcost knows."""
    ref = TensorRef(node.name, port)
    return Fact(
        dtype=fact.dtype,
        shape=_without_symbols(fact.shape, _recorded(node, port), ref),
        value=_followed(fact.value, inputs, role),
        element=None if fact.element is None else _element(fact.element, ref),
    )


def _without_symbols(shape: Shape | None, recorded: tuple[int, ...] | None, ref: TensorRef) -> Shape | None:
    """Each symbol is the tensor's own, unless the file recorded a number for it."""
    if shape is None or shape.is_static:
        return shape
    sizes = Sizes()
    known = recorded if recorded is not None and len(recorded) == len(shape) else (-1,) * len(shape)
    pairs = enumerate(zip(shape, known, strict=True))
    return Shape(*(_number(dim, number, sizes.open(ref, axis)) for axis, (dim, number) in pairs))


def _number(dim: Dim, recorded: int, otherwise: Dim) -> Dim:
    if isinstance(dim, int):
        return dim
    return recorded if recorded >= 0 else otherwise


def _recorded(node: Node, port: int) -> tuple[int, ...] | None:
    shapes = node.attrs.get("_output_shapes")
    if not isinstance(shapes, tuple) or port >= len(shapes):
        return None
    shape = shapes[port]
    return shape.dims if isinstance(shape, PartialShape) else None


def _followed(value: Value | None, inputs: Sequence[Fact], role: Role) -> Value | None:
    """What TensorFlow has of a value: it follows that of some ops in part, and runs others on what it wholly knows."""
    if value is None:
        return None
    told = Value(value.shape, tuple(None if isinstance(item, Expr) else item for item in value.items))
    can_run = Role.MEASURED in role or all(fact.value is not None and fact.value.is_known for fact in inputs)
    return told if Role.FOLLOWED in role or (told.is_known and can_run) else None


def _element(element: Fact, ref: TensorRef) -> Fact:
    return Fact(element.dtype, _without_symbols(element.shape, None, ref))
