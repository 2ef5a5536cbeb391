"""The reduced set of operations: each does what its namesake does, on operands that aren't broadcast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod

from graphcost import VIEW, Cost, Op, Role, Rule, RuleSet, Shape, log2_ceil
from graphcost_rules import (
    binary,
    broadcasting,
    comparison,
    gather,
    identity,
    joining,
    linear_systems,
    matmul,
    padding,
    random_numbers,
    reduction,
    reordering,
    scatter,
    shape_ops,
    slicing,
    spectral,
    unary,
)
from graphcost_rules.declared_shapes import undeclared
from graphcost_rules.elementwise import merged_shape, unchanged_shape
from graphcost_rules.sparse_tensors import sorting

SOURCES = (
    binary.RULES
    + broadcasting.RULES
    + comparison.RULES
    + gather.RULES
    + identity.RULES
    + joining.RULES
    + linear_systems.RULES
    + matmul.RULES
    + padding.RULES
    + random_numbers.RULES
    + reduction.RULES
    + reordering.RULES
    + scatter.RULES
    + shape_ops.RULES
    + slicing.RULES
    + spectral.RULES
    + unary.RULES
)

NAMESAKES = {
    **{f"Risc{name}": name for name in ("Abs", "Ceil", "Cos", "Exp", "Floor", "Imag", "IsFinite", "Log", "LogicalNot")},
    **{f"Risc{name}": name for name in ("Neg", "Real", "Sign", "Cast", "Cholesky", "Reshape", "Shape", "Slice")},
    **{f"Risc{name}": name for name in ("Squeeze", "Transpose", "RandomUniform")},
    "RiscBroadcast": "BroadcastTo",
    "RiscConcat": "ConcatV2",
    "RiscDot": "MatMul",
    "RiscFft": "FFT",
    "RiscGather": "GatherV2",
    "RiscPad": "PadV2",
    "RiscReverse": "ReverseV2",
    "RiscScatter": "ScatterNd",
    "RiscTriangularSolve": "MatrixTriangularSolve",
}

PAIRS = {
    "RiscAdd": "Add",
    "RiscDiv": "RealDiv",
    "RiscMax": "Maximum",
    "RiscMin": "Minimum",
    "RiscMul": "Mul",
    "RiscPow": "Pow",
    "RiscRem": "Mod",
    "RiscSub": "Sub",
    "RiscLogicalAnd": "LogicalAnd",
    "RiscLogicalOr": "LogicalOr",
}

ADD, MUL, DIV, COMPARE, CALL = Cost(add=1), Cost(mul=1), Cost(div=1), Cost(compare=1), Cost(transcendental=1)

ARITHMETIC = {"ADD": ADD, "SUB": ADD, "MUL": MUL, "DIV": DIV, "REM": DIV, "MIN": COMPARE, "POW": CALL}
COMPARISONS = dict.fromkeys(("EQ", "NE", "GE", "GT", "LE", "LT"), COMPARE)
UNARY = {
    "ABL": ADD,
    "NEG": ADD,
    **dict.fromkeys(("CEIL", "FLOOR", "SIGN"), COMPARE),
    **dict.fromkeys(("COS", "EXP", "LOG"), CALL),
    **dict.fromkeys(("IMAG", "REAL"), Cost()),
}


def namesake(name: str, source: str) -> Rule:
    rule = SOURCES.get(source)
    if rule is None:
        raise KeyError(source)
    return replace(rule, op=name)


def chosen_cost(work: Mapping[str, Cost]) -> Callable[[Op], Cost]:
    """The cost rule of an operation whose attribute `op_type` says what is done to each element."""

    def cost(op: Op) -> Cost:
        """One operation of the type that is named, for each element."""
        return work[op.text_attr("op_type", choices=tuple(work))] * op.output_size()

    return cost


def reduce_cost(op: Op) -> Cost:
    """Along the axes that are reduced, an addition less than elements for each output; a mean divides each too."""
    kind = op.text_attr("reduce_type", choices=("MEAN", "SUM"))
    outputs = op.output_size()
    return Cost(add=reduction.steps_to(op, outputs), div=outputs if kind == "MEAN" else 0)


def pool_cost(op: Op) -> Cost:
    """Over windows of k taps, k - 1 comparisons for each output, or k - 1 additions and a division."""
    taps = prod(op.ints_attr("ksize"))
    if taps < 1:
        raise op.error(f"a window of {taps} taps")
    is_mean = op.text_attr("pooling_type", choices=("AVG", "MAX")) == "AVG"
    step = Cost(add=taps - 1, div=1) if is_mean else Cost(compare=taps - 1)
    return step * op.output_size()


def conv_cost(op: Op) -> Cost:
    """One multiply-add for each output element, tap of the window and channel that it sees."""
    taps, _ = op.folded_input(1, last=1)
    return Cost(mac=op.output_size() * taps)


def sort_cost(op: Op) -> Cost:
    """Each line of n elements is sorted by n * ceil(log2(n)) comparisons."""
    if not op.has_shape(0) or not op.has_value(1):
        return Cost(compare=op.input_size(0) * log2_ceil(op.unknown_count("length")))
    shape = op.input(0, least_rank=1)
    axis = op.axis(1, shape.rank)
    lines: Shape = Shape(*shape[:axis], *shape[axis + 1 :])
    return sorting(shape[axis]) * lines.size


RULES = RuleSet(
    *(namesake(name, source) for name, source in NAMESAKES.items()),
    *(replace(namesake(name, source), shape=merged_shape, value=None) for name, source in PAIRS.items()),
    Rule("RiscBinaryArithmetic", shape=merged_shape, cost=chosen_cost(ARITHMETIC)),
    Rule("RiscBinaryComparison", shape=merged_shape, cost=chosen_cost(COMPARISONS)),
    Rule("RiscUnary", shape=unchanged_shape, cost=chosen_cost(UNARY)),
    Rule("RiscBitcast", shape=undeclared, cost=VIEW),
    Rule("RiscConv", shape=undeclared, cost=conv_cost, role=Role.CONTRACTION),
    Rule("RiscPool", shape=undeclared, cost=pool_cost),
    Rule("RiscReduce", shape=reduction.reduction_shape, cost=reduce_cost),
    Rule("RiscSort", shape=unchanged_shape, cost=sort_cost),
)
