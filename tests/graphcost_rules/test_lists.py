"""TensorLists: their lengths and what they hold, against TensorFlow's kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from optional_tensorflow import tf
from single_op import apply, make_op

from graphcost import Fact, PartialShape, Shape, ShapeUnknown, Value
from graphcost.dims import symbol
from graphcost_rules.lists import RULES

raw = tf.raw_ops
DTYPE = {"element_dtype": "float32"}


def listed(kind: str, *operands: Any, port: int = 0, **attrs: Any) -> Fact:
    """The fact of a list that the operation gives."""
    rule = RULES.get(kind)
    assert rule is not None
    op = make_op(kind, *operands, **DTYPE, **attrs)
    value = rule.value(op)[port] if rule.value else None
    element = rule.element(op)[port] if rule.element else None
    return Fact("variant", Shape(), value, element)


def shapes(kind: str, *operands: Any, **attrs: Any) -> list[Shape | None]:
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.shape is not None
    return list(rule.shape(make_op(kind, *operands, **DTYPE, **attrs)))


def assert_like(ours: Fact, theirs: Any) -> None:
    """The length and the items' shape are the kernel's."""
    assert ours.value == Value.scalar(int(raw.TensorListLength(input_handle=theirs)))
    stacked = raw.TensorListStack(input_handle=theirs, element_shape=-1, element_dtype=tf.float32)
    assert shapes("TensorListStack", ours, Fact("int32", Shape())) == [Shape(*stacked.shape)]


def rows(count: int) -> np.ndarray:
    return np.ones((count, 4), np.float32)


def from_rows(count: int) -> tuple[Fact, Any]:
    theirs = raw.TensorListFromTensor(tensor=rows(count), element_shape=[4])
    return listed("TensorListFromTensor", Shape(count, 4), [4]), theirs


@pytest.mark.tensorflow
def test_lists_of_rows_have_the_kernels_lengths() -> None:
    ours, theirs = from_rows(3)
    assert_like(ours, theirs)
    row = np.ones(4, np.float32)
    assert_like(listed("TensorListPushBack", ours, Shape(4)), raw.TensorListPushBack(input_handle=theirs, tensor=row))
    popped = raw.TensorListPopBack(input_handle=theirs, element_shape=-1, element_dtype=tf.float32)
    assert_like(listed("TensorListPopBack", ours, Fact("int32", Shape())), popped.output_handle)
    set_ours = listed("TensorListSetItem", ours, 1, Shape(4))
    assert_like(set_ours, raw.TensorListSetItem(input_handle=theirs, index=1, item=row))


@pytest.mark.tensorflow
@pytest.mark.parametrize("index", [1, 2, 3, 9])
def test_a_list_that_may_grow_reaches_to_the_item_that_is_set(index: int) -> None:
    ours, theirs = from_rows(3)
    row = np.ones(4, np.float32)
    growing = raw.TensorListSetItem(input_handle=theirs, index=index, item=row, resize_if_index_out_of_bounds=True)
    assert_like(listed("TensorListSetItem", ours, index, Shape(4), resize_if_index_out_of_bounds=True), growing)


def test_a_list_that_may_grow_has_an_open_length_where_the_index_is() -> None:
    ours = Fact("variant", Shape(), Value.scalar(3))
    index = Fact("int32", Shape())
    assert listed("TensorListSetItem", ours, index, Shape(4), resize_if_index_out_of_bounds=True).number is None
    assert listed("TensorListSetItem", ours, index, Shape(4)).number == 3


@pytest.mark.tensorflow
def test_a_split_gives_an_item_for_each_length() -> None:
    theirs = raw.TensorListSplit(tensor=rows(4), element_shape=[2, 4], lengths=[2, 2])
    ours = listed("TensorListSplit", Shape(4, 4), [2, 4], [2, 2])
    assert ours.value == Value.scalar(int(raw.TensorListLength(input_handle=theirs)))


@pytest.mark.tensorflow
def test_joined_lists_have_both_lengths() -> None:
    (ours, theirs), (more, others) = from_rows(3), from_rows(2)
    joined = raw.TensorListConcatLists(input_a=theirs, input_b=others, element_dtype=tf.float32)
    assert_like(listed("TensorListConcatLists", ours, more), joined)
    unknown = listed("TensorListConcatLists", ours, Fact("variant", Shape()))
    assert unknown.value == Value.scalar(None)
    assert unknown.element == Fact("float32", Shape(4))


@pytest.mark.tensorflow
def test_an_element_shape_is_a_value() -> None:
    ours, theirs = from_rows(3)
    rule = RULES.get("TensorListElementShape")
    assert rule is not None
    assert rule.value is not None
    kernel = raw.TensorListElementShape(input_handle=theirs, shape_type=tf.int32)
    assert rule.value(make_op("TensorListElementShape", ours)) == [Value.vector(kernel.numpy().tolist())]
    assert shapes("TensorListElementShape", ours) == [Shape(1)]
    with pytest.raises(ShapeUnknown):
        rule.value(make_op("TensorListElementShape", Fact("variant", Shape())))


@pytest.mark.tensorflow
def test_scattered_lists_have_the_kernels_lengths() -> None:
    for count in (5, -1):
        theirs = raw.TensorListScatterV2(tensor=rows(2), indices=[0, 1], element_shape=[4], num_elements=count)
        ours = listed("TensorListScatterV2", Shape(2, 4), [0, 1], [4], count)
        assert ours.value == Value.scalar(int(raw.TensorListLength(input_handle=theirs)))
    ours, theirs = from_rows(3)
    resized = raw.TensorListResize(input_handle=theirs, size=7)
    assert listed("TensorListResize", ours, 7).value == Value.scalar(int(raw.TensorListLength(input_handle=resized)))


@pytest.mark.tensorflow
def test_concatenated_items_have_the_kernels_shape() -> None:
    theirs = raw.TensorListFromTensor(tensor=np.ones((3, 2, 4), np.float32), element_shape=[2, 4])
    ours = listed("TensorListFromTensor", Shape(3, 2, 4), [2, 4])
    joined = raw.TensorListConcatV2(
        input_handle=theirs, element_shape=[2, 4], leading_dims=np.zeros(0, np.int64), element_dtype=tf.float32
    )
    outputs = shapes("TensorListConcatV2", ours, [2, 4], Shape(0))
    assert outputs == [Shape(*joined.tensor.shape), Shape(*joined.lengths.shape)]
    gathered = raw.TensorListGather(input_handle=theirs, indices=[2, 0], element_shape=[2, 4], element_dtype=tf.float32)
    assert shapes("TensorListGather", ours, [2, 0], [2, 4]) == [Shape(*gathered.shape)]


def test_a_batch_of_lists_stays_a_batch() -> None:
    assert shapes("TensorListPushBackBatch", Fact("variant", Shape(5)), Shape(5, 4)) == [Shape(5)]
    held = listed("TensorListPushBackBatch", Fact("variant", Shape(5)), Shape(5, 4))
    assert held.element == Fact("float32", Shape(4))


def test_items_have_the_sizes_that_an_operand_declares() -> None:
    open_rows = Fact("variant", Shape(), Value.scalar(3), Fact("float32", Shape(symbol("N"), 4)))
    assert shapes("TensorListStack", open_rows, [2, -1]) == [Shape(3, 2, 4)]
    assert shapes("TensorListGetItem", Fact("variant", Shape()), 0, [-1, 4])[0] == Shape(symbol("size(node:0,0)"), 4)


@pytest.mark.tensorflow
def test_a_scalar_comes_out_as_it_went_in() -> None:
    theirs = raw.TensorListFromTensor(tensor=np.ones(3, np.float32), element_shape=np.zeros(0, np.int32))
    popped = raw.TensorListPopBack(input_handle=theirs, element_shape=-1, element_dtype=tf.float32)
    ours = listed("TensorListFromTensor", Shape(3), Fact("int32", Shape(0)))
    assert shapes("TensorListPopBack", ours, Fact("int32", Shape())) == [Shape(), Shape(*popped.tensor.shape)]


def test_the_first_concatenation_declares_rows_in_an_attribute() -> None:
    nothing = Fact("variant", Shape())
    declared = shapes("TensorListConcat", nothing, element_shape=PartialShape((-1, 4)))
    assert declared == [Shape(symbol("size(node:0,0)"), 4), Shape(symbol("size(node:1,0)"))]
    assert shapes("TensorListConcat", from_rows(3)[0], element_shape=PartialShape(None)) == [Shape(12), Shape(3)]


@pytest.mark.tensorflow
@pytest.mark.parametrize("indices", [1, [0, 2], [[0, 1], [2, 0]]])
def test_indices_of_any_shape_pick_items(indices: Any) -> None:
    ours, theirs = from_rows(3)
    kernel = raw.TensorListGather(input_handle=theirs, indices=indices, element_shape=[4], element_dtype=tf.float32)
    assert shapes("TensorListGather", ours, Shape(*np.shape(indices)), [4]) == [Shape(*kernel.shape)]


def test_shapes_that_are_pushed_come_back_with_what_they_agree_on() -> None:
    """As in the gradient of a loop, which pops the shapes of what was broadcast."""
    vectors = {"element_dtype": "int32"}

    def pushed(onto: Fact, *items: Any) -> Fact:
        rule = RULES.get("TensorListPushBack")
        assert rule is not None
        assert rule.value is not None
        assert rule.element is not None
        op = make_op("TensorListPushBack", onto, Value.vector(items), **vectors)
        return Fact("variant", Shape(), rule.value(op)[0], rule.element(op)[0])

    def popped(handle: Fact) -> Value | None:
        rule = RULES.get("TensorListPopBack")
        assert rule is not None
        assert rule.value is not None
        return rule.value(make_op("TensorListPopBack", handle, [2], **vectors))[1]

    n = symbol("N")
    new = apply(RULES, "EmptyTensorList", [2], -1, **vectors)
    empty = Fact("variant", Shape(), new.values[0])
    once = pushed(empty, n, 8)
    assert popped(once) == Value.vector([n, 8])
    assert popped(pushed(once, n, 8)) == Value.vector([n, 8])
    assert popped(pushed(once, 3, 8)) == Value.vector([None, 8])
    assert popped(empty) is None
