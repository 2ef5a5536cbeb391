"""Direct methods for square matrices: triangular factors, solutions, determinants, inverses, banded systems.

The counts are those of the textbook loops, which leave out what is known to be zero.
"""

from __future__ import annotations

from functools import reduce

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape, dim_max, dim_min, floor_div, product

BOTH = Cost(mul=1, add=1)


def pairs(n: Dim) -> Dim:
    """0 + 1 + ... + (n - 1)."""
    return floor_div(n * (n - 1), 2)


def squares(n: Dim) -> Dim:
    """0 + 1 + 4 + ... + (n - 1)^2."""
    return floor_div(n * (n - 1) * (2 * n - 1), 6)


def square_matrix(op: Op, index: int = 0) -> Shape:
    """An input's shape [..., n, n]."""
    shape = op.input(index, least_rank=2)
    n = op.same(shape[-2], shape[-1])
    return Shape(*shape[:-2], n, n)


def square_matrices(op: Op, index: int = 0) -> Shape:
    """The same for costs: [batch, n, n], as symbols where the rank is unknown."""
    if op.has_shape(index):
        return square_matrix(op, index)
    _, n = op.folded_input(index, last=1)
    return Shape(floor_div(op.input_size(index), n * n), n, n)


def batch_of(shape: Shape) -> Dim:
    return product(shape[:-2])


def lu_work(n: Dim) -> Cost:
    """For each column: the pivot is searched, what is below it divided by it, and the rest updated."""
    return BOTH * squares(n) + Cost(div=1, compare=1) * pairs(n)


def substitution(n: Dim) -> Cost:
    """One right-hand side of a triangular system with its own diagonal."""
    return BOTH * pairs(n) + Cost(div=n)


def cholesky_work(n: Dim) -> Cost:
    """Each element below the diagonal, and with a root each on it, less the products of what is left of it."""
    return BOTH * floor_div(n * (n - 1) * (n + 1), 6) + Cost(div=pairs(n), sqrt=n)


def matrix_shape(op: Op) -> list[Shape]:
    return [square_matrix(op)]


def cholesky_cost(op: Op) -> Cost:
    """(n^3 - n) / 6 multiplications and additions, n(n - 1) / 2 divisions and n roots for each n x n matrix."""
    shape = square_matrices(op)
    return cholesky_work(shape[-1]) * batch_of(shape)


def cholesky_grad_shape(op: Op) -> list[Shape]:
    """The factor and its gradient have one shape."""
    known = [square_matrix(op, i) for i in (0, 1) if op.has_shape(i)]
    return [reduce(op.same_shape, known) if known else square_matrix(op)]


def cholesky_grad_cost(op: Op) -> Cost:
    """P = L^T G below the diagonal, of which the diagonal is halved; S = L^-T P L^-1, and (S + S^T) / 2."""
    shape = op.folded_output(last=2)
    n = shape[-1]
    product_work = BOTH * floor_div(n * (n + 1) * (n + 2), 6)
    return (product_work + 2 * n * substitution(n) + Cost(mul=n) + BOTH * pairs(n)) * batch_of(shape)


def lu_shape(op: Op) -> list[Shape]:
    """Both factors in one matrix, and the permutation of the rows."""
    shape = square_matrix(op)
    return [shape, Shape(*shape[:-1])]


def lu_cost(op: Op) -> Cost:
    """With partial pivoting: n(n - 1)(2n - 1) / 6 products and differences, n(n - 1) / 2 divisions and comparisons."""
    shape = square_matrices(op)
    return lu_work(shape[-1]) * batch_of(shape)


def determinant_shape(op: Op) -> list[Shape]:
    return [Shape(*square_matrix(op)[:-2])]


def determinant_cost(op: Op) -> Cost:
    """The product of the diagonal of the LU decomposition."""
    shape = square_matrices(op)
    n = shape[-1]
    return (lu_work(n) + Cost(mul=dim_max(n - 1, 0))) * batch_of(shape)


def log_determinant_shape(op: Op) -> list[Shape]:
    return determinant_shape(op) * 2


def log_determinant_cost(op: Op) -> Cost:
    """The product of the signs and the sum of the logarithms of the diagonal of the LU decomposition."""
    shape = square_matrices(op)
    n = shape[-1]
    diagonal = Cost(compare=n, transcendental=n) + BOTH * dim_max(n - 1, 0)
    return (lu_work(n) + diagonal) * batch_of(shape)


def inverse_cost(op: Op) -> Cost:
    """The LU decomposition, then two triangular systems for each column of the identity."""
    shape = square_matrices(op)
    n = shape[-1]
    return (lu_work(n) + n * (BOTH * pairs(n) + substitution(n))) * batch_of(shape)


def solve_shape(op: Op) -> list[Shape]:
    """[..., n, columns], whose batch both inputs share."""
    known = op.input(0 if op.has_shape(0) else 1, least_rank=2)
    matrix, columns = op.input(0, rank=known.rank), op.input(1, rank=known.rank)
    n = op.same(op.same(matrix[-2], matrix[-1]), columns[-2])
    return [Shape(*op.same_shape(Shape(*matrix[:-2]), Shape(*columns[:-2])), n, columns[-1])]


def solve_cost(op: Op) -> Cost:
    """The LU decomposition of each matrix, then two triangular systems for each column."""
    shape = op.folded_output(last=2)
    n = shape[-2]
    return (lu_work(n) + shape[-1] * (BOTH * pairs(n) + substitution(n))) * batch_of(shape)


def triangular_shape(op: Op) -> list[Shape]:
    """[..., n, columns], whose batches are broadcast."""
    matrix, columns = square_matrix(op), op.input(1, least_rank=2)
    n = op.same(matrix[-1], columns[-2])
    return [Shape(*op.broadcast(Shape(*matrix[:-2]), Shape(*columns[:-2])), n, columns[-1])]


def triangular_cost(op: Op) -> Cost:
    """For each column n(n - 1) / 2 multiplications and additions, and n divisions."""
    shape = op.folded_output(last=2)
    return substitution(shape[-2]) * (batch_of(shape) * shape[-1])


def least_squares_shape(op: Op) -> list[Shape]:
    """[..., unknowns, columns]."""
    known = op.input(0 if op.has_shape(0) else 1, least_rank=2)
    matrix, columns = op.input(0, rank=known.rank), op.input(1, rank=known.rank)
    op.same(matrix[-2], columns[-2])
    return [Shape(*op.same_shape(Shape(*matrix[:-2]), Shape(*columns[:-2])), matrix[-1], columns[-1])]


def least_squares_cost(op: Op) -> Cost:
    """The normal equations: with p the lesser and q the greater side, a p x p Gram matrix of p^2 q multiply-adds, the
    regularizer on its diagonal, its Cholesky decomposition, for each column a product with the matrix and two
    triangular systems. The slow method, an orthogonal decomposition, is counted as that too."""
    matrix = op.folded_input(0, last=2)
    columns = op.folded_output(last=2)[-1]
    less, more = dim_min(matrix[-2], matrix[-1]), dim_max(matrix[-2], matrix[-1])
    gram = Cost(mac=less * less * more, add=less) + cholesky_work(less)
    solution = Cost(mac=less * more) + 2 * substitution(less)
    return (gram + columns * solution) * batch_of(matrix)


def banded_cost(op: Op) -> Cost:
    """For each column and row as many multiplications and additions as there are bands beside the diagonal that reach
    into the matrix, and one division."""
    bands, n = op.folded_input(0, last=2)[-2:]
    shape = op.folded_output(last=2)
    if isinstance(bands, int) and isinstance(n, int):
        bands = min(bands, n)
    inside = (bands - 1) * n - floor_div(bands * (bands - 1), 2)
    return (BOTH * inside + Cost(div=n)) * (batch_of(shape) * shape[-1])


def banded_shape(op: Op) -> list[Shape]:
    """[..., n, columns] for bands [..., bands, n]."""
    bands, columns = op.input(0, least_rank=2), op.input(1, least_rank=2)
    n = op.at_least(op.same(bands[-1], columns[-2]), 1, "the matrix is empty")
    op.at_least(bands[-2], 1, "the matrix has no bands")
    return [Shape(*op.broadcast(Shape(*bands[:-2]), Shape(*columns[:-2])), n, columns[-1])]


def tridiagonal_shape(op: Op) -> list[Shape]:
    """The shape of the right-hand sides [..., n, columns], for diagonals [..., 3, n]."""
    columns = op.input(1, least_rank=2)
    if not op.has_shape(0):
        return [columns]
    diagonals = op.input(0, rank=columns.rank)
    op.same(diagonals[-2], 3)
    batch = op.same_shape(Shape(*columns[:-2]), Shape(*diagonals[:-2]))
    return [Shape(*batch, op.same(columns[-2], diagonals[-1]), columns[-1])]


def tridiagonal_cost(op: Op) -> Cost:
    """Elimination of the lower diagonal, then back substitution. With partial pivoting the larger of two neighbours is
    the pivot of each step, as if rows always changed places, which fills a second upper diagonal."""
    shape = op.folded_output(last=2)
    n, columns = shape[-2:]
    steps, fills = dim_max(n - 1, 0), dim_max(n - 2, 0)
    work = steps * (Cost(div=1) + BOTH * (1 + 2 * columns)) + Cost(div=n * columns)
    if op.bool_attr("partial_pivoting", True):
        work += Cost(compare=steps) + BOTH * fills * (1 + columns)
    return work * batch_of(shape)


def tridiagonal_matmul_shape(op: Op) -> list[Shape]:
    return [op.input(3, least_rank=2)]


def tridiagonal_matmul_cost(op: Op) -> Cost:
    """For each column three products a row, less the two that reach out of the matrix, and their sums."""
    shape = op.folded_output(last=2)
    n, columns = shape[-2:]
    return Cost(mul=dim_max(3 * n - 2, 0), add=dim_max(2 * n - 2, 0)) * (batch_of(shape) * columns)


RULES = RuleSet(
    *(Rule(f"{batch}Cholesky", shape=matrix_shape, cost=cholesky_cost) for batch in ("", "Batch")),
    *(
        Rule(f"{batch}CholeskyGrad", shape=cholesky_grad_shape, cost=cholesky_grad_cost, role=Role.GRADIENT)
        for batch in ("", "Batch")
    ),
    Rule("Lu", shape=lu_shape, cost=lu_cost),
    *(Rule(f"{batch}MatrixDeterminant", shape=determinant_shape, cost=determinant_cost) for batch in ("", "Batch")),
    Rule("LogMatrixDeterminant", shape=log_determinant_shape, cost=log_determinant_cost),
    *(Rule(f"{batch}MatrixInverse", shape=matrix_shape, cost=inverse_cost) for batch in ("", "Batch")),
    *(Rule(f"{batch}MatrixSolve", shape=solve_shape, cost=solve_cost) for batch in ("", "Batch")),
    *(Rule(f"{batch}MatrixSolveLs", shape=least_squares_shape, cost=least_squares_cost) for batch in ("", "Batch")),
    *(Rule(f"{batch}MatrixTriangularSolve", shape=triangular_shape, cost=triangular_cost) for batch in ("", "Batch")),
    Rule("BandedTriangularSolve", shape=banded_shape, cost=banded_cost),
    Rule("TridiagonalSolve", shape=tridiagonal_shape, cost=tridiagonal_cost),
    Rule("TridiagonalMatMul", shape=tridiagonal_matmul_shape, cost=tridiagonal_matmul_cost, role=Role.CONTRACTION),
)
