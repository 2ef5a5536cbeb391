"""Shapes of variables that were declared without one, from the values that initialize them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from graphcost.dims import Shape
from graphcost.evaluate import Run, evaluate
from graphcost.evaluate.feeds import symbol_names
from graphcost.evaluate.structural import HANDLERS
from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import TensorRef, with_shape
from graphcost.ops.roles import Role
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import Sizes
from graphcost.passes.prune import Prune


def with_assigned_shapes(graph: Graph, rules: RuleSet) -> Graph:
    """The graph whose variables of open shape have that of the values assigned to them, where those agree."""
    assigned = _assigned(graph, rules)
    if not assigned:
        return graph
    run = Run(rules, HANDLERS, graph.functions, Sizes(symbol_names(graph, rules)))
    values = [ref for refs in assigned.values() for ref in refs]
    facts = evaluate(Prune()(replace(graph, outputs=tuple(values), controls=())), run, {})
    shapes = {name: _agreed(facts.fact(ref).shape for ref in refs) for name, refs in assigned.items()}
    return graph.replacing(with_shape(graph.nodes[name], shape) for name, shape in shapes.items() if shape is not None)


def _assigned(graph: Graph, rules: RuleSet) -> dict[str, list[TensorRef]]:
    """For each variable without a full shape the values that are assigned to it."""
    variables, assignments = rules.ops_in(Role.VARIABLE), rules.ops_in(Role.ASSIGNMENT)
    open_variables = {node.name for node in graph.nodes.values() if node.op in variables and _is_open(node.attrs)}
    values: dict[str, list[TensorRef]] = {}
    for node in graph.nodes.values() if open_variables else ():
        if node.op in assignments and len(node.inputs) > 1 and node.inputs[0].node in open_variables:
            values.setdefault(node.inputs[0].node, []).append(node.inputs[1])
    return values


def _agreed(shapes: Iterable[Shape | None]) -> PartialShape | None:
    """The one shape of the values that have a known and not an empty one: an empty value only stands in for another."""
    known = {shape for shape in shapes if shape is not None and 0 not in shape}
    if len(known) != 1:
        return None
    (shape,) = known
    return PartialShape(tuple(dim if isinstance(dim, int) else -1 for dim in shape))


def _is_open(attrs: Mapping[str, object]) -> bool:
    shape = attrs.get("shape")
    return not isinstance(shape, PartialShape) or shape.dims is None or any(dim < 0 for dim in shape.dims)
