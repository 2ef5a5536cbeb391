"""Whole texts, as users see them. Renewed, like every golden file, by: RENEW_GOLDEN=1 pytest tests/graphcost/render"""

from __future__ import annotations

import pytest
from golden import check
from sample_reports import perceptron, residual_net

from graphcost.render import GROUPINGS, csv, html, json, markdown, table
from graphcost.render.view import View

BOUND = {"perceptron": perceptron().bind(N=1), "residual": residual_net().bind(N=2, **{"tokens[1]": 128})}
REPORTS = {**BOUND, "residual-open": residual_net()}


@pytest.mark.parametrize("by", GROUPINGS)
@pytest.mark.parametrize("name", REPORTS)
def test_table(name: str, by: str) -> None:
    check(f"{name}-{by}.txt", table.render(REPORTS[name], View(by), width=100))


def test_narrow_table_of_open_formulas() -> None:
    check("residual-open-narrow.txt", table.render(REPORTS["residual-open"], View("node", top=8), width=80))


@pytest.mark.parametrize("by", GROUPINGS)
def test_csv(by: str) -> None:
    check(f"residual-open-{by}.csv", csv.render(REPORTS["residual-open"], View(by)))


@pytest.mark.parametrize("name", REPORTS)
def test_json(name: str) -> None:
    check(f"{name}.json", json.render(REPORTS[name]))


def test_markdown() -> None:
    check("residual.md", markdown.render(BOUND["residual"], View()))


def test_html() -> None:
    check("residual.html", html.render(BOUND["residual"]))
