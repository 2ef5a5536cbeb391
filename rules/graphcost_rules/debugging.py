"""Statistics and copies of tensors for debugging and calibration."""

from __future__ import annotations

from graphcost import Cost, Op, Role, Rule, RuleSet, Shape, dim_max
from graphcost_rules.declared_shapes import family, nothing, scalars, undeclared
from graphcost_rules.host import HOST_IO

HEALTH = {2: 2, 3: 3, 4: 5, 5: 0, 8: 3}
"""How many comparisons an element takes, by `tensor_debug_mode`: whether it is infinite or NaN; whether it is -inf, inf
or NaN, and after that, negative or zero; none for the shape alone; -inf, inf or NaN."""


BINS = Cost(add=1, mul=1, div=2, compare=2, transcendental=2)
"""The width of bins, 2 to the power of ceil(log2((greatest - least) / bins)), and floor(least / width) * width."""


def nan_cost(op: Op) -> Cost:
    """Each element is tested for NaN; those that are NaN are at most counted."""
    return Cost(compare=op.input_size(0))


def summary_cost(op: Op) -> Cost:
    """Each element is tested for NaN, compared with both bounds, with 0 and with the least and the greatest so far, and
    added up; once the mean is known, the squares of the differences to it are added up too."""
    elements = op.input_size(0)
    return elements * Cost(compare=7, add=3, mul=1) + Cost(div=2)


def health_cost(op: Op) -> Cost:
    """Each element is tested for what the mode asks for; those that are found are at most counted."""
    mode = op.int_attr("tensor_debug_mode", -1)
    if mode not in HEALTH:
        raise op.error(f"there is no debug mode {mode}")
    return Cost(compare=HEALTH[mode] * op.input_size(0))


def aggregated_shape(op: Op) -> list[Shape | None]:
    """The tensor itself, its least and greatest element, and a histogram."""
    bins = op.int_attr("num_bins", 0)
    if bins < 0:
        raise op.error(f"{bins} bins")
    return [op.input(0) if op.has_shape(0) else None, Shape(), Shape(), Shape(bins)]


def aggregated_cost(op: Op) -> Cost:
    """The least and the greatest of n elements, 2(n - 1) comparisons; with bins each element less the lower bound,
    divided by a bin's width, is one more in a bin. That width is the power of two that the range needs, two calls and
    one rounding, and the bound the multiple of it below the least element."""
    elements = op.input_size(0)
    histogram = BINS + Cost(add=2 * elements, div=elements) if op.int_attr("num_bins", 0) else Cost()
    return Cost(compare=2 * dim_max(elements - 1, 0)) + histogram


RULES = RuleSet(
    Rule("DebugNanCount", shape=scalars, cost=nan_cost),
    Rule("DebugNumericSummary", shape=undeclared, cost=summary_cost, role=Role.SUMMARY),
    Rule("DebugNumericSummaryV2", shape=undeclared, cost=health_cost, role=Role.SUMMARY),
    Rule("CustomAggregator", shape=aggregated_shape, cost=aggregated_cost),
) + family(HOST_IO, nothing, "DumpTensor", "CalibrationStatisticsSaver")
