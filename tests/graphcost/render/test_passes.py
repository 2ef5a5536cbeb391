"""What each pass took and made, as a table and as JSON."""

from __future__ import annotations

import json

import pytest
from tiny_graph import tiny_graph

from graphcost.ir.graph import Graph
from graphcost.passes.pipeline import Step
from graphcost.render.passes import render


def graph(nodes: int, functions: int = 0) -> Graph:
    text = "\n".join(f"n{i} = NoOp()" for i in range(nodes))
    return tiny_graph(text, functions={f"f{i}": tiny_graph("") for i in range(functions)})


STEPS = (Step("load", graph(1200, 2), 0.0), Step("prune", graph(7, 2), 0.0123), Step("a_long_name", graph(5), 1.25))


def test_the_table_has_nodes_before_and_after_with_milliseconds() -> None:
    assert render(STEPS, "table").splitlines() == [
        "pass         nodes before  after  functions      ms",
        "load                       1,200          2     0.0",
        "prune               1,200      7          2    12.3",
        "a_long_name             7      5          0  1250.0",
    ]


def test_names_are_sanitized() -> None:
    assert r"\x1b" in render([Step("\x1b", graph(0), 0.0)], "table")


def test_json_has_seconds_and_null_before_the_first() -> None:
    text = render(STEPS, "json")
    assert json.loads(text) == {
        "passes": [
            {"pass": "load", "nodes_before": None, "nodes_after": 1200, "functions": 2, "seconds": 0.0},
            {"pass": "prune", "nodes_before": 1200, "nodes_after": 7, "functions": 2, "seconds": 0.0123},
            {"pass": "a_long_name", "nodes_before": 7, "nodes_after": 5, "functions": 0, "seconds": 1.25},
        ]
    }
    assert text.startswith('{\n  "passes": [\n    {\n')
    assert text.endswith("}\n")


@pytest.mark.parametrize("form", ["table", "json"])
def test_no_steps_are_no_rows(form: str) -> None:
    assert render([], form).count("\n") == (1 if form == "table" else 3)
