"""Rules for a library that adds an operation to TensorFlow, and has a faster kernel for another one."""

from __future__ import annotations

from graphcost import Cost, Op, Rule, RuleSet, Shape


def blur_shape(op: Op) -> list[Shape]:
    """The image keeps its size."""
    return [op.input(0, rank=4)]


def blur_cost(op: Op) -> Cost:
    """Each pixel is the weighted sum of the `size` x `size` pixels around it: a multiply-add for each of them."""
    size = op.int_attr("size")
    return Cost(mac=op.output().size * size * size)


def truncated_erf_cost(op: Op) -> Cost:
    """A rational polynomial of degree 3 over 2, by Horner's scheme, in place of a call of the library."""
    elements = op.output().size
    return Cost(mul=5 * elements, add=5 * elements, div=elements)


RULES = RuleSet(
    Rule("SampleBlur", shape=blur_shape, cost=blur_cost),
    Rule("Erf", cost=truncated_erf_cost),
)
