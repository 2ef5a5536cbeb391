"""How often bodies run where loops stand inside loops, against loops that are really run."""

from __future__ import annotations

from fractions import Fraction

import pytest
from evaluation import counted, evaluated
from tiny_graph import tiny_graph

from graphcost.evaluate import CallGraph
from graphcost.ir.graph import Graph
from graphcost.measure.call_counts import bodies
from graphcost.ops.cost import Cost
from graphcost.ops.rule import Rule, RuleSet
from graphcost.plugins import installed_rules

ARGUMENTS = "i = _Arg(T=int32)\n v = _Arg(T=float32)\n zero = Const(value=0)\n one = Const(value=1)\n"


def exponentials_of_a_row() -> Graph:
    """A body that makes a row as long as its counter says."""
    return tiny_graph(
        f"""{ARGUMENTS}
        length = Pack(i, N=1, T=int32)
        fill = Const(value=1.0)
        row = Fill(length, fill, T=float32)
        e = Exp(row, T=float32)
        out = Mul(v, v, ^e, T=float32)
        """,
        "out",
    )


def triangle(depth: int, limit: int) -> Graph:
    """So many loops inside each other, each of as many trips as the counter around it says."""
    functions = {"body0": exponentials_of_a_row()}
    for level in range(1, depth):
        inner = f"out{level} = For(zero, i, one, v, body=@body{level - 1}) -> float32"
        functions[f"body{level}"] = tiny_graph(ARGUMENTS + inner, f"out{level}")
    return tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<3>)
        zero = Const(value=0)
        one = Const(value=1)
        limit = Const(value={limit})
        y = For(zero, limit, one, x, body=@body{depth - 1}) -> float32
        """,
        "y",
        functions=functions,
    )


def really_run(depth: int, limit: int) -> tuple[int, int]:
    """How often the innermost body runs, and the sum of its counter."""
    if depth == 1:
        return limit, sum(range(limit))
    inside = [really_run(depth - 1, i) for i in range(limit)]
    return sum(runs for runs, _ in inside), sum(total for _, total in inside)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("limit", [0, 1, 2, 5, 9])
def test_loops_whose_trips_follow_the_counters_around_them(depth: int, limit: int) -> None:
    runs, elements = really_run(depth, limit)
    lines = {line.op: line for line in counted(triangle(depth, limit)).lines}
    assert (lines["Mul"].count, lines["Mul"].work.flops) == (runs, 3 * runs)
    assert lines["Exp"].work.flops == elements


@pytest.mark.parametrize(("trips", "total"), [(1, 1), (3, 1), (10, 4)])
def test_a_share_is_rounded_up_once_for_all_runs(trips: int, total: int) -> None:
    body = tiny_graph(f"{ARGUMENTS} out = Sparse(v) -> float32", "out")
    graph = tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<3>)
        zero = Const(value=0)
        one = Const(value=1)
        limit = Const(value={trips})
        y = For(zero, limit, one, x, body=@body) -> float32
        """,
        "y",
        functions={"body": body},
    )
    sparse = RuleSet(Rule("Sparse", shape=lambda op: [op.input()], cost=lambda op: Cost(mul=Fraction(1, 3))))
    (line,) = (line for line in counted(graph, rules=installed_rules() | sparse).lines if line.op == "Sparse")
    assert line.work.floating == Cost(mul=total)


def test_a_share_of_what_grows_is_rounded_up_once() -> None:
    third = RuleSet(Rule("Exp", cost=lambda op: Cost(transcendental=Fraction(1, 3) * op.output().size)))
    lines = counted(triangle(2, 6), rules=installed_rules() | third).lines
    (line,) = (line for line in lines if line.op == "Exp")
    runs = sum(j for i in range(6) for j in range(i))
    assert line.work.flops == -(-runs // 3)


def loops_around(body: Graph, around: int) -> list[int]:
    """Of how many loops each body tells the turns apart, in so many loops around one another of four turns each."""
    functions = {"body0": body}
    for level in range(1, around):
        text = f"{ARGUMENTS}four = Const(value=4)\nout = For(zero, four, one, v, body=@body{level - 1}) -> float32"
        functions[f"body{level}"] = tiny_graph(text, "out")
    text = "x = Placeholder(dtype=float32, shape=<3>)\nzero = Const(value=0)\none = Const(value=1)\n"
    text += f"four = Const(value=4)\ny = For(zero, four, one, x, body=@body{around - 1}) -> float32"
    calls = CallGraph.of(evaluated(tiny_graph(text, "y", functions=functions)))
    return [max(len(binders) for binders in body.contexts) for body in bodies(calls, {})]


def test_of_loops_around_one_another_a_body_tells_its_own_turns_alone() -> None:
    plain = tiny_graph(f"{ARGUMENTS}out = Mul(v, v, T=float32)", "out")
    for body in (plain, exponentials_of_a_row()):
        assert loops_around(body, 1) == [0, 1]
        assert loops_around(body, 3) == [0, 1, 1, 1]
