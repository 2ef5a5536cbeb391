"""Optimizer steps on TensorFlow 1's variables: what its shape functions know of the variable that is handed on."""

from __future__ import annotations

from typing import Any

import pytest
from node_defs import input_names
from optional_tensorflow import tensorflow_module, tf
from single_op import apply

from graphcost import Fact, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.optimizers import OPTIMIZERS, RESOURCES_ONLY, RULES, SPARSE, Optimizer

attr_value_pb2 = tensorflow_module("tensorflow.core.framework.attr_value_pb2")

SHAPED = [optimizer for optimizer in OPTIMIZERS if optimizer.name not in RESOURCES_ONLY]


@pytest.mark.tensorflow
@pytest.mark.parametrize("optimizer", SHAPED, ids=lambda optimizer: optimizer.name)
@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("known", [(None, 4), (7, None), None])
def test_old_steps_give_the_variable(optimizer: Optimizer, is_sparse: bool, known: Any) -> None:
    """What TensorFlow's shape function knows, from the variable or from a slot, is known."""
    if is_sparse and optimizer.name not in SPARSE:
        pytest.skip("there is no sparse step")
    kind = f"{'Sparse' if is_sparse else ''}Apply{optimizer.name}"
    names, shapes = input_names(kind), []
    grad = (3, 4) if is_sparse else (7, 4)
    for position, name in enumerate(names):
        variable = known if position == 0 else (7, 4) if position == 1 else None
        rest = grad if name in ("grad", "delta") else (3,) if name == "indices" else ()
        shapes.append(variable if position <= optimizer.slots else rest)
    facts = [Fact("float32", None if s is None else _opened(s, i)) for i, s in enumerate(shapes)]
    with tf.Graph().as_default() as graph, tf.compat.v1.variable_scope("v", use_resource=False):
        inputs = [_tensor(name, shapes[i], i <= optimizer.slots) for i, name in enumerate(names)]
        node = graph.create_op(kind, inputs, [tf.float32._as_ref], attrs=_attrs(kind))
    (theirs,) = node.outputs
    if theirs.shape.rank is None:
        return
    (ours,) = apply(RULES, kind, *facts).shapes
    assert ours is not None
    assert all(size in (None, dim) for size, dim in zip(theirs.shape, ours, strict=True))


def _attrs(kind: str) -> dict[str, Any]:
    attrs = {"T": attr_value_pb2.AttrValue(type=tf.float32.as_datatype_enum)}
    if kind.startswith("Sparse"):
        attrs["Tindices"] = attr_value_pb2.AttrValue(type=tf.int64.as_datatype_enum)
    return attrs


def _tensor(name: str, shape: Any, is_variable: bool) -> Any:
    if is_variable:
        return tf.raw_ops.VariableV2(shape=tf.TensorShape(shape), dtype=tf.float32)
    dtype = tf.int64 if name in ("global_step", "indices") else tf.float32
    return tf.compat.v1.placeholder(dtype, shape)


def _opened(shape: tuple[int | None, ...], index: int) -> Shape:
    return Shape(*(symbol(f"x{index}_{axis}") if size is None else size for axis, size in enumerate(shape)))


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(RuleError):
        apply(RULES, "ApplyGradientDescent", Shape(3), Shape(), Shape(4))
    with pytest.raises(RuleError):
        apply(RULES, "SparseApplyAdagrad", Shape(3, 4), Shape(3, 4), Shape(), Shape(2, 5), Shape(2))
    with pytest.raises(RuleError):
        apply(RULES, "ApplyMomentum", *[Shape(3)] * 2, Shape(), Shape(3), Shape(), use_nesterov=b"no")
