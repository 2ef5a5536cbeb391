"""tf.profiler's counts of what goes element by element."""

from __future__ import annotations

from functools import partial

import pytest
from reference_counts import reference_count

from graphcost import RuleError, Shape, ShapeUnknown
from graphcost.dims import symbol
from graphcost_rules.tf_profiler.elements import RULES

N = symbol("N")
IN, OUT = 3 * 5, 5 * 7
"""Elements of the first input and of the output, where the operation doesn't say how they belong together."""

count = partial(reference_count, RULES)


def counted(kind: str) -> int:
    return count(kind, Shape(3, 5), Shape(2), output=Shape(5, 7))


@pytest.mark.parametrize("kind", ["Reciprocal", "Square", "Log", "Neg", "AssignSub", "AssignAdd", "BiasAdd"])
def test_one_for_each_element_of_the_input(kind: str) -> None:
    assert counted(kind) == IN
    assert count(kind, Shape(3, 5)) == IN
    with pytest.raises(ShapeUnknown):
        count(kind, Shape(N, 5), output=Shape(5, 7))


@pytest.mark.parametrize(
    "kind",
    [
        "Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "Pow",
        "Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual",
    ],
)  # fmt: skip
def test_one_for_each_element_of_the_output(kind: str) -> None:
    assert counted(kind) == OUT
    with pytest.raises(ShapeUnknown):
        count(kind, Shape(3, 5), Shape(), output=Shape(N))


def test_several_for_each_element() -> None:
    assert counted("Rsqrt") == IN + IN
    assert counted("Softmax") == 5 * IN
    assert counted("SquaredDifference") == OUT + OUT
    assert counted("RsqrtGrad") == 4 * OUT
    assert counted("L2Loss") == 3 * IN - 1


def test_a_sum_of_tensors_adds_each_but_the_first() -> None:
    assert count("AddN", Shape(3, 5)) == 0
    assert count("AddN", *[Shape(3, 5)] * 4) == IN + IN + IN


@pytest.mark.parametrize("kind", ["Sum", "ArgMax", "ArgMin", "BiasAddGrad"])
def test_a_reduction_joins_what_it_is_given_to_what_it_gives(kind: str) -> None:
    """n elements become 1 by n - 1 operations."""
    assert count(kind, Shape(3, 5), output=Shape(5)) == 5 * (3 - 1)
    assert count(kind, Shape(3, 5), output=Shape()) == IN - 1


def test_the_divisions_of_a_mean_count() -> None:
    assert count("Mean", Shape(3, 5), output=Shape(5)) == 5 * (3 - 1) + 5
    with pytest.raises(ShapeUnknown):
        count("Mean", Shape(3, 5), output=Shape(N))


WINDOW = {"ksize": (1, 3, 2, 1)}


@pytest.mark.parametrize("kind", ["MaxPool", "AvgPool"])
def test_a_pooling_has_one_for_each_tap(kind: str) -> None:
    assert count(kind, Shape(2, 9, 8, 5), output=Shape(2, 3, 4, 5), **WINDOW) == 2 * 3 * 4 * 5 * (3 * 2)


def test_gradients_of_poolings() -> None:
    """The second input is the pooled tensor, or its gradient."""
    pooled, taps = 2 * 3 * 4 * 5, 3 * 2
    average = count("AvgPoolGrad", Shape(4), Shape(2, 3, 4, 5), output=Shape(2, 9, 8, 5), **WINDOW)
    greatest = count("MaxPoolGrad", Shape(2, 9, 8, 5), Shape(2, 3, 4, 5), output=Shape(2, 9, 8, 5), **WINDOW)
    assert average == pooled * (taps + taps)
    assert greatest == pooled * taps + pooled


@pytest.mark.parametrize("kind", ["MaxPool", "AvgPool", "AvgPoolGrad", "MaxPoolGrad"])
def test_other_layouts_are_not_counted(kind: str) -> None:
    images = Shape(2, 9, 8, 5), Shape(2, 3, 4, 5)
    assert count(kind, *images, output=images[1], data_format=b"NHWC", **WINDOW) > 0
    with pytest.raises(RuleError):
        count(kind, *images, output=images[1], data_format=b"NCHW", **WINDOW)
