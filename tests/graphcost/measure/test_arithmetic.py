"""Lines: the status of a node, and under which arithmetic its work is filed."""

from __future__ import annotations

import pytest
from evaluation import counted, evaluated
from tiny_graph import tiny_graph

from graphcost.dims import Shape
from graphcost.measure.arithmetic import work_and_status
from graphcost.ops.cost import FREE, Cost
from graphcost.ops.rule import Rule, RuleSet
from graphcost.ops.status import Status
from graphcost.passes.control_flow.raise_conds import raise_conds
from graphcost.plugins import installed_rules
from graphcost.report import Line


def line_of(text: str, rules: RuleSet | None = None) -> Line:
    """The line of node y."""
    (line,) = (line for line in counted(tiny_graph(text, "y"), rules=rules).lines if line.node == "y")
    return line


def test_floating_integer_and_bool_arithmetic_are_filed_apart() -> None:
    floats = line_of("x = Placeholder(dtype=float32, shape=<3>)\n y = AddV2(x, x, T=float32)")
    integers = line_of("x = Placeholder(dtype=int64, shape=<3>)\n y = AddV2(x, x, T=int64)")
    bools = line_of("x = Placeholder(dtype=bool, shape=<3>)\n y = LogicalAnd(x, x)")
    compared = line_of("x = Placeholder(dtype=float32, shape=<3>)\n y = Less(x, x, T=float32)")
    assert (floats.work.flops, floats.work.int_ops) == (3, 0)
    assert (integers.work.flops, integers.work.int_ops) == (0, 3)
    assert (bools.work.flops, bools.work.int_ops) == (0, 3)
    assert (compared.work.flops, compared.work.int_ops) == (3, 0)


def test_an_index_operand_does_not_make_a_float_reduction_integer() -> None:
    text = "x = Placeholder(dtype=float32, shape=<3,4>)\n a = Const(value=[1])\n y = Sum(x, a, T=float32, Tidx=int32)"
    assert line_of(text).work.flops == 9


@pytest.mark.parametrize(
    ("op", "cost"),
    [
        ("AddV2", Cost(add=6)),
        ("Mul", Cost(mul=12, add=6)),
        ("RealDiv", Cost(mul=18, add=9, div=6)),
    ],
)
def test_complex_arithmetic_counts_its_real_operations(op: str, cost: Cost) -> None:
    text = f"x = Placeholder(dtype=complex64, shape=<3>)\n y = {op}(x, x, T=complex64)"
    assert line_of(text).work.floating == cost


def test_a_complex_multiply_add_is_four_real_ones() -> None:
    text = "x = Placeholder(dtype=complex64, shape=<2,3>)\n y = MatMul(x, x, transpose_b=True, T=complex64)"
    assert line_of(text).work.floating == Cost(mac=4 * 2 * 2 * 3)


def test_no_rule_no_shape_and_invalid() -> None:
    no_rule = line_of("x = Placeholder(dtype=float32, shape=<3>)\n y = Foo(x) -> float32")
    rules = RuleSet(Rule("Made", cost=lambda op: Cost(add=op.input(0)[0])), Rule("Placeholder", cost=FREE))
    no_shape = line_of("x = Placeholder(dtype=float32, shape=<*>)\n y = Made(x) -> float32", rules)
    invalid = line_of("x = Placeholder(dtype=float32, shape=<3>)\n y = MatMul(x, x, T=float32)")
    assert (no_rule.status, no_rule.reason) == (Status.NO_RULE, "graphcost has no rule for Foo")
    assert no_shape.status is Status.NO_SHAPE
    assert "input 0 (x) has no known shape" in no_shape.reason
    assert invalid.status is Status.INVALID
    assert "rank 2" in invalid.reason


def test_elements_of_an_unknown_rank_are_a_symbol() -> None:
    mapped = line_of("x = Placeholder(dtype=float32, shape=<*>)\n y = Exp(x, T=float32)")
    summed = line_of(
        "x = Placeholder(dtype=float32, shape=<*>)\n a = Const(value=[0])\n y = Mean(x, a, T=float32, Tidx=int32)"
    )
    assert str(mapped.work.flops) == "elements(y:0)"
    assert str(summed.work.floating.add) == "elements(x:0) - elements(y:0)"


def test_sizes_of_an_unknown_rank_are_counted_from_the_end() -> None:
    line = line_of("x = Placeholder(dtype=float32, shape=<*>)\n y = Softmax(x, T=float32)")
    rows = "floor(elements(y:0)/size(y:0,-1))"
    assert str(line.work.floating.compare) == f"{rows}*size(y:0,-1) - {rows}"


def test_what_cannot_be_raised_is_invalid() -> None:
    line = line_of("x = Placeholder(dtype=float32, shape=<3>)\n y = Exit(x, T=float32)")
    assert line.status is Status.INVALID


def test_a_merge_that_nothing_is_skipped_before_is_free() -> None:
    text = "x = Placeholder(dtype=float32, shape=<2,3>)\n z = Placeholder(dtype=float32, shape=<2,4>)\n"
    graph = tiny_graph(f"{text} y = Merge(x, z, T=float32, N=2)", "y")
    (raw,) = (line for line in counted(graph).lines if line.node == "y")
    (line,) = (line for line in counted(raise_conds(graph)).lines if line.node == "y")
    assert raw.status is Status.INVALID
    assert line.status is Status.FREE
    assert [str(shape) for shape in line.outputs] == ["[2, size(y:0,1)]", "[]"]


def test_a_cost_that_is_no_cost_is_the_rule_s_mistake() -> None:
    rules = RuleSet(Rule("Made", shape=lambda op: [Shape(2)], cost=lambda op: 7))  # type: ignore[arg-type, return-value]
    line = line_of("y = Made() -> float32", rules)
    assert line.status is Status.INVALID
    assert "it gives 7, not a Cost" in line.reason


@pytest.mark.parametrize("y", ["Relu(x, T=float32)", "Reshape(x, x, T=float32)", "NoSuchOp(x)", "MatMul(x, T=float32)"])
def test_work_and_status_are_those_of_the_line(y: str) -> None:
    text = f"x = Placeholder(dtype=float32, shape=<3>)\n y = {y}"
    facts = evaluated(tiny_graph(text, "y"))
    each = line_of(text)
    assert work_and_status(facts.graph.nodes["y"], facts, installed_rules()) == (each.work, each.status)


def test_a_cost_below_zero_is_the_rule_s_mistake() -> None:
    rules = RuleSet(Rule("Made", shape=lambda op: [Shape(2)], cost=lambda op: Cost(mac=9, add=-1)))
    line = line_of("y = Made() -> float32", rules)
    assert line.status is Status.INVALID
    assert "a cost of add = -1 is below zero" in line.reason


def test_what_open_sizes_must_be_is_told() -> None:
    text = "x = Placeholder(dtype=float32, shape=<1,?,9,3>)\n w = Const(value=[0.0])\n"
    pooled = "y = MaxPool(x, T=float32, ksize=[1, 3, 3, 1], strides=[1, 1, 1, 1], padding=b'VALID')"
    (need,) = line_of(text + pooled).needs
    assert (str(need.size), need.least) == ("x[1] - 2", 1)
    assert line_of(text + pooled.replace("VALID", "SAME")).needs == ()
