"""Nearest neighbours, the seeds of k-means, and isotonic regression."""

from __future__ import annotations

from graphcost import Cost, Dim, Op, Rule, RuleSet, Shape, dim_max, log2_ceil
from graphcost_rules.declared_shapes import scalars
from graphcost_rules.shape_inputs import checked_size

MERGES = "how many neighbours are out of order depends on data"
SAMPLES = "how many points are sampled is an input"


def neighbours_shape(op: Op) -> list[Shape]:
    """The k nearest centers of each point, fewer where there aren't as many, and their distances."""
    points, size = op.input(0, rank=2)
    centers, other = op.input(1, rank=2)
    op.same(size, other)
    count = _fed(op, 2)
    is_short = isinstance(count, int) and isinstance(centers, int) and count > centers
    found = centers if is_short else op.unknown_size(1) if count is None else count
    return [Shape(points, found)] * 2


def neighbours_cost(op: Op) -> Cost:
    """For each point and center the squared distance in d dimensions, d subtractions, d multiplications and d - 1
    additions; each finds its place among the k nearest so far by binary search, ceil(log2(k + 1)) comparisons."""
    points, _ = op.input(0, rank=2)
    centers, size = op.input(1, rank=2)
    search = Cost(compare=log2_ceil(op.output(0, rank=2)[1] + 1))
    return points * centers * (_distance(size) + search)


def chain_cost(op: Op) -> Cost:
    """Along the chain each of the n - 1 later candidates is compared with a random multiple of the one at hand."""
    steps = dim_max(op.input(0, rank=1)[0] - 1, 0)
    return Cost(mul=steps, compare=steps)


def seeds_shape(op: Op) -> list[Shape]:
    """As many points as are asked for."""
    size = op.input(0, rank=2)[1]
    count = _fed(op, 1)
    return [Shape(op.unknown_size(0) if count is None else count, size)]


def seeds_cost(op: Op) -> Cost:
    """k-means++: one candidate is drawn, then 1 + retries for each further sample. For each candidate the squared
    distances of all points, 2d - 1 additions and d multiplications, are compared with the least so far and added up."""
    points, size = op.input(0, rank=2)
    retries = _fed(op, 3)
    draws = 1 + (op.unknown_count("retries") if retries is None else retries)
    samples = op.at_least(op.output(0, rank=2)[0], 1, "no sample is asked for")
    candidates = 1 + (samples - 1) * draws
    return candidates * points * (_distance(size) + Cost(compare=1, add=1))


def isotonic_shape(op: Op) -> list[Shape]:
    """The fitted rows, and the block of each element."""
    return [op.input(0)] * 2


def isotonic_cost(op: Op) -> Cost:
    """Pool adjacent violators: each of n elements is compared with the block before it, and again after each of
    `merges` merges, which add two sums and two counts and divide them."""
    merges = op.unknown_count("merges")
    return Cost(compare=op.input_size(0) + merges, add=2 * merges, div=merges)


def _distance(size: Dim) -> Cost:
    return Cost(add=dim_max(2 * size - 1, 0), mul=size)


def _fed(op: Op, index: int) -> Dim | None:
    """A count that an input holds."""
    return checked_size(op, op.scalar(index)) if op.has_value(index) else None


RULES = RuleSet(
    Rule("NearestNeighbors", shape=neighbours_shape, cost=neighbours_cost),
    Rule("KMC2ChainInitialization", shape=scalars, cost=chain_cost),
    Rule("KmeansPlusPlusInitialization", shape=seeds_shape, cost=seeds_cost, opaque=SAMPLES),
    Rule("IsotonicRegression", shape=isotonic_shape, cost=isotonic_cost, opaque=MERGES),
)
