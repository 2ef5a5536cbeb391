"""What a rule sees of a node whose inputs' ranks aren't known."""

from __future__ import annotations

import pytest
from single_op import make_op

from graphcost.dims import Shape
from graphcost.errors import RuleError, ShapeUnknown
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op


@pytest.mark.parametrize(
    ("first", "last", "folded"),
    [
        (0, 0, Shape(120)),
        (1, 0, Shape(2, 60)),
        (0, 1, Shape(24, 5)),
        (0, 2, Shape(6, 4, 5)),
        (1, 1, Shape(2, 12, 5)),
        (2, 2, Shape(2, 3, 1, 4, 5)),
    ],
)
def test_all_axes_but_the_first_and_the_last_are_one(first: int, last: int, folded: Shape) -> None:
    op = make_op("Foo", Shape(2, 3, 4, 5))
    assert op.folded_input(0, first=first, last=last) == folded
    done = Op(op.node, op.inputs, [Fact("float32", Shape(2, 3, 4, 5))])
    assert done.folded_output(first=first, last=last) == folded


def test_a_rank_that_does_not_have_these_axes_is_refused() -> None:
    with pytest.raises(RuleError, match="must have rank 2 or more"):
        make_op("Foo", Shape(3)).folded_input(0, last=2)


def test_where_the_rank_is_unknown_the_sizes_are_symbols() -> None:
    op = Op(make_op("Foo", Fact("float32")).node, [Fact("float32")], [Fact("float32")])
    assert str(op.folded_input(0, last=1)) == "[floor(elements(input0:0)/size(input0:0,-1)), size(input0:0,-1)]"
    assert str(op.folded_output(first=1)) == "[size(node:0,0), floor(elements(node:0)/size(node:0,0))]"


@pytest.mark.parametrize("index", [-1, 1])
def test_an_output_that_is_not_there_is_refused(index: int) -> None:
    op = make_op("Foo", Shape(3))
    with pytest.raises(RuleError, match="there is no output"):
        Op(op.node, op.inputs, [Fact("float32", Shape(3))]).folded_output(index)


def test_an_input_without_a_name_is_named_by_its_position() -> None:
    """As where a rule is asked without a graph around the node."""
    node = make_op("Foo").node
    with pytest.raises(ShapeUnknown, match=r"input 1 of node"):
        Op(node, [Fact("float32", Shape(2)), Fact("float32")], []).input(1)
    with pytest.raises(ShapeUnknown, match=r"input 0 of node"):
        Op(node, [Fact("float32"), Fact("float32")], []).input(0)
