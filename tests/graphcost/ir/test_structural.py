"""The operations that carry bodies, against TensorFlow's definitions of them."""

from __future__ import annotations

import pytest

from graphcost.evaluate.structural import HANDLERS
from graphcost.ir.structural import BRANCHES, CALLS, LOOPS, RETURNS
from graphcost.loaders.opdefs import tensorflow_ops


@pytest.mark.parametrize("op", sorted(BRANCHES | CALLS | LOOPS))
def test_what_carries_bodies_is_known_to_tensorflow_and_evaluated(op: str) -> None:
    assert op in tensorflow_ops()
    assert op in HANDLERS


def test_an_operation_is_one_of_them_only() -> None:
    groups = (BRANCHES, LOOPS, CALLS, RETURNS)
    assert len(frozenset().union(*groups)) == sum(map(len, groups))


def test_what_can_be_without_state_is_there_both_ways() -> None:
    for op in ("If", "Case"):
        assert {op, f"Stateless{op}"} <= BRANCHES
    assert {"While", "StatelessWhile"} <= LOOPS
    assert {"PartitionedCall", "StatefulPartitionedCall"} <= CALLS
