"""Variables: where they are made, read and assigned."""

from __future__ import annotations

from graphcost import (
    COMPUTES_NOTHING,
    Cost,
    Fact,
    Free,
    FreeKind,
    Op,
    Role,
    Rule,
    RuleSet,
    Shape,
    ShapeUnknown,
    Value,
)
from graphcost_rules.declared_shapes import as_first_input, family, nothing, opened_or_unknown, scalars

STATE = Free("state", FreeKind.COMPUTES_NOTHING)
"""Handles of variables, tables and queues, and what is asked or done about them as wholes."""

HELD = Free("state", FreeKind.VIEW)
"""What is held is handed out, or what is given is held from now on: the memory stays, another name refers to it."""

STORED = Free("state", FreeKind.COPIES)
"""Elements are written into what is held, or out of it."""


def declared_shape(op: Op) -> list[Shape]:
    return [op.opened(op.shape_attr("shape"))]


def old_variable_shape(op: Op) -> list[Shape]:
    """As declared, but [] may mean that the shape was never told."""
    if op.shape_attr("shape").dims == ():
        raise ShapeUnknown("a Variable of shape [] may have any shape")
    return declared_shape(op)


def variable_element(op: Op) -> list[Fact | None]:
    return [Fact(op.dtype_attr("dtype"), opened_or_unknown(op, op.shape_attr("shape"), 0))]


def held_shape(op: Op) -> list[Shape]:
    return [_held(op)]


def held_element(op: Op) -> list[Fact | None]:
    return [op.element(0).element]


def variable_shape_shape(op: Op) -> list[Shape]:
    shape = op.element(0).shape
    return [Shape(op.unknown_size(0) if shape is None else shape.rank)]


def variable_shape_value(op: Op) -> list[Value]:
    return [Value.vector(_held(op))]


def _held(op: Op) -> Shape:
    shape = op.element(0).shape
    if shape is None:
        raise ShapeUnknown("the shape of the variable isn't known")
    return shape


def assign_shape(op: Op) -> list[Shape]:
    """The value's shape, which the variable must have too unless `validate_shape` is off."""
    if op.bool_attr("validate_shape", True) and op.has_shape(0) and op.has_shape(1):
        return [op.same_shape(op.input(0), op.input(1))]
    return [op.input(1) if op.has_shape(1) else op.input(0)]


def update_shape(op: Op) -> list[Shape]:
    if op.has_shape(0) and op.has_shape(1):
        return [op.same_shape(op.input(0), op.input(1))]
    return [op.input(1) if op.has_shape(1) else op.input(0)]


def update_cost(op: Op) -> Cost:
    """Every element of the value is added or subtracted."""
    if op.outputs and not op.has_shape(1):
        return Cost(add=op.output_size())
    held = op.element(0).shape
    return Cost(add=op.input_size(1) if op.has_shape(1) or held is None else held.size)


def count_up_cost(op: Op) -> Cost:
    """The counter is compared with its limit and goes up by one."""
    return Cost(add=1, compare=1)


RULES = (
    family(HELD, nothing, "AssignVariableOp").with_role(Role.ASSIGNMENT)
    + family(STATE, nothing, "DestroyResourceOp", "DisableCopyOnRead", "ConsumeMutexLock")
    + family(STATE, scalars, "VarIsInitializedOp", "IsVariableInitialized").with_role(
        Role.INITIALIZER | Role.SHAPE_ONLY
    )
    + family(STATE, scalars, "MutexV2", "MutexLock")
    + family(HELD, as_first_input, "DestroyTemporaryVariable")
    + RuleSet(
        Rule("Variable", shape=old_variable_shape, cost=STATE, role=Role.VARIABLE),
        Rule("VariableV2", shape=declared_shape, cost=STATE, role=Role.VARIABLE),
        Rule("TemporaryVariable", shape=declared_shape, cost=STATE),
        Rule("VarHandleOp", shape=scalars, element=variable_element, cost=STATE, role=Role.VARIABLE),
        Rule("ReadVariableOp", shape=held_shape, element=held_element, cost=HELD, role=Role.READ),
        Rule(
            "VariableShape",
            shape=variable_shape_shape,
            value=variable_shape_value,
            cost=COMPUTES_NOTHING,
            role=Role.SHAPE_ONLY,
        ),
        Rule("Assign", shape=assign_shape, cost=STORED, role=Role.ASSIGNMENT),
        Rule("AssignAdd", shape=update_shape, cost=update_cost, role=Role.UPDATE),
        Rule("AssignSub", shape=update_shape, cost=update_cost, role=Role.UPDATE),
        Rule("AssignAddVariableOp", shape=nothing, cost=update_cost, role=Role.UPDATE),
        Rule("AssignSubVariableOp", shape=nothing, cost=update_cost, role=Role.UPDATE),
        Rule("CountUpTo", shape=scalars, cost=count_up_cost, role=Role.UPDATE),
        Rule("ResourceCountUpTo", shape=scalars, cost=count_up_cost, role=Role.UPDATE),
    )
)
