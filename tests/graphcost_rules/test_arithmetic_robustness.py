"""Whatever a file may hold, a rule of arithmetic answers or refuses; it never crashes, and never counts below zero."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from single_op import apply

from graphcost import Cost, Fact, GraphcostError, RuleError, Shape, Value, is_at_least
from graphcost.dims import symbol
from graphcost.ir.node import Node, TensorRef
from graphcost.ops.op import Op
from graphcost_rules import (
    RULES,
    activation,
    bias,
    binary,
    comparison,
    local_response,
    normalization,
    pooling,
    pooling_grad,
    ranking,
    reduction,
    scan,
    segment,
    selection,
    softmax,
    unary,
)

MODULES = (
    *(activation, bias, binary, comparison, local_response, normalization, pooling, pooling_grad),
    *(ranking, reduction, scan, segment, selection, softmax, unary),
)
NAMES = (
    *("ksize", "strides", "padding", "explicit_paddings", "data_format", "is_training", "exponential_avg_factor"),
    *("activation_mode", "num_side_inputs", "depth_radius", "keep_dims", "exclusive", "reverse", "k", "boundaries"),
    *("incompatible_shape_error", "scale_after_normalization", "dilations"),
)

SIZES = st.one_of(st.integers(0, 4), st.sampled_from([2**62, symbol("N"), symbol("h") - 2]))
SHAPES = st.lists(SIZES, max_size=5).map(lambda sizes: Shape(*sizes))
ITEMS = st.one_of(
    st.integers(-3, 5), st.sampled_from([None, True, math.nan, math.inf, 0.5, -(2**63), symbol("N"), symbol("v", None)])
)
VALUES = st.one_of(
    st.lists(ITEMS, max_size=5).map(Value.vector), ITEMS.map(Value.scalar), st.just(Value((0, 10**12), ()))
)
FACTS = st.one_of(
    SHAPES.map(lambda shape: Fact("float32", shape)),
    VALUES.map(lambda value: Fact("int32", Shape(*value.shape), value)),
    st.just(Fact()),
)
LEGAL = {"ksize": (1, 2, 2, 1), "strides": (1, 2, 1, 1), "padding": b"SAME", "scale_after_normalization": True, "k": 1}
HOSTILE = st.dictionaries(
    st.sampled_from(NAMES),
    st.one_of(
        st.booleans(),
        st.integers(-2, 9),
        st.sampled_from(
            [math.nan, 2**70, b"SAME", b"VALID", b"EXPLICIT", b"NCHW", b"NHWC", b"Relu", b"\xff", "float32"]
        ),
        st.lists(st.integers(-1, 3), min_size=0, max_size=8).map(tuple),
        st.just((1, 2, 2, 1)),
        st.just((1, 0.5)),
    ),
    max_size=6,
)
ATTRS = st.one_of(HOSTILE, st.just(LEGAL), HOSTILE.map(lambda attrs: {**LEGAL, **attrs}))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.split(".")[-1])
def test_hostile_nodes_end_in_an_answer_or_a_refusal(module):
    rules = list(module.RULES)

    @settings(max_examples=300, derandomize=True, deadline=None, database=None)
    @given(st.sampled_from(rules), st.lists(FACTS, max_size=6), ATTRS)
    def run(rule, facts, attrs):
        refs = tuple(TensorRef(f"x{i}") for i in range(len(facts)))
        op = Op(Node("node", rule.op, refs, attrs=attrs, dtypes=("float32",)), facts)
        if rule.value is not None:
            answer(lambda: rule.value(op))
        shapes = answer(lambda: rule.shape(op))
        if shapes is not None and callable(rule.cost):
            outputs = [Fact("float32", shape) for shape in shapes]
            check_cost(answer(lambda: rule.cost(Op(op.node, facts, outputs))))

    run()


def answer(rule):
    try:
        return rule()
    except GraphcostError:
        return None


def check_cost(cost):
    """No count is below zero at a legal size."""
    if cost is None:
        return
    for kind, count in cost.bind({"N": 3, "h": 7, "v": 1}).by_kind.items():
        assert is_at_least(count, 0) or not isinstance(count, int), (kind, count)


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("KMC2ChainInitialization", (Shape(0), Shape()), {}),
        ("NearestNeighbors", (Shape(5, 0), Shape(3, 0), Value.scalar(2)), {}),
        ("AdjustContrast", (Shape(2, 0, 2, 2), Shape(), Shape(), Shape()), {}),
        ("AdjustContrastv2", (Shape(2, 3, 0, 3), Shape()), {}),
        ("AdjustContrastv2", (Shape(0, 6, 1), Shape()), {}),
        ("Mfcc", (Shape(1, 3, 0), Shape()), {}),
        ("BandedTriangularSolve", (Shape(4, 1), Shape(1, 2)), {}),
        ("MirrorPadGrad", (Shape(0, 2), Shape(2, 2)), {"mode": b"SYMMETRIC"}),
        ("SparseSoftmax", (Shape(0, 2), Shape(0), Shape(2)), {}),
    ],
)
def test_empty_operands_cost_nothing_below_zero(
    kind: str, operands: tuple[Shape | Value, ...], attrs: dict[str, object]
) -> None:
    cost = apply(RULES, kind, *operands, **attrs).cost
    assert isinstance(cost, Cost)
    assert all(is_at_least(count, 0) for count in cost.by_kind.values()), cost


@pytest.mark.parametrize(
    ("kind", "operands", "attrs"),
    [
        ("BandedTriangularSolve", (Shape(0, 3), Shape(3, 2)), {}),
        ("BandedTriangularSolve", (Shape(2, 0), Shape(0, 2)), {}),
        ("KmeansPlusPlusInitialization", (Shape(6, 2), Value.scalar(0), Value.scalar(1), Value.scalar(2)), {}),
        ("CudnnRNNV2", (Shape(4, 4, 4), Shape(0, 4, 4), Shape(0, 4, 4), Shape(9)), {"rnn_mode": b"gru"}),
        ("ResizeArea", (Shape(3, 0, 3, 6), Value.vector([2, 1])), {}),
    ],
)
def test_operands_that_kernels_refuse_are_refused(
    kind: str, operands: tuple[Shape | Value, ...], attrs: dict[str, object]
) -> None:
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, **attrs)
