"""Operands by the names that TensorFlow gives an op's arguments."""

from __future__ import annotations

import pytest

from graphcost.roles.arguments import operands_called


@pytest.mark.parametrize(
    ("names", "op", "operands", "called"),
    [
        ({"labels"}, "SparseSoftmaxCrossEntropyWithLogits", (4, 9), (9,)),
        ({"features", "labels"}, "SparseSoftmaxCrossEntropyWithLogits", (4, 9), (4, 9)),
        ({"delta"}, "ApplyGradientDescent", (1, 2, 3), (3,)),
        ({"grad"}, "ApplyGradientDescent", (1, 2, 3), ()),
        ({"a"}, "MatMul", (), ()),
        ({"b"}, "MatMul", (7,), ()),
        ({"a"}, "MatMul", (7, 8, 9), (7,)),
    ],
)
def test_operands_are_found_by_name(
    names: set[str], op: str, operands: tuple[int, ...], called: tuple[int, ...]
) -> None:
    assert operands_called(names, op, operands) == called


def test_an_op_that_tensorflow_does_not_know_has_no_names() -> None:
    assert operands_called({"labels"}, "MyLoss", (1, 2)) == ()
