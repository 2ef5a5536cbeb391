"""graphcost: what running a TensorFlow model costs, from its file alone."""

from graphcost.analyze import analyze
from graphcost.dims import (
    Dim,
    Shape,
    bind,
    ceil_div,
    dim_max,
    dim_min,
    floor_div,
    format_dim,
    is_at_least,
    log2_ceil,
    product,
)
from graphcost.errors import GraphcostError, RuleError, ShapeUnknown
from graphcost.fact import VALUE_LIMIT, Fact, Item, Value
from graphcost.graph import PartialShape
from graphcost.load import load
from graphcost.op import Op
from graphcost.report import Report
from graphcost.rule import FREE, NOTHING, Cost, Free, Rule, RuleSet

__all__ = [
    "FREE",
    "NOTHING",
    "VALUE_LIMIT",
    "Cost",
    "Dim",
    "Fact",
    "Free",
    "GraphcostError",
    "Item",
    "Op",
    "PartialShape",
    "Report",
    "Rule",
    "RuleError",
    "RuleSet",
    "Shape",
    "ShapeUnknown",
    "Value",
    "analyze",
    "bind",
    "ceil_div",
    "dim_max",
    "dim_min",
    "floor_div",
    "format_dim",
    "is_at_least",
    "load",
    "log2_ceil",
    "product",
]
