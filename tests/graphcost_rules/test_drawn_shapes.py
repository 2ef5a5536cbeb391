"""Every operation that has a shape rule against TensorFlow's shape function, on calls that hypothesis draws.

Attributes and shapes are drawn so that they are legal; then a part of what is known of the inputs is left open. The
rule never contradicts TensorFlow's shape function, and never knows less. Of the ranks that it checks it refuses what
TensorFlow refuses, and most costs are formulas even where no rank is known.
"""

from __future__ import annotations

import re
from random import Random

import pytest

pytest.importorskip("tensorflow")

from blind_costs import blind_cost, read_blind_costs
from drawn_calls import Drawer, DrawnCall, hidden
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from node_defs import op_defs
from rank_checks import is_taken, read_checks, untold
from shape_deviations import DEVIATIONS
from shape_function import Dims, rule_shapes
from shape_hints import EXEMPT, HINTS, hint_of

from graphcost import Shape
from graphcost.evaluate.structural import HANDLERS
from graphcost_rules import RULES

pytestmark = pytest.mark.tensorflow

OPS = sorted(rule.op for rule in RULES if rule.shape and rule.op in op_defs() and rule.op not in HANDLERS)
EXAMPLES = 8
DRAWS = 5
CHECKS = read_checks()
BLIND_COSTS = read_blind_costs()


@pytest.mark.parametrize("kind", [op for op in OPS if op not in EXEMPT])
def test_a_rule_knows_what_the_shape_function_knows(kind: str) -> None:
    drawer = Drawer(kind, hint_of(kind), is_taken)

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=HealthCheck)
    @given(st.randoms(use_true_random=True))
    def compare(random: Random) -> None:
        whole = next(filter(None, (drawer.draw(random) for _ in range(DRAWS))), None)
        assert whole is not None, f"no call of {kind} was found that TensorFlow and the rule take: it needs a hint"
        for call in (whole, hidden(random, whole), hidden(random, whole)):
            check(call)
        assert not untold(whole, CHECKS.get(kind, frozenset()))
        assert kind not in BLIND_COSTS or blind_cost(whole) is not None

    compare()


def check(call: DrawnCall) -> None:
    known = call.shapes()
    if known is None:  # a few shape functions refuse what they can't see
        return
    ours = ask(call)
    assert len(ours) == len(known), call
    for port, (mine, theirs) in enumerate(zip(ours, known, strict=True)):
        if theirs is not None and not is_exempt(call, port):
            assert covers(mine, theirs), f"output {port} is {theirs}, not {mine}, of {call}"


def is_exempt(call: DrawnCall, port: int) -> bool:
    deviation = DEVIATIONS.get(call.kind)
    return deviation is not None and deviation.covers(call, port)


def covers(mine: Shape | None, theirs: Dims) -> bool:
    """Whether the rule's shape has every size that TensorFlow knows."""
    if mine is None or theirs is None or mine.rank != len(theirs):
        return False
    return all(size is None or size == dim for size, dim in zip(theirs, mine, strict=True))


def test_a_blind_cost_is_of_an_operation_with_a_shape_rule() -> None:
    assert set(OPS) >= BLIND_COSTS


@pytest.mark.parametrize("kind", CHECKS)
def test_a_checked_rank_is_of_an_operation_with_a_shape_rule(kind: str) -> None:
    assert kind in OPS


def ask(call: DrawnCall) -> list[Shape | None]:
    return rule_shapes(RULES, call.kind, call.inputs, call.lists, **call.attrs)


@pytest.mark.parametrize("pattern", HINTS)
def test_a_hint_is_of_an_operation_with_a_shape_rule(pattern: str) -> None:
    assert any(re.fullmatch(pattern, kind) for kind in OPS)


@pytest.mark.parametrize("table", [EXEMPT, DEVIATIONS])
def test_what_is_exempt_has_a_shape_rule(table: dict[str, object]) -> None:
    assert set(table) <= set(OPS)
