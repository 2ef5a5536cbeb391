"""Diagonals and bands of matrices."""

from __future__ import annotations

from graphcost import COPIES, Op, Shape, dim_max, dim_min
from graphcost_rules.declared_shapes import family
from graphcost_rules.shape_inputs import has_numbers, partial_scalar


def diag_shape(op: Op) -> list[Shape]:
    """A tensor of any rank on the diagonal of one of twice the rank."""
    shape = op.input(0)
    return [Shape(*shape, *shape)]


def diag_part_shape(op: Op) -> list[Shape]:
    shape = op.input(0)
    if shape.rank % 2 or not shape:
        raise op.error(f"a tensor of shape {shape} has no diagonal")
    half = shape.rank // 2
    return [op.same_shape(Shape(*shape[:half]), Shape(*shape[half:]))]


def matrix_diag_shape(op: Op) -> list[Shape]:
    """Square matrices with the rows on their diagonals."""
    shape = op.input(0, least_rank=1)
    return [Shape(*shape, shape[-1])]


def matrix_diag_part_shape(op: Op) -> list[Shape]:
    shape = op.input(0, least_rank=2)
    return [Shape(*shape[:-2], dim_min(shape[-2], shape[-1]))]


def same_matrix_shape(op: Op) -> list[Shape]:
    return [op.input(0, least_rank=2)]


def set_diag_shape(op: Op) -> list[Shape]:
    """The matrices' shape, whose batch the diagonals share."""
    return [_with_batch(op, 1)]


def set_any_diag_shape(op: Op) -> list[Shape]:
    """As with one diagonal; several have an axis of their own."""
    own_axes = _diagonal_axes(op)
    return [op.input(0, least_rank=2) if own_axes is None else _with_batch(op, own_axes)]


def _with_batch(op: Op, own_axes: int) -> Shape:
    """The shape of matrices whose diagonals have so many axes besides those of the batch."""
    rank = op.input(1, least_rank=own_axes).rank - own_axes + 2 if op.has_shape(1) else op.input(0).rank
    shape = op.input(0, rank=rank, least_rank=2)
    batch = Shape(*shape[:-2])
    if op.has_shape(1):
        batch = op.same_shape(batch, Shape(*op.input(1)[:-own_axes]))
    return Shape(*batch, *shape[-2:])


def _diagonal_axes(op: Op) -> int | None:
    """One axis for a single diagonal, two for several; None where it isn't known which of them are given."""
    if has_numbers(op, 2):
        low, high = _diagonals(op, 2)
        return 1 if low == high else 2
    is_single = op.has_shape(2) and op.input(2).size == 1
    return 1 if is_single else None


def any_diag_part_shape(op: Op) -> list[Shape]:
    """The diagonals k[0] to k[1], padded to the longest; a single one has no axis of its own."""
    shape = op.input(0, least_rank=2)
    low, high = _diagonals(op, 1)
    longest = dim_min(shape[-2] + min(high, 0), shape[-1] - max(low, 0))
    return [Shape(*shape[:-2], *([high - low + 1] if high > low else []), longest)]


def any_diag_shape(op: Op) -> list[Shape]:
    """Matrices with the given diagonals: as large as asked for, else the smallest that hold them, square if neither."""
    diagonals = op.input(0, least_rank=1)
    low, high = _diagonals(op, 1)
    batch = diagonals[:-1] if low == high else diagonals[:-2]
    rows, columns = (partial_scalar(op, index) for index in (2, 3))
    least_rows, least_columns = diagonals[-1] - min(high, 0), diagonals[-1] + max(low, 0)
    if rows == -1 and columns == -1:
        rows = columns = dim_max(least_rows, least_columns)
    sizes = (least_rows if rows == -1 else rows, least_columns if columns == -1 else columns)
    known = (op.unknown_size(len(batch) + i) if size is None else size for i, size in enumerate(sizes))
    return [Shape(*batch, *known)]


def _diagonals(op: Op, index: int) -> tuple[int, int]:
    """The lowest and the highest diagonal; above the main one they are positive."""
    items = op.static_items(index)
    if not 1 <= len(items) <= 2 or items[0] > items[-1]:
        raise op.error(f"diagonals {list(items)}")
    return items[0], items[-1]


RULES = (
    family(COPIES, diag_shape, "Diag")
    + family(COPIES, diag_part_shape, "DiagPart")
    + family(COPIES, matrix_diag_shape, "MatrixDiag", "BatchMatrixDiag")
    + family(COPIES, matrix_diag_part_shape, "MatrixDiagPart", "BatchMatrixDiagPart")
    + family(COPIES, set_diag_shape, "MatrixSetDiag", "BatchMatrixSetDiag")
    + family(COPIES, set_any_diag_shape, "MatrixSetDiagV2", "MatrixSetDiagV3")
    + family(COPIES, same_matrix_shape, "MatrixBandPart", "BatchMatrixBandPart")
    + family(COPIES, any_diag_part_shape, "MatrixDiagPartV2", "MatrixDiagPartV3")
    + family(COPIES, any_diag_shape, "MatrixDiagV2", "MatrixDiagV3")
)
