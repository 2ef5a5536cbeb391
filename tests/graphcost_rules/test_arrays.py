"""TensorArrays of all versions: what they hold and how long they are, against TensorFlow's kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from optional_tensorflow import tf
from single_op import apply, make_op

from graphcost import Fact, Op, PartialShape, RuleError, Shape, Value
from graphcost_rules.arrays import FLOW, RULES

VERSIONS = ["", "V2", "V3"]
SCALAR = Shape()


def elements(kind: str, *operands: Any, **attrs: Any) -> list[Fact | None]:
    rule = RULES.get(kind)
    assert rule is not None
    assert rule.element is not None
    return list(rule.element(make_op(kind, *operands, **attrs)))


def made(version: str, size: int, element: PartialShape) -> tuple[Fact, Fact]:
    """The handle and a flow, as the engine would hand them on."""
    rule = RULES.get(f"TensorArray{version}")
    assert rule is not None
    assert rule.value is not None
    op: Op = make_op(f"TensorArray{version}", size, dtype="float32", element_shape=element)
    held = elements(f"TensorArray{version}", size, dtype="float32", element_shape=element)[0]
    value = rule.value(op)[0]
    return Fact("resource", Shape(2), value, element=held), Fact("float32", SCALAR, element=held)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_written_is_what_is_read(version: str) -> None:
    handle, _ = made(version, 3, PartialShape(None))
    (held,) = elements(f"TensorArrayWrite{version}", handle, 0, Shape(4, 2), SCALAR)
    flow = Fact("float32", SCALAR, element=held)
    assert apply(RULES, f"TensorArrayRead{version}", handle, 0, flow).shapes == (Shape(4, 2),)
    assert apply(RULES, f"TensorArrayGather{version}", handle, Shape(5), flow).shapes == (Shape(5, 4, 2),)
    assert apply(RULES, f"TensorArrayConcat{version}", handle, flow).shapes == (Shape(12, 2), Shape(3))
    assert apply(RULES, f"TensorArraySize{version}", handle, flow).values == (Value.scalar(3),)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_array_comes_with_a_flow_in_the_last_version_only(version: str) -> None:
    operation = apply(RULES, f"TensorArray{version}", 3, dtype="float32", element_shape=PartialShape((4, 2)))
    gradient = apply(RULES, f"TensorArrayGrad{version}", *made(version, 3, PartialShape((4, 2))))
    outputs = (Shape(2), FLOW) if version == "V3" else (Shape(2),)
    assert operation.shapes == gradient.shapes == outputs


@pytest.mark.parametrize("version", VERSIONS)
def test_a_gradient_array_holds_what_the_forward_array_does(version: str) -> None:
    held = elements(f"TensorArrayGrad{version}", *made(version, 3, PartialShape((4, 2))))
    assert all(element == Fact("float32", Shape(4, 2)) for element in held)
    with_shape = elements("TensorArrayGradWithShape", *made(version, 3, PartialShape((4, 2))), [7])
    assert with_shape[0] == Fact("float32", Shape(7, 4, 2))


def test_packing_takes_all_items() -> None:
    handle, flow = made("", 3, PartialShape((4, 2)))
    assert apply(RULES, "TensorArrayPack", handle, flow).shapes == (Shape(3, 4, 2),)
    (held,) = elements("TensorArrayUnpack", handle, Shape(3, 5), SCALAR)
    assert held == Fact("float32", Shape(5))
    with pytest.raises(RuleError, match="rank 1 or more"):
        elements("TensorArrayUnpack", handle, Shape(), SCALAR)


@pytest.mark.tensorflow
def test_lengths_and_items_are_those_of_the_kernels() -> None:
    value = np.arange(24, dtype=np.float32).reshape(6, 4)
    handle, flow = tf.raw_ops.TensorArrayV3(size=3, dtype=tf.float32, clear_after_read=False)
    flow = tf.raw_ops.TensorArraySplitV3(handle=handle, value=value, lengths=np.array([2, 2, 2]), flow_in=flow)
    item = tf.raw_ops.TensorArrayReadV3(handle=handle, index=1, flow_in=flow, dtype=tf.float32)
    ours, _ = made("V3", 3, PartialShape(None))
    (held,) = elements("TensorArraySplitV3", ours, Shape(6, 4), Value.vector([2, 2, 2]), SCALAR)
    filled = Fact("float32", SCALAR, element=held)
    assert apply(RULES, "TensorArrayReadV3", ours, 1, filled).shapes == (Shape(*item.shape),)
    joined, lengths = tf.raw_ops.TensorArrayConcatV3(handle=handle, flow_in=flow, dtype=tf.float32)
    shapes = (Shape(*joined.shape), Shape(*lengths.shape))
    assert apply(RULES, "TensorArrayConcatV3", ours, filled).shapes == shapes
    gathered = tf.raw_ops.TensorArrayGatherV3(handle=handle, indices=[2, 0], flow_in=flow, dtype=tf.float32)
    assert apply(RULES, "TensorArrayGatherV3", ours, [2, 0], filled).shapes == (Shape(*gathered.shape),)


def growing(version: str = "V3") -> tuple[Fact, Fact]:
    """The handle and the flow of a new array that may grow; the old versions have no flow yet."""
    made = apply(RULES, f"TensorArray{version}", 0, dtype="float32", dynamic_size=True)
    value, flow = (*made.values, None)[:2]
    return Fact("resource", Shape(2), value), Fact("float32", SCALAR, flow)


def after(kind: str, handle: Fact, *operands: Any) -> Fact:
    """The flow after a write."""
    (value,) = apply(RULES, kind, handle, *operands).values
    return Fact("float32", SCALAR, value, elements(kind, handle, *operands)[0])


def size_of(handle: Fact, flow: Fact) -> Value | None:
    return apply(RULES, "TensorArraySizeV3", handle, flow).values[0]


@pytest.mark.tensorflow
def test_an_array_that_may_grow_is_as_long_as_the_kernels() -> None:
    raw = tf.raw_ops
    handle, flow = raw.TensorArrayV3(size=0, dtype=tf.float32, dynamic_size=True, clear_after_read=False)
    ours, our_flow = growing()
    rows = np.ones((2, 4), np.float32)
    for index in (5, 2):
        flow = raw.TensorArrayWriteV3(handle=handle, index=index, value=rows[0], flow_in=flow)
        our_flow = after("TensorArrayWriteV3", ours, index, Shape(4), our_flow)
        assert size_of(ours, our_flow) == Value.scalar(int(raw.TensorArraySizeV3(handle=handle, flow_in=flow)))
    flow = raw.TensorArrayScatterV3(handle=handle, indices=[7, 3], value=rows, flow_in=flow)
    our_flow = after("TensorArrayScatterV3", ours, [7, 3], Shape(2, 4), our_flow)
    assert size_of(ours, our_flow) == Value.scalar(int(raw.TensorArraySizeV3(handle=handle, flow_in=flow)))
    assert apply(RULES, "TensorArrayConcatV3", ours, our_flow).shapes == (Shape(32), Shape(8))


@pytest.mark.tensorflow
def test_a_split_array_that_may_grow_is_as_long_as_the_kernels() -> None:
    raw = tf.raw_ops
    handle, flow = raw.TensorArrayV3(size=0, dtype=tf.float32, dynamic_size=True)
    value = np.ones((6, 4), np.float32)
    flow = raw.TensorArraySplitV3(handle=handle, value=value, lengths=np.array([2, 2, 2]), flow_in=flow)
    ours, our_flow = growing()
    our_flow = after("TensorArraySplitV3", ours, Shape(6, 4), [2, 2, 2], our_flow)
    assert size_of(ours, our_flow) == Value.scalar(int(raw.TensorArraySizeV3(handle=handle, flow_in=flow)))


@pytest.mark.parametrize("version", VERSIONS)
def test_an_array_that_may_grow_has_an_open_size_where_an_index_is(version: str) -> None:
    handle, flow = growing(version)
    flow = after(f"TensorArrayWrite{version}", handle, Fact("int32", SCALAR), Shape(4), flow)
    assert size_of(handle, flow) == Value.scalar(None)
    fixed, flow = made(version, 3, PartialShape(None))
    assert after(f"TensorArrayWrite{version}", fixed, Fact("int32", SCALAR), Shape(4), flow).value is None
    assert size_of(fixed, flow) == Value.scalar(3)


def test_a_gradient_array_has_the_size_that_the_forward_array_has_by_then() -> None:
    handle, flow = growing()
    flow = after("TensorArrayWriteV3", handle, 4, Shape(2), flow)
    gradient, own_flow = apply(RULES, "TensorArrayGradV3", handle, flow).values
    assert size_of(Fact("resource", Shape(2), gradient), Fact("float32", SCALAR, own_flow)) == Value.scalar(5)
