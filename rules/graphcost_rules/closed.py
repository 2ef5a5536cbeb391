"""Operations that run something which graphcost can't read: shapes are known, costs aren't, and the line says so.

They are those that call code outside the graph, and those that run a function of the graph which the engine doesn't
enter.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphcost import Dim, Op, PartialShape, Rule, RuleSet, Shape
from graphcost_rules.declared_shapes import declared_by, undeclared
from graphcost_rules.identity import first_shape


def declared_results(op: Op) -> list[Shape | None]:
    """The shapes that the module's caller declared, open sizes as symbols."""
    return [_opened(op, shape, port) for port, shape in enumerate(op.list_attr("Sout"))]


def _opened(op: Op, shape: object, port: int) -> Shape | None:
    if not isinstance(shape, PartialShape) or shape.dims is None:
        return None
    return op.opened(shape, port)


def declared_result(op: Op) -> list[Shape | None]:
    """The one shape that the caller declared."""
    return [_opened(op, op.shape_attr("shape"), 0)]


def reduced_shape(op: Op) -> list[Shape | None]:
    """Each operand without the axes that are reduced; as many initial values follow the operands."""
    axes = op.ints_attr("dimensions_to_reduce")
    return [_reduced(op, i, axes) if op.has_shape(i) else None for i in range(len(op.inputs) // 2)]


def _reduced(op: Op, index: int, axes: tuple[int, ...]) -> Shape:
    shape = op.input(index)
    gone = {op.normal_axis(axis, shape.rank) for axis in axes}
    return Shape(*(size for axis, size in enumerate(shape) if axis not in gone))


def sorted_shape(op: Op) -> list[Shape | None]:
    """The operands, whose last input only names the axis."""
    return [op.input(i) if op.has_shape(i) else None for i in range(len(op.inputs) - 1)]


def mapped_shape(op: Op) -> list[Shape | None]:
    """A row for each row of the first input, of the shape that the function's result is declared to have."""
    rows = op.input(0, least_rank=1)[0] if op.inputs and op.has_shape(0) else op.unknown_size(0)
    return [_row(op, rows, shape, port) for port, shape in enumerate(op.list_attr("output_shapes"))]


def _row(op: Op, rows: Dim, shape: object, port: int) -> Shape | None:
    opened = _opened(op, shape, port)
    return None if opened is None else Shape(rows, *opened)


STABLEHLO = (
    "the StableHLO program inside is opaque to graphcost; where it comes from jax2tf, "
    "convert with native_serialization=False to have it as a graph"
)
MLIR = "the MLIR program inside is opaque to graphcost"
PYTHON = "it calls Python code, which isn't in the graph"
CUSTOM = "it calls a library, which isn't in the graph"
COMPILED = "it compiles or runs a program that isn't in the graph"
GRADIENT = "the gradient of a function isn't in the graph"
EACH_ELEMENT = "it runs a function on elements, which graphcost doesn't enter"
FUNCTION = "it runs a function that graphcost doesn't enter"

OPTIMIZERS = (
    "GradWithAdagradAnd",
    "GradWithAdagradMomentumAnd",
    "GradWithAdamAnd",
    "GradWithFtrlAnd",
    "GradWithSgdAnd",
)


def _custom_combiners() -> Iterator[str]:
    """Embedding lookups whose rows are combined by a function, and their gradients."""
    for step in ("With", "GradWith", *OPTIMIZERS):
        yield f"XlaSparseDenseMatmulCustomCombinerOnTc{step}CsrInput"


RULES = RuleSet(
    Rule("XlaCallModule", shape=declared_results, opaque=STABLEHLO),
    Rule("MlirPassthroughOp", shape=undeclared, opaque=MLIR),
    *(Rule(name, shape=undeclared, opaque=PYTHON) for name in ("PyFunc", "PyFuncStateless", "EagerPyFunc")),
    Rule("XlaCustomCall", shape=declared_result, opaque=CUSTOM),
    Rule("XlaCustomCallV2", shape=declared_by("result_shapes"), opaque=CUSTOM),
    *(
        Rule(name, shape=undeclared, opaque=COMPILED)
        for name in ("TPUExecute", "TPUExecuteAndUpdateVariables", "_XlaRun")
    ),
    *(Rule(name, shape=undeclared, opaque=COMPILED) for name in ("XlaHostCompute", "_XlaHostComputeMlir")),
    *(Rule(name, shape=undeclared, opaque=COMPILED) for name in ("TPUCompile", "_XlaCompile")),
    Rule("SymbolicGradient", shape=undeclared, opaque=GRADIENT),
    *(
        Rule(name, reduced_shape, opaque=EACH_ELEMENT)
        for name in ("XlaReduce", "XlaVariadicReduce", "XlaVariadicReduceV2")
    ),
    Rule("XlaReduceWindow", shape=undeclared, opaque=EACH_ELEMENT),
    *(Rule(name, shape=first_shape, opaque=EACH_ELEMENT) for name in ("XlaScatter", "XlaSelectAndScatter")),
    Rule("XlaVariadicSort", shape=sorted_shape, opaque=EACH_ELEMENT),
    *(Rule(name, shape=undeclared, opaque=EACH_ELEMENT) for name in _custom_combiners()),
    Rule("XlaSparseDenseMatmulGradWithCsrInput", shape=undeclared, opaque=EACH_ELEMENT),
    Rule("MapDefun", shape=mapped_shape, opaque=FUNCTION),
    *(Rule(name, shape=undeclared, opaque=FUNCTION) for name in ("BatchFunction", "XlaLaunch", "XlaLaunchV2")),
    *(Rule(name, shape=undeclared, opaque=FUNCTION) for name in ("XlaIf", "XlaWhile", "RiscCondition", "RiscWhile")),
    Rule("_TPUReplicate", shape=undeclared, opaque=FUNCTION),
)
