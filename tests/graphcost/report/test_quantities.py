"""One table says what is counted: an entry in it is in every form of a report, and knows by itself what is complete."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from sample_reports import N, line, make_report, residual_net

import graphcost.schema
from graphcost.dims import Shape, symbol
from graphcost.errors import UsageError
from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.render import GROUPINGS, html, markdown, table
from graphcost.render import csv as csv_renderer
from graphcost.render.json import render as render_json
from graphcost.render.summary import summarize
from graphcost.render.view import View
from graphcost.report import QUANTITIES, Line, Quantity, Report, Unit
from graphcost.report.serialize import to_dict
from graphcost.schema import report_schema, with_quantities

SPILL = Quantity(
    "spill",
    "spilt",
    Unit.BYTES,
    of=lambda each: 0 if each.outputs[0] is None else 4 * each.outputs[0].size,
    is_settled=lambda each: each.outputs[0] is not None,
    title="bytes spilt",
)
"""A made-up quantity: known of lines of known shape, whether their arithmetic is or not."""

TABLE = (*QUANTITIES, SPILL)


def spilling(*lines: Line) -> Report:
    return make_report(
        *(
            lines
            or (
                line("a/x", cost=Cost(add=5 * N), output=Shape(N, 5)),
                line("a/y", status=Status.NO_RULE, output=Shape(256)),
                line("b/z", cost=Cost(mac=7), output=Shape(2, 3)),
            )
        ),
        quantities=TABLE,
    )


def test_a_new_entry_is_in_the_json() -> None:
    document = to_dict(spilling().bind(N=2))
    assert [entry["spill"] for entry in document["lines"]] == [40, 1024, 24]
    assert document["total"]["spill"] == 1088
    assert document["total"]["formula"]["spill"] == "20*N + 1048"
    still_open = to_dict(spilling())
    assert (still_open["lines"][0]["spill"], still_open["lines"][0]["spill_formula"]) == (None, "20*N")
    assert still_open["total"]["spill_formula"] == "20*N + 1048"


def test_a_new_entry_is_in_the_phases_of_a_training_step() -> None:
    lines = [replace(each, phase="forward") for each in spilling().lines]
    assert to_dict(spilling(*lines).bind(N=1))["phases"]["forward"]["spill"] == 20 + 1024 + 24


def test_a_new_entry_is_in_the_schema() -> None:
    document = json.loads(render_json(spilling()))
    jsonschema.validate(document, report_schema(TABLE))
    with pytest.raises(jsonschema.ValidationError, match="spill"):
        jsonschema.validate(document, report_schema())
    with pytest.raises(jsonschema.ValidationError, match="spill"):
        jsonschema.validate(to_dict(make_report(line("a"))), report_schema(TABLE))


@pytest.mark.parametrize("by", GROUPINGS)
def test_a_new_entry_is_in_the_csv_and_adds_up(by: str) -> None:
    report = spilling().bind(N=3)
    rows = list(csv.DictReader(io.StringIO(csv_renderer.render(report, View(by)))))
    assert sum(int(row["spill"]) for row in rows) == 60 + 1024 + 24 == report.total.amount(SPILL)


def test_a_new_entry_has_a_column_and_a_sentence() -> None:
    report = spilling().bind(N=1)
    for text in (table.render(report, View()), markdown.render(report, View()), html.render(report)):
        assert "spilt" in text
        assert "1.04 KiB" in text
        assert "1,068 (1.04 KiB)" in text
    assert {fact.heading: fact.text for fact in summarize(report)}["bytes spilt"] == "1,068 (1.04 KiB)"


def test_a_new_entry_opens_a_report_and_closes_with_it() -> None:
    report = make_report(line("a", output=Shape(symbol("t"))), quantities=TABLE)
    assert report.symbols == ("t",)
    assert report.is_complete
    assert not report.is_complete_in("spill")
    assert "t: the total is a formula" in {fact.heading: fact.text for fact in summarize(report)}["open"]
    assert report.bind(t=3).is_complete_in("spill")


def test_each_quantity_is_complete_by_itself() -> None:
    report = spilling(
        line("x", cost=Cost(add=5), output=None, params=3),
        line("y", status=Status.NO_RULE, output=Shape(4)),
        line("z", cost=Cost(add=1), output=Shape(4)),
    )
    assert (report.is_complete, report.coverage) == (False, pytest.approx(2 / 3))
    assert (report.is_complete_in("macs"), report.coverage_of("macs")) == (False, pytest.approx(2 / 3))
    assert (report.is_complete_in("params"), report.coverage_of("params")) == (True, 1.0)
    assert (report.is_complete_in("spill"), report.coverage_of("spill")) == (False, pytest.approx(2 / 3))
    known = spilling(*report.lines[1:])
    assert (known.is_complete_in("flops"), known.is_complete_in("spill")) == (False, True)
    rows = [[cell.strip() for cell in row.split("|")] for row in markdown.render(report, View("node")).split("\n")]
    shown = {row[1]: (row[4], row[-2]) for row in rows if len(row) > 4}
    assert shown["x"] == ("5", "?")
    assert shown["y"] == ("no rule", "16 B")
    assert shown["total"] == ("≥ 6", "≥ 32 B")
    assert {fact.heading: fact.text for fact in summarize(report)}["bytes spilt"] == "at least 32 (32 B)"


def test_weights_of_unknown_size_make_parameters_a_lower_bound() -> None:
    report = make_report(replace(line("v", params=7), unsized=1), line("w", params=2))
    assert report.is_complete
    assert not report.is_complete_in("params")
    assert report.coverage_of("param_bytes") == 0.5
    assert {fact.heading: fact.text for fact in summarize(report)}["parameters"] == "at least 9 (36 B)"


def test_a_quantity_that_isnt_counted_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="no quantity 'watts': it has flops, macs"):
        residual_net().coverage_of("watts")


def test_names_are_unique_and_refer_to_each_other() -> None:
    names = [quantity.name for quantity in QUANTITIES]
    assert len(set(names)) == len(names)
    assert {q.beside for q in QUANTITIES} | {q.minor_to for q in QUANTITIES} <= {"", *names}


def test_quantities_read_off_the_work_are_those_of_the_line() -> None:
    """A sum is read off the sum of the work, so both ways must agree."""
    report = residual_net()
    for quantity in QUANTITIES:
        total = sum((quantity.of(each) for each in report.lines), start=0)
        assert report.formula.amount(quantity) == total


def test_the_file_of_the_schema_has_every_quantity_of_the_table() -> None:
    """RENEW_GOLDEN=1 writes it anew."""
    path = Path(graphcost.schema.__file__).with_name("report.schema.json")
    written = json.loads(path.read_text("utf-8"))
    if os.environ.get("RENEW_GOLDEN"):
        path.write_text(json.dumps(with_quantities(written, QUANTITIES), indent=2) + "\n", "utf-8")
    assert with_quantities(written, QUANTITIES) == written
