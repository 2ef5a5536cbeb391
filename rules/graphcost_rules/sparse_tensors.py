"""What rules of sparse tensors share. Such a tensor is three inputs: the entries' places, their values, its shape."""

from __future__ import annotations

from graphcost import Cost, Dim, Op, Shape, log2_ceil
from graphcost_rules.shape_inputs import is_open, partial_vector
from graphcost_rules.slicing import MOST_PARTS


def entries(op: Op, first: int = 0, count: int = 1) -> tuple[Dim, Dim]:
    """How many entries the sparse tensor has whose inputs start at `first`, and how many axes.

    Where a node lists `count` sparse tensors, it lists all places first, then all values, then all shapes.
    """
    places = op.input(first, rank=2)
    (values,) = op.input(first + count, rank=1)
    (rank,) = op.input(first + 2 * count, rank=1)
    return op.same(places[0], values), op.same(places[1], rank)


def sparse(entries: Dim, rank: Dim) -> list[Shape]:
    """The shapes of the places, the values and the shape of a sparse tensor."""
    return [Shape(entries, rank), Shape(entries), Shape(rank)]


def parts(op: Op, attribute: str) -> int:
    """How many sparse tensors a node lists."""
    count = op.int_attr(attribute)
    if not 0 < count <= MOST_PARTS:
        raise op.error(f"attribute {attribute!r} is {count}")
    return count


def dense_sizes(op: Op, index: int) -> tuple[Dim | None, ...]:
    """The sizes that the dense shape of a sparse tensor holds, None for each that isn't known."""
    return tuple(None if is_open(size) else size for size in partial_vector(op, index))


def leading_size(op: Op, index: int) -> Dim | None:
    """The first of the sizes that the dense shape of a sparse tensor holds; None where it isn't known."""
    (rank,) = op.input(index, rank=1)
    sizes = dense_sizes(op, index) if op.has_shape(index) and isinstance(rank, int) else ()
    return sizes[0] if sizes else None


def sorting(count: Dim) -> Cost:
    """Merging by halves: each of the ceil(log2(n)) levels takes one comparison for each of n elements."""
    return Cost(compare=count * log2_ceil(count))
