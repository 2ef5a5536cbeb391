from __future__ import annotations

import json

import jsonschema
import pytest
from sample_reports import N, line, make_report, perceptron, residual_net

from graphcost.dims import Shape, symbol
from graphcost.ops.cost import Cost
from graphcost.render.json import render
from graphcost.report import Loop, Report
from graphcost.report.serialize import to_dict
from graphcost.schema import report_schema

HUGE = make_report(
    line("big", cost=Cost(mac=2**60), output=Shape(2**40, N)),
    line("vast", cost=Cost(add=2**20_000), output=Shape(2**20_000)),
)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(report_schema())


@pytest.mark.parametrize(
    "report",
    [perceptron(), perceptron().bind(N=1), residual_net(), residual_net().bind(N=2), HUGE, make_report()],
    ids=["open", "bound", "residual", "half bound", "huge", "empty"],
)
def test_reports_keep_to_the_schema(report: Report) -> None:
    jsonschema.validate(json.loads(render(report)), report_schema())


def test_the_schema_refuses_what_is_no_report() -> None:
    document = to_dict(perceptron())
    document["total"]["flops"] = "many"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, report_schema())


def test_totals_are_numbers_beside_formulas() -> None:
    total = to_dict(perceptron().bind(N=3))["total"]
    assert (total["flops"], total["macs"], total["params"], total["param_bytes"]) == (2094, 960, 330, 1320)
    assert total["formula"] == {"flops": "698*N", "macs": "320*N", "int_ops": "0", "int_macs": "0"}
    assert total["complete"] is True
    assert total["by_kind"]["transcendental"] == 30


def test_what_is_open_is_null_beside_its_formula() -> None:
    document = to_dict(perceptron())
    assert document["symbols"] == {"N": None}
    assert document["total"]["flops"] is None
    assert document["total"]["flops_formula"] == "698*N"
    assert document["lines"][1]["macs"] is None
    assert document["lines"][1]["macs_formula"] == "320*N"
    assert document["lines"][1]["outputs"] == [["N", 10]]


def test_bindings_reach_loops_and_what_was_dropped() -> None:
    document = to_dict(perceptron().bind(N=5))
    assert document["dropped"]["loss"] == {"nodes": 34, "flops": 15, "exact": False}
    loops = to_dict(residual_net().bind(**{"tokens[1]": 7}))["loops"]
    assert loops[0] == {"name": "net/rnn/while", "trips": 7, "from": "derived"}
    assert loops[1]["trips_formula"] == "trips(net/decode)"


def test_a_replaced_symbol_names_what_stands_for_it() -> None:
    assert to_dict(residual_net().bind(N=1))["symbols"] == {
        "N": 1,
        "tokens[1]": None,
        "mask[1]": {"equals": "tokens[1]"},
    }


def test_a_binding_of_a_replaced_symbol_counts_for_what_stands_for_it() -> None:
    report = make_report(
        line("loop", cost=Cost(add=symbol("a[1]"))),
        replaced={"b[1]": symbol("a[1]")},
        loops=(Loop("loop", symbol("a[1]"), "derived"),),
    ).bind(**{"b[1]": 4})
    assert to_dict(report)["total"]["flops"] == to_dict(report)["loops"][0]["trips"] == 4


def test_large_integers_have_their_digits_in_a_string_too() -> None:
    entry = json.loads(render(HUGE))["lines"][0]
    assert entry["flops"] == 2**61
    assert entry["flops_exact"] == str(2**61)
    assert "params_exact" not in entry


def test_integers_that_python_refuses_to_print_are_null() -> None:
    entry = json.loads(render(HUGE))["lines"][1]
    assert entry["flops"] is None
    assert entry["flops_formula"] == entry["formula"] == "(about 2^20001)"
    assert entry["outputs"] == [["(about 2^20001)"]]
