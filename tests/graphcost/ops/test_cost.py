"""Costs: sums of kinds, FLOPs, and the words of what is free."""

from __future__ import annotations

from graphcost.dims import symbol
from graphcost.ops.cost import COPIES, FREE, KINDS, VIEW, Cost, Free, FreeKind

N = symbol("N")


def test_a_multiply_add_is_two_operations_and_all_others_are_one() -> None:
    assert Cost(mac=1).flops == 2
    for kind in KINDS[1:]:
        assert Cost(**{kind: 1}).flops == 1, kind
    assert Cost(1, 2, 3, 4, 5, 6, 7).flops == 2 + 2 + 3 + 4 + 5 + 6 + 7


def test_costs_add_up_kind_by_kind() -> None:
    assert Cost(1, 2, 3, 4, 5, 6, 7) + Cost(10, 20, 30, 40, 50, 60, N) == Cost(11, 22, 33, 44, 55, 66, N + 7)


def test_a_cost_may_be_had_many_times() -> None:
    assert Cost(mac=2, sqrt=3) * N == N * Cost(mac=2, sqrt=3) == Cost(mac=2 * N, sqrt=3 * N)


def test_kinds_have_their_names_in_order() -> None:
    assert KINDS == ("mac", "add", "mul", "div", "compare", "transcendental", "sqrt")
    assert list(Cost(1, 2, 3, 4, 5, 6, 7).by_kind.items())[::6] == [("mac", 1), ("sqrt", 7)]


def test_numbers_are_filled_in_where_symbols_stand() -> None:
    plain = Cost(add=3)
    assert plain.bind({"N": 2}) is plain
    assert Cost(mac=N, add=3, sqrt=N * N).bind({"N": 2}) == Cost(mac=2, add=3, sqrt=4)
    assert Cost(mac=N).bind({"M": 2}) == Cost(mac=N)


def test_what_is_free_says_why_and_what_happens_to_memory() -> None:
    assert str(Free("a handle", FreeKind.COMPUTES_NOTHING)) == "a handle (computes nothing)"
    assert (str(VIEW), str(COPIES)) == ("view", "copies")
    assert str(FREE) == "moves data (copies)"
