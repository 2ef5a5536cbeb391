"""Sequences of evenly spaced numbers."""

from __future__ import annotations

import math

from graphcost import (
    Cost,
    Dim,
    Item,
    Op,
    Role,
    Rule,
    RuleSet,
    Shape,
    ShapeUnknown,
    Value,
    ceil_div,
    dim_max,
    is_at_least,
)
from graphcost_rules.scalars import as_whole
from graphcost_rules.shape_inputs import checked_size, partial_scalar
from graphcost_rules.small_values import small


def range_shape(op: Op) -> list[Shape]:
    """ceil((limit - start) / delta) numbers, or none."""
    start, limit, delta = (_scalar(op, index) for index in range(3))
    if start is None or limit is None or delta is None:
        return [Shape(op.unknown_size(0))]
    if isinstance(start, float) or isinstance(limit, float) or isinstance(delta, float):
        return [Shape(_count_of_floats(op, start, limit, delta))]
    return [Shape(_count(op, start, limit, delta))]


def _scalar(op: Op, index: int) -> Item:
    items = op.value(index).items if op.inputs[index].value is not None else (None,)
    if len(items) != 1:
        raise op.error(f"input {index} must be a scalar")
    return items[0]


def _count(op: Op, start: Dim, limit: Dim, delta: Dim) -> Dim:
    """Which way an open delta goes must be certain, or the count is open too."""
    if delta == 0:
        raise op.error("delta is 0")
    if is_at_least(delta, 1):
        return dim_max(ceil_div(limit - start, delta), 0)
    if is_at_least(-delta, 1):
        return dim_max(ceil_div(start - limit, -delta), 0)
    return op.unknown_size(0)


def _count_of_floats(op: Op, start: Dim | float, limit: Dim | float, delta: Dim | float) -> Dim:
    bounds = [bound for bound in (start, limit, delta) if isinstance(bound, (int, float)) and math.isfinite(bound)]
    if len(bounds) < 3:
        # Sizes that were cast, in steps of a whole number: sizes are exact in single precision, up to 2^24.
        whole = [as_whole(bound) for bound in (start, limit, delta)]
        known = [bound for bound in whole if bound is not None]
        return _count(op, *known) if len(known) == 3 else op.unknown_size(0)
    first, last, step = bounds
    if step == 0:
        raise op.error("delta is 0")
    count = (last - first) / step
    if not math.isfinite(count):
        raise op.error(f"too many numbers from {first} to {last}")
    return max(math.ceil(count), 0)


def range_value(op: Op) -> list[Value]:
    """Known where the count is a number, even if the numbers are symbolic."""
    (count,) = small(range_shape(op)[0])
    start, delta = _scalar(op, 0), _scalar(op, 2)
    if start is None or delta is None:
        raise ShapeUnknown("the numbers aren't known")
    if isinstance(start, float) or isinstance(delta, float):
        raise ShapeUnknown("the rounding of floating numbers isn't tracked")
    return [Value.vector([start + delta * i for i in range(count)])]


def range_cost(op: Op) -> Cost:
    """Every number but the first is the one before it plus delta."""
    return Cost(add=dim_max(op.output().size - 1, 0))


def lin_space_shape(op: Op) -> list[Shape]:
    count = partial_scalar(op, 2)
    return [Shape(op.unknown_size(0) if count is None else checked_size(op, count))]


def lin_space_cost(op: Op) -> Cost:
    """The step is the difference of the ends over the count less one; each number between is start + step * i."""
    between = dim_max(op.output().size - 2, 0)
    step = Cost(add=1, div=1)
    return Cost(mul=between, add=between) + step


RULES = RuleSet(
    Rule("Range", shape=range_shape, value=range_value, cost=range_cost, role=Role.RANGE),
    Rule("LinSpace", shape=lin_space_shape, cost=lin_space_cost),
)
