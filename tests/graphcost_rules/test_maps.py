"""TensorMaps against TensorFlow's shape functions."""

from __future__ import annotations

import pytest
from single_op import make_op

from graphcost import COMPUTES_NOTHING, COPIES, VIEW, Shape
from graphcost.ir.node import Node
from graphcost.ops.op import Op
from graphcost_rules.maps import RULES

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.tensorflow


def test_shapes_are_those_of_tensorflow() -> None:
    with tf.Graph().as_default():
        empty, key = tf.raw_ops.EmptyTensorMap(), tf.compat.v1.placeholder(tf.int32, ())
        inserted = tf.raw_ops.TensorMapInsert(input_handle=empty, key=key, value=tf.zeros([3]))
        made = {
            "TensorMapInsert": inserted,
            "EmptyTensorMap": empty,
            "TensorMapSize": tf.raw_ops.TensorMapSize(input_handle=inserted),
            "TensorMapHasKey": tf.raw_ops.TensorMapHasKey(input_handle=inserted, key=key),
            "TensorMapErase": tf.raw_ops.TensorMapErase(input_handle=inserted, key=key, value_dtype=tf.float32),
            "TensorMapLookup": tf.raw_ops.TensorMapLookup(input_handle=inserted, key=key, value_dtype=tf.float32),
        }
    for kind, tensor in made.items():
        rule = RULES.get(kind)
        assert rule is not None
        assert rule.shape is not None
        (shape,) = rule.shape(Op(Node("node", kind, (), attrs=make_op(kind).node.attrs)))
        assert rule.cost in (COMPUTES_NOTHING, COPIES, VIEW)
        assert shape is None or tensor.shape == tuple(shape)
        assert (tensor.shape.rank is None) or shape == Shape(*tensor.shape)
