from __future__ import annotations

import math
from functools import reduce

import numpy as np
import pytest
from counted import floats
from counting import Tally
from data_dependent import merge_sorted
from optional_tensorflow import tf
from shape_function import constant, prove_shapes, tensor
from single_op import apply, make_op

from graphcost import COPIES, Fact, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.risc import ARITHMETIC, COMPARISONS, PAIRS, RULES, SOURCES, UNARY

MATRIX = tensor(3, 4)
FUNCTIONS = ("Abs", "Ceil", "Cos", "Exp", "Floor", "IsFinite", "Log", "Neg", "Sign")


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_cost_what_their_namesakes_do(name):
    operand = Shape(symbol("N"), 4)
    assert apply(RULES, f"Risc{name}", operand).cost == apply(SOURCES, name, operand).cost
    prove_shapes(RULES, f"Risc{name}", [MATRIX])


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", PAIRS)
def test_operands_aren_t_broadcast(name):
    operands = (Shape(3, 4), Shape(3, 4))
    assert apply(RULES, name, *operands).cost == apply(SOURCES, PAIRS[name], *operands).cost
    with pytest.raises(RuleError):
        apply(RULES, name, Shape(3, 4), Shape(3, 1))
    dtype = "bool" if "Logical" in name else "float32"
    prove_shapes(RULES, name, [tensor(3, 4, dtype=dtype)] * 2)


# No device has kernels of these: the numbers are numpy's, and those of TensorFlow's plain operations.

CHOSEN = {
    "RiscBinaryArithmetic": {
        "ADD": (Tally.add, np.add),
        "SUB": (Tally.sub, np.subtract),
        "MUL": (Tally.mul, np.multiply),
        "DIV": (Tally.div, np.divide),
        "REM": (lambda t, a, b: a - b * math.trunc(t.div(a, b)), np.fmod),
        "MIN": (Tally.min, np.minimum),
        "POW": (lambda t, a, b: t.call(math.pow, a, b), np.power),
    },
    "RiscBinaryComparison": {
        "EQ": (lambda t, a, b: compared(t, a == b), np.equal),
        "NE": (lambda t, a, b: compared(t, a != b), np.not_equal),
        "GE": (lambda t, a, b: compared(t, a >= b), np.greater_equal),
        "GT": (lambda t, a, b: compared(t, a > b), np.greater),
        "LE": (lambda t, a, b: compared(t, a <= b), np.less_equal),
        "LT": (Tally.less, np.less),
    },
    "RiscUnary": {
        "ABL": (lambda t, a: abs(t.add(a, 0.0)), np.abs),
        "NEG": (lambda t, a: t.sub(0.0, a), np.negative),
        "CEIL": (lambda t, a: compared(t, math.ceil(a)), np.ceil),
        "FLOOR": (lambda t, a: compared(t, math.floor(a)), np.floor),
        "SIGN": (lambda t, a: compared(t, (a > 0) - (a < 0)), np.sign),
        "COS": (lambda t, a: t.call(math.cos, a), np.cos),
        "EXP": (lambda t, a: t.call(math.exp, a), np.exp),
        "LOG": (lambda t, a: t.call(math.log, a), np.log),
        "IMAG": (lambda t, a: a.imag, np.imag),
        "REAL": (lambda t, a: a.real, np.real),
    },
}


def compared(t, result):
    t.counts["compare"] += 1
    return result


def test_every_operation_that_can_be_chosen_is_tried():
    tables = {"RiscBinaryArithmetic": ARITHMETIC, "RiscBinaryComparison": COMPARISONS, "RiscUnary": UNARY}
    assert {kind: set(table) for kind, table in tables.items()} == {kind: set(table) for kind, table in CHOSEN.items()}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, table in CHOSEN.items() for name in table])
def test_an_attribute_chooses_the_operation(kind, name):
    naive, theirs = CHOSEN[kind][name]
    operands = [floats(seed, 6, least=0.1, most=3.0) for seed in range(1 if kind == "RiscUnary" else 2)]
    if kind == "RiscBinaryComparison":
        operands[1][:3] = operands[0][:3]
    tally = Tally()
    ours = [naive(tally, *items) for items in zip(*(x.tolist() for x in operands), strict=True)]
    tally.agrees(ours, theirs(*operands))
    tally.proves(kind, apply(RULES, kind, *[Shape(6)] * len(operands), op_type=name.encode()).cost)
    prove_shapes(RULES, kind, [MATRIX] * len(operands), op_type=name)
    with pytest.raises(RuleError):
        apply(RULES, kind, *[Shape(6)] * len(operands), op_type=b"SORT")


@pytest.mark.parametrize("name", ["SUM", "MEAN"])
def test_a_reduction_adds(name):
    tally, rows = Tally(), floats(1, 3, 4).tolist()
    sums = [tally.sum(row) for row in rows]
    if name == "MEAN":
        sums = [tally.div(total, 4) for total in sums]
    tally.agrees(sums, (np.mean if name == "MEAN" else np.sum)(rows, axis=1))
    outcome = apply(RULES, "RiscReduce", Shape(3, 4), [1], reduce_type=name.encode())
    assert outcome.shapes == (Shape(3),)
    tally.proves("RiscReduce", outcome.cost)


def test_lines_are_merge_sorted():
    tally, rows = Tally(), floats(1, 3, 5)
    tally.agrees([merge_sorted(tally, row) for row in rows.tolist()], np.sort(rows))
    tally.proves("RiscSort", apply(RULES, "RiscSort", Shape(3, 5), 1, direction=b"ASCENDING").cost)
    tally.proves("RiscSort", apply(RULES, "RiscSort", Shape(5, 3), 0, direction=b"ASCENDING").cost)


def cost_of(kind, output, *operands, **attrs):
    """Neither windows nor filters have an attribute for the padding: only the file can tell the output's shape."""
    op = make_op(kind, *operands, **attrs)
    return RULES.get(kind).cost(type(op)(op.node, op.inputs, [Fact("float32", Shape(*output))]))


def test_filters_cost_what_the_loops_count():
    image, filters, tally = floats(1, 1, 5, 4, 3), floats(2, 2, 3, 3, 5), Tally()
    out = np.zeros((1, 4, 2, 5))
    for row, column, channel in np.ndindex(4, 2, 5):
        for i, j, k in np.ndindex(2, 3, 3):
            pixel, tap = float(image[0, row + i, column + j, k]), float(filters[i, j, k, channel])
            out[0, row, column, channel] = tally.mac(out[0, row, column, channel], pixel, tap)
    tally.agrees(out, tf.nn.conv2d(image, filters, 1, "VALID"))
    tally.proves("RiscConv", cost_of("RiscConv", out.shape, Shape(1, 5, 4, 3), Shape(2, 3, 3, 5)))


@pytest.mark.parametrize("kind", ["AVG", "MAX"])
def test_windows_cost_what_the_loops_count(kind):
    image, tally = floats(1, 1, 6, 4, 2), Tally()
    out = np.zeros((1, 3, 2, 2))
    for row, column, channel in np.ndindex(3, 2, 2):
        taps = image[0, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2, channel].ravel().tolist()
        if kind == "AVG":
            out[0, row, column, channel] = tally.div(tally.sum(taps), len(taps))
        else:
            out[0, row, column, channel] = reduce(tally.max, taps)
    tally.agrees(out, tf.nn.pool(image, (2, 2), kind, (2, 2)))
    attrs = {"ksize": [1, 2, 2, 1], "pooling_type": kind.encode()}
    tally.proves("RiscPool", cost_of("RiscPool", out.shape, Shape(1, 6, 4, 2), **attrs))
    with pytest.raises(RuleError):
        cost_of("RiscPool", (1, 4, 4, 5), Shape(1, 8, 8, 5), ksize=[1, 0, 2, 1], pooling_type=b"AVG")


@pytest.mark.tensorflow
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
    assert apply(RULES, "RiscTranspose", Shape(3, 4), [1, 0]).cost == COPIES
