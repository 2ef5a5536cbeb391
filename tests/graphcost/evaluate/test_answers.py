"""What rules may answer, and what they may not."""

from __future__ import annotations

from fractions import Fraction
from itertools import count

import pytest

from graphcost.dims import Shape, symbol
from graphcost.dims.ratio import is_negative
from graphcost.errors import AnswerError, RuleError
from graphcost.evaluate.answers import (
    checked_cost,
    checked_element,
    checked_shape,
    checked_value,
    for_each_output,
)
from graphcost.ir.literal import Value
from graphcost.ops.cost import FREE, Cost
from graphcost.ops.fact import Fact

N = symbol("N")


class Index:
    """As numpy's integers are."""

    def __index__(self) -> int:
        return 5


class Odd(int):
    """An int that doesn't reckon as one."""

    def __mul__(self, other: object) -> int:
        raise ZeroDivisionError

    __add__ = __radd__ = __rmul__ = __mul__  # type: ignore[assignment]


def test_shapes_are_taken_as_they_are() -> None:
    shape = Shape(2, N)
    assert checked_shape(shape, 0) is shape
    assert for_each_output([shape, None], 2, checked_shape) == (shape, None)
    assert for_each_output((each for each in [shape]), 1, checked_shape) == (shape,)


def test_whole_numbers_of_other_classes_become_ints() -> None:
    shape = checked_shape(Shape(True, Index(), Odd(3)), 0)  # type: ignore[arg-type]
    assert [type(dim) for dim in shape] == [int, int, int]
    assert shape == (1, 5, 3)
    value = checked_value(Value((2,), (Index(), Odd(3))), 0)  # type: ignore[arg-type]
    assert [type(item) for item in value.items] == [int, int]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((2, 3), r"output 0 is \(2, 3\), not a Shape or None; write Shape\(2, 3\)"),
        ("ab", "output 0 is 'ab', not a Shape or None"),
        (7, "output 0 is 7, not"),
        (Shape(2.5), "whole numbers or sizes, not 2.5; use //"),  # type: ignore[arg-type]
        (Shape("N"), "whole numbers or sizes, not 'N'"),  # type: ignore[arg-type]
        (Shape(None), "whole numbers or sizes, not None"),  # type: ignore[arg-type]
        (Shape(2, -2), "output 0 has a size of -2, which is below zero"),
        (Shape(-N), "a size of -N, which is below zero"),
    ],
)
def test_what_is_no_shape_is_told(answer: object, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        checked_shape(answer, 0)
    with pytest.raises(AnswerError, match=message):
        checked_element(Fact("float32", answer), 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", [None, 7, "ab", Shape(2), Fact()])
def test_an_answer_is_a_list(answer: object) -> None:
    with pytest.raises(AnswerError, match="not a list with an entry for each output"):
        for_each_output(answer, 1, checked_shape)


@pytest.mark.parametrize(("answer", "given"), [([], 0), ([None] * 5, 5), (count(), 2)])
def test_it_has_an_entry_for_each_output(answer: object, given: int) -> None:
    with pytest.raises(RuleError, match=f"gives {given} outputs, the node has 1"):
        for_each_output(answer, 1, checked_shape)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("x", "output 0 is 'x', not a Value or None"),
        (Value((1,), ("x",)), "a Value holds numbers, sizes, booleans and None, not 'x'"),  # type: ignore[arg-type]
        (Value((-1, -1), (7,)), "a value of shape"),
    ],
)
def test_what_is_no_value_is_told(answer: object, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        checked_value(answer, 0)
    with pytest.raises(AnswerError, match=message if isinstance(answer, Value) else "not a Value"):
        checked_element(Fact(value=answer), 0)  # type: ignore[arg-type]


def test_values_are_taken_as_they_are() -> None:
    value = Value.vector([1, N, True, 0.5, None])
    assert checked_value(value, 0) is value


def test_what_holds_nothing_known_is_told() -> None:
    fact = Fact("float32", Shape(2), element=Fact("int32"))
    assert checked_element(fact, 0) is fact
    with pytest.raises(AnswerError, match="output 0 holds 7, not a Fact"):
        checked_element(Fact(element=7), 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "it gives None, not a Cost"),
        (FREE, "not a Cost; write cost=FREE, without a function"),
        (Cost(add=-1), "a cost of add = -1 is below zero"),
        (Cost(mac=-2 * N), r"a cost of mac = -2\*N is below zero"),
        (Cost(mul=Fraction(-1, 2)), "a cost of mul = -1/2 is below zero"),
        (Cost(mul=Fraction(-1, 2) * N), r"a cost of mul = \(-N\)/2 is below zero"),
    ],
)
def test_what_is_no_cost_is_told(answer: object, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        checked_cost(answer)


def test_what_may_be_above_zero_is_not_below() -> None:
    assert not any(map(is_negative, (0, 1, N, N - 5, Fraction(1, 2), Fraction(1, 2) * N, 1 - N, None)))
    cost = Cost(mac=N - 5)
    assert checked_cost(cost) is cost
