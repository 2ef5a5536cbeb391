"""graphcost: what running a TensorFlow model costs, from its file alone.

The public names are imported when they are first used, so that the command line starts at once.
"""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from graphcost.ir.graph import Attr, FunctionRef, Graph, Literal, Node, PartialShape, TensorRef
    from graphcost.loaders import load
    from graphcost.ops.fact import VALUE_LIMIT, Fact, Item, Value
    from graphcost.ops.op import Op
    from graphcost.ops.rule import FREE, NOTHING, Cost, Family, Free, Rule, RuleSet
    from graphcost.passes.pattern import Maybe, OneOf, Operand, Pattern, any_, const, tensor
    from graphcost.passes.rewrite import GraphRewrite, Match, Replacement, Rewrite, RewriteSet
    from graphcost.pipeline import analyze
    from graphcost.report import Report

__all__ = [
    "FREE",
    "NOTHING",
    "VALUE_LIMIT",
    "Attr",
    "Cost",
    "Dim",
    "Fact",
    "Family",
    "Free",
    "FunctionRef",
    "Graph",
    "GraphRewrite",
    "GraphcostError",
    "Item",
    "Literal",
    "Match",
    "Maybe",
    "Node",
    "OneOf",
    "Op",
    "Operand",
    "PartialShape",
    "Pattern",
    "Replacement",
    "Report",
    "Rewrite",
    "RewriteSet",
    "Rule",
    "RuleError",
    "RuleSet",
    "Shape",
    "ShapeUnknown",
    "TensorRef",
    "Value",
    "analyze",
    "any_",
    "bind",
    "ceil_div",
    "const",
    "dim_max",
    "dim_min",
    "floor_div",
    "format_dim",
    "is_at_least",
    "load",
    "log2_ceil",
    "product",
    "tensor",
]

_HOMES = MappingProxyType(
    {
        "pipeline": ("analyze",),
        "dims": (
            "Dim", "Shape", "bind", "ceil_div", "dim_max", "dim_min", "floor_div", "format_dim", "is_at_least",
            "log2_ceil", "product",
        ),
        "errors": ("GraphcostError", "RuleError", "ShapeUnknown"),
        "ops.fact": ("VALUE_LIMIT", "Fact", "Item", "Value"),
        "ir.graph": ("Attr", "FunctionRef", "Graph", "Literal", "Node", "PartialShape", "TensorRef"),
        "passes.pattern": ("Maybe", "OneOf", "Operand", "Pattern", "any_", "const", "tensor"),
        "passes.rewrite": ("GraphRewrite", "Match", "Replacement", "Rewrite", "RewriteSet"),
        "loaders": ("load",),
        "ops.op": ("Op",),
        "report": ("Report",),
        "ops.rule": ("FREE", "NOTHING", "Cost", "Family", "Free", "Rule", "RuleSet"),
    }
)  # fmt: skip
_HOME = MappingProxyType({name: home for home, names in _HOMES.items() for name in names})


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
