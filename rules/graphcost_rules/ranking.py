"""Which elements are the greatest or the least."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphcost import Cost, Dim, Item, Op, Role, Rule, RuleSet, Shape, Value, dim_max, log2_ceil, product
from graphcost_rules.elementwise import ValueRule, unchanged_shape
from graphcost_rules.reduction import steps_to
from graphcost_rules.shape_inputs import open_shape
from graphcost_rules.small_values import element, indices, small, with_axis


def arg_shape(op: Op) -> list[Shape]:
    """The input's shape without the axis; where that isn't known, its rank."""
    shape = op.input(0)
    if shape.rank <= 1:
        return [Shape()]
    if not op.has_value(1):
        return [open_shape(op, shape.rank - 1)]
    axis = _axis(op, shape.rank)
    return [Shape(*shape[:axis], *shape[axis + 1 :])]


def arg_cost(op: Op) -> Cost:
    """Along each line of n elements n - 1 comparisons."""
    if not op.has_shape(0) or (op.input(0).rank > 1 and not op.has_value(1)):
        return Cost(compare=steps_to(op, op.output_size()))
    shape = op.input(0, least_rank=1)
    axis = 0 if shape.rank == 1 else _axis(op, shape.rank)
    lines = product(size for other, size in enumerate(shape) if other != axis)
    return Cost(compare=lines * dim_max(shape[axis] - 1, 0))


def arg_value(best: Callable[[Sequence[float]], float]) -> ValueRule:
    """The value rule that finds the first of the best among numbers."""

    def value(op: Op) -> list[Value]:
        source = op.value(0)
        axis = _axis(op, len(source.shape))
        rest = (*source.shape[:axis], *source.shape[axis + 1 :])
        found = []
        for index in indices(small(rest)):
            start = (*index[:axis], 0, *index[axis:])
            found.append(_first(best, [element(source, with_axis(start, axis, i)) for i in range(source.shape[axis])]))
        return [Value(rest, tuple(found))]

    return value


def _first(best: Callable[[Sequence[float]], float], line: Sequence[Item]) -> Item:
    numbers = [item for item in line if isinstance(item, (int, float)) and item == item]
    if not numbers or len(numbers) != len(line):
        return None
    return numbers.index(best(numbers))


def _axis(op: Op, rank: int) -> int:
    if op.value(1).shape:
        raise op.error(f"the axis has shape {list(op.value(1).shape)}, but must be a scalar")
    return op.axis(1, rank)


def top_k_shape(count: Callable[[Op], Dim]) -> Callable[[Op], list[Shape]]:
    """Values and indices: the input's shape with the last size k."""

    def shape(op: Op) -> list[Shape]:
        source = op.input(0, least_rank=1)
        k = count(op)
        if isinstance(k, int) and isinstance(source[-1], int) and k > source[-1]:
            raise op.error(f"the top {k} of {source[-1]} elements")
        return [Shape(*source[:-1], k)] * 2

    return shape


def top_k_cost(count: Callable[[Op], Dim]) -> Callable[[Op], Cost]:
    def cost(op: Op) -> Cost:
        """Each element finds its place among the k best so far by binary search: the bits of k, ceil(log2(k + 1)),
        comparisons."""
        known = op.outputs[0].shape
        return Cost(compare=op.input_size(0) * _search_steps(known[-1] if known else count(op)))

    return cost


def _attr_count(op: Op) -> Dim:
    return _checked_count(op, op.int_attr("k"))


def _fed_count(op: Op) -> Dim:
    if op.has_shape(1) and op.input(1).rank != 0:
        raise op.error(f"k has shape {op.input(1)}, but must be a scalar")
    if op.has_value(1):
        return _checked_count(op, op.scalar(1))
    return op.unknown_size(op.input(0, least_rank=1).rank - 1 if op.has_shape(0) else -1)


def _checked_count(op: Op, k: Dim) -> Dim:
    if isinstance(k, int) and k < 0:
        raise op.error(f"the top {k} elements")
    return k


def in_top_k_shape(op: Op) -> list[Shape]:
    """A bool for each row of predictions."""
    batch, _ = op.input(0, rank=2)
    return [Shape(op.same(batch, op.input(1, rank=1)[0]))]


def in_top_k_cost(op: Op) -> Cost:
    """For each row of n predictions: each is compared with the target's, and the number of greater ones with k."""
    batch, classes = op.input(0, rank=2)
    return Cost(compare=batch * (classes + 1))


def bucketize_cost(op: Op) -> Cost:
    """Each element finds its bucket among the n boundaries by binary search: ceil(log2(n + 1)) comparisons."""
    return Cost(compare=op.output_size() * _search_steps(len(op.list_attr("boundaries"))))


def search_shape(op: Op) -> list[Shape]:
    """A position for each value; sorted rows and rows of values go together."""
    rows, count = op.input(1, rank=2)
    return [Shape(op.same(rows, op.input(0, rank=2)[0]), count)]


def search_cost(op: Op) -> Cost:
    """Each value finds its place in a sorted row of n by binary search: ceil(log2(n + 1)) comparisons. n must be a
    number."""
    return Cost(compare=op.output(rank=2).size * _search_steps(op.input(0, rank=2)[1]))


def nth_element_shape(op: Op) -> list[Shape]:
    """One element of each row."""
    source = op.input(0, least_rank=1)
    _rank_asked(op, source[-1])
    return [Shape(*source[:-1])]


def nth_element_cost(op: Op) -> Cost:
    """As the n + 1 best of each row, of which the last is taken: each element finds its place among them by binary
    search, ceil(log2(n + 2)) comparisons."""
    _, row = op.folded_input(0, last=1)
    return Cost(compare=op.input_size(0) * _search_steps(_rank_asked(op, row) + 1))


def _rank_asked(op: Op, row: Dim) -> Dim:
    """n, of which the smallest has 0. RuleError where a row is too short."""
    if not op.has_value(1):
        return op.unknown_count("n")
    n = op.scalar(1)
    if isinstance(n, int) and (n < 0 or (isinstance(row, int) and n >= row)):
        raise op.error(f"element {n} of rows of {row}")
    return n


def _search_steps(length: Dim) -> Dim:
    """ceil(log2(length + 1)), the comparisons that find a place among `length` sorted elements."""
    return log2_ceil(length + 1)


RULES = RuleSet(
    Rule("ArgMax", shape=arg_shape, cost=arg_cost, value=arg_value(max), role=Role.ACTIVATION | Role.CHOICE),
    Rule("ArgMin", shape=arg_shape, cost=arg_cost, value=arg_value(min)),
    Rule("TopK", shape=top_k_shape(_attr_count), cost=top_k_cost(_attr_count), role=Role.LIST),
    Rule("TopKV2", shape=top_k_shape(_fed_count), cost=top_k_cost(_fed_count), role=Role.LIST | Role.ACTIVATION),
    Rule("InTopK", shape=in_top_k_shape, cost=in_top_k_cost, role=Role.LOSS),
    Rule("InTopKV2", shape=in_top_k_shape, cost=in_top_k_cost, role=Role.LOSS),
    Rule("NthElement", shape=nth_element_shape, cost=nth_element_cost),
    Rule("LowerBound", shape=search_shape, cost=search_cost),
    Rule("UpperBound", shape=search_shape, cost=search_cost),
    Rule("Bucketize", shape=unchanged_shape, cost=bucketize_cost),
)
