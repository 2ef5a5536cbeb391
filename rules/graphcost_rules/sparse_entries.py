"""Sparse tensors whose entries are moved, sorted, cut out and put together."""

from __future__ import annotations

from graphcost import COPIES, Cost, Dim, Op, Role, Rule, RuleSet, Shape, Value, dim_max, floor_div, product
from graphcost_rules.declared_shapes import family
from graphcost_rules.shape_inputs import checked_size, is_open, partial_items, partial_vector
from graphcost_rules.sparse_tensors import dense_sizes, entries, leading_size, parts, sorting, sparse
from graphcost_rules.state import HELD, STORED
from graphcost_rules.strings import STRINGS

CUT = "how many entries are cut out depends on data"


def reshape_shape(op: Op) -> list[Shape]:
    """As many entries as before; as many axes as the new shape has."""
    places = op.input(0, rank=2)
    op.same(places[1], op.input(1, rank=1)[0])
    (rank,) = op.input(2, rank=1)
    return [Shape(places[0], rank), Shape(rank)]


def reshape_value(op: Op) -> list[Value | None]:
    """The new shape, in which one -1 stands for what is left of the elements."""
    items = partial_vector(op, 2)
    holes = [axis for axis, item in enumerate(items) if is_open(item)]
    if not holes:
        return [None, Value.vector(items)]
    sizes = [size for size in dense_sizes(op, 1) if size is not None]
    rest = product(item for item in items if item is not None and not is_open(item))
    if len(holes) > 1 or items[holes[0]] is None or len(sizes) != op.input(1, rank=1)[0] or rest == 0:
        return [None, Value.vector([None if is_open(item) else item for item in items])]
    left = floor_div(product(sizes), rest)
    return [None, Value.vector([left if is_open(item) else item for item in items])]


def reshape_cost(op: Op) -> Cost:
    """Each entry's number is computed from its r coordinates by r - 1 multiplications and additions, and taken apart
    into the new coordinates, each but the last by a division and a remainder."""
    count, rank = op.input(0, rank=2)
    steps = count * dim_max(rank - 1, 0)
    return Cost(mul=steps, add=steps, div=2 * count * dim_max(op.output(1, rank=1)[0] - 1, 0))


def reorder_shape(op: Op) -> list[Shape]:
    return sparse(*entries(op))[:2]


def reorder_cost(op: Op) -> Cost:
    """The entries are sorted by their places, one comparison ordering two of them: n * ceil(log2(n))."""
    return sorting(op.input(0, rank=2)[0])


def fill_shape(op: Op) -> list[Shape]:
    """The entries with those of the empty rows, which rows were empty, and where each old entry went."""
    count, rank = entries(op)
    op.input(3, rank=0)
    filled = op.unknown_size(0)
    rows = leading_size(op, 2)
    return [
        Shape(filled, rank),
        Shape(filled),
        Shape(op.unknown_size(0, 2) if rows is None else checked_size(op, rows)),
        Shape(count),
    ]


def fill_grad_shape(op: Op) -> list[Shape]:
    """A gradient for each old entry, and one for the value that the empty rows were filled with."""
    op.input(1, rank=1)
    return [op.input(0, rank=1), Shape()]


def fill_grad_cost(op: Op) -> Cost:
    """The gradients of the entries that were filled in are added up."""
    return Cost(add=dim_max(op.input(1, rank=1)[0] - op.input(0, rank=1)[0], 0))


def split_shape(op: Op) -> list[Shape]:
    """Sparse tensors with as many axes; how the entries are shared out depends on data."""
    count = parts(op, "num_split")
    _, rank = entries(op, 1)
    sizes = [op.unknown_size(0, port) for port in range(count)]
    return [*(Shape(size, rank) for size in sizes), *(Shape(size) for size in sizes), *[Shape(rank)] * count]


def split_cost(op: Op) -> Cost:
    """Along the axis, each entry's coordinate is divided by the length of a part, and the part's start subtracted."""
    count, _ = op.input(1, rank=2)
    return Cost(div=count, mul=count, add=count)


def concat_shape(op: Op) -> list[Shape]:
    """All entries."""
    total, rank = _concatenated(op)
    return sparse(total, rank)


def concat_cost(op: Op) -> Cost:
    """Along the axis, each entry's coordinate has the start of its part added; the entries are sorted by their places:
    n * ceil(log2(n)) comparisons."""
    total, _ = op.output(0, rank=2)
    return Cost(add=total) + sorting(total)


def _concatenated(op: Op) -> tuple[Dim, Dim]:
    count, rest = divmod(len(op.inputs), 3)
    if rest or not count:
        raise op.error(f"{len(op.inputs)} inputs aren't whole sparse tensors")
    sizes = [entries(op, part, count) for part in range(count)]
    total, rank = sizes[0]
    for size, other in sizes[1:]:
        total, rank = total + size, op.same(rank, other)
    return total, rank


def slice_shape(op: Op) -> list[Shape]:
    """How many entries lie inside depends on data."""
    _, rank = entries(op)
    for index in (3, 4):
        rank = op.same(rank, op.input(index, rank=1)[0])
    return sparse(op.unknown_size(0), rank)


def slice_value(op: Op) -> list[Value | None]:
    """The slice's shape: what is asked for, as far as the tensor reaches."""
    sizes, starts, lengths = dense_sizes(op, 2), partial_items(op, 3), partial_items(op, 4)
    if not len(sizes) == len(starts) == len(lengths):
        raise op.error(f"a slice of {len(lengths)} axes at {len(starts)} of a tensor of {len(sizes)}")
    return [None, None, Value.vector([_reach(*axis) for axis in zip(sizes, starts, lengths, strict=True)])]


def _reach(size: Dim | None, start: Dim | None, length: Dim | None) -> Dim | None:
    if not (isinstance(size, int) and isinstance(start, int) and isinstance(length, int)):
        return None
    return max(0, min(length, size - start))


def slice_cost(op: Op) -> Cost:
    """On every axis, each entry's coordinate is compared with both ends of the slice, and the start is subtracted from
    those of the entries inside."""
    count, rank = op.input(0, rank=2)
    return Cost(compare=2 * count * rank, add=op.output(0, rank=2).size)


def slice_grad_shape(op: Op) -> list[Shape]:
    """A gradient for each entry of the tensor that was sliced."""
    count, rank = op.input(1, rank=2)
    op.same(op.input(3, rank=2)[1], op.same(rank, op.input(2, rank=1)[0]))
    return [Shape(count)]


def slice_grad_cost(op: Op) -> Cost:
    """Each entry is looked up among those of the slice, whose places have the start added on every axis."""
    return Cost(compare=op.input(1, rank=2)[0], add=op.input(3, rank=2).size)


def serialized_shape(op: Op) -> list[Shape]:
    """Places, values and shape, each serialized."""
    entries(op)
    return [Shape(3)]


def serialized_rows_shape(op: Op) -> list[Shape]:
    """The same for each row."""
    entries(op)
    return [Shape(_rows(op), 3)]


def stored_shape(op: Op) -> list[Shape]:
    entries(op)
    return [Shape()]


def stored_rows_shape(op: Op) -> list[Shape]:
    """A handle for each row."""
    entries(op)
    return [Shape(_rows(op))]


def _rows(op: Op) -> Dim:
    rows = leading_size(op, 2)
    return op.unknown_size(0) if rows is None else checked_size(op, rows)


def found_shape(op: Op) -> list[Shape]:
    """A sparse tensor of which nothing is known."""
    return sparse(op.unknown_size(0), op.unknown_size(1))


def deserialized_shape(op: Op) -> list[Shape]:
    """A sparse tensor of which nothing is known, from rows of three."""
    if op.has_shape(0):
        op.same(op.input(0, least_rank=1)[-1], 3)
    return found_shape(op)


def deserialized_rows_shape(op: Op) -> list[Shape]:
    op.same(op.input(0, rank=2)[1], 3)
    return found_shape(op)


def taken_shape(op: Op) -> list[Shape]:
    op.input(0, rank=1)
    return found_shape(op)


RULES = (
    RuleSet(
        Rule("SparseReshape", shape=reshape_shape, value=reshape_value, cost=reshape_cost),
        Rule("SparseReorder", shape=reorder_shape, cost=reorder_cost),
        Rule("SparseFillEmptyRows", shape=fill_shape, cost=COPIES),
        Rule("SparseFillEmptyRowsGrad", shape=fill_grad_shape, cost=fill_grad_cost, role=Role.GRADIENT),
        Rule("SparseSplit", shape=split_shape, cost=split_cost),
        Rule("SparseConcat", shape=concat_shape, cost=concat_cost),
        Rule("SparseSlice", shape=slice_shape, value=slice_value, cost=slice_cost, opaque=CUT),
        Rule("SparseSliceGrad", shape=slice_grad_shape, cost=slice_grad_cost, role=Role.GRADIENT),
    )
    + family(STRINGS, serialized_shape, "SerializeSparse")
    + family(STRINGS, serialized_rows_shape, "SerializeManySparse")
    + family(STRINGS, deserialized_shape, "DeserializeSparse")
    + family(STRINGS, deserialized_rows_shape, "DeserializeManySparse")
    + family(HELD, stored_shape, "AddSparseToTensorsMap")
    + family(STORED, stored_rows_shape, "AddManySparseToTensorsMap")
    + family(STORED, taken_shape, "TakeManySparseFromTensorsMap")
)
