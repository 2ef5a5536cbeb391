"""Which operands of an op are meant, by the names that TensorFlow gives its arguments."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from graphcost.loaders.opdefs import tensorflow_ops


def operands_called(names: Collection[str], op: str, operands: Sequence[int]) -> tuple[int, ...]:
    """The operands whose argument has one of the names; none of an op that TensorFlow doesn't know."""
    definition = tensorflow_ops().get(op)
    arguments = () if definition is None else definition.inputs
    pairs = zip(operands, arguments, strict=False)
    return tuple(operand for operand, argument in pairs if argument.name in names)
