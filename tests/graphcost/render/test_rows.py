from __future__ import annotations

from dataclasses import replace

from sample_reports import N, line, make_report, residual_net

from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.render.rows import READABLE_ROWS, flat, select
from graphcost.render.view import View
from graphcost.report import Report


def labels(report: Report, view: View) -> list[tuple[int, str]]:
    return [(entry.indent, entry.label) for entry in select(report, view).entries]


def chain(length: int, parts: int = 1) -> Report:
    return make_report(*(line("/".join([f"layer{i}"] * parts) + "/op", cost=Cost(add=i)) for i in range(length)))


def test_scopes_are_a_tree_in_the_order_of_the_model() -> None:
    report = make_report(
        line("b/x/one", cost=Cost(add=1)), line("b/y/two", cost=Cost(add=2)), line("a/three", cost=Cost(add=3))
    )
    assert labels(report, View()) == [(0, "b"), (1, "x"), (1, "y"), (0, "a")]


def test_a_scope_holds_the_work_of_its_parts_and_its_own() -> None:
    report = make_report(line("a/one", cost=Cost(add=1)), line("a/b/two", cost=Cost(add=2)))
    assert [entry.row.work.flops for entry in select(report, View()).entries] == [3, 2]


def test_a_scope_that_holds_one_scope_shares_its_row() -> None:
    report = make_report(line("a/b/c/one"), line("a/b/d/two"))
    assert labels(report, View()) == [(0, "a/b"), (1, "c"), (1, "d")]
    assert labels(report, View(depth=1)) == [(0, "a")]


def test_nodes_without_scope_have_a_row() -> None:
    assert labels(make_report(line("lonely")), View()) == [(0, "(no scope)")]


def test_depth_is_the_deepest_that_can_be_read() -> None:
    lines = [line(f"net/block{i}/unit{j}/op") for i in range(9) for j in range(9)]
    rows = select(make_report(*lines), View())
    assert [entry.label for entry in rows.entries] == ["net", *(f"block{i}" for i in range(9))]
    assert rows.cut == "cut at depth 2 of 3 (--depth 3 for more)"


def test_one_row_says_nothing_so_the_next_depth_is_shown() -> None:
    lines = [line(f"net/layer{i}/op", cost=Cost(add=i)) for i in range(1, 101)]
    rows = select(make_report(*lines), View())
    assert [entry.label for entry in rows.entries] == ["net", *(f"layer{i}" for i in range(72, 101))]
    assert rows.cut == f"the most expensive {READABLE_ROWS} of 101 scopes (--top 0 for all)"


def test_what_is_cut_of_the_outermost_scopes_is_added_up() -> None:
    rows = select(chain(100), View(top=3))
    assert [entry.label for entry in rows.entries] == ["layer97", "layer98", "layer99", "(97 others)"]
    assert rows.entries[-1].row.work.flops == sum(range(97))


def test_scopes_without_work_fold_into_the_one_around_them() -> None:
    report = make_report(
        line("a/constant/x"), line("a/dense/y", cost=Cost(add=5)), line("a/weights/z", params=3), line("a/unknown/u",
        status=Status.NO_RULE), line("b/x"), line("c/y/z"),
    )  # fmt: skip
    rows = [(entry.indent, entry.label, entry.row.nodes) for entry in select(report, View()).entries]
    assert rows == [(0, "a", 4), (1, "dense", 1), (1, "weights", 1), (1, "unknown", 1), (0, "(without work)", 2)]


def test_a_model_without_any_work_shows_its_scopes() -> None:
    assert labels(make_report(line("a/x"), line("b/y")), View()) == [(0, "a"), (0, "b")]


def test_ops_and_nodes_are_cut_after_the_dearest_and_still_add_up() -> None:
    report = residual_net().bind(N=1, **{"tokens[1]": 7})
    for by in ("op", "node"):
        rows = select(report, View(by, top=2))
        assert len(rows.entries) == 3
        assert sum(entry.row.work.flops for entry in rows.entries) == report.total.work.flops  # type: ignore[misc]
        assert select(report, View(by, top=0)).cut == ""


def test_flat_rows_do_not_overlap() -> None:
    report = residual_net().bind(N=1, **{"tokens[1]": 7})
    for view in (View("scope"), View("scope", depth=2), View("op"), View("node")):
        assert sum(entry.row.work.flops for entry in flat(report, view)) == report.total.work.flops  # type: ignore[misc]
    assert len(flat(report, View("node", top=4))) == 4


def test_uncosted_nodes_come_before_free_ones() -> None:
    report = make_report(
        line("free"), line("unknown", status=Status.NO_RULE), line("cheap", cost=Cost(add=N)).bind({"N": 1})
    )
    assert [entry.label for entry in select(report, View("node")).entries] == ["cheap", "unknown", "free"]


def test_open_formulas_come_before_any_number() -> None:
    lines = [line("small", cost=Cost(add=5)), line("open", cost=Cost(add=N)), line("vast", cost=Cost(add=10**9))]
    for view in (View("node"), View("op")):
        report = make_report(*(replace(each, op=each.node) for each in lines))
        assert [entry.label for entry in select(report, view).entries] == ["open", "vast", "small"]


def test_a_scope_of_thousands_of_parts_is_cut() -> None:
    rows = select(chain(3, parts=5000), View(depth=10_000))
    assert max(entry.indent for entry in rows.entries) < 30


def test_a_scope_with_most_of_the_work_is_opened_further() -> None:
    lines = [line(f"net/head{i}/part{j}/op", cost=Cost(add=1)) for i in range(4) for j in range(10)]
    lines += [line(f"net/body/layer{i}/op{j}/x", cost=Cost(add=100)) for i in range(12) for j in range(3)]
    rows = select(make_report(*lines), View())
    assert [entry.label for entry in rows.entries] == [
        "net",
        *(f"head{i}" for i in range(4)),
        "body",
        *(f"layer{i}" for i in range(12)),
    ]
