"""TensorLists: what TF2's loops keep their steps in.

A list's handle is a scalar variant; its fact holds the list's length as its value and one item as its element.
A list that nothing was put in has no element yet, whatever shape it was declared with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from graphcost import (
    COMPUTES_NOTHING,
    COPIES,
    VIEW,
    Dim,
    Fact,
    Item,
    Op,
    Role,
    Rule,
    RuleSet,
    Shape,
    ShapeUnknown,
    Value,
    dim_max,
)
from graphcost_rules.elementwise import merged_shape
from graphcost_rules.shape_inputs import checked_size, is_open, partial_vector

HANDLE = Shape()


def _handle(op: Op) -> list[Shape]:
    return [HANDLE]


def _length(op: Op, index: int = 0) -> Dim | None:
    items = op.value(index).items if op.has_value(index) else (None,)
    return None if isinstance(items[0], float) else items[0]


def _list_value(length: Item) -> list[Value | None]:
    return [Value.scalar(length)]


def _declared(op: Op, index: int) -> Shape | None:
    """The element shape that an operand gives, where it gives every size: -1 leaves it to what is put in."""
    if not op.has_value(index):
        return None
    dims = op.items(index)
    is_open = not op.value(index).shape or any(isinstance(dim, int) and dim < 0 for dim in dims)
    return None if is_open else Shape(*dims)


def _item(op: Op, declared: int, first_axis: int = 0, port: int = 0) -> Shape:
    """The shape of one item: what was put in the list, with the sizes that an operand declares.

    first_axis: where the item's axes begin among those of output `port`, whose sizes both may leave open.
    """
    return _item_of_sizes(op, _declared_sizes(op, declared), first_axis, port)


def _item_of_sizes(op: Op, sizes: Sequence[Dim | None] | None, first_axis: int = 0, port: int = 0) -> Shape:
    held = op.element(0).shape
    if held is None:
        if sizes is None:
            raise ShapeUnknown("nothing is known of what the list holds")
        axes = enumerate(sizes, first_axis)
        return Shape(*(op.unknown_size(axis, port) if is_open(size) else checked_size(op, size) for axis, size in axes))
    if sizes is None or len(sizes) != held.rank:
        return held
    pairs = zip(sizes, held, strict=True)
    return Shape(*(op.same(own, size) if isinstance(size, int) and size >= 0 else own for size, own in pairs))


def _declared_sizes(op: Op, index: int) -> Sequence[Dim | None] | None:
    """The sizes that an operand declares, None for open ones; None altogether where it leaves the rank open."""
    is_vector = op.has_shape(index) and op.input(index).rank == 1 and isinstance(op.input(index)[0], int)
    return partial_vector(op, index) if is_vector else None


def _held(op: Op, shape: Shape) -> list[Fact | None]:
    return [Fact(op.dtype_attr("element_dtype"), shape)]


def _put(op: Op, shape: Shape) -> list[Fact | None]:
    """The element of a list after an item of that shape was put in."""
    known = op.element(0).shape
    return _held(op, shape if known is None or known.rank != shape.rank else op.same_shape(known, shape))


def _tail(shape: Shape) -> Shape:
    return Shape(*shape[1:])


def _new_list_element(op: Op) -> list[Fact | None]:
    """What a new list is declared to hold; of vectors of integers, which may be shapes, only what is put in tells."""
    declared = _declared(op, 0)
    if declared is not None and declared.rank == 1 and op.dtype_attr("element_dtype") in ("int32", "int64"):
        return [None]
    return [None] if declared is None else _held(op, declared)


def _new_list(name: str, length: Callable[[Op], Item]) -> Rule:
    def value(op: Op) -> list[Value | None]:
        return _list_value(length(op))

    return Rule(name, shape=_handle, value=value, element=_new_list_element, cost=COMPUTES_NOTHING)


def _from_tensor_element(op: Op) -> list[Fact | None]:
    return _held(op, _tail(op.input(0, least_rank=1)))


def _set_item_element(op: Op) -> list[Fact | None]:
    return _put(op, op.input(2))


def _push_element(op: Op) -> list[Fact | None]:
    """A vector of integers keeps its value, as far as all that were pushed agree: the shapes that gradients pop."""
    (held,) = _put(op, op.input(1))
    before, pushed = op.element(0), op.inputs[1].value
    if held is None or pushed is None or len(pushed.shape) != 1 or held.dtype not in ("int32", "int64"):
        return [held]
    items = op.value(1).items
    if before.shape is not None:
        known = before.value.items if before.value is not None and before.value.shape == pushed.shape else ()
        items = tuple(a if a == b else None for a, b in zip(items, known, strict=False))
    return [replace(held, value=Value(pushed.shape, items)) if len(items) == len(pushed.items) else held]


def _same_length(op: Op) -> list[Value | None]:
    return _list_value(_length(op))


def _length_after_setting(op: Op) -> list[Value | None]:
    """A list that may grow reaches to the item that is set, where that lies behind its end."""
    length = _length(op)
    if not op.bool_attr("resize_if_index_out_of_bounds", False):
        return _list_value(length)
    index = _length(op, 1)
    return _list_value(None if length is None or index is None else dim_max(length, index + 1))


def _longer(op: Op) -> list[Value | None]:
    length = _length(op)
    return _list_value(None if length is None else length + 1)


def _get_item_shape(op: Op) -> list[Shape]:
    return [_item(op, 2)]


def _pop_shape(op: Op) -> list[Shape | None]:
    """The list that is left, and the item."""
    try:
        return [HANDLE, _item(op, 1, port=1)]
    except ShapeUnknown:
        return [HANDLE, None]


def _pop_value(op: Op) -> list[Value | None]:
    length = _length(op)
    return [Value.scalar(None if length is None else length - 1), op.element(0).value]


def _pop_element(op: Op) -> list[Fact | None]:
    return [op.element(0), None]


def _stack_shape(op: Op) -> list[Shape]:
    length = _length(op)
    fixed = op.int_attr("num_elements", -1)
    leading = fixed if fixed >= 0 else op.unknown_size(0) if length is None else length
    return [Shape(leading, *_item(op, 1, first_axis=1))]


def _gather_shape(op: Op) -> list[Shape]:
    """One item for each index, whatever shape the indices have."""
    count = op.input(1).size if op.has_shape(1) else op.unknown_size(0)
    return [Shape(count, *_item(op, 2, first_axis=1))]


def _concat_shape(op: Op) -> list[Shape | None]:
    """The items one after the other, and the length of each."""
    length = _length(op)
    lengths = Shape(op.unknown_size(0, 1) if length is None else length)
    try:
        item = _concatenated_item(op)
    except ShapeUnknown:
        return [None, lengths]
    if item.rank == 0:
        raise op.error("scalars can't be concatenated")
    unknown = op.unknown_size(0)
    leading = unknown if length is None or item[0] == unknown else length * item[0]
    return [Shape(leading, *item[1:]), lengths]


def _concatenated_item(op: Op) -> Shape:
    """The first version declares it in an attribute."""
    if len(op.inputs) > 1:
        return _item(op, 1)
    return _item_of_sizes(op, op.shape_attr("element_shape").dims if op.has_attr("element_shape") else None)


def _split_length(op: Op) -> list[Value | None]:
    return _list_value(op.input(2, rank=1)[0])


def _split_element(op: Op) -> list[Fact | None]:
    return _held(op, Shape(op.unknown_size(0), *_tail(op.input(0, least_rank=1))))


def _resized(op: Op) -> list[Value | None]:
    return _list_value(_length(op, 1))


def _same_element(op: Op) -> list[Fact | None]:
    return [op.element(0)]


def _scattered_in_element(op: Op) -> list[Fact | None]:
    return _put(op, _tail(op.input(1, least_rank=1)))


def _number(op: Op, index: int) -> Item:
    return op.scalar(index) if op.has_value(index) else None


def _scatter_length(op: Op) -> Item:
    """The declared number of items; -1 takes that of the tensor."""
    declared = _number(op, 3)
    return op.input(0, least_rank=1)[0] if declared == -1 else declared


def _joined_length(op: Op) -> list[Value | None]:
    lengths = [_length(op, index) for index in (0, 1)]
    return _list_value(None if None in lengths else sum((length or 0 for length in lengths), start=0))


def _joined_element(op: Op) -> list[Fact | None]:
    """Both lists hold the same; one that holds nothing yet doesn't tell."""
    held = [op.element(index) for index in (0, 1) if op.element(index).shape is not None]
    return [held[0] if held else None]


def _element_shape_shape(op: Op) -> list[Shape]:
    held = op.element(0).shape
    return [Shape(op.unknown_size(0) if held is None else held.rank)]


def _element_shape_value(op: Op) -> list[Value]:
    held = op.element(0).shape
    if held is None:
        raise ShapeUnknown("nothing is known of what the list holds")
    return [Value.vector(held)]


def _batch_of_handles(op: Op) -> list[Shape]:
    """A handle for each row."""
    rows = op.input(1, least_rank=1)[:1] if op.has_shape(1) else op.input(0, rank=1)
    return [op.same_shape(op.input(0, rank=1), Shape(*rows))]


def _pushed_rows_element(op: Op) -> list[Fact | None]:
    return _put(op, _tail(op.input(1, least_rank=1)))


RULES = RuleSet(
    _new_list("EmptyTensorList", lambda op: 0),
    _new_list("TensorListReserve", lambda op: _number(op, 1)),
    Rule(
        "TensorListFromTensor",
        shape=_handle,
        value=lambda op: _list_value(op.input(0, least_rank=1)[0]),
        element=_from_tensor_element,
        cost=COPIES,
    ),
    Rule("TensorListScatter", shape=_handle, element=_from_tensor_element, cost=COPIES),
    Rule(
        "TensorListScatterV2",
        shape=_handle,
        value=lambda op: _list_value(_scatter_length(op)),
        element=_from_tensor_element,
        cost=COPIES,
    ),
    Rule(
        "TensorListScatterIntoExistingList",
        shape=_handle,
        value=_same_length,
        element=_scattered_in_element,
        cost=COPIES,
    ),
    Rule("TensorListSetItem", shape=_handle, value=_length_after_setting, element=_set_item_element, cost=VIEW),
    Rule("TensorListPushBack", shape=_handle, value=_longer, element=_push_element, cost=VIEW),
    Rule("TensorListPopBack", shape=_pop_shape, value=_pop_value, element=_pop_element, cost=VIEW),
    Rule("TensorListGetItem", shape=_get_item_shape, cost=VIEW),
    Rule("TensorListStack", shape=_stack_shape, cost=COPIES),
    Rule("TensorListGather", shape=_gather_shape, cost=COPIES),
    Rule("TensorListConcat", shape=_concat_shape, cost=COPIES),
    Rule("TensorListConcatV2", shape=_concat_shape, cost=COPIES),
    Rule("TensorListSplit", shape=_handle, value=_split_length, element=_split_element, cost=COPIES),
    Rule("TensorListResize", shape=_handle, value=_resized, element=_same_element, cost=VIEW),
    Rule("TensorListLength", shape=_handle, value=_same_length, cost=COMPUTES_NOTHING, role=Role.SHAPE_ONLY),
    Rule("TensorListConcatLists", shape=merged_shape, value=_joined_length, element=_joined_element, cost=VIEW),
    Rule(
        "TensorListElementShape",
        shape=_element_shape_shape,
        value=_element_shape_value,
        cost=COMPUTES_NOTHING,
        role=Role.SHAPE_ONLY,
    ),
    Rule("TensorListPushBackBatch", shape=_batch_of_handles, element=_pushed_rows_element, cost=COPIES),
)
