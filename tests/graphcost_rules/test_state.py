"""Variables: their shapes, and what updates cost."""

from __future__ import annotations

from typing import Any

import pytest
from counting import Tally
from optional_tensorflow import HAS_TENSORFLOW, Unknown, tf
from single_op import apply, make_op

from graphcost import Fact, Free, FreeKind, PartialShape, RuleError, Shape, Value
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
    assert outcome.cost == Free("state", FreeKind.VIEW)
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


def on_variable(kind: str, start: Any, **arguments: Any) -> tuple[Any, Any]:
    """The kernel's output, and what it makes of a variable, which is a resource or a reference."""
    if not HAS_TENSORFLOW:
        return Unknown(), Unknown()
    is_resource = "Resource" in kind or "VariableOp" in kind
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variable = tf.compat.v1.Variable(start, use_resource=is_resource)
        session.run(variable.initializer)
        name = "resource" if is_resource else "ref"
        done = getattr(tf.raw_ops, kind)(**{name: variable.handle if is_resource else variable._ref()}, **arguments)
        return session.run(done), session.run(variable.read_value())


@pytest.mark.parametrize("kind", ["AssignAdd", "AssignSub", "AssignAddVariableOp", "AssignSubVariableOp"])
def test_an_update_costs_one_addition_for_each_element(kind: str) -> None:
    tally, start, value = Tally(), [1.0, 2.0, 3.0], [4.0, 5.5, 6.0]
    step = tally.sub if "Sub" in kind else tally.add
    _, theirs = on_variable(kind, start, value=value)
    tally.gives([step(a, b) for a, b in zip(start, value, strict=True)], theirs)
    tally.proves(kind, apply(RULES, kind, Shape(3), Shape(3)).cost)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["CountUpTo", "ResourceCountUpTo"])
def test_counting_up_compares_and_adds(kind: str) -> None:
    tally, counter, limit = Tally(), 3, 5
    is_below = tally.less(counter, limit)
    given = {"T": "int32"} if kind.startswith("Resource") else {}
    before, after = on_variable(kind, counter, limit=limit, **given)
    assert before == counter
    tally.gives(tally.add(counter, 1) if is_below else counter, after)
    tally.proves(kind, apply(RULES, kind, Shape(), limit=5).cost)


def test_an_old_variable_of_shape_nothing_may_have_any() -> None:
    rule = RULES.get("Variable")
    assert rule is not None
    assert rule.shape is not None
    with pytest.raises(Exception, match="any shape"):
        rule.shape(make_op("Variable", shape=PartialShape(())))
    assert apply(RULES, "VariableV2", shape=PartialShape(())).shapes == (Shape(),)
