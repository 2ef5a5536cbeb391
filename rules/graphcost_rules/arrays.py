"""TensorArrays: what TF1's loops keep their steps in.

A handle is a resource (of the old versions a string) of shape [2], whose fact holds two items as its value: the size
that the array was made with, and whether it may grow (1 or 0). What the array holds travels with the flow, the float
scalar through which TensorFlow orders its reads and writes; so does the size of an array that may grow, as the flow's
value. In the old versions the handle alone comes out of the operations that make arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from graphcost import (
    COMPUTES_NOTHING,
    COPIES,
    VIEW,
    Dim,
    Fact,
    Op,
    Role,
    Rule,
    RuleSet,
    Shape,
    ShapeUnknown,
    Value,
    dim_max,
)

HANDLE = Shape(2)
FLOW = Shape()


def _array_shape(op: Op) -> list[Shape]:
    return [HANDLE, FLOW]


def _array_value(op: Op) -> list[Value | None]:
    size = op.scalar(0) if op.has_value(0) else None
    if not op.bool_attr("dynamic_size", False):
        return [Value.vector([size, 0]), None]
    return [Value.vector([size, 1]), Value.scalar(size)]


def _array_element(op: Op) -> list[Fact | None]:
    """What the declared element shape says: on the flow only where it says every size, since items say the rest."""
    declared = op.shape_attr("element_shape") if op.has_attr("element_shape") else None
    if declared is None or declared.dims is None:
        return [None, None]
    held = Fact(op.dtype_attr("dtype"), op.opened(declared))
    return [held, held if all(dim >= 0 for dim in declared.dims) else None]


def _gradient_with_shape_element(op: Op) -> list[Fact | None]:
    """What the forward array holds, with the axes that are put before it."""
    held, leading = op.element(1), op.items(2) if op.has_value(2) else None
    if held.shape is None or leading is None or any(isinstance(dim, int) and dim < 0 for dim in leading):
        return [None, None]
    element = Fact(held.dtype, Shape(*leading, *held.shape))
    return [element, element]


def _gradient_value(op: Op) -> list[Value | None]:
    """It has the size that the forward array has by then, and doesn't grow."""
    return [Value.vector([_size(op, 1), 0]), None]


def _gradient_element(op: Op) -> list[Fact | None]:
    """A gradient array mirrors the forward one: what that holds, when the gradient is asked for."""
    held = op.element(1)
    return [held if held.shape is not None else op.element(0), held]


def _flow_shape(op: Op) -> list[Shape]:
    return [FLOW]


def _written(op: Op) -> list[Fact | None]:
    return [Fact(op.input_dtype(2), op.input(2))]


def _scattered(op: Op) -> list[Fact | None]:
    return [Fact(op.input_dtype(2), Shape(*op.input(2, least_rank=1)[1:]))]


def _split(op: Op) -> list[Fact | None]:
    value = op.input(1, least_rank=1)
    lengths = set(op.items(2)) if op.has_value(2) else set()
    leading = lengths.pop() if len(lengths) == 1 else op.unknown_size(0)
    return [Fact(op.input_dtype(1), Shape(leading, *value[1:]))]


def _item(op: Op, flow: int, declared: str = "") -> Shape:
    """The shape of one item: what was put in the array, else what an attribute declares of all axes but the first."""
    for held in (op.element(flow).shape, op.element(0).shape):
        if held is not None:
            return held
    dims = op.shape_attr(declared).dims if op.has_attr(declared) else None
    if dims is None:
        raise ShapeUnknown("nothing is known of what the array holds")
    return Shape(*(op.unknown_size(axis) if dim < 0 else dim for axis, dim in enumerate(dims, start=1)))


def _read_shape(op: Op) -> list[Shape]:
    return [_item(op, 2)]


def _gather_shape(op: Op) -> list[Shape]:
    return [Shape(*op.input(1, rank=1), *_item(op, 2, "element_shape"))]


def _pack_shape(op: Op) -> list[Shape]:
    """All items, in order."""
    size = _size(op, 1)
    return [Shape(op.unknown_size(0) if size is None else size, *_item(op, 1, "element_shape"))]


def _unpacked(op: Op) -> list[Fact | None]:
    return [Fact(op.input_dtype(1), Shape(*op.input(1, least_rank=1)[1:]))]


def _concat_shape(op: Op) -> list[Shape | None]:
    """The items one after the other, and the length of each."""
    size = _size(op, 1)
    lengths = Shape(op.unknown_size(0, 1) if size is None else size)
    try:
        item = _item(op, 1)
    except ShapeUnknown:
        return [None, lengths]
    if item.rank == 0:
        raise op.error("scalars can't be concatenated")
    leading = op.unknown_size(0) if size is None else size * item[0]
    return [Shape(leading, *item[1:]), lengths]


def _size(op: Op, flow: int) -> Dim | None:
    """How many items the array has; None where it isn't known."""
    if not op.inputs or op.inputs[0].value is None:
        return None
    items = op.value(0).items
    if len(items) == 2 and items[1] != 0:
        return op.scalar(flow) if op.has_value(flow) else None
    return None if not items or isinstance(items[0], float) else items[0]


def _may_grow(op: Op) -> bool:
    """Whether a write behind the end of the array makes it longer; certainly not where its handle says so."""
    items = op.value(0).items if op.inputs[0].value is not None else ()
    return len(items) != 2 or items[1] != 0


def _size_value(op: Op) -> list[Value | None]:
    return [Value.scalar(_size(op, 1))]


def _reaching(op: Op, flow: int, end: Dim | None) -> list[Value | None]:
    """The size of an array that may grow, after items up to `end` were written, as the value of the flow."""
    if not _may_grow(op):
        return [None]
    size = op.scalar(flow) if op.has_value(flow) else None
    return [Value.scalar(None if size is None or end is None else dim_max(size, end))]


def _written_size(op: Op) -> list[Value | None]:
    return _reaching(op, 3, op.scalar(1) + 1 if op.has_value(1) else None)


def _scattered_size(op: Op) -> list[Value | None]:
    return _reaching(op, 3, dim_max(0, *(index + 1 for index in op.items(1))) if op.has_value(1) else None)


def _split_size(op: Op) -> list[Value | None]:
    return _reaching(op, 3, op.input(2, rank=1)[0])


def _unpacked_size(op: Op) -> list[Value | None]:
    return _reaching(op, 2, op.input(1, least_rank=1)[0])


def _nothing(op: Op) -> list[Shape]:
    return []


def _makers(version: str) -> Sequence[Rule]:
    makers = (
        Rule(
            f"TensorArray{version}",
            shape=_array_shape,
            value=_array_value,
            element=_array_element,
            cost=COMPUTES_NOTHING,
        ),
        Rule(
            f"TensorArrayGrad{version}",
            shape=_array_shape,
            value=_gradient_value,
            element=_gradient_element,
            cost=COMPUTES_NOTHING,
            role=Role.GRADIENT,
        ),
    )
    return makers if version == "V3" else [_without_flow(rule) for rule in makers]


def _without_flow(rule: Rule) -> Rule:
    shape, value, element = rule.shape, rule.value, rule.element
    return replace(
        rule,
        shape=shape and (lambda op: shape(op)[:1]),
        value=value and (lambda op: value(op)[:1]),
        element=element and (lambda op: element(op)[:1]),
    )


def _family(version: str) -> Sequence[Rule]:
    return (
        *_makers(version),
        Rule(f"TensorArrayWrite{version}", shape=_flow_shape, value=_written_size, element=_written, cost=VIEW),
        Rule(f"TensorArrayScatter{version}", shape=_flow_shape, value=_scattered_size, element=_scattered, cost=COPIES),
        Rule(f"TensorArraySplit{version}", shape=_flow_shape, value=_split_size, element=_split, cost=COPIES),
        Rule(f"TensorArrayRead{version}", shape=_read_shape, cost=VIEW),
        Rule(f"TensorArrayGather{version}", shape=_gather_shape, cost=COPIES),
        Rule(f"TensorArrayConcat{version}", shape=_concat_shape, cost=COPIES),
        Rule(
            f"TensorArraySize{version}",
            shape=_flow_shape,
            value=_size_value,
            cost=COMPUTES_NOTHING,
            role=Role.SHAPE_ONLY,
        ),
        Rule(f"TensorArrayClose{version}", shape=_nothing, cost=COMPUTES_NOTHING, role=Role.EFFECT),
    )


RULES = RuleSet(
    *(rule for version in ("", "V2", "V3") for rule in _family(version)),
    Rule("TensorArrayPack", shape=_pack_shape, cost=COPIES),
    Rule("TensorArrayUnpack", shape=_flow_shape, value=_unpacked_size, element=_unpacked, cost=COPIES),
    Rule(
        "TensorArrayGradWithShape",
        shape=_array_shape,
        value=_gradient_value,
        element=_gradient_with_shape_element,
        cost=COMPUTES_NOTHING,
        role=Role.GRADIENT,
    ),
    *(
        Rule(name, cost=COMPUTES_NOTHING, role=Role.GRADIENT)
        for name in ("StackV2", "StackCloseV2", "Stack", "StackClose")
    ),
    *(Rule(name, cost=VIEW, role=Role.GRADIENT) for name in ("StackPushV2", "StackPopV2", "StackPush", "StackPop")),
)
