"""Analysing with symbols and binding them must be the same as analysing with numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from single_op import Operand, apply

from graphcost.dims import Shape, bind, symbol
from graphcost.ops.cost import Cost
from graphcost.ops.rule import RuleSet
from graphcost.ops.sizes import Sizes


def assert_same_when_bound(rules: RuleSet, kind: str, *operands: Operand, **attrs: Any) -> None:
    """Opens every size of every operand that is a Shape; shapes and every kind of cost must agree after binding."""
    bindings = {
        f"x{i}_{axis}": dim
        for i, operand in enumerate(operands)
        if isinstance(operand, Shape)
        for axis, dim in enumerate(operand)
    }
    sizes = Sizes()
    known = apply(rules, kind, *operands, **attrs)
    opened = apply(rules, kind, *(_opened(i, operand) for i, operand in enumerate(operands)), sizes=sizes, **attrs)
    assert isinstance(opened.cost, Cost)
    assert opened.cost.bind(bindings) == known.cost
    assert [_bound(shape, bindings) for shape in opened.shapes] == list(known.shapes)


def _opened(index: int, operand: Operand) -> Operand:
    if not isinstance(operand, Shape):
        return operand
    return Shape(*(symbol(f"x{index}_{axis}") for axis in range(operand.rank)))


def _bound(shape: Shape | None, bindings: dict[str, Any]) -> Sequence[Any] | None:
    return None if shape is None else Shape(*(bind(dim, bindings) for dim in shape))
