"""Costs: sums of kinds, FLOPs, and the words of what is free."""

from __future__ import annotations

from fractions import Fraction

import pytest

from graphcost.dims import ceil_div, symbol
from graphcost.errors import AnswerError
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


def test_a_share_stays_one_until_it_is_made_whole() -> None:
    third = Fraction(1, 3)
    cost = Cost(mac=third, add=third * N, mul=2)
    assert (cost.mac, cost.is_whole, cost.flops) == (third, False, third * N + 2 * third + 2)
    assert cost * 3 == Cost(mac=1, add=N, mul=6)
    assert (cost + cost).whole() == Cost(mac=1, add=ceil_div(2 * N, 3), mul=4)
    assert cost.whole() == Cost(mac=1, add=ceil_div(N, 3), mul=2)
    whole = Cost(mac=N)
    assert whole.whole() is whole


def test_whole_numbers_of_other_classes_become_ints() -> None:
    class Odd(int):
        def __add__(self, other: int) -> int:
            raise ZeroDivisionError

        __radd__ = __add__

    cost = Cost(mac=True, add=Odd(5), mul=Fraction(4, 2))
    assert (cost.mac, cost.add, cost.mul) == (1, 5, 2)
    assert {type(count) for count in cost.by_kind.values()} == {int}
    assert cost.flops == 9


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (1.5, "a Cost takes whole numbers or sizes, not 1.5; use // or Fraction"),
        (float("nan"), "a Cost takes whole numbers or sizes, not nan"),
        (None, "a Cost takes whole numbers or sizes, not None"),
        ("abc", "a Cost takes whole numbers or sizes, not 'abc'"),
    ],
)
def test_what_is_no_count_is_refused(count: object, message: str) -> None:
    with pytest.raises(AnswerError) as caught:
        Cost(add=count)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_so_is_half_of_a_cost() -> None:
    with pytest.raises(AnswerError, match=r"not 1\.5; use // or Fraction"):
        Cost(add=3) * 0.5  # type: ignore[operator]
    assert Cost(add=3) * Fraction(1, 2) == Cost(add=Fraction(3, 2))  # type: ignore[operator]
