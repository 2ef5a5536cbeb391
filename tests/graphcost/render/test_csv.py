from __future__ import annotations

import csv
import io

from sample_reports import line, make_report, perceptron, residual_net

from graphcost.ops.cost import Cost
from graphcost.render import GROUPINGS
from graphcost.render.csv import render
from graphcost.render.view import View


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_columns_add_up_to_the_total() -> None:
    report = residual_net().bind(N=2, **{"tokens[1]": 9})
    for by in GROUPINGS:
        rows = read(render(report, View(by)))
        assert sum(int(row["flops"]) for row in rows) == report.total.work.flops
        assert sum(int(row["params"]) for row in rows) == report.total.params


def test_an_open_quantity_is_empty_beside_its_formula() -> None:
    rows = {row["node"]: row for row in read(render(perceptron(), View("node")))}
    assert rows["dense/MatMul"]["flops"] == ""
    assert rows["dense/MatMul"]["formula"] == "640*N"
    assert rows["dense/MatMul"]["outputs"] == "Nx10"
    assert rows["x"] | {"flops": "0", "formula": "", "status": "free", "count": "1"} == rows["x"]


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    report = make_report(line("=cmd|' /C calc'!A0", op="@SUM(1)"), line("+1/-2", op="-3"))
    cells = [cell for row in csv.reader(io.StringIO(render(report, View("node")))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_separators_and_quotes_stay_inside_their_cell() -> None:
    report = make_report(line('a,"b"\nc', cost=Cost(add=1)))
    assert [row["node"] for row in read(render(report, View("node")))] == ['a,"b"\\nc']
