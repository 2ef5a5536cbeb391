"""graphcost: what running a TensorFlow model costs, from its file alone."""

from graphcost.dims import Dim, Shape, bind, ceil_div, dim_max, dim_min, floor_div, format_dim, is_at_least, product
from graphcost.errors import GraphcostError, RuleError, ShapeUnknown
from graphcost.fact import VALUE_LIMIT, Fact, Item, Value
from graphcost.op import Op
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
    "Rule",
    "RuleError",
    "RuleSet",
    "Shape",
    "ShapeUnknown",
    "Value",
    "bind",
    "ceil_div",
    "dim_max",
    "dim_min",
    "floor_div",
    "format_dim",
    "is_at_least",
    "product",
]
