"""What TensorFlow's shape function knows of operations whose kernels can't be run, or not on numpy's arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optional_tensorflow import need_tensorflow, tf
from single_op import make_op

from graphcost.dims import Dim, Shape, symbol
from graphcost.errors import ShapeUnknown
from graphcost.ir.literal import Value
from graphcost.ops.fact import Fact
from graphcost.ops.rule import RuleSet

Operand = tuple[Any, tuple[int | None, ...] | None] | list[int] | int
"""A tensor's dtype and its shape, None for what isn't known of it, or an int32 tensor with known elements."""

Operands = Mapping[str, Operand | list[Operand]]
"""By argument, in order; a list of operands for a list argument, whose length is the attribute N."""


def assert_knows_as_much(rules: RuleSet, kind: str, operands: Operands, **attrs: Any) -> None:
    """Fails where TensorFlow's shape function knows a size that the rule doesn't, or another one."""
    need_tensorflow()
    rule = rules.get(kind)
    assert rule is not None
    assert rule.shape is not None
    given = {name: _attr(value) for name, value in attrs.items()}
    for operand in operands.values():
        if isinstance(operand, list) and _is_list(operand):
            given["N"] = len(operand)
    op = make_op(kind, *_facts(operands), **given)
    theirs = _infer(kind, operands, attrs)
    try:
        ours = list(rule.shape(op))
    except ShapeUnknown:
        ours = [None] * len(theirs)
    assert len(ours) == len(theirs)
    for mine, inferred in zip(ours, theirs, strict=True):
        if inferred.rank is None:
            continue
        assert mine is not None, f"TensorFlow knows {inferred} of {theirs}"
        assert mine.rank == inferred.rank, (ours, theirs)
        assert all(size in (None, dim) for size, dim in zip(inferred, mine, strict=True)), (ours, theirs)


def _infer(kind: str, operands: Operands, attrs: Mapping[str, Any]) -> list[Any]:
    with tf.Graph().as_default():
        inputs = {
            name: [_tensor(item) for item in operand] if _is_list(operand) else _tensor(operand)
            for name, operand in operands.items()
        }
        outputs = getattr(tf.raw_ops, kind)(**inputs, **attrs)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    flat = [tensor for output in outputs for tensor in (output if isinstance(output, list) else [output])]
    return [tensor.shape for tensor in flat]


def _is_list(operand: Any) -> bool:
    return isinstance(operand, list) and bool(operand) and not isinstance(operand[0], int)


def _tensor(operand: Any) -> Any:
    if isinstance(operand, tuple):
        return tf.compat.v1.placeholder(operand[0], operand[1])
    return tf.constant(operand, tf.int32)


def _facts(operands: Operands) -> Iterator[Fact]:
    flat = [item for operand in operands.values() for item in (operand if _is_list(operand) else [operand])]
    return (_fact(index, operand) for index, operand in enumerate(flat))


def _fact(index: int, operand: Any) -> Fact:
    if isinstance(operand, tuple):
        dtype = tf.as_dtype(operand[0]).name
        return Fact(dtype, None if operand[1] is None else Shape(*_opened(index, operand[1])))
    value = Value.scalar(operand) if isinstance(operand, int) else Value.vector(operand)
    return Fact("int32", Shape(*value.shape), value)


def _opened(index: int, shape: tuple[int | None, ...]) -> list[Dim]:
    return [symbol(f"x{index}_{axis}") if size is None else size for axis, size in enumerate(shape)]


def _attr(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode()
    return value.name if isinstance(value, tf.DType) else value
