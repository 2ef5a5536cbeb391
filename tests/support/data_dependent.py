"""The proof of a cost rule whose symbols only data can bind: TensorFlow's kernel tells the sizes, the test the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from counted import Tensors, ask, compare, flat, kernel
from counting import Tally
from optional_tensorflow import HAS_TENSORFLOW

from graphcost.dims import bind
from graphcost.ops.rule import RuleSet


def prove_opaque(
    rules: RuleSet,
    kind: str,
    tensors: Tensors,
    naive: Callable[..., Sequence[Any]],
    counts: Mapping[str, int] | None = None,
    *,
    tolerance: float = 1e-4,
    **attrs: Any,
) -> None:
    """As counted.prove_count(), once the symbols of output sizes are the kernel's and those of work are `counts`.

    The rule says why its work is open.
    """
    rule = rules.get(kind)
    assert rule is not None
    assert rule.opaque
    tally = Tally()
    outputs = kernel(kind, tensors, **attrs)
    ours = naive(tally, *flat(tensors))
    if HAS_TENSORFLOW:
        outputs = [part for output in outputs for part in (output if isinstance(output, list) else [output])]
    compare(tally, ours, outputs, tolerance)
    shapes, cost = ask(rules, kind, flat(tensors), attrs)
    assert not HAS_TENSORFLOW or len(shapes) == len(outputs)
    known = outputs if HAS_TENSORFLOW else ours
    bindings = {
        f"size(node:{port},{axis})": size
        for port, output in enumerate(known)
        for axis, size in enumerate(np.shape(output))
    }
    bindings |= {f"{what}(node)": count for what, count in (counts or {}).items()}
    for shape, output in zip(shapes, known, strict=HAS_TENSORFLOW):
        assert shape is None or tuple(bind(dim, bindings) for dim in shape) == np.shape(output)
    tally.proves(kind, cost.bind(bindings))


def merge_sorted(tally: Tally, items: Sequence[Any]) -> list[Any]:
    """Merge sort by passes over runs of doubling length, each closed by a sentinel: a comparison an item and pass."""
    runs = [[item] for item in items]
    while len(runs) > 1:
        pairs = [runs[i : i + 2] for i in range(0, len(runs), 2)]
        runs = [_merged(tally, *(pair if len(pair) == 2 else [pair[0], []])) for pair in pairs]
    return runs[0] if runs else []


def _merged(tally: Tally, left: list[Any], right: list[Any]) -> list[Any]:
    left, right, out = list(left), list(right), []
    while left or right:
        tally.counts["compare"] += 1
        takes_left = not right or (bool(left) and left[0] <= right[0])
        out.append((left if takes_left else right).pop(0))
    return out
