"""Lines added up: amounts, what of them is known, groups and their order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_reports import line

from graphcost.dims import symbol
from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.report.quantities import quantity_named
from graphcost.report.row import add_up, add_up_rows, by_cost, grouped

N = symbol("N")
FLOPS, PARAMS = quantity_named("flops"), quantity_named("params")
KNOWN = line("a/mul", "Mul", cost=Cost(mul=2 * N), params=3)
INTEGER = line("a/int", "Mul", integer=Cost(mul=7), params=4)
UNKNOWN = line("b/foo", "Foo", status=Status.NO_RULE)
FREE = line("c", "Identity")


def test_a_sum_has_every_quantity() -> None:
    row = add_up("all", [KNOWN, INTEGER, UNKNOWN, FREE])
    assert (row.name, row.nodes, row.uncosted) == ("all", 4, 1)
    assert (row.work.flops, row.work.int_ops) == (2 * N, 7)
    assert (row.params, row.param_bytes) == (7, 28)
    assert (row.amount(FLOPS), row.amount(PARAMS)) == (2 * N, 7)
    assert add_up("one", [KNOWN]).amount(PARAMS) == 3


def test_what_is_not_known_is_counted_by_quantity() -> None:
    unsized = replace(FREE, unsized=1)
    row = add_up("all", [KNOWN, UNKNOWN, unsized, unsized])
    assert (row.missing(FLOPS), row.missing(PARAMS)) == (1, 2)
    assert row.coverage == pytest.approx(3 / 4)
    assert row.coverage_of(PARAMS) == pytest.approx(2 / 4)


def test_an_amount_is_exact_where_all_is_known_and_bound() -> None:
    row = add_up("all", [KNOWN, FREE])
    assert not row.is_complete_in(FLOPS)
    assert row.bind({"N": 2}).is_complete_in(FLOPS)
    assert row.is_complete_in(PARAMS)
    assert not add_up("all", [INTEGER, UNKNOWN]).is_complete_in(FLOPS)


def test_nothing_is_covered_and_zero() -> None:
    row = add_up("none", [])
    assert (row.nodes, row.coverage, row.work.flops) == (0, 1.0, 0)
    assert (row.amount(PARAMS), row.amount(FLOPS)) == (0, 0)
    assert row.is_complete_in(FLOPS)


def test_numbers_are_filled_in() -> None:
    row = add_up("all", [KNOWN])
    assert row.symbols == {"N"}
    assert row.bind({"N": 5}).work.flops == 10
    assert row.bind({"N": 5}).symbols == frozenset()


def test_rows_add_up_to_the_row_of_all_their_lines() -> None:
    unsized = replace(FREE, unsized=1)
    lines = [KNOWN, INTEGER, UNKNOWN, unsized]
    rows = [add_up("first", lines[:1]), add_up("second", lines[1:])]
    assert add_up_rows("all", rows) == add_up("all", lines)


def test_groups_come_in_the_order_of_their_first_line() -> None:
    rows = grouped([UNKNOWN, KNOWN, FREE, INTEGER], lambda each: each.op)
    assert [(row.name, row.nodes) for row in rows] == [("Foo", 1), ("Mul", 2), ("Identity", 1)]


def test_open_formulas_come_first_and_then_the_most_expensive() -> None:
    costs = {"small": Cost(add=1), "open": Cost(add=N), "large": Cost(add=9), "none": Cost()}
    rows = [add_up(name, [line(name, cost=cost)]) for name, cost in costs.items()]
    rows.append(add_up("integer", [line("integer", integer=Cost(add=5))]))
    rows.append(add_up("open integer", [line("open integer", integer=Cost(add=N))]))
    order = [row.name for row in sorted(rows, key=by_cost)]
    assert order == ["open", "open integer", "large", "small", "integer", "none"]
