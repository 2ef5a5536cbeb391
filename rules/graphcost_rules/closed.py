"""Operations that run something which isn't in the graph: whatever that costs is one symbol, `flops(node)`."""

from __future__ import annotations

from graphcost import Cost, Free, FreeKind, Op, Role, Rule, RuleSet, Shape
from graphcost_rules.declared_shapes import ShapeRule, declared_by, opened_or_unknown, undeclared
from graphcost_rules.shape_inputs import size_attr

PYTHON = "it calls Python code, which isn't in the graph"
STABLEHLO = (
    "the StableHLO program inside is opaque to graphcost; where it comes from jax2tf, "
    "convert with native_serialization=False to have it as a graph"
)
MLIR = "the MLIR program inside is opaque to graphcost"
LIBRARY = "it calls a library, which isn't in the graph"
PROGRAM = "it runs a compiled program, which isn't in the graph"
HOST = "it waits for what another program computes on the host"
GRADIENT = "the gradient of a function isn't in the graph"
CUSTOM = "its functions run on rows of embeddings, how many depends on data"

COMPILING = Free("compiles a program", FreeKind.COMPUTES_NOTHING)

OPTIMIZERS = ("Adagrad", "AdagradMomentum", "Adam", "Ftrl", "Sgd")


def foreign_cost(op: Op) -> Cost:
    """All that it does is one symbol; what of that are multiply-adds counts as two."""
    return Cost(add=op.unknown_count("flops"))


def program_cost(op: Op) -> Cost:
    """All that it does is one symbol, and what of that are multiply-adds another."""
    macs = op.unknown_count("macs")
    return Cost(mac=macs, add=op.unknown_count("flops") - 2 * macs)


def declared_result(op: Op) -> list[Shape | None]:
    """The one shape that the caller declared."""
    return [opened_or_unknown(op, op.shape_attr("shape"), 0)]


def host_shape(op: Op) -> list[Shape | None]:
    """The shapes that the caller declared, unless a function is there to tell them."""
    shapes = op.list_attr("shapes")
    if len(shapes) != len(op.node.dtypes):
        return [None] * len(op.node.dtypes)
    return [opened_or_unknown(op, shape, port) for port, shape in enumerate(shapes)]


def gradient_shape(op: Op) -> list[Shape | None]:
    """Each result has the shape of the argument that it is the gradient for; what flows back follows the arguments."""
    return [_known(op, port) for port in range(len(op.node.dtypes))]


def compiled_shape(op: Op) -> list[Shape | None]:
    """A status, a key of three strings for each program, and whether each of them changes variables."""
    programs = (len(op.node.dtypes) - 1) // 2
    return [Shape(), *[Shape(3)] * programs, *[Shape()] * programs]


def combined_shape(op: Op) -> list[Shape | None]:
    """A row for each sample, how many ids each has, and the rows of those, up to `max_valency`."""
    samples, ids = size_attr(op, "input_size"), size_attr(op, "max_valency")
    width = op.input(5, rank=2)[1]
    return [Shape(samples, width), Shape(samples), Shape(samples, ids, width)]


def tables_shape(op: Op) -> list[Shape | None]:
    """The tables that are updated."""
    return [_known(op, 5 + i) for i in range(len(op.node.dtypes))]


def combiner_shape(first: int) -> ShapeRule:
    """The table at input `first`, as many others of its shape as are updated with it, and the combiner's weights."""

    def shape(op: Op) -> list[Shape | None]:
        return [*[_known(op, first)] * (len(op.node.dtypes) - 1), Shape(size_attr(op, "num_weights"))]

    return shape


def _known(op: Op, index: int) -> Shape | None:
    return op.input(index) if op.has_shape(index) else None


def _foreign(reason: str, shape: ShapeRule, *kinds: str) -> RuleSet:
    return RuleSet(*(Rule(kind, shape=shape, cost=foreign_cost, opaque=reason, real=True) for kind in kinds))


def _program(reason: str, shape: ShapeRule, kind: str) -> RuleSet:
    """What may be a network of its own, with contractions."""
    return RuleSet(Rule(kind, shape=shape, cost=program_cost, opaque=reason, real=True, role=Role.CONTRACTION))


def _combiner(step: str) -> str:
    return f"XlaSparseDenseMatmulCustomCombinerOnTc{step}CsrInput"


RULES = (
    _foreign(PYTHON, undeclared, "PyFunc", "PyFuncStateless", "EagerPyFunc").with_role(Role.NOISE)
    + _program(STABLEHLO, declared_by("Sout"), "XlaCallModule")
    + _foreign(MLIR, undeclared, "MlirPassthroughOp", "_XlaHostComputeMlir")
    + _program(LIBRARY, declared_result, "XlaCustomCall")
    + _program(LIBRARY, declared_by("result_shapes"), "XlaCustomCallV2")
    + _foreign(PROGRAM, undeclared, "TPUExecute", "TPUExecuteAndUpdateVariables", "_XlaRun")
    + _foreign(HOST, host_shape, "XlaHostCompute")
    + _foreign(GRADIENT, gradient_shape, "SymbolicGradient")
    + _foreign(CUSTOM, combined_shape, _combiner("With"))
    + _foreign(CUSTOM, combiner_shape(10), _combiner("GradWith"))
    + _foreign(CUSTOM, combiner_shape(12), *(_combiner(f"GradWith{optimizer}And") for optimizer in OPTIMIZERS))
    + _foreign(CUSTOM, tables_shape, "XlaSparseDenseMatmulGradWithCsrInput")
    + RuleSet(
        Rule("TPUCompile", shape=compiled_shape, cost=COMPILING),
        Rule("_XlaCompile", shape=undeclared, cost=COMPILING),
    )
)
