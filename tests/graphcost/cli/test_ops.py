"""`graphcost ops`: the list, its filters, and what a model has beyond it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphcost.cli import main

ODD = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
node { name: "a" op: "OddOp" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "b" op: "RareOp" input: "a" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "c" op: "OddOp" input: "b" attr { key: "T" value { type: DT_FLOAT } } }
"""


def run(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    code = main(["ops", *options])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_family(capsys: pytest.CaptureFixture[str]) -> None:
    records = json.loads(run(capsys, "--family", "bias,softmax", "--format", "json")[1])
    assert {record["family"] for record in records} == {"bias", "softmax"}
    assert {"BiasAdd", "Softmax"} <= {record["op"] for record in records}
    assert all(record["algorithm"] for record in records if record["state"] == "costed")


def test_states(capsys: pytest.CaptureFixture[str]) -> None:
    records = json.loads(run(capsys, "--state", "opaque", "--format", "json")[1])
    assert records
    assert all(record["state"] == "opaque" and record["reason"] for record in records)


def test_a_summary_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    *states, whole = json.loads(run(capsys, "--summary", "--format", "json")[1])
    assert whole["state"] == "all"
    kinds = [record for record in states if record["state"].startswith("free: ")]
    (free,) = (record for record in states if record["state"] == "free")
    assert sum(record["ops"] for record in kinds) == free["ops"]
    assert sum(record["ops"] for record in states if record not in kinds) == whole["ops"] > 1000


def test_columns_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    first, *rows = run(capsys, "--family", "bias")[1].splitlines()
    place = first.index("state")
    assert {row[place - 1] for row in rows} == {" "}
    assert all(row[place:].startswith("costed") for row in rows)


def test_a_table_for_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, "--family", "bias", "--format", "markdown")[1].splitlines()
    assert lines[:2] == ["| op | state | family | about |", "| :-- | :-- | :-- | :-- |"]
    assert lines[2].startswith("| BiasAdd | costed | bias | ")


@pytest.mark.parametrize(("option", "what"), [("--state", "state"), ("--family", "family")])
def test_a_name_that_nothing_has(capsys: pytest.CaptureFixture[str], option: str, what: str) -> None:
    code, out, err = run(capsys, option, "dear")
    assert (code, out) == (2, "")
    assert err.startswith(f"graphcost: error: no {what} is named 'dear': it is one of ")


def test_nothing_is_said_to_be_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--family", "bias", "--state", "opaque")[1].startswith("none: ")
    assert run(capsys, "--family", "bias", "--state", "opaque", "--format", "json")[1] == "[]\n"


def test_what_a_model_has_beyond_the_rules(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path, rules = tmp_path / "odd.pbtxt", tmp_path / "rules.py"
    path.write_text(ODD, encoding="utf-8")
    records = json.loads(run(capsys, "--missing", str(path), "--format", "json")[1])
    assert records == [{"op": "OddOp", "nodes": 2, "first": "a"}, {"op": "RareOp", "nodes": 1, "first": "b"}]
    rules.write_text(
        "from graphcost import FREE, Rule, RuleSet\n"
        "RULES = RuleSet(Rule('OddOp', cost=FREE), Rule('RareOp', cost=FREE))\n"
    )
    assert run(capsys, "--missing", str(path), "--rules", str(rules))[1] == "none: every operation has a rule\n"
    assert run(capsys, "--missing", str(path), "--state", "free")[0] == 2


def test_a_file_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "ops.json"
    assert run(capsys, "--family", "bias", "--format", "json", "-o", str(path)) == (0, "", "")
    assert len(json.loads(path.read_text(encoding="utf-8"))) >= 3
