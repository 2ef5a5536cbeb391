"""Every operation that TensorFlow registers has a known state, and every rule is of an operation that somebody has."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Set
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from node_defs import op_defs
from optional_tensorflow import tensorflow_module

from graphcost import Free, Rule
from graphcost.catalog import sentence
from graphcost.evaluate.structural import HANDLERS
from graphcost.loaders.opdefs import tensorflow_ops
from graphcost_rules import RULES

LOWERED = frozenset(
    f"{ref}{kind}" for ref in ("", "Ref") for kind in ("Enter", "Exit", "Merge", "NextIteration", "Switch")
) | {"LoopCond"}
"""The control flow of TensorFlow 1, which passes raise into While and If before any rule is asked."""

TEST_ONLY = frozenset({"ConstructionFails"})
"""Operations of TensorFlow's tests for which it has no Python wrapper among the others."""


@cache
def registered() -> frozenset[str]:
    """The operations of the installed TensorFlow, less those that its own tests define."""
    test_ops = tensorflow_module("tensorflow.python.framework.test_ops")
    wrappers = Path(str(test_ops.__file__)).read_text(encoding="utf-8")
    tested = frozenset(re.findall(r'_apply_op_helper\(\s*"([^"]+)"', wrappers))
    return frozenset(op_defs()) - tested - TEST_ONLY


def states(names: Set[str]) -> Mapping[str, Set[str]]:
    """The operations in each state."""
    rules = RULES
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        is_structural = name in HANDLERS or name in LOWERED
        found["structural" if is_structural else _state(rules.get(name))].add(name)
    return found


def _state(rule: Rule | None) -> str:
    if rule is None or rule.cost is None:
        return "unknown"
    if isinstance(rule.cost, Free):
        return "free" if rule.cost.reason else "unknown"
    return "opaque" if rule.opaque else "costed"


@pytest.mark.tensorflow
def test_every_operation_has_a_state() -> None:
    found = states(registered())
    print({state: len(names) for state, names in sorted(found.items())})
    assert not sorted(found["unknown"])


def test_every_rule_is_of_an_operation_that_exists() -> None:
    """TensorFlow registers it, or the family says who else has it."""
    foreign = {rule.op: rule.family for rule in RULES if rule.op not in op_defs()}
    assert {op for op, family in foreign.items() if not elsewhere(family).get(op)} == set()


def elsewhere(family: str) -> Mapping[str, str]:
    """The operations of a family that TensorFlow doesn't register, with the software that has them."""
    found: Mapping[str, str] = getattr(import_module(f"graphcost_rules.{family}"), "ELSEWHERE", {})
    return found


def test_every_rule_has_a_shape() -> None:
    """Only an operation without outputs needs none."""
    definitions = ((rule, tensorflow_ops().get(rule.op)) for rule in RULES if rule.op not in HANDLERS)
    assert not [rule.op for rule, known in definitions if rule.shape is None and (known is None or known.outputs)]


@pytest.mark.tensorflow
@pytest.mark.parametrize("table", [LOWERED, TEST_ONLY])
def test_the_lists_are_of_operations_that_are_registered(table: Set[str]) -> None:
    assert registered() | TEST_ONLY >= table


def test_every_cost_says_its_algorithm() -> None:
    assert not [rule.op for rule in RULES if callable(rule.cost) and not sentence(rule.cost)]
