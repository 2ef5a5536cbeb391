from __future__ import annotations

import math
import time

import pytest

from graphcost import floor_div
from graphcost.dims import symbol
from graphcost_rules.scalars import (
    as_whole,
    both,
    either,
    exact_quotient,
    greater,
    is_equal,
    is_less,
    plus,
    plus_whole,
    stored,
    times,
    times_whole,
)

N = symbol("N")
ANY = symbol("v", least=None)


@pytest.mark.parametrize(
    ("item", "dtype", "expected"),
    [
        (0.1, "float64", 0.1),
        (0.1, "float32", 0.10000000149011612),
        (1 / 3, "float16", 0.333251953125),
        (1.5, "bfloat16", 1.5),
        (0.1, "bfloat16", None),
        (1e39, "float32", None),
        (1e39, "bfloat16", None),
        (3, "float32", 3.0),
        (math.inf, "float32", math.inf),
        (127, "int8", 127),
        (128, "int8", None),
        (-1, "uint8", None),
        (2**31, "int32", None),
        (2**31, "int64", 2**31),
        (2**63, None, None),
        (True, "bool", True),
        (N, "int32", N),
        (N, "float32", N),
        (None, "float32", None),
        (10**400, "float64", None),
    ],
)
def test_a_tensor_holds_what_its_dtype_can(item, dtype, expected):
    assert stored(item, dtype) == expected


def test_only_floats_without_a_fraction_are_whole():
    assert as_whole(2.0) == 2
    assert [as_whole(item) for item in (2.5, math.nan, math.inf, None)] == [None] * 4


def test_unknown_elements_stay_unknown():
    for function in (plus, times, plus_whole, greater, both):
        assert function(None, 2) is None


def test_order_does_not_show_in_whole_answers():
    assert plus_whole(2.0, 3.0) == 5
    assert plus_whole(0.5, 3.0) is None
    assert times_whole(N, 2.0) == 2 * N


def test_nan_is_the_greatest():
    assert math.isnan(greater(math.nan, 1.0))
    assert greater(1.0, 2.0) == 2.0


def test_a_comparison_holds_for_every_binding_or_is_unknown():
    assert is_less(0, N) is True
    assert is_less(N, 1) is False
    assert is_less(N, 2) is None
    assert is_less(ANY, ANY + 1) is True
    assert is_equal(N, N) is True
    assert is_equal(N, 0) is False
    assert is_equal(N, 1) is None


def test_one_operand_may_settle_logic():
    assert both(None, False) is False
    assert both(None, True) is None
    assert either(True, None) is True
    assert either(None, False) is None


def test_a_quotient_is_exact_or_unknown():
    assert exact_quotient(6 * N, 3) == 2 * N
    assert exact_quotient(N, 2) is None
    assert exact_quotient(N, 0) is None


def test_a_chain_of_squares_ends_unknown():
    for start in (N, 3, N + ANY):
        item = start
        for _ in range(60):
            item = times(item, item)
        assert item is None


def test_the_maximum_of_ever_more_formulas_ends_unknown():
    began = time.monotonic()
    item = N
    for divisor in range(2, 400):
        item = greater(item, floor_div(ANY, divisor))
    assert item is None
    assert time.monotonic() - began < 5
