"""What two facts agree on, where either may hold."""

from __future__ import annotations

import pytest

from graphcost.dims import Dim, Shape, symbol
from graphcost.evaluate.structural.join import join
from graphcost.ir.literal import Value
from graphcost.ir.node import TensorRef
from graphcost.ops.fact import Fact
from graphcost.ops.sizes import Sizes

REF = TensorRef("y", 1)
A, B = Fact("float32", Shape(2, 3)), Fact("float32", Shape(2, 4))
OPEN = Shape(2, symbol("size(y:1,1)"))


def joined(a: Fact, b: Fact) -> Fact:
    result = join(a, b, REF, Sizes())
    assert result.dtype == join(b, a, REF, Sizes()).dtype
    assert result.shape == join(b, a, REF, Sizes()).shape
    return result


def test_sizes_that_differ_are_open() -> None:
    assert joined(A, A) == A
    assert joined(A, B).shape == OPEN
    assert joined(A, Fact("float32", Shape(2))).shape is None
    assert joined(A, Fact("float32", None)).shape is None
    assert joined(A, Fact(None, Shape(2, 3))).dtype == "float32"


@pytest.mark.parametrize("empty", [0, symbol("n", least=0), symbol("N") - 1])
def test_what_may_be_nothing_on_one_side_may_be_nothing(empty: Dim) -> None:
    assert joined(A, Fact("float32", Shape(2, empty))).shape == Shape(2, symbol("size(y:1,1)", least=0))


@pytest.mark.parametrize(("shape", "items"), [((2,), (1, None)), ((1,), None)])
def test_items_that_differ_are_unknown(shape: tuple[int, ...], items: tuple[int | None, ...] | None) -> None:
    one = Fact("int32", Shape(2), Value((2,), (1, 2)))
    other = Fact("int32", Shape(*shape), Value(shape, (1, 3)[: shape[0]]))
    value = join(one, other, REF, Sizes()).value
    assert (None if value is None else value.items) == items
    assert join(one, Fact("int32", Shape(2)), REF, Sizes()).value is None


def test_what_handles_hold_is_joined_and_nothing_agrees_with_anything() -> None:
    holding = [Fact("variant", Shape(), element=element) for element in (A, B, None)]
    both = join(holding[0], holding[1], REF, Sizes()).element
    assert both is not None
    assert both.shape is not None
    assert both.shape[0] == 2
    assert str(both.shape[1]).startswith("size(y:1 element")
    assert join(holding[0], holding[2], REF, Sizes()).element == A
    assert join(holding[2], holding[1], REF, Sizes()).element == B
