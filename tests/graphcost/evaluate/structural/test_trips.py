"""Trip counts, against a loop that is really run."""

from __future__ import annotations

import operator
from collections.abc import Callable

import pytest
from evaluation import evaluated
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_graph import tiny_graph

from graphcost.dims import Dim, Shape, bind, symbol
from graphcost.evaluate.structural.trips import Trips, trip_count
from graphcost.ir.literal import Value
from graphcost.ir.node import TensorRef
from graphcost.ops.fact import Fact
from graphcost.plugins import installed_rules

K = symbol("k", least=0)
Compare = Callable[[int, int], bool]
COMPARE: dict[str, Compare] = {
    "Less": operator.lt,
    "LessEqual": operator.le,
    "Greater": operator.gt,
    "GreaterEqual": operator.ge,
    "NotEqual": operator.ne,
}


def trips_of(text: str, output: str, inductions: dict[str, Dim]) -> tuple[str, bool] | None:
    """The count, as a formula, and whether it is exact; inputs i, j and n are integer scalars."""
    graph = tiny_graph(text, output)
    from graphcost.dims import Shape
    from graphcost.ir.literal import Value
    from graphcost.ops.fact import Fact

    feeds = {ref: Fact("int32", Shape(), Value.scalar(symbol(ref.node, least=None))) for ref in graph.inputs}
    derived = trip_count(evaluated(graph, feeds=feeds), inductions, "k", installed_rules())
    return None if derived is None else (str(derived.count), derived.is_exact)


ARGUMENTS = "i = _Arg(T=int32)\n j = _Arg(T=int32)\n n = _Arg(T=int32)\n"


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(COMPARE)),
    st.booleans(),
    st.integers(-12, 12),
    st.integers(-12, 12),
    st.integers(-4, 4).filter(bool),
)
def test_a_counted_loop(kind: str, mirrored: bool, start: int, limit: int, step: int) -> None:
    operands = "n, i" if mirrored else "i, n"
    derived = trips_of(f"{ARGUMENTS} c = {kind}({operands}, T=int32)", "c", {"i": start + step * K, "n": limit})
    count = really_run(
        lambda value: COMPARE[kind](limit, value) if mirrored else COMPARE[kind](value, limit), start, step
    )
    assert derived == (None if count is None else (str(count), True))


def really_run(goes_on: Callable[[int], bool], start: int, step: int) -> int | None:
    """The trips of a loop whose variable steps from `start`; None where it hasn't ended after 200."""
    value, count = start, 0
    while count < 200 and goes_on(value):
        value, count = value + step, count + 1
    return None if count == 200 else count


@pytest.mark.parametrize("kind", ["Less", "LessEqual", "Greater", "GreaterEqual", "Equal"])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("start", [1, 4, 5])
@pytest.mark.parametrize("step", [-2, 1])
def test_a_loop_that_runs_until_a_comparison_holds(kind: str, mirrored: bool, start: int, step: int) -> None:
    limit, compare = 4, {**COMPARE, "Equal": operator.eq}[kind]
    operands = "n, i" if mirrored else "i, n"
    text = f"{ARGUMENTS} a = {kind}({operands}, T=int32)\n c = LogicalNot(a)"
    derived = trips_of(text, "c", {"i": start + step * K, "n": limit})
    count = really_run(lambda value: not (compare(limit, value) if mirrored else compare(value, limit)), start, step)
    assert derived == (None if count is None else (str(count), True))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("c = Less(i, n, T=int32)", ("max(0,n)", True)),
        ("a = Less(i, n, T=int32)\n b = Less(j, n, T=int32)\n c = LogicalAnd(a, b)",
         ("min(max(0,ceil(n/2)),max(0,n))", True)),
        ("a = Less(i, n, T=int32)\n s = Placeholder(dtype=bool, shape=<>)\n c = LogicalAnd(a, s)", ("max(0,n)", False)),
        ("a = GreaterEqual(i, n, T=int32)\n c = LogicalNot(a)", ("max(0,n)", True)),
        ("a = GreaterEqual(i, n, T=int32)\n b = GreaterEqual(j, n, T=int32)\n o = LogicalOr(a, b)\n c = LogicalNot(o)",
         ("min(max(0,ceil(n/2)),max(0,n))", True)),
        ("c = Placeholder(dtype=bool, shape=<>)", None),
        ("c = Const(value=True)", None),
        ("c = Const(value=False)", ("0", True)),
        ("c = Less(n, n, T=int32)", ("0", True)),
        ("u = Placeholder(dtype=int32, shape=<>)\n m = Minimum(u, n, T=int32)\n c = Less(i, m, T=int32)",
         ("max(0,n)", False)),
        ("u = Placeholder(dtype=int32, shape=<>)\n m = Minimum(u, n, T=int32)\n s = Identity(m, T=int32)\n"
         "c = GreaterEqual(s, j, T=int32)", ("max(0,floor(n/2) + 1)", False)),
        ("u = Placeholder(dtype=int32, shape=<>)\n m = Minimum(u, n, T=int32)\n a = Less(m, i, T=int32)\n"
         "c = LogicalNot(a)", ("max(0,n + 1)", False)),
        ("u = Placeholder(dtype=int32, shape=<>)\n m = Maximum(u, n, T=int32)\n k = Neg(i, T=int32)\n"
         "c = Greater(k, m, T=int32)", ("max(-n,0)", False)),
        ("u = Placeholder(dtype=int32, shape=<>)\n m = Maximum(u, n, T=int32)\n c = Less(i, m, T=int32)", None),
        ("u = Placeholder(dtype=int32, shape=<>)\n c = Less(i, u, T=int32)", None),
    ],
)  # fmt: skip
def test_conditions(text: str, count: tuple[str, bool] | None) -> None:
    assert trips_of(ARGUMENTS + text, "c", {"i": K, "j": 2 * K}) == count


@pytest.mark.parametrize(
    ("step", "last"),
    [
        ("a{} = LogicalAnd(a{}, a{})", "c = Identity(a99, T=bool)"),
        ("m{} = Minimum(m{}, m{}, T=int32)", "c = Less(i, m99, T=int32)"),
    ],
)
def test_what_is_joined_with_itself_again_and_again_is_read_once(step: str, last: str) -> None:
    first = "m0 = Placeholder(dtype=int32, shape=<>)\n a0 = Less(i, n, T=int32)\n"
    steps = "\n".join(step.format(i, i - 1, i - 1) for i in range(1, 100))
    assert trips_of(f"{ARGUMENTS}{first}{steps}\n{last}", "c", {"i": K}) == (
        ("max(0,n)", True) if "LogicalAnd" in step else None
    )


def test_a_product_of_the_counter_is_not_affine() -> None:
    text = ARGUMENTS + "s = Mul(i, i, T=int32)\n c = Less(s, n, T=int32)"
    assert trips_of(text, "c", {"i": K}) is None


def test_the_count_of_a_sequence_is_its_length() -> None:
    derived = trips_of(ARGUMENTS + "c = Less(i, n, T=int32)", "c", {"i": K, "n": symbol("T")})
    assert derived == ("T", True)
    assert bind(symbol("T"), {"T": 9}) == 9


@pytest.mark.parametrize("condition", ["c = NoOp()", "c = Identity(T='bool')"])
def test_a_condition_that_reads_nothing_bounds_nothing(condition: str) -> None:
    assert trip_count(evaluated(tiny_graph(condition, "c")), {}, "k", installed_rules()) is None


def branching(then: str, otherwise: str, predicate: str = "low") -> Trips | None:
    """The trips of a loop while If(predicate, then, otherwise), of i < 10 and of `flag`, which nobody knows."""
    arguments = "i = _Arg(T=int32)\n flag = _Arg(T=bool)\n low = _Arg(T=bool)\n"
    less = "ten = Const(value=10)\n less = Less(i, ten, T=int32)\n"
    no, yes = "no = Const(value=False)\n", "yes = Const(value=True)\n"
    bodies = {
        name: tiny_graph(arguments + less + no + yes + f"out = Identity({name}, T=bool)", "out")
        for name in ("less", "flag", "no", "yes", "low")
    }
    graph = tiny_graph(
        f"""
        i = _Arg(T=int32)
        flag = _Arg(T=bool)
        ten = Const(value=10)
        low = Less(i, ten, T=int32)
        if = If({predicate}, i, flag, low, then_branch=@{then}, else_branch=@{otherwise}) -> bool
        """,
        "if",
        functions=bodies,
    )
    feeds = {
        TensorRef("i"): Fact("int32", Shape(), Value.scalar(symbol("i", least=None))),
        TensorRef("flag"): Fact("bool", Shape()),
    }
    return trip_count(evaluated(graph, feeds=feeds), {"i": symbol("k", least=0)}, "k", installed_rules())


@pytest.mark.parametrize(
    ("then", "otherwise", "predicate"),
    [
        ("less", "no", "flag"),
        ("no", "less", "flag"),
        ("flag", "no", "low"),
        ("flag", "low", "low"),
        ("less", "flag", "flag"),
    ],
)
def test_an_if_that_is_false_on_one_side_is_an_and(then: str, otherwise: str, predicate: str) -> None:
    """So autograph writes a break, and `while a and b`: only the counter is known, and bounds the loop."""
    assert branching(then, otherwise, predicate) == Trips(10, False)


@pytest.mark.parametrize(("then", "otherwise"), [("less", "yes"), ("yes", "less"), ("flag", "less")])
def test_an_if_that_may_hold_on_either_side_bounds_nothing(then: str, otherwise: str) -> None:
    assert branching(then, otherwise, "flag") is None


def test_a_condition_in_a_function_is_read_there() -> None:
    graph = tiny_graph(
        "i = _Arg(T=int32)\n call = PartitionedCall(i, f=@low, Tin=[]) -> bool",
        "call",
        functions={"low": tiny_graph("a = _Arg(T=int32)\n n = Const(value=7)\n l = Less(a, n, T=int32)", "l")},
    )
    feeds = {TensorRef("i"): Fact("int32", Shape(), Value.scalar(symbol("i", least=None)))}
    found = trip_count(evaluated(graph, feeds=feeds), {"i": symbol("k", least=0)}, "k", installed_rules())
    assert found == Trips(7, True)
