"""Numbers for symbols: what follows from one for others, and which contradict each other."""

from __future__ import annotations

import pytest

from graphcost.dims import symbol
from graphcost.errors import UsageError
from graphcost.ops.sizes import Equality
from graphcost.report.bindings import check_equalities, implied

A, B, N = symbol("a[1]"), symbol("b[1]"), symbol("N")


def test_a_number_for_a_replaced_symbol_is_one_for_what_stands_for_it() -> None:
    assert implied({"b[1]": A}, {"b[1]": 3}) == {"b[1]": 3, "a[1]": 3}


def test_a_number_of_its_own_goes_first() -> None:
    assert implied({"b[1]": A}, {"b[1]": 3, "a[1]": 4}) == {"b[1]": 3, "a[1]": 4}


def test_from_a_formula_nothing_follows() -> None:
    assert implied({"b[1]": 2 * A}, {"b[1]": 6}) == {"b[1]": 6}
    assert implied({"b[1]": A}, {"N": 6}) == {"N": 6}


def test_a_replaced_symbol_may_not_be_another_number() -> None:
    with pytest.raises(UsageError, match=r"b\[1\]=3 contradicts b\[1\] = a\[1\] = 4"):
        check_equalities({"b[1]": A}, (), {"b[1]": 3, "a[1]": 4})
    with pytest.raises(UsageError, match=r"b\[1\]=3 contradicts b\[1\] = 2\*a\[1\] = 4"):
        check_equalities({"b[1]": 2 * A}, (), {"b[1]": 3, "a[1]": 2})
    check_equalities({"b[1]": A}, (), {"b[1]": 3})
    check_equalities({"b[1]": A}, (), {"a[1]": 3})
    check_equalities({"b[1]": 2 * A}, (), {"b[1]": 3})


def test_sizes_that_meet_must_be_equal() -> None:
    equality = Equality(A + 1, 2 * N, "sum")
    with pytest.raises(UsageError, match=r"at sum: 3 against 4"):
        check_equalities({}, [equality], {"a[1]": 2, "N": 2})
    check_equalities({}, [equality], {"a[1]": 3, "N": 2})
    check_equalities({}, [equality], {"a[1]": 2})
    check_equalities({}, [equality], {"N": 2})


def test_a_size_that_may_be_one_is_broadcast() -> None:
    equality = Equality(A, N, "sum", or_one=True)
    check_equalities({}, [equality], {"a[1]": 1, "N": 5})
    for left, right in ((2, 5), (5, 1)):
        with pytest.raises(UsageError):
            check_equalities({}, [equality], {"a[1]": left, "N": right})
    with pytest.raises(UsageError):
        check_equalities({}, [Equality(A, N, "sum")], {"a[1]": 1, "N": 5})


def test_equalities_hold_for_what_a_number_implies() -> None:
    with pytest.raises(UsageError):
        check_equalities({"b[1]": A}, [Equality(A, N, "sum")], {"b[1]": 2, "N": 3})
