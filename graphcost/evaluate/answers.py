"""What rules answer, checked in one place: rules come from anybody.

What isn't an answer is an AnswerError, which says where in the rule's file it came about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sized
from itertools import islice
from operator import index
from types import NoneType
from typing import TypeVar

from graphcost.dims import Dim, Expr, Shape
from graphcost.dims.ratio import is_negative
from graphcost.errors import AnswerError, RuleError
from graphcost.faults import shown
from graphcost.ir.literal import FLOAT_LIMIT, Item, Value
from graphcost.ops.cost import Cost, Free
from graphcost.ops.fact import Fact

T = TypeVar("T")

ITEMS = frozenset({int, bool, float, Expr, NoneType})


def for_each_output(answer: object, count: int, check: Callable[[object, int], T]) -> tuple[T | None, ...]:
    """What a shape, value or element rule gives: for each output what `check` makes of it, or None.

    Raises AnswerError where it isn't that, RuleError where there are more or fewer than the node has outputs.
    """
    if type(answer) is list and len(answer) == count:
        return tuple([None if item is None else check(item, port) for port, item in enumerate(answer)])
    if isinstance(answer, (Shape, str, bytes)) or not isinstance(answer, Iterable):
        raise AnswerError(f"it gives {shown(answer)}, not a list with an entry for each output")
    items = tuple(islice(answer, count + 1))
    if len(items) != count:
        given = len(answer) if isinstance(answer, Sized) else len(items)
        raise RuleError(f"its rule gives {given} outputs, the node has {count}")
    return tuple([None if item is None else check(item, port) for port, item in enumerate(items)])


def checked_shape(answer: object, port: int) -> Shape:
    """A shape as a rule may give it. Raises AnswerError for anything else."""
    if not isinstance(answer, Shape):
        hint = f"; write Shape({', '.join(map(shown, answer))})" if isinstance(answer, (tuple, list)) else ""
        raise AnswerError(f"output {port} is {shown(answer)}, not a Shape or None{hint}")
    for dim in answer:
        if type(dim) is not int and type(dim) is not Expr:
            return checked_shape(Shape(*(_size(dim) for dim in answer)), port)
        if is_negative(dim):
            raise AnswerError(f"output {port} has a size of {dim}, which is below zero")
    return answer


def checked_value(answer: object, port: int) -> Value:
    """A value as a rule may give it. Raises AnswerError for anything else."""
    if not isinstance(answer, Value):
        raise AnswerError(f"output {port} is {shown(answer)}, not a Value or None")
    if not all(type(size) is int and size >= 0 for size in answer.shape):
        raise AnswerError(f"output {port} has a value of shape {shown(answer.shape)}")
    # Many fractions are weights, whose values are of no use, and aren't kept.
    is_of_weights = len(answer.items) > FLOAT_LIMIT and type(answer.items[0]) is float
    if is_of_weights or set(map(type, answer.items)) <= ITEMS:
        return answer
    return Value(answer.shape, tuple(_item(item) for item in answer.items))


def checked_element(answer: object, port: int) -> Fact:
    """What a handle holds, as a rule may give it. Raises AnswerError for anything else."""
    fact = answer
    while fact is not None:
        if not isinstance(fact, Fact):
            raise AnswerError(f"output {port} holds {shown(fact)}, not a Fact or None")
        if fact.shape is not None:
            checked_shape(fact.shape, port)
        if fact.value is not None:
            checked_value(fact.value, port)
        fact = fact.element
    assert isinstance(answer, Fact)
    return answer


def checked_cost(answer: object) -> Cost:
    """A cost as a rule may give it. Raises AnswerError for anything else, and for less than nothing."""
    if not isinstance(answer, Cost):
        hint = "; write cost=FREE, without a function" if isinstance(answer, Free) else ""
        raise AnswerError(f"it gives {shown(answer)}, not a Cost{hint}")
    for kind, count in answer.by_kind.items():
        if count and is_negative(count):
            raise AnswerError(f"a cost of {kind} = {count} is below zero")
    return answer


def _size(dim: object) -> Dim:
    """The size as what can be reckoned with."""
    if isinstance(dim, int):
        return int.__index__(dim)
    if isinstance(dim, Expr):
        return dim
    try:
        return index(dim)  # type: ignore[arg-type]
    except Exception:
        hint = "; use // for whole ones" if isinstance(dim, float) else "; a symbol is op.unknown_size(axis)"
        raise AnswerError(f"a Shape takes whole numbers or sizes, not {shown(dim)}{hint}") from None


def _item(item: object) -> Item:
    if item is None or isinstance(item, (bool, Expr)):
        return item
    if isinstance(item, float):
        return float(item)
    try:
        return int.__index__(item) if isinstance(item, int) else index(item)  # type: ignore[arg-type]
    except Exception:
        raise AnswerError(f"a Value holds numbers, sizes, booleans and None, not {shown(item)}") from None
