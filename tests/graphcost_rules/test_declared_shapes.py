"""Shapes that an operation has whatever it reads, or that an attribute declares; each proven by TensorFlow's."""

from __future__ import annotations

import pytest
from shape_function import Tensor, prove_shapes, tensor
from single_op import apply

from graphcost import COPIES, Fact, Node, Op, PartialShape, RuleError, Shape, TensorRef
from graphcost.dims import symbol
from graphcost_rules import declared_shapes
from graphcost_rules.datasets import RULES as DATASETS
from graphcost_rules.host import RULES as HOST

N = symbol("N")


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("NoOp", []),
        ("WriteFile", [tensor(dtype="string"), tensor(dtype="string")]),
        ("Timestamp", []),
        ("ReaderReadV2", [tensor(dtype="resource"), tensor(dtype="resource")]),
        ("MatchingFiles", [tensor(1, dtype="string")]),
    ],
)
def test_what_has_no_output_or_fixed_ones_is_as_tensorflow_says(kind: str, inputs: list[Tensor]) -> None:
    prove_shapes(HOST, kind, inputs)


def with_outputs(count: int) -> Op:
    return Op(Node("node", "Anything", (TensorRef("x"),), dtypes=("float32",) * count), [Fact("float32", Shape(N, 3))])


def test_every_output_has_the_shape() -> None:
    op = with_outputs(3)
    assert declared_shapes.nothing(op) == []
    assert declared_shapes.scalars(op) == [Shape()] * 3
    assert declared_shapes.pairs(op) == [Shape(2)] * 3
    assert declared_shapes.undeclared(op) == [None] * 3
    assert declared_shapes.as_first_input(op) == [Shape(N, 3)] * 3


def test_open_sizes_are_apart_from_each_other() -> None:
    op = with_outputs(2)
    vectors = declared_shapes.open_vectors(op)
    matrices = declared_shapes.open_matrices(op)
    names = [str(dim) for shape in matrices if shape for dim in shape]
    assert names == [f"size(node:{port},{axis})" for port in (0, 1) for axis in (0, 1)]
    assert [str(dim) for shape in vectors if shape for dim in shape] == ["size(node:0,0)", "size(node:1,0)"]


def test_a_list_declares_a_shape_for_each_output() -> None:
    shapes = [PartialShape((2, 3)), PartialShape(None), PartialShape((-1, 4))]
    first, unknown, opened = apply(DATASETS, "IteratorGetNext", Fact("resource"), output_shapes=shapes).shapes
    assert (first, unknown) == (Shape(2, 3), None)
    assert opened is not None
    assert (str(opened[0]), opened[1]) == ("size(node:2,0)", 4)
    with pytest.raises(RuleError, match="holds something else"):
        apply(DATASETS, "IteratorGetNext", Fact("resource"), output_shapes=[3])


def test_a_family_shares_shape_and_reason() -> None:
    rules = declared_shapes.family(COPIES, declared_shapes.scalars, "A", "B")
    for kind in ("A", "B"):
        assert apply(rules, kind).cost == COPIES
        assert apply(rules, kind).shapes == (Shape(),)
