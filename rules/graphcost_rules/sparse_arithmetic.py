"""Arithmetic on the entries of sparse tensors: sums, products, reductions, softmax."""

from __future__ import annotations

from collections.abc import Callable

from graphcost import Cost, Dim, Op, Role, Rule, RuleSet, Shape
from graphcost_rules.segment import sparse_segment_cost, sparse_segment_mean_grad_cost, sparse_segment_sqrt_grad_cost
from graphcost_rules.shape_inputs import has_numbers, per_axis
from graphcost_rules.sparse_tensors import dense_sizes, entries, sorting, sparse

OVERLAP = "how many entries two sparse tensors have in common depends on data"
ROWS = "how many rows have entries depends on data"
GROUPS = "how many groups of entries there are depends on data"

COMBINE = {"Add": Cost(add=1), "Mul": Cost(mul=1), "Div": Cost(div=1)}
REDUCE = {"Sum": Cost(add=1), "Max": Cost(compare=1)}


def union_shape(op: Op) -> list[Shape]:
    """The entries that either of two sparse tensors has; how many are the same depends on data."""
    _, rank = entries(op)
    _, other = entries(op, 3)
    return sparse(op.unknown_size(0), op.same(rank, other))


def add_cost(op: Op) -> Cost:
    """The sorted entries of both are merged with a comparison for each place; where both have one, the sum's absolute
    value is compared with the threshold. With `common` such places: n1 + n2 comparisons, 2 * common additions."""
    both = op.input(0, rank=2)[0] + op.input(3, rank=2)[0]
    return Cost(compare=both, add=2 * op.unknown_count("common"))


def add_grad_shape(op: Op) -> list[Shape]:
    """A gradient for each entry of either operand."""
    op.same(op.input(0, rank=1)[0], op.input(3, rank=2)[0])
    return [Shape(op.input(1, rank=2)[0]), Shape(op.input(2, rank=2)[0])]


def add_grad_cost(op: Op) -> Cost:
    """Each entry is looked up in a hash table of the sum's and compared with what it finds there."""
    return Cost(compare=op.input(1, rank=2)[0] + op.input(2, rank=2)[0])


def extremum_shape(op: Op) -> list[Shape]:
    return union_shape(op)[:2]


def extremum_cost(op: Op) -> Cost:
    """The sorted entries of both are merged with a comparison for each place, and what the two have there, zero where
    there is none, is compared."""
    return Cost(compare=2 * op.output(1, rank=1)[0])


def with_dense_shape(op: Op) -> list[Shape]:
    """A value for each entry."""
    count, _ = entries(op)
    return [Shape(count)]


def with_dense_cost(name: str, step: Cost) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        return step * op.output(rank=1)[0]

    cost.__doc__ = f"One {name} for each entry and the dense element at its place."
    return cost


def dense_sum_shape(op: Op) -> list[Shape]:
    _, rank = entries(op)
    dense = op.input(3)
    op.same(rank, dense.rank)
    sizes = per_axis(op, 2, dense.rank)
    return [Shape(*(b if a is None else op.same(a, b) for a, b in zip(sizes, dense, strict=True)))]


def dense_sum_cost(op: Op) -> Cost:
    """Each entry is added to the dense element at its place."""
    return Cost(add=op.input(0, rank=2)[0])


def softmax_cost(op: Op) -> Cost:
    """For each row of m entries: m - 1 comparisons for the greatest, m subtractions of it, m exp, m - 1 additions for
    their sum, m divisions by it. Over n entries in `rows` rows: n - rows, 2 * n - rows, n, n."""
    count, rows = op.output(rank=1)[0], op.unknown_count("rows")
    if count == 0:
        return Cost()
    return Cost(compare=count - rows, add=2 * count - rows, transcendental=count, div=count)


def reduce_shape(op: Op) -> list[Shape | None]:
    """The dense result: the sizes of the axes that are left; 1 for the others with `keep_dims`."""
    entries(op)
    keeps = op.bool_attr("keep_dims", False)
    if not has_numbers(op, 3) or not isinstance(op.input(2, rank=1)[0], int):
        return [None]
    sizes = dense_sizes(op, 2)
    axes = set(op.axes(3, len(sizes))) or set(range(len(sizes)))
    left = [1 if axis in axes else size for axis, size in enumerate(sizes) if keeps or axis not in axes]
    return [Shape(*(op.unknown_size(axis) if size is None else size for axis, size in enumerate(left)))]


def sparse_reduce_shape(op: Op) -> list[Shape]:
    """The sparse result, an entry for each group."""
    entries(op)
    return sparse(op.unknown_size(0), op.unknown_size(1))


def reduce_cost(name: str, step: Cost) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        return step * op.input(0, rank=2)[0]

    cost.__doc__ = f"Each entry is combined with its group by one {name}."
    return cost


def segment_grad_shape(op: Op) -> list[Shape | None]:
    """The rows that were picked, each once, and which they are."""
    op.same(op.input(1, rank=1)[0], op.input(2, rank=1)[0])
    op.input(3, rank=0)
    rows = op.unknown_size(0)
    gradient = Shape(rows, *op.input(0, least_rank=1)[1:]) if op.has_shape(0) else None
    return [gradient, Shape(rows)]


def segment_grad_cost(spread: Callable[[Op], Cost]) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        picked: Dim = op.input(1, rank=1)[0]
        return spread(op) + sorting(picked)

    cost.__doc__ = f"{spread.__doc__} The n indices are sorted first: n * ceil(log2(n)) comparisons."
    return cost


NAMES = {"Add": "addition", "Mul": "multiplication", "Div": "division", "Sum": "addition", "Max": "comparison"}
SEGMENTS = {
    "Sum": sparse_segment_cost,
    "Mean": sparse_segment_mean_grad_cost,
    "SqrtN": sparse_segment_sqrt_grad_cost,
}

RULES = RuleSet(
    Rule("SparseAdd", shape=union_shape, cost=add_cost, opaque=OVERLAP),
    Rule("SparseAddGrad", shape=add_grad_shape, cost=add_grad_cost, role=Role.GRADIENT),
    *(
        Rule(f"SparseSparse{name}", shape=extremum_shape, cost=extremum_cost, opaque=OVERLAP)
        for name in ("Maximum", "Minimum")
    ),
    *(
        Rule(f"SparseDenseCwise{name}", shape=with_dense_shape, cost=with_dense_cost(NAMES[name], step))
        for name, step in COMBINE.items()
    ),
    Rule("SparseTensorDenseAdd", shape=dense_sum_shape, cost=dense_sum_cost),
    Rule("SparseSoftmax", shape=with_dense_shape, cost=softmax_cost, opaque=ROWS),
    *(
        Rule(f"SparseReduce{name}", shape=reduce_shape, cost=reduce_cost(NAMES[name], step))
        for name, step in REDUCE.items()
    ),
    *(
        Rule(f"SparseReduce{name}Sparse", shape=sparse_reduce_shape, cost=reduce_cost(NAMES[name], step), opaque=GROUPS)
        for name, step in REDUCE.items()
    ),
    *(
        Rule(
            f"SparseSegment{name}GradV2",
            shape=segment_grad_shape,
            cost=segment_grad_cost(spread),
            opaque=GROUPS,
            role=Role.GRADIENT,
        )
        for name, spread in SEGMENTS.items()
    ),
)
