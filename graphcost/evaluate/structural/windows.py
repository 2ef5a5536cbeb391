"""Functions on the elements of windows, as XLA moves windows over every axis of a tensor."""

from __future__ import annotations

from graphcost.dims import Dim, Shape, dim_max, floor_div, product
from graphcost.evaluate.structural.elements import Application, on_elements
from graphcost.ops.op import Op

WINDOW = 2
"""The input that holds the sizes of a XlaReduceWindow's windows; strides, both dilations and the padding follow."""

SELECTED_WINDOW = 1
"""The same of a XlaSelectAndScatter."""


def reduced_windows_shape(op: Op) -> list[Shape]:
    """Along each axis as many windows as fit."""
    rank = len(op.items(WINDOW)) if op.has_value(WINDOW) and not op.has_shape(0) else op.input(0).rank
    return [Shape(*(_windows(op, axis, size, rank) for axis, size in enumerate(op.input(0, rank=rank))))]


def window_reductions(op: Op) -> list[Application]:
    """The computation runs once for each element of each window, padding included."""
    return [Application("computation", (1, 0), op.output_size() * _taps(op, WINDOW))]


def selected_shape(op: Op) -> list[Shape]:
    """The tensor that windows are moved over."""
    return [op.input(0)]


def selections(op: Op) -> list[Application]:
    """In each window of n elements, padding included, `select` runs n - 1 times, and `scatter` once."""
    windows = op.input_size(4)
    pairs = dim_max(_taps(op, SELECTED_WINDOW) - 1, 0)
    return [Application("select", (0, 0), windows * pairs), Application("scatter", (4, 5), windows)]


def _windows(op: Op, axis: int, size: Dim, rank: int) -> Dim:
    """How many windows an axis has; open where windows, strides, dilations or padding aren't known."""
    known = [_positive(op, index, rank) for index in range(WINDOW, WINDOW + 4)]
    padding = _numbers(op, WINDOW + 4, 2 * rank)
    if padding is None or None in known:
        return op.unknown_size(axis)
    window, stride, spread, dilation = (numbers[axis] for numbers in known if numbers is not None)
    low, high = padding[2 * axis : 2 * axis + 2]
    spread_size = 0 if size == 0 else (size - 1) * spread + 1
    room = spread_size + low + high - ((window - 1) * dilation + 1)
    return dim_max(floor_div(room, stride) + 1, 0)


def _taps(op: Op, index: int) -> Dim:
    """How many elements a window has, a symbol where that isn't known."""
    rank = op.input(0).rank if op.has_shape(0) else None
    sizes = _positive(op, index, rank)
    return op.unknown_count("taps") if sizes is None else product(sizes)


def _positive(op: Op, index: int, count: int | None) -> tuple[int, ...] | None:
    """As `_numbers`. RuleError where one of them isn't positive."""
    numbers = _numbers(op, index, count)
    if numbers is not None and min(numbers, default=1) < 1:
        raise op.error(f"input {index} is {list(numbers[:8])}, but must be positive")
    return numbers


def _numbers(op: Op, index: int, count: int | None) -> tuple[int, ...] | None:
    """The numbers that an input holds, `count` of them; None where they aren't known."""
    if not op.has_value(index):
        return None
    items = op.items(index)
    if count is not None and len(items) != count:
        raise op.error(f"input {index} has {len(items)} elements, not {count}")
    numbers = tuple(item for item in items if isinstance(item, int))
    return numbers if len(numbers) == len(items) else None


reduce_windows = on_elements(reduced_windows_shape, window_reductions)
select_and_scatter = on_elements(selected_shape, selections)
