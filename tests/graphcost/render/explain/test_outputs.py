"""Why the outputs are what they are, in four formats."""

from __future__ import annotations

import json
from dataclasses import replace

from explaining import DENSE, analysed

from graphcost.ir.node import TensorRef
from graphcost.render.explain.outputs import render
from graphcost.roles.candidates import Candidate, Inferred


def inferred() -> Inferred:
    graph = analysed(DENSE, "out").graph
    second = tuple(Candidate(TensorRef("y", port), "it's earlier") for port in range(22))
    return Inferred(graph, (Candidate(TensorRef("out"), "nothing reads it"),), second, ("there is \x1b[31m doubt",))


def test_outputs_that_were_named() -> None:
    assert "outputs  out: named by --outputs" in render(analysed(DENSE, "out"), "table", 120)


def test_a_choice_with_what_came_second_and_doubts() -> None:
    text = render(replace(analysed(DENSE, "out"), inferred=inferred()), "table", 120)
    assert "outputs  out: nothing reads it\n" in text
    assert "second   y: it's earlier\n         y:1: it's earlier\n" in text
    assert "and 2 more\n" in text
    assert "doubts   there is \\x1b[31m doubt\n" in text


def test_json_has_all() -> None:
    found = json.loads(render(replace(analysed(DENSE, "out"), inferred=inferred()), "json", 120))
    assert found["outputs"] == [{"name": "out", "why": "nothing reads it"}]
    assert len(found["second"]) == 22


def test_markdown_and_csv() -> None:
    assert "- **outputs**: out: named by --outputs" in render(analysed(DENSE, "out"), "markdown", 120)
    assert render(analysed(DENSE, "out"), "csv", 120) == "what,text\noutputs,out: named by --outputs\n"
