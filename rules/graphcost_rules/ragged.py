"""Ragged tensors: values, and for each ragged axis the splits at which its rows begin and the last one ends."""

from __future__ import annotations

from graphcost import COPIES, Cost, Dim, Op, Role, Rule, RuleSet, Shape, ShapeUnknown, product
from graphcost_rules.declared_shapes import family
from graphcost_rules.shape_inputs import checked_size, is_open, partial_items, shape_held_by
from graphcost_rules.slicing import MOST_PARTS
from graphcost_rules.sparse_entries import fill_grad_cost, fill_grad_shape
from graphcost_rules.sparse_tensors import sparse
from graphcost_rules.strings import STRINGS

LENGTHS = "how long the rows are depends on data"


def to_tensor_shape(op: Op) -> list[Shape]:
    """The sizes that are asked for; else the number of rows, then the longest row of each ragged axis, which depends on
    data, then the values' inner sizes."""
    kinds = op.list_attr("row_partition_types")
    ragged = len(kinds) - (kinds[:1] == (b"FIRST_DIM_SIZE",))
    asked = _asked(op)
    if not op.has_shape(1):
        if asked is None:
            raise ShapeUnknown("the rank of the values isn't known")
        return [Shape(*(op.unknown_size(axis) if size is None else size for axis, size in enumerate(asked)))]
    inner = op.input(1, least_rank=1)[1:]
    rank = 1 + ragged + len(inner)
    if asked is not None and len(asked) != rank:
        raise op.error(f"{len(asked)} sizes are asked for, but the rank is {rank}")
    found = [_rows(op, kinds[:1]), *(op.unknown_size(axis + 1) for axis in range(ragged)), *inner]
    return [Shape(*(own if size is None else size for own, size in zip(found, asked or [None] * rank, strict=True)))]


def _asked(op: Op) -> list[Dim | None] | None:
    """The sizes in the first input, None for each that is open; None altogether for a scalar."""
    if not op.has_shape(0) or op.input(0).rank == 0 or not isinstance(op.input(0, rank=1)[0], int):
        return None
    return [None if is_open(size) else checked_size(op, size) for size in partial_items(op, 0)]


def _rows(op: Op, first: tuple[object, ...]) -> Dim:
    """How many rows the outermost partition has."""
    if first == (b"ROW_SPLITS",):
        return op.input(3, rank=1)[0] - 1
    if first == (b"FIRST_DIM_SIZE",) and op.has_value(3):
        return checked_size(op, op.scalar(3))
    return op.unknown_size(0)


def range_shape(op: Op) -> list[Shape]:
    """The splits of as many rows as there are ranges, and the numbers of all of them."""
    vectors = [op.input(i)[0] for i in range(3) if op.has_shape(i) and op.input(i).rank]
    rows: Dim = op.unknown_size(0) if not vectors and not all(map(op.has_shape, range(3))) else 1
    if any(op.has_shape(i) and op.input(i).rank > 1 for i in range(3)):
        raise op.error("ranges are scalars or vectors")
    if not vectors:
        return [Shape(rows + 1 if rows == 1 else rows), Shape(op.unknown_size(0, 1))]
    rows = vectors[0]
    for size in vectors[1:]:
        rows = op.same(rows, size)
    return [Shape(rows + 1), Shape(op.unknown_size(0, 1))]


def range_cost(op: Op) -> Cost:
    """The length of each range is a difference divided by the step, and is added to the split; each number is the last
    one plus the step."""
    rows = op.output(0, rank=1)[0] - 1
    return Cost(add=2 * rows + op.output(1, rank=1)[0], div=rows)


def gather_shape(op: Op) -> list[Shape | None]:
    """The splits of the axes of the indices, then those of the rows that are picked, whose lengths depend on data."""
    ragged = _count(op, "PARAMS_RAGGED_RANK")
    splits = _count(op, "OUTPUT_RAGGED_RANK")
    picked = op.input(ragged + 1) if op.has_shape(ragged + 1) else Shape()
    counted = [Shape(product(picked[: axis + 1]) + 1) for axis in range(min(picked.rank, splits))]
    open_splits = [Shape(op.unknown_size(0, port)) for port in range(len(counted), splits)]
    inner = Shape(op.unknown_size(0, splits), *op.input(ragged, least_rank=1)[1:]) if op.has_shape(ragged) else None
    return [*counted, *open_splits, inner]


def cross_shape(op: Op) -> list[Shape]:
    """Values, and the splits of as many rows as the ragged or the dense inputs have."""
    ragged, dense = (len(op.list_attr(name)) for name in ("ragged_values_types", "dense_types"))
    splits = [op.input(ragged + i, rank=1)[0] for i in range(ragged)]
    splits += [op.input(i - dense, rank=2)[0] + 1 for i in range(dense)]
    count = op.unknown_size(0, 1)
    for size in splits:
        count = op.same(count, size)
    return [Shape(op.unknown_size(0)), Shape(count)]


def to_sparse_shape(op: Op) -> list[Shape]:
    """An entry for each value, however deep it lies."""
    ragged = _count(op, "RAGGED_RANK")
    if not op.has_shape(ragged):
        return sparse(op.unknown_size(0), op.unknown_size(1))
    values = op.input(ragged, least_rank=1)
    return sparse(values.size, ragged + values.rank)


def to_variant_shape(op: Op) -> list[Shape]:
    """One variant for the tensor, or with `batched_input` one for each row."""
    ragged = _count(op, "RAGGED_RANK")
    if not op.bool_attr("batched_input"):
        return [Shape()]
    return [Shape(op.input(0, rank=1)[0] - 1 if ragged else op.input(0, least_rank=1)[0])]


def from_variant_shape(op: Op) -> list[Shape | None]:
    """Splits of unknown lengths, and values of which nothing is known."""
    splits = _count(op, "output_ragged_rank")
    return [*(Shape(op.unknown_size(0, port)) for port in range(splits)), None]


def variant_gradient_shape(op: Op) -> list[Shape]:
    return [shape_held_by(op, 2)]


def fill_shape(op: Op) -> list[Shape]:
    """The row of each value, also of those that are filled in; the values; which rows were empty; where each went."""
    count = op.same(op.input(0, rank=1)[0], op.input(1, rank=1)[0])
    rows = op.scalar(2) if op.has_value(2) else None
    filled = Shape(op.unknown_size(0))
    empty = op.unknown_size(0, 2) if rows is None else checked_size(op, rows)
    return [filled, filled, Shape(empty), Shape(count)]


def _count(op: Op, attribute: str) -> int:
    count = op.int_attr(attribute)
    if not 0 <= count <= MOST_PARTS:
        raise op.error(f"attribute {attribute!r} is {count}")
    return count


RULES = RuleSet(
    Rule("RaggedTensorToTensor", shape=to_tensor_shape, cost=COPIES),
    Rule("RaggedRange", shape=range_shape, cost=range_cost, opaque=LENGTHS),
    Rule("RaggedGather", shape=gather_shape, cost=COPIES),
    Rule("RaggedTensorToSparse", shape=to_sparse_shape, cost=COPIES),
    Rule("RaggedTensorToVariant", shape=to_variant_shape, cost=COPIES),
    Rule("RaggedTensorFromVariant", shape=from_variant_shape, cost=COPIES),
    Rule("RaggedTensorToVariantGradient", shape=variant_gradient_shape, cost=COPIES),
    Rule("RaggedFillEmptyRows", shape=fill_shape, cost=COPIES),
    Rule("RaggedFillEmptyRowsGrad", shape=fill_grad_shape, cost=fill_grad_cost, role=Role.GRADIENT),
) + family(STRINGS, cross_shape, "RaggedCross")
