"""The proof of a cost rule: a naive algorithm that counts itself gives TensorFlow's numbers and the rule's counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from counting import Tally
from hypothesis import given, settings
from kernel_oracle import Call, check_partial, hiding
from optional_tensorflow import HAS_TENSORFLOW, Unknown, need_tensorflow, tf
from single_op import make_op

from graphcost.dims import Shape, symbol
from graphcost.ir.literal import Value
from graphcost.ops.cost import Cost
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost.ops.rule import RuleSet

Tensors = Mapping[str, Any]
"""Arguments of a raw operation by name, in order: arrays, or a list of them for a list argument."""


def prove_count(
    rules: RuleSet,
    kind: str,
    tensors: Tensors,
    naive: Callable[..., Sequence[Any]],
    *,
    tolerance: float = 1e-4,
    specified: int | None = None,
    is_open: bool = True,
    **attrs: Any,
) -> None:
    """Fails unless three things hold.

    The outputs of `naive(tally, *arrays)` are the kernel's first ones; the rule's shapes are the kernel's and its
    cost is the tally; with a symbol for every size, the cost is a formula that gives the same numbers. Only the first
    `specified` shapes are compared, where the kernel doesn't keep to the shape function in the rest; without `is_open`
    there is no formula, since the cost has a logarithm. Without TensorFlow the shapes are held against those of the
    naive algorithm's outputs.
    """
    tally = Tally()
    outputs = kernel(kind, tensors, **attrs)
    ours = naive(tally, *flat(tensors))
    compare(tally, ours, outputs, tolerance)
    shapes, cost = ask(rules, kind, flat(tensors), attrs)
    assert not HAS_TENSORFLOW or len(shapes) == len(outputs)
    for shape, output in list(zip(shapes, outputs if HAS_TENSORFLOW else ours, strict=HAS_TENSORFLOW))[:specified]:
        assert shape is None or tuple(shape) == np.shape(output)
    tally.proves(kind, cost)
    if is_open:
        prove_symbolic(rules, kind, tensors, tally.cost, **attrs)


def prove_symbolic(rules: RuleSet, kind: str, tensors: Tensors, expected: Cost, **attrs: Any) -> None:
    """The cost with a symbol for every size of the floating inputs is a formula that gives the expected numbers."""
    arrays = flat(tensors)
    _, formula = ask(rules, kind, arrays, attrs, is_open=True)
    bound = formula.bind({f"d{size}": size for array in arrays for size in array.shape})
    assert bound == expected, f"{formula} is {bound}"


def prove_partial(rules: RuleSet, known: Call, examples: int = 20) -> None:
    """With a part of the call's inputs hidden, the rule knows every size that TensorFlow's shape function knows."""
    need_tensorflow()

    @settings(max_examples=examples, derandomize=True, deadline=None, database=None)
    @given(hiding(known))
    def run(partial: Call) -> None:
        check_partial(rules, partial)

    run()


def compare(tally: Tally, ours: Sequence[Any], outputs: Any, tolerance: float) -> None:
    """Fails unless the naive algorithm's outputs are the kernel's first ones, where these are known."""
    if isinstance(outputs, Unknown):
        tally.gives(ours, outputs)
        return
    for theirs, mine in zip(outputs[: len(ours)], ours, strict=True):
        tally.gives(mine, theirs, tolerance=tolerance)


def kernel(kind: str, tensors: Tensors, **attrs: Any) -> Any:
    """The arrays that TensorFlow's kernel computes; Unknown where there is no TensorFlow."""
    if not HAS_TENSORFLOW:
        return Unknown()
    # Of an array raw_ops would make a tensor of the dtype that the attribute has by default.
    given = {name: tf.constant(value) if isinstance(value, np.ndarray) else value for name, value in tensors.items()}
    outputs = getattr(tf.raw_ops, kind)(**given, **attrs)
    return [output.numpy() for output in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]


def ask(
    rules: RuleSet, kind: str, arrays: Sequence[np.ndarray], attrs: Mapping[str, Any], *, is_open: bool = False
) -> tuple[Sequence[Shape | None], Cost]:
    """The rule's shapes and cost, given integer tensors with their values, others with their shapes alone."""
    rule = rules.get(kind)
    assert rule is not None, f"no rule for {kind}"
    assert rule.shape is not None
    assert callable(rule.cost)
    op = make_op(kind, *(_fact(array, is_open) for array in arrays), **{k: _attr(v) for k, v in attrs.items()})
    shapes = rule.shape(op)
    return shapes, rule.cost(Op(op.node, op.inputs, [Fact("float32", shape) for shape in shapes]))


def floats(seed: int, *shape: int, least: float = -1.0, most: float = 1.0) -> np.ndarray:
    """Reproducible random numbers."""
    return np.random.default_rng(seed).uniform(least, most, shape).astype(np.float32)


def ints(*items: int) -> np.ndarray:
    return np.array(items, dtype=np.int32)


def flat(tensors: Tensors) -> list[np.ndarray]:
    """All arrays in order, lists taken apart."""
    return [np.asarray(a) for value in tensors.values() for a in (value if isinstance(value, list) else [value])]


def _fact(array: np.ndarray, is_open: bool) -> Fact:
    dtype = array.dtype.name
    if array.dtype.kind in "iu":
        return Fact(dtype, Shape(*array.shape), Value(array.shape, tuple(array.ravel().tolist())))
    if is_open:
        # One symbol for each size keeps what is equal equal; a 1 stays, since it may be broadcast.
        return Fact(dtype, Shape(*(symbol(f"d{size}") if size > 1 else size for size in array.shape)))
    return Fact(dtype, Shape(*array.shape))


def _attr(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value
