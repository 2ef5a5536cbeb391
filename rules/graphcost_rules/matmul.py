"""Matrix products: dense, batched, with a sparse operand, and fused with what follows them."""

from __future__ import annotations

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape
from graphcost_rules.epilogue import epilogue
from graphcost_rules.partial_values import partial_sizes


def matmul_shape(op: Op) -> list[Shape]:
    rows, _, columns = _sizes(op)
    return [Shape(rows, columns)]


def matmul_cost(op: Op) -> Cost:
    """One multiply-add for each output element and inner element; zeros are multiplied too."""
    _, inner, _ = _sizes(op)
    return Cost(mac=op.output().size * inner)


def fused_matmul_cost(op: Op) -> Cost:
    """The multiply-adds of the product alone, then the work of each fused function for each output element."""
    output = op.output(rank=2)
    return matmul_cost(op) + epilogue(op, output.size, output[-1])


def batch_matmul_shape(op: Op) -> list[Shape]:
    """V1: both operands have the same batch axes, so that one tells the other's rank."""
    known = op.input(0 if op.has_shape(0) else 1, least_rank=2)
    x, y = op.input(0, rank=known.rank), op.input(1, rank=known.rank)
    rows, columns = _matrix_sizes(op, x, y)
    return [Shape(*op.same_shape(Shape(*x[:-2]), Shape(*y[:-2])), rows, columns)]


def broadcast_matmul_shape(op: Op) -> list[Shape]:
    """V2 and V3: the batch axes are broadcast."""
    x, y = op.input(0, least_rank=2), op.input(1, least_rank=2)
    rows, columns = _matrix_sizes(op, x, y)
    return [Shape(*op.broadcast(Shape(*x[:-2]), Shape(*y[:-2])), rows, columns)]


def batch_matmul_cost(op: Op) -> Cost:
    """One multiply-add for each output element and inner element."""
    tells_y = op.has_shape(1) and not op.has_shape(0)
    index, axis = (1, _inner_axis_of_y(op)) if tells_y else (0, _inner_axis_of_x(op))
    return Cost(mac=op.output_size() * op.folded_input(index, last=2)[axis])


def fused_batch_matmul_cost(op: Op) -> Cost:
    """The multiply-adds of the products alone, then the work of each fused function for each output element."""
    _, columns = op.folded_output(last=1)
    return batch_matmul_cost(op) + epilogue(op, op.output_size(), columns)


def sparse_dense_shape(op: Op) -> list[Shape]:
    b = op.input(3, rank=2)
    other, columns = reversed(b) if op.bool_attr("adjoint_b", False) else b
    sizes = partial_sizes(op, 2, 2)
    rows, inner = reversed(sizes) if op.bool_attr("adjoint_a", False) else sizes
    if inner is not None:
        op.same(inner, other)
    return [Shape(op.unknown_size(0) if rows is None else rows, columns)]


def sparse_dense_cost(op: Op) -> Cost:
    """One multiply-add for each non-zero, of which `a_indices` lists one a row, and output column."""
    nonzeros, _ = op.input(0, rank=2)
    return Cost(mac=nonzeros * op.output(rank=2)[-1])


def _sizes(op: Op) -> tuple[Dim, Dim, Dim]:
    a, b = op.input(0, rank=2), op.input(1, rank=2)
    rows, inner = reversed(a) if op.bool_attr("transpose_a", False) else a
    other, columns = reversed(b) if op.bool_attr("transpose_b", False) else b
    return rows, op.same(inner, other), columns


def _matrix_sizes(op: Op, x: Shape, y: Shape) -> tuple[Dim, Dim]:
    """Rows and columns of the products, whose inner sizes must be equal."""
    inner_of_x, inner_of_y = _inner_axis_of_x(op), _inner_axis_of_y(op)
    op.same(x[inner_of_x], y[inner_of_y])
    return x[-3 - inner_of_x], y[-3 - inner_of_y]


def _inner_axis_of_x(op: Op) -> int:
    return -2 if op.bool_attr("adj_x", False) else -1


def _inner_axis_of_y(op: Op) -> int:
    return -1 if op.bool_attr("adj_y", False) else -2


DENSE = ("MatMul", "_MklMatMul", "SparseMatMul")
FUSED = ("_FusedMatMul", "_MklNativeFusedMatMul")
EQUAL_BATCHES = ("BatchMatMul", "_MklBatchMatMul")
BROADCAST_BATCHES = ("BatchMatMulV2", "BatchMatMulV3", "_MklBatchMatMulV2")
FUSED_BATCHES = ("_FusedBatchMatMulV2", "_MklFusedBatchMatMulV2")

ELSEWHERE = {"_FusedBatchMatMulV2": "Intel's extension of TensorFlow"}
"""Operations that TensorFlow doesn't register, and who has them."""

RULES = RuleSet(
    *(Rule(name, shape=matmul_shape, cost=matmul_cost) for name in DENSE),
    *(Rule(name, shape=matmul_shape, cost=fused_matmul_cost) for name in FUSED),
    *(Rule(name, shape=batch_matmul_shape, cost=batch_matmul_cost) for name in EQUAL_BATCHES),
    *(Rule(name, shape=broadcast_matmul_shape, cost=batch_matmul_cost) for name in BROADCAST_BATCHES),
    *(Rule(name, shape=broadcast_matmul_shape, cost=fused_batch_matmul_cost) for name in FUSED_BATCHES),
    Rule("SparseTensorDenseMatMul", shape=sparse_dense_shape, cost=sparse_dense_cost),
).with_role(Role.CONTRACTION)
