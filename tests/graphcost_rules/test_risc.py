from __future__ import annotations

import pytest

pytest.importorskip("tensorflow")

import numpy as np
import tensorflow as tf
from counted import floats
from counting import Tally
from data_dependent import merge_sorted
from shape_function import constant, prove_shapes, tensor
from single_op import apply, make_op

from graphcost import FREE, Cost, Fact, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.risc import ARITHMETIC, COMPARISONS, PAIRS, RULES, SOURCES, UNARY

pytestmark = pytest.mark.tensorflow

MATRIX = tensor(3, 4)
FUNCTIONS = ("Abs", "Ceil", "Cos", "Exp", "Floor", "IsFinite", "Log", "Neg", "Sign")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_cost_what_their_namesakes_do(name):
    operand = Shape(symbol("N"), 4)
    assert apply(RULES, f"Risc{name}", operand).cost == apply(SOURCES, name, operand).cost
    prove_shapes(RULES, f"Risc{name}", [MATRIX])


@pytest.mark.parametrize("name", PAIRS)
def test_operands_aren_t_broadcast(name):
    operands = (Shape(3, 4), Shape(3, 4))
    assert apply(RULES, name, *operands).cost == apply(SOURCES, PAIRS[name], *operands).cost
    with pytest.raises(RuleError):
        apply(RULES, name, Shape(3, 4), Shape(3, 1))
    dtype = "bool" if "Logical" in name else "float32"
    prove_shapes(RULES, name, [tensor(3, 4, dtype=dtype)] * 2)


@pytest.mark.parametrize("kind", ["RiscBinaryArithmetic", "RiscBinaryComparison", "RiscUnary"])
def test_an_attribute_chooses_the_operation(kind):
    work = {"RiscBinaryArithmetic": ARITHMETIC, "RiscBinaryComparison": COMPARISONS, "RiscUnary": UNARY}[kind]
    operands = [Shape(3, 4)] * (1 if kind == "RiscUnary" else 2)
    for name, cost in work.items():
        assert apply(RULES, kind, *operands, op_type=name.encode()).cost == cost * 12
        prove_shapes(RULES, kind, [MATRIX] * len(operands), op_type=name)
    with pytest.raises(RuleError):
        apply(RULES, kind, *operands, op_type=b"SORT")


@pytest.mark.parametrize("name", ["SUM", "MEAN"])
def test_a_reduction_adds(name):
    tally, rows = Tally(), floats(1, 3, 4).tolist()
    sums = [tally.sum(row) for row in rows]
    if name == "MEAN":
        sums = [tally.div(total, 4) for total in sums]
    np.testing.assert_allclose(sums, (np.mean if name == "MEAN" else np.sum)(rows, axis=1), rtol=1e-4)
    outcome = apply(RULES, "RiscReduce", Shape(3, 4), [1], reduce_type=name.encode())
    assert outcome.shapes == (Shape(3),)
    assert outcome.cost == tally.cost


def test_lines_are_merge_sorted():
    tally = Tally()
    for row in floats(1, 3, 5).tolist():
        assert merge_sorted(tally, row) == sorted(row)
    assert apply(RULES, "RiscSort", Shape(3, 5), 1, direction=b"ASCENDING").cost == tally.cost
    assert apply(RULES, "RiscSort", Shape(5, 3), 0, direction=b"ASCENDING").cost == tally.cost


def test_windows_and_filters_cost_what_the_file_s_shapes_say():
    """Neither has an attribute for the padding, so that only the file can tell the output's shape."""

    def cost(kind, *operands, **attrs):
        op = make_op(kind, *operands, **attrs)
        return RULES.get(kind).cost(type(op)(op.node, op.inputs, [Fact("float32", Shape(1, 4, 4, 5))]))

    assert cost("RiscConv", Shape(1, 4, 4, 3), Shape(3, 3, 3, 5)) == Cost(mac=80 * 27)
    assert cost("RiscPool", Shape(1, 8, 8, 5), ksize=[1, 2, 2, 1], pooling_type=b"MAX") == Cost(compare=240)
    assert cost("RiscPool", Shape(1, 8, 8, 5), ksize=[1, 2, 2, 1], pooling_type=b"AVG") == Cost(add=240, div=80)
    with pytest.raises(RuleError):
        cost("RiscPool", Shape(1, 8, 8, 5), ksize=[1, 0, 2, 1], pooling_type=b"AVG")


@pytest.mark.parametrize(
    ("kind", "inputs", "lists", "attrs"),
    [
        ("RiscDot", [tensor(3, 4), tensor(4, 5)], {}, {}),
        ("RiscCast", [MATRIX], {}, {"DstT": tf.int32}),
        ("RiscConcat", [MATRIX, MATRIX, constant(1)], {"values": 2}, {}),
        ("RiscGather", [MATRIX, tensor(5, dtype="int32"), constant(0)], {}, {}),
        ("RiscPad", [MATRIX, constant([[1, 1], [0, 2]]), tensor()], {}, {}),
        ("RiscReshape", [MATRIX, constant([2, 6])], {}, {}),
        ("RiscSlice", [MATRIX, constant([0, 1]), constant([2, 2])], {}, {}),
        ("RiscTranspose", [MATRIX, constant([1, 0])], {}, {}),
        ("RiscBroadcast", [tensor(4), constant([3, 4])], {}, {}),
        ("RiscRandomUniform", [constant([3, 4])], {}, {}),
        ("RiscSort", [MATRIX, constant(1)], {}, {"direction": "ASCENDING"}),
        ("RiscShape", [MATRIX], {}, {}),
        ("RiscReal", [tensor(3, 4, dtype="complex64")], {}, {}),
    ],
)
def test_partly_known_shapes_know_what_tensorflow_knows(kind, inputs, lists, attrs):
    prove_shapes(RULES, kind, inputs, lists, **attrs)


def test_moving_is_free():
    assert apply(RULES, "RiscTranspose", Shape(3, 4), [1, 0]).cost == FREE
