"""Open branches: which way they are counted, where branches and loops stand inside branches."""

from __future__ import annotations

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
