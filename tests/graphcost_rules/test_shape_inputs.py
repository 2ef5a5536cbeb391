"""Inputs that say sizes: one number, or one for each axis."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from graphcost import Fact, Node, Op, RuleError, Shape, TensorRef, Value
from graphcost.dims import symbol
from graphcost_rules.shape_inputs import partial_scalar


def op_with(given: Fact) -> Op:
    return Op(Node("node", "Any", (TensorRef("x"),)), [given])


@pytest.mark.parametrize("shape", [(), (1,)])
@pytest.mark.parametrize("item", [3, symbol("N"), None])
def test_one_element_is_read_whatever_its_rank(shape: Sequence[int], item: int | None) -> None:
    given = Fact("int32", Shape(*shape), Value(tuple(shape), (item,)))
    assert partial_scalar(op_with(given), 0) == item


@pytest.mark.parametrize("given", [Fact("int32"), Fact("int32", Shape())])
def test_an_element_that_nobody_tells_is_open(given: Fact) -> None:
    assert partial_scalar(op_with(given), 0) is None


@pytest.mark.parametrize("count", [0, 2])
def test_none_and_several_elements_are_refused(count: int) -> None:
    given = Fact("int32", Shape(count), Value((count,), (1,) * count))
    with pytest.raises(RuleError, match=f"{count} elements, not 1"):
        partial_scalar(op_with(given), 0)


def test_a_fraction_is_no_size() -> None:
    with pytest.raises(RuleError, match="integers"):
        partial_scalar(op_with(Fact("float32", Shape(), Value((), (1.5,)))), 0)
