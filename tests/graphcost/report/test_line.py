"""Lines and their work: what adds up, and where numbers are filled in."""

from __future__ import annotations

from graphcost.dims import Shape, symbol
from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.report.line import IDLE, Line, Work, sum_work

N, T = symbol("N"), symbol("T")


def test_floating_and_integer_work_stay_apart() -> None:
    work = Work(Cost(mac=3, add=1), Cost(mac=2, mul=5))
    assert (work.flops, work.macs, work.int_ops, work.int_macs) == (7, 3, 9, 2)
    assert Work(Cost(add=1), Cost(mul=2)) + Work(Cost(add=3), Cost(mul=5)) == Work(Cost(add=4), Cost(mul=7))
    assert Work(Cost(add=1), Cost(mul=2)) * N == Work(Cost(add=N), Cost(mul=2 * N))


def test_symbols_are_those_of_either_arithmetic() -> None:
    assert Work(Cost(add=N), Cost(div=T)).symbols == {"N", "T"}
    assert IDLE.symbols == frozenset()


def test_numbers_are_filled_in_on_both_sides() -> None:
    assert Work(Cost(add=N), Cost(mul=N + T)).bind({"N": 2}) == Work(Cost(add=2), Cost(mul=2 + T))
    assert IDLE.bind({"N": 2}) is IDLE


def test_a_line_has_numbers_wherever_symbols_stood() -> None:
    line = Line("a/b", "Op", "a", Status.COSTED, Work(Cost(add=N)), count=T, outputs=(Shape(N, 4), None, Shape(T)))
    bound = line.bind({"N": 2, "T": 5})
    assert (bound.work, bound.count, bound.outputs) == (Work(Cost(add=2)), 5, (Shape(2, 4), None, Shape(5)))
    assert (bound.node, bound.op, bound.scope, bound.status) == ("a/b", "Op", "a", Status.COSTED)
    assert line.count == T


def test_a_sum_is_that_of_each_kind() -> None:
    works = [Work(Cost(mac=1, add=N), Cost(compare=1)), IDLE, Work(Cost(add=2, sqrt=3)), Work(integer=Cost(compare=T))]
    assert sum_work(works) == Work(Cost(mac=1, add=N + 2, sqrt=3), Cost(compare=T + 1))
    assert sum_work(works) == works[0] + works[1] + works[2] + works[3]


def test_a_sum_of_little_is_what_there_is() -> None:
    only = Work(Cost(add=1))
    assert sum_work([]) is IDLE
    assert sum_work([IDLE, only, IDLE]) is only
