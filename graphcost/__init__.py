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
    from graphcost.ir.dtypes import DType, dtype_named
    from graphcost.ir.graph import Graph
    from graphcost.ir.literal import VALUE_LIMIT, Item, Literal, PartialShape, Value
    from graphcost.ir.node import Attr, FunctionRef, Node, TensorRef
    from graphcost.loaders import load
    from graphcost.ops.cost import COMPUTES_NOTHING, COPIES, FREE, NOTHING, VIEW, Cost, Free, FreeKind
    from graphcost.ops.fact import Fact
    from graphcost.ops.op import Op
    from graphcost.ops.roles import Role
    from graphcost.ops.rule import Family, Rule, RuleSet
    from graphcost.passes.pattern import Maybe, OneOf, Operand, Pattern, any_, const, tensor
    from graphcost.passes.pipeline import PIPELINE, Pass, run_passes
    from graphcost.passes.rewrite import GraphRewrite, Match, Replacement, Rewrite, RewriteSet
    from graphcost.pipeline import analyze
    from graphcost.report import Report

__all__ = [
    "COMPUTES_NOTHING",
    "COPIES",
    "FREE",
    "NOTHING",
    "PIPELINE",
    "VALUE_LIMIT",
    "VIEW",
    "Analysis",
    "Attr",
    "Cost",
    "DType",
    "Dim",
    "Fact",
    "Family",
    "Free",
    "FreeKind",
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
    "Pass",
    "Pattern",
    "Replacement",
    "Report",
    "Rewrite",
    "RewriteSet",
    "Role",
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
    "dtype_named",
    "floor_div",
    "format_dim",
    "is_at_least",
    "load",
    "log2_ceil",
    "product",
    "run_passes",
    "run_pipeline",
    "tensor",
]

_HOMES = MappingProxyType(
    {
        "pipeline": ("Analysis", "analyze", "run_pipeline"),
        "dims": (
            "Dim", "Shape", "bind", "ceil_div", "dim_max", "dim_min", "floor_div", "format_dim", "is_at_least",
            "log2_ceil", "product",
        ),
        "errors": ("GraphcostError", "RuleError", "ShapeUnknown"),
        "ops.fact": ("Fact",),
        "ir.dtypes": ("DType", "dtype_named"),
        "ir.graph": ("Graph",),
        "ir.literal": ("VALUE_LIMIT", "Item", "Literal", "PartialShape", "Value"),
        "ir.node": ("Attr", "FunctionRef", "Node", "TensorRef"),
        "passes.pattern": ("Maybe", "OneOf", "Operand", "Pattern", "any_", "const", "tensor"),
        "passes.rewrite": ("GraphRewrite", "Match", "Replacement", "Rewrite", "RewriteSet"),
        "loaders": ("load",),
        "ops.op": ("Op",),
        "passes.pipeline": ("PIPELINE", "Pass", "run_passes"),
        "report": ("Report",),
        "ops.roles": ("Role",),
        "ops.cost": ("COMPUTES_NOTHING", "COPIES", "FREE", "NOTHING", "VIEW", "Cost", "Free", "FreeKind"),
        "ops.rule": ("Family", "Rule", "RuleSet"),
    }
)  # fmt: skip
_HOME = MappingProxyType({name: home for home, names in _HOMES.items() for name in names})


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
