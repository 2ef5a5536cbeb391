"""Variables: their shapes, and what updates cost."""

from __future__ import annotations

import pytest
from counting import Tally
from single_op import apply, make_op

from graphcost import Fact, Free, PartialShape, RuleError, Shape, Value
from graphcost.dims import symbol
from graphcost_rules.state import RULES

N = symbol("N")


def test_a_handle_holds_what_is_read() -> None:
    rule, reads = RULES.get("VarHandleOp"), RULES.get("ReadVariableOp")
    assert rule is not None
    assert rule.element is not None
    assert reads is not None
    (held,) = rule.element(make_op("VarHandleOp", dtype="float32", shape=PartialShape((3, 5))))
    assert held == Fact("float32", Shape(3, 5))
    handle = Fact("resource", Shape(), element=held)
    outcome = apply(RULES, "ReadVariableOp", handle)
    assert outcome.shapes == (Shape(3, 5),)
    assert outcome.cost == Free("state")
    assert apply(RULES, "VariableShape", handle).values == (Value.vector([3, 5]),)


def test_a_handle_of_unknown_rank_holds_an_unknown_shape() -> None:
    rule = RULES.get("VarHandleOp")
    assert rule is not None
    assert rule.element is not None
    assert rule.element(make_op("VarHandleOp", dtype="float32", shape=PartialShape(None))) == [Fact("float32", None)]


def test_assigning_gives_a_variable_its_value_s_shape() -> None:
    assert apply(RULES, "Assign", Fact("float32"), Shape(N, 4)).shapes == (Shape(N, 4),)
    assert apply(RULES, "Assign", Shape(2), Shape(3), validate_shape=False).shapes == (Shape(3),)
    with pytest.raises(RuleError):
        apply(RULES, "Assign", Shape(2), Shape(3))


@pytest.mark.parametrize("kind", ["AssignAdd", "AssignSub", "AssignAddVariableOp", "AssignSubVariableOp"])
def test_an_update_costs_one_addition_for_each_element(kind: str) -> None:
    tally = Tally()
    assert [tally.add(a, b) for a, b in zip([1, 2, 3], [4, 5, 6], strict=True)] == [5, 7, 9]
    assert apply(RULES, kind, Shape(3), Shape(3)).cost == tally.cost


def test_counting_up_compares_and_adds() -> None:
    tally, counter, limit = Tally(), 3, 5
    assert tally.less(counter, limit)
    assert tally.add(counter, 1) == 4
    assert apply(RULES, "CountUpTo", Shape(), limit=5).cost == tally.cost


def test_an_old_variable_of_shape_nothing_may_have_any() -> None:
    rule = RULES.get("Variable")
    assert rule is not None
    assert rule.shape is not None
    with pytest.raises(Exception, match="any shape"):
        rule.shape(make_op("Variable", shape=PartialShape(())))
    assert apply(RULES, "VariableV2", shape=PartialShape(())).shapes == (Shape(),)
