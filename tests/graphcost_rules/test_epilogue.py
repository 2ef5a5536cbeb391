"""The functions that fused kernels end with, one element at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from counting import Tally
from single_op import make_op

from graphcost import Cost, RuleError
from graphcost_rules.epilogue import activation, epilogue

SELU_SCALE, SELU_SCALE_ALPHA = 1.0507009873554805, 1.7580993408473766


def selu(tally: Tally, x: float) -> float:
    negative = tally.mul(SELU_SCALE_ALPHA, tally.sub(tally.call(math.exp, x), 1.0))
    positive = tally.mul(SELU_SCALE, x)
    return negative if tally.less(x, 0.0) else positive


def prelu(tally: Tally, x: float) -> float:
    scaled = tally.mul(x, 0.25)
    return scaled if tally.less(x, 0.0) else x


def swish(tally: Tally, x: float) -> float:
    return tally.mul(x, tally.call(lambda y: 1 / (1 + math.exp(-y)), x))


def hard_swish(tally: Tally, x: float) -> float:
    relu6 = tally.min(tally.max(tally.add(x, 3.0), 0.0), 6.0)
    return tally.mul(tally.mul(x, relu6), 1 / 6)


@pytest.mark.parametrize(
    ("name", "function", "at_minus_one"),
    [
        ("Selu", selu, -1.1113307),
        ("Prelu", prelu, -0.25),
        ("Swish", swish, -0.26894142),
        ("_MklSwish", swish, -0.26894142),
        ("_FusedHardSwish", hard_swish, -1 / 3),
    ],
)
def test_functions_cost_what_they_count(
    name: str, function: Callable[[Tally, float], float], at_minus_one: float
) -> None:
    tally = Tally()
    assert function(tally, -1.0) == pytest.approx(at_minus_one)
    assert activation(make_op("Fused"), name, 1) == tally.cost


def test_functions_add_up() -> None:
    op = make_op("Fused", fused_ops=[b"BiasAdd", b"FusedBatchNorm", b"Relu6"])
    assert epilogue(op, 100, 5) == Cost(add=100 + 100 + 10, mul=100 + 10, sqrt=5, compare=200)


def test_nothing_fused_costs_nothing() -> None:
    assert epilogue(make_op("Fused"), 100, 5) == Cost()


@pytest.mark.parametrize("fused_ops", [[b"Softmax"], [b""], [b"\xff"], [3], b"Relu", 7])
def test_what_is_not_known_is_refused(fused_ops: object) -> None:
    with pytest.raises(RuleError):
        epilogue(make_op("Fused", fused_ops=fused_ops), 100, 5)
