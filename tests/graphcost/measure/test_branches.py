"""Open branches: which way they are counted, where branches and loops stand inside branches."""

from __future__ import annotations

import pytest
from evaluation import counted, flops
from tiny_graph import tiny_graph

from graphcost.ir.graph import Graph

ARGUMENTS = "a = _Arg(T=float32)\n q = _Arg(T=bool)\n"


def chain(steps: int) -> Graph:
    """A branch of so many Neg of its first argument."""
    lines = [f"n{i} = Neg({f'n{i - 1}' if i else 'a'}, T=float32)" for i in range(steps)]
    return tiny_graph(ARGUMENTS + "\n".join(lines), f"n{steps - 1}")


def inner(then: str, other: str) -> Graph:
    return tiny_graph(
        f"{ARGUMENTS} y = If(q, a, q, then_branch=@{then}, else_branch=@{other}) -> float32",
        "y",
    )


FUNCTIONS = {
    "one": chain(1),
    "two": chain(2),
    "three": chain(3),
    "five": chain(5),
    "one_or_three": inner("one", "three"),
    "three_or_one": inner("three", "one"),
}


def conditional(then: str, other: str) -> Graph:
    return tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<4>)
        p = Placeholder(dtype=bool, shape=<>)
        q = Placeholder(dtype=bool, shape=<>)
        y = If(p, x, q, then_branch=@{then}, else_branch=@{other}) -> float32
        """,
        "y",
        functions=FUNCTIONS,
    )


def test_a_branch_is_as_expensive_as_the_most_expensive_branch_inside_it() -> None:
    for nested in ("one_or_three", "three_or_one"):
        assert flops(conditional(nested, "two")) == "12"
        assert flops(conditional("two", nested)) == "12"


def test_a_branch_inside_a_branch_goes_its_most_expensive_way() -> None:
    result = counted(conditional("one_or_three", "two"))
    counts = {line.node: line.count for line in result.lines if line.op == "Neg"}
    assert {node for node, count in counts.items() if count == 1} == {
        "y/then/y/else/n0",
        "y/then/y/else/n1",
        "y/then/y/else/n2",
    }
    assert {node for node, count in counts.items() if count == 0} == {
        "y/then/y/then/n0",
        "y/else/n0",
        "y/else/n1",
    }


@pytest.mark.parametrize(("trips", "chosen"), [(1, "outside"), (3, "outside"), (5, "inside"), (9, "inside")])
def test_a_branch_in_a_loop_counts_for_each_trip(trips: int, chosen: str) -> None:
    """The size of a batch is the predicate of two branches: the one outside costs 4 Neg less where it's 0, the one in
    the loop one Neg less where it's 1.
    """
    text = "x = Placeholder(dtype=float32, shape=<?,4>)\n start = Const(value=0)\n"
    arguments = (
        "i = _Arg(T=int32)\n n = _Arg(T=int32)\n v = _Arg(T=float32)\n m = _Arg(T=int32)\n one = Const(value=1)\n"
    )
    graph = tiny_graph(
        f"""{text}
        s = Shape(x, T=float32, out_type=int32)
        first = Const(value=[0])
        length = Const(value=[1])
        taken = Slice(s, first, length, T=int32, Index=int32)
        m = Squeeze(taken, T=int32)
        limit = Const(value={trips})
        w = While(start, limit, x, m, cond=@cond, body=@body, T=[]) -> int32, int32, float32, int32
        y = If(m, w:2, m, then_branch=@five, else_branch=@one) -> float32
        """,
        "y",
        functions={
            **FUNCTIONS,
            "cond": tiny_graph(f"{arguments} c = Less(i, n, T=int32)", "c"),
            "body": tiny_graph(
                f"{arguments} next = AddV2(i, one, T=int32)\n"
                "out = If(m, v, m, then_branch=@one, else_branch=@two) -> float32",
                "next, n, out, m",
            ),
        },
    )
    result = counted(graph)
    assert {str(predicate): value for predicate, value in result.choices.items()} == {"N": int(chosen == "outside")}


def test_without_branches_there_is_nothing_to_choose() -> None:
    result = counted(tiny_graph("x = Placeholder(dtype=float32, shape=<4>)\ny = Neg(x, T=float32)", "y"))
    assert result.choices == {}
    assert result.size_dependent == frozenset()


@pytest.mark.parametrize(("nested", "other"), [("one_or_three", "three"), ("three_or_one", "three")])
def test_of_branches_that_cost_the_same_the_lowest_is_taken_however_deep_their_work_is(nested: str, other: str) -> None:
    for then, other_wise in ((nested, other), (other, nested)):
        result = counted(conditional(then, other_wise))
        assert {value for predicate, value in result.choices.items() if str(predicate) == "pred(p)"} == {0}
