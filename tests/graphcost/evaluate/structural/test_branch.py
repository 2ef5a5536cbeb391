"""Branches: a known predicate selects, an open one is counted the most expensive way."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from evaluation import counted, evaluated, flops
from tiny_graph import tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.ir.graph import Graph
from graphcost.ir.literal import Value
from graphcost.ir.node import TensorRef
from graphcost.measure.assemble import choice_notes
from graphcost.ops.fact import Fact
from graphcost.ops.status import Status

CHEAP = tiny_graph("a = _Arg(T=float32)\n b = Neg(a, T=float32)", "b")
DEAR = tiny_graph("a = _Arg(T=float32)\n m = Neg(a, T=float32)\n b = Mul(m, a, T=float32)", "b")
HALF = tiny_graph(
    "a = _Arg(T=float32)\n s = Const(value=[0])\n n = Const(value=[2])\n b = Slice(a, s, n, T=float32, Index=int32)",
    "b",
)
LOOPING = tiny_graph(
    "a = _Arg(T=float32)\n w = While(a, cond=@unsure, body=@cheap, T=[]) -> float32",
    "w",
    functions={
        "cheap": CHEAP,
        "unsure": tiny_graph("a = _Arg(T=float32)\n p = Mystery(a) -> bool", "p"),
    },
)
FUNCTIONS = {"cheap": CHEAP, "dear": DEAR, "half": HALF, "looping": LOOPING, **LOOPING.functions}


def conditional(predicate: str, then: str = "cheap", other: str = "dear") -> Graph:
    return tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<4>)
        p = {predicate}
        y = If(p, x, then_branch=@{then}, else_branch=@{other}) -> float32
        """,
        "y",
        functions=FUNCTIONS,
    )


@pytest.mark.parametrize(
    ("predicate", "total"),
    [("Const(value=True)", "4"), ("Const(value=False)", "8"), ("Const(value=1)", "4"), ("Const(value=0.0)", "8")],
)
def test_a_known_predicate_selects_its_branch(predicate: str, total: str) -> None:
    assert flops(conditional(predicate)) == total


def test_the_default_of_an_input_is_its_value() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<4>)
        off = Const(value=False)
        p = PlaceholderWithDefault(off, dtype=bool, shape=<>)
        y = If(p, x, then_branch=@cheap, else_branch=@dear) -> float32
        """,
        "y",
        functions=FUNCTIONS,
    )
    assert flops(graph) == "8"


def test_an_open_predicate_counts_the_dearest_branch_and_keeps_the_other_s_lines() -> None:
    result = counted(conditional("Placeholder(dtype=bool, shape=<>)"))
    counts = {line.node: line.count for line in result.lines if line.op in ("Neg", "Mul")}
    assert counts == {"y/then/b": 0, "y/else/m": 1, "y/else/b": 1}
    (value,) = result.choices.values()
    assert value == 0


@pytest.mark.parametrize(
    ("then", "other", "bindings", "value", "size_dependent"),
    [
        ("looping", "dear", {}, 0, True),
        ("looping", "dear", {"trips(y/then/w)": 2}, 0, False),
        ("looping", "dear", {"trips(y/then/w)": 9}, 1, False),
        ("looping", "looping", {}, 0, False),
        ("cheap", "dear", {}, 0, False),
    ],
)
def test_open_sizes_may_turn_the_choice(
    then: str, other: str, bindings: Mapping[str, int], value: int, size_dependent: bool
) -> None:
    result = counted(conditional("Placeholder(dtype=bool, shape=<>)", then, other), bindings=bindings)
    assert set(result.choices.values()) == {value}
    assert result.size_dependent == (frozenset(result.choices) if size_dependent else frozenset())


def test_a_note_says_that_open_sizes_may_turn_the_choice() -> None:
    result = counted(conditional("Placeholder(dtype=bool, shape=<>)", "looping", "dear"))
    (note,) = choice_notes(result, [])
    assert note.endswith(
        "as if it were 0, the most expensive way where open sizes are 1; where they are large, another way is"
    )
    (note,) = choice_notes(counted(conditional("Placeholder(dtype=bool, shape=<>)")), [])
    assert note.endswith("the most expensive way")


def test_a_note_says_how_an_input_is_bound_to_count_the_other_branch() -> None:
    for then, other, counted_as, bound_to in (("cheap", "dear", 0, 1), ("dear", "cheap", 1, 0)):
        result = counted(conditional("Placeholder(dtype=bool, shape=<>)", then, other))
        (predicate,) = map(str, result.choices)
        (note,) = choice_notes(result, [predicate])
        assert f"as if it were {counted_as}, " in note
        assert note.endswith(f"; --bind {predicate}={bound_to} counts the other")
        (note,) = choice_notes(result, ["another"])
        assert "--bind" not in note


def test_branches_on_one_predicate_go_the_same_way_to_the_dearest_whole() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<4>)
        p = Placeholder(dtype=bool, shape=<>)
        same = Identity(p, T=bool)
        a = If(p, x, then_branch=@dear, else_branch=@cheap) -> float32
        b = If(same, a, then_branch=@cheap, else_branch=@dear) -> float32
        c = If(p, b, then_branch=@cheap, else_branch=@dear) -> float32
        """,
        "c",
        functions=FUNCTIONS,
    )
    assert flops(graph) == "20"


def test_outputs_are_what_the_branches_agree_on() -> None:
    graph = conditional("Placeholder(dtype=bool, shape=<>)", "cheap", "half")
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(symbol("size(y:0,0)"))
    assert evaluated(conditional("Const(value=False)", "cheap", "half")).fact(TensorRef("y")).shape == Shape(2)


@pytest.mark.parametrize(
    ("op", "operands", "then", "other", "result"),
    [
        ("GreaterEqual", "a, b", "a + 1", "b", "max(a + 1,b)"),
        ("Greater", "a, b", "a", "b", "max(a,b)"),
        ("Less", "a, b", "b", "a", "max(a,b)"),
        ("Less", "a, b", "a", "b", "min(a,b)"),
        ("LessEqual", "a, b", "a + 1", "b + 1", "min(a + 1,b + 1)"),
        ("GreaterEqual", "a, b", "a + 2", "b", None),
        ("Less", "a, b", "a + 1", "b", "min(a + 1,b)"),
        ("Less", "a, b", "a + 2", "b", None),
        ("NotEqual", "a, b", "a", "b", None),
    ],
)
def test_a_number_that_depends_on_a_comparison_of_both_is_an_extremum(
    op: str, operands: str, then: str, other: str, result: str | None
) -> None:
    def number(text: str) -> Graph:
        name, _, more = text.partition(" + ")
        return tiny_graph(
            f"""
            a = _Arg(T=int32)
            b = _Arg(T=int32)
            more = Const(value={more or 0})
            sum = AddV2({name}, more, T=int32)
            """,
            "sum",
        )

    graph = tiny_graph(
        f"""
        a = Placeholder(dtype=int32, shape=<>)
        b = Placeholder(dtype=int32, shape=<>)
        p = {op}({operands}, T=int32)
        y = If(p, a, b, then_branch=@then, else_branch=@other) -> int32
        """,
        "y",
        functions={"then": number(then), "other": number(other)},
    )
    feeds = {TensorRef(name): Fact("int32", Shape(), Value.scalar(symbol(name, least=None))) for name in "ab"}
    found = evaluated(graph, feeds=feeds).fact(TensorRef("y")).number
    assert (found if found is None else str(found)) == result


def test_a_compiled_conditional_is_one() -> None:
    text = "x = Placeholder(dtype=float32, shape=<4>)\n p = Const(value={})\n y = XlaIf(p, x, {}) -> float32"
    branches = "then_branch=@cheap, else_branch=@dear"
    assert flops(tiny_graph(text.format("True", branches), "y", functions=FUNCTIONS)) == "4"
    assert flops(tiny_graph(text.format("0", branches), "y", functions=FUNCTIONS)) == "8"


RISC = """
x = Placeholder(dtype=float32, shape=<4>)
z = Placeholder(dtype=float32, shape=<9>)
p = {}
y = RiscCondition({}, func_true=@cheap, func_false=@{}, SrcT=float32, DstT=float32)
"""


@pytest.mark.parametrize(
    ("predicate", "total", "shape"),
    [("Const(value=True)", "4", Shape(4)), ("Const(value=False)", "18", Shape(9))],
)
def test_each_branch_of_a_risc_condition_has_an_input_of_its_own(predicate: str, total: str, shape: Shape) -> None:
    graph = tiny_graph(RISC.format(predicate, "p, x, z", "dear"), "y", functions=FUNCTIONS)
    assert (flops(graph), evaluated(graph).fact(TensorRef("y")).shape) == (total, shape)


def test_an_open_risc_condition_counts_its_dearest_branch() -> None:
    graph = tiny_graph(RISC.format("Placeholder(dtype=bool, shape=<>)", "p, x, z", "dear"), "y", functions=FUNCTIONS)
    assert flops(graph) == "18"
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(symbol("size(y:0,0)"))


@pytest.mark.parametrize(
    ("inputs", "other", "reason"),
    [
        ("p, x", "dear", "it has 2 inputs"),
        ("p, x, z, z", "dear", "it has 4 inputs"),
        ("p, x, z", "gone", "'gone', which isn't in the file"),
    ],
)
def test_a_risc_condition_that_does_not_fit_is_refused(inputs: str, other: str, reason: str) -> None:
    graph = tiny_graph(RISC.format("Placeholder(dtype=bool, shape=<>)", inputs, other), "y", functions=FUNCTIONS)
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert (line.status, reason in line.reason) == (Status.INVALID, True), line.reason


@pytest.mark.parametrize(("index", "total"), [(0, "4"), (1, "8"), (2, "0"), (7, "0"), (-1, "0")])
def test_a_case_out_of_range_runs_its_last_branch(index: int, total: str) -> None:
    graph = tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<4>)
        i = Const(value={index})
        y = Case(i, x, branches=None) -> float32
        """,
        "y",
        functions=FUNCTIONS,
    )
    from dataclasses import replace

    from graphcost.ir.node import EMPTY, FunctionRef

    case = graph.nodes["y"]
    branches = tuple(FunctionRef(name, EMPTY) for name in ("cheap", "dear", "half"))
    graph = graph.replacing([replace(case, attrs={**case.attrs, "branches": branches})])
    assert flops(graph) == total
