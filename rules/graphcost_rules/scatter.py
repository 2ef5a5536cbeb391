"""Writing elements where an index says: ScatterNd, TensorScatter*, Scatter* on variables, stitching."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from math import prod

from graphcost import COPIES, NOTHING, Cost, Dim, Free, Item, Op, Role, Rule, RuleSet, Shape, ShapeUnknown, Value
from graphcost_rules.scalars import stored
from graphcost_rules.shape_inputs import shape_held_by
from graphcost_rules.slicing import MOST_PARTS
from graphcost_rules.small_values import small, value_or_blank

CostRule = Callable[[Op], Cost]
ShapeRule = Callable[[Op], Sequence[Shape]]

WORK = {
    "Update": NOTHING,
    "Add": Cost(add=1),
    "Sub": Cost(add=1),
    "Mul": Cost(mul=1),
    "Div": Cost(div=1),
    "Min": Cost(compare=1),
    "Max": Cost(compare=1),
}
"""What it costs to combine an element with its update."""


def scatter_nd_shape(op: Op) -> list[Shape]:
    return [shape_held_by(op, 2)]


def scatter_nd_value(op: Op) -> list[Value]:
    """Zeros, to which each update is added where its index says; as in shapes that are put together so."""
    shape = small(scatter_nd_shape(op)[0])
    places = op.value(0)
    depth = places.shape[-1] if places.shape else 0
    if not depth or depth > len(shape) or op.input_dtype(1) not in ("int32", "int64"):
        raise ShapeUnknown("no elements of integers are named")
    width = prod(shape[depth:])
    numbers, updates = op.static_items(0), value_or_blank(op, 1).items
    if len(updates) * depth != len(numbers) * width:
        raise ShapeUnknown("the updates don't fit the indices")
    items: list[Item] = [0] * prod(shape)
    for row in range(len(numbers) // depth):
        place = 0
        for position, size in zip(numbers[row * depth : (row + 1) * depth], shape, strict=False):
            if not 0 <= position < size:
                raise ShapeUnknown(f"an index of {position} in an axis of {size}")
            place = place * size + position
        for i in range(width):
            items[place * width + i] = stored(
                _sum(items[place * width + i], updates[row * width + i]), op.input_dtype(1)
            )
    return [Value(shape, tuple(items))]


def _sum(a: Item, b: Item) -> Item:
    return None if a is None or b is None or isinstance(a, float) or isinstance(b, float) else a + b


def sparse_to_dense_shape(op: Op) -> list[Shape]:
    return [shape_held_by(op, 1)]


def target_shape(op: Op) -> list[Shape]:
    return [op.input(0)]


def no_shapes(op: Op) -> list[Shape]:
    return []


def each_update(work: Cost) -> CostRule:
    """`work` for each element of the updates, which come one for each row of indices."""

    def cost(op: Op) -> Cost:
        return op.input_size(2) * work

    cost.__doc__ = f"One {_name(work)} for each element of the updates."
    return cost


def each_row(work: Cost) -> CostRule:
    """`work` for each element of the rows that the indices name; a scalar update counts for all of them."""

    def cost(op: Op) -> Cost:
        if op.has_shape(2) and op.input(2).rank:
            return op.input(2).size * work
        variable = _variable_shape(op)
        if variable is None:
            return op.unknown_count("updates") * work
        return op.input_size(1) * Shape(*variable[1:]).size * work

    cost.__doc__ = f"One {_name(work)} for each element of the rows that the indices name."
    return cost


def _name(work: Cost) -> str:
    return next(kind for kind, count in work.by_kind.items() if count)


def _variable_shape(op: Op) -> Shape | None:
    is_handle = op.input_dtype(0) == "resource"
    shape = op.element(0).shape if is_handle or not op.has_shape(0) else op.input(0)
    if shape is not None and not shape:
        raise op.error("a scalar has no rows")
    return shape


def scatter_nd_cost(op: Op) -> Cost:
    """Each update is added to what its place already holds."""
    return Cost(add=op.input_size(1))


def dynamic_partition_shape(op: Op) -> list[Shape]:
    """Each part has as many rows as carry its number."""
    parts = op.int_attr("num_partitions")
    if not 1 <= parts <= MOST_PARTS:
        raise op.error(f"{parts} partitions")
    data, labels = op.input(0), op.input(1)
    if data.rank < labels.rank:
        raise op.error(f"partitions of shape {labels} for data of shape {data}")
    op.same_shape(Shape(*data[: labels.rank]), labels)
    return [Shape(op.unknown_size(0, port), *data[labels.rank :]) for port in range(parts)]


def dynamic_stitch_shape(op: Op) -> list[Shape]:
    """One row more than the greatest index."""
    rows = _row_count(op)
    return [Shape(op.unknown_size(0) if rows is None else rows, *_row_shape(op))]


def dynamic_stitch_value(op: Op) -> list[Value]:
    """Where an index repeats, the last row stays; rows that no index names hold anything."""
    shape = small(dynamic_stitch_shape(op)[0])
    width = prod(shape[1:])
    items: list[Item] = [None] * prod(shape)
    for i in range(len(op.inputs) // 2):
        rows = value_or_blank(op, i + len(op.inputs) // 2).items
        for k, row in enumerate(op.static_items(i)):
            items[row * width : (row + 1) * width] = rows[k * width : (k + 1) * width]
    return [Value(shape, tuple(items))]


def _row_shape(op: Op) -> Shape:
    """The shape of what one index names, which all inputs share."""
    count = len(op.inputs) // 2
    if not count or len(op.inputs) % 2:
        raise op.error(f"{len(op.inputs)} inputs are not as many indices as data")
    rows = [
        _row(op, op.input(i), op.input(i + count)) for i in range(count) if op.has_shape(i) and op.has_shape(i + count)
    ]
    if not rows:
        raise ShapeUnknown("no rows of known shape")
    return reduce(op.same_shape, rows)


def _row(op: Op, indices: Shape, data: Shape) -> Shape:
    if data.rank < indices.rank:
        raise op.error(f"indices of shape {indices} for data of shape {data}")
    op.same_shape(indices, Shape(*data[: indices.rank]))
    return Shape(*data[indices.rank :])


def _row_count(op: Op) -> Dim | None:
    """One more than the greatest index; None where an index isn't known."""
    numbers = range(len(op.inputs) // 2)
    if not all(op.has_value(i) for i in numbers):
        return None
    indices = [index for i in numbers for index in op.static_items(i)]
    if any(index < 0 for index in indices):
        raise op.error("a negative index")
    return max(indices, default=-1) + 1


def _family(prefix: str, names: Iterable[str], shape: ShapeRule, cost: Callable[[Cost], CostRule]) -> RuleSet:
    return RuleSet(*(Rule(f"{prefix}{name}", shape=shape, cost=_free_or(cost, WORK[name])) for name in names))


def _free_or(cost: Callable[[Cost], CostRule], work: Cost) -> CostRule | Free:
    return COPIES if work == NOTHING else cost(work)


UPDATES = (
    _family("Scatter", WORK, target_shape, each_row)
    + _family("ResourceScatter", WORK, no_shapes, each_row)
    + _family("ScatterNd", ("Update", "Add", "Sub", "Min", "Max"), target_shape, each_update)
    + _family("ResourceScatterNd", ("Update", "Add", "Sub", "Min", "Max"), no_shapes, each_update)
).with_role(Role.UPDATE)

RULES = (
    UPDATES
    + _family("TensorScatter", ("Update", "Add", "Sub", "Min", "Max"), target_shape, each_update)
    + _family("ScatterNdNonAliasing", ("Add",), target_shape, each_update)
    + RuleSet(
        Rule("ScatterNd", shape=scatter_nd_shape, value=scatter_nd_value, cost=scatter_nd_cost),
        Rule("SparseToDense", shape=sparse_to_dense_shape, cost=COPIES),
        Rule("DynamicPartition", shape=dynamic_partition_shape, cost=COPIES),
        Rule("DynamicStitch", shape=dynamic_stitch_shape, value=dynamic_stitch_value, cost=COPIES),
        Rule("ParallelDynamicStitch", shape=dynamic_stitch_shape, value=dynamic_stitch_value, cost=COPIES),
    )
)
