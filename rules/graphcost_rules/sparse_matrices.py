"""Sparse matrices in compressed rows. They travel as handles, whose element is the matrix's dense shape."""

from __future__ import annotations

from graphcost import COMPUTES_NOTHING, COPIES, Cost, Dim, Fact, Op, Role, Rule, RuleSet, Shape, ShapeUnknown
from graphcost_rules.shape_inputs import shape_held_by

NONZEROS = "how many elements aren't zero depends on data"


def handle_shape(op: Op) -> list[Shape]:
    return [Shape()]


def from_dense_element(op: Op) -> list[Fact | None]:
    return [Fact(op.input_dtype(0), op.input(0))]


def from_entries_element(op: Op) -> list[Fact | None]:
    return [Fact(op.input_dtype(1), shape_held_by(op, 2))]


def zeros_element(op: Op) -> list[Fact | None]:
    return [Fact(op.dtype_attr("type"), shape_held_by(op, 0))]


def same_element(op: Op) -> list[Fact | None]:
    """A matrix of the first operand's shape."""
    return [op.element(0)]


def transposed_element(op: Op) -> list[Fact | None]:
    matrix = op.element(0)
    return [Fact(matrix.dtype, None if matrix.shape is None else _transposed(op, matrix.shape))]


def dense_shape(op: Op) -> list[Shape]:
    return [_matrix(op, 0)]


def entries_shape(op: Op) -> list[Shape]:
    """A sparse tensor with the matrix's axes."""
    shape = op.element(0).shape
    count, rank = op.unknown_size(0), op.unknown_size(1) if shape is None else shape.rank
    return [Shape(count, rank), Shape(count), Shape(rank)]


def components_shape(op: Op) -> list[Shape]:
    """Where each row begins, then a column and a value for each non-zero."""
    shape = op.element(0).shape
    count = op.unknown_size(0, 1)
    return [Shape(op.unknown_size(0) if shape is None else shape[-2] + 1), Shape(count), Shape(count)]


def nonzeros_shape(op: Op) -> list[Shape]:
    """A number for each matrix of a batch."""
    return [Shape(*_matrix(op, 0)[:-2])]


def ordering_shape(op: Op) -> list[Shape]:
    return [Shape(*_matrix(op, 0)[:-1])]


def times_dense_shape(op: Op) -> list[Shape]:
    return [_times_dense(op)]


def times_one_dense_shape(op: Op) -> list[Shape]:
    """As for a batch, of a single matrix."""
    return [_times_dense(op, rank=2)]


def _times_dense(op: Op, rank: int | None = None) -> Shape:
    """The product; an operand of unknown rank has that of the other."""
    matrix = None if op.element(0).shape is None else _matrix(op, 0)
    if rank is None and matrix is not None:
        rank = matrix.rank
    dense = op.input(1, rank=rank, least_rank=2)
    if matrix is None:
        matrix = Shape(*dense[:-2], op.unknown_size(-2), op.unknown_size(-1))
    product = _product(op, matrix, dense)
    return _transposed(op, product) if op.bool_attr("transpose_output", False) else product


def times_dense_cost(op: Op) -> Cost:
    """One multiply-add for each non-zero and column of the dense operand."""
    _, rows, columns = op.folded_input(1, last=2)
    return Cost(mac=op.unknown_count("nnz") * (rows if _flips(op, "b") else columns))


def times_sparse_element(op: Op) -> list[Fact | None]:
    return [Fact(op.element(0).dtype, _product(op, _matrix(op, 0), _matrix(op, 1)))]


def times_sparse_cost(op: Op) -> Cost:
    """One multiply-add for each pair of non-zeros that share the inner index: `pairs` of them."""
    return Cost(mac=op.unknown_count("pairs"))


def sum_cost(op: Op) -> Cost:
    """alpha * a + beta * b: each of the `nnz` non-zeros of both is scaled, and `common` of them have a partner."""
    return Cost(mul=op.unknown_count("nnz"), add=op.unknown_count("common"))


def scaled_cost(op: Op) -> Cost:
    """Each non-zero is multiplied."""
    return Cost(mul=op.unknown_count("nnz"))


def softmax_cost(op: Op) -> Cost:
    """Over the m non-zeros of each row as over a dense row: m - 1 comparisons, 2m - 1 additions, m exp, m divisions;
    `nnz` non-zeros in `rows` rows."""
    count, rows = op.unknown_count("nnz"), op.unknown_count("rows")
    return Cost(compare=count - rows, add=2 * count - rows, transcendental=count, div=count)


def softmax_grad_cost(op: Op) -> Cost:
    """(grad - sum(grad * softmax)) * softmax over the m non-zeros of each row: 2m multiplications, 2m - 1 additions."""
    count, rows = op.unknown_count("nnz"), op.unknown_count("rows")
    return Cost(mul=2 * count, add=2 * count - rows)


def cholesky_cost(op: Op) -> Cost:
    """Each of the n columns takes a square root, each of the `nnz` non-zeros of the factor below the diagonal a
    division, each of the `updates` of a non-zero by an earlier column a multiplication and a subtraction."""
    updates = op.unknown_count("updates")
    columns = op.input_size(1)
    return Cost(sqrt=columns, div=op.unknown_count("nnz"), mul=updates, add=updates)


def ordering_cost(op: Op) -> Cost:
    """The vertex of the least degree is eliminated again and again: `steps` comparisons of degrees."""
    return Cost(compare=op.unknown_count("steps"))


def _matrix(op: Op, index: int) -> Shape:
    """The dense shape behind a handle."""
    shape = op.element(index).shape
    if shape is None:
        raise ShapeUnknown(f"the shape of the matrix behind input {index} isn't known")
    if shape.rank not in (2, 3):
        raise op.error(f"a sparse matrix of shape {shape}")
    return shape


def _transposed(op: Op, shape: Shape) -> Shape:
    if shape.rank < 2:
        raise op.error(f"a sparse matrix of shape {shape}")
    return Shape(*shape[:-2], shape[-1], shape[-2])


def _product(op: Op, a: Shape, b: Shape) -> Shape:
    rows, inner = _oriented(op, a, "a")
    other, columns = _oriented(op, b, "b")
    op.same(inner, other)
    return Shape(*op.same_shape(Shape(*a[:-2]), Shape(*b[:-2])), rows, columns)


def _oriented(op: Op, shape: Shape, operand: str) -> tuple[Dim, Dim]:
    return (shape[-1], shape[-2]) if _flips(op, operand) else (shape[-2], shape[-1])


def _flips(op: Op, operand: str) -> bool:
    return op.bool_attr(f"transpose_{operand}", False) or op.bool_attr(f"adjoint_{operand}", False)


RULES = RuleSet(
    Rule("DenseToCSRSparseMatrix", shape=handle_shape, element=from_dense_element, cost=COPIES),
    Rule("SparseTensorToCSRSparseMatrix", shape=handle_shape, element=from_entries_element, cost=COPIES),
    Rule("SparseMatrixZeros", shape=handle_shape, element=zeros_element, cost=COPIES),
    Rule("SparseMatrixTranspose", shape=handle_shape, element=transposed_element, cost=COPIES),
    Rule("CSRSparseMatrixToDense", shape=dense_shape, cost=COPIES),
    Rule("CSRSparseMatrixToSparseTensor", shape=entries_shape, cost=COPIES),
    Rule("CSRSparseMatrixComponents", shape=components_shape, cost=COPIES),
    Rule("SparseMatrixNNZ", shape=nonzeros_shape, cost=COMPUTES_NOTHING),
    Rule("SparseMatrixMatMul", shape=times_dense_shape, cost=times_dense_cost, opaque=NONZEROS, role=Role.CONTRACTION),
    Rule(
        "_MklNativeSparseMatrixMatMul",
        shape=times_one_dense_shape,
        cost=times_dense_cost,
        opaque=NONZEROS,
        role=Role.CONTRACTION,
    ),
    Rule(
        "SparseMatrixSparseMatMul",
        shape=handle_shape,
        element=times_sparse_element,
        cost=times_sparse_cost,
        opaque=NONZEROS,
        role=Role.CONTRACTION,
    ),
    Rule("SparseMatrixAdd", shape=handle_shape, element=same_element, cost=sum_cost, opaque=NONZEROS),
    Rule("SparseMatrixMul", shape=handle_shape, element=same_element, cost=scaled_cost, opaque=NONZEROS),
    Rule("SparseMatrixSoftmax", shape=handle_shape, element=same_element, cost=softmax_cost, opaque=NONZEROS),
    Rule(
        "SparseMatrixSoftmaxGrad",
        shape=handle_shape,
        element=same_element,
        cost=softmax_grad_cost,
        opaque=NONZEROS,
        role=Role.GRADIENT,
    ),
    Rule("SparseMatrixSparseCholesky", shape=handle_shape, element=same_element, cost=cholesky_cost, opaque=NONZEROS),
    Rule("SparseMatrixOrderingAMD", shape=ordering_shape, cost=ordering_cost, opaque=NONZEROS),
)
