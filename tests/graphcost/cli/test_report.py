"""`graphcost report`: its forms, where they go, and what it says beside them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest

from graphcost.cli import main
from graphcost.schema import report_schema

TRAIN = str(Path(__file__).resolve().parents[3] / "fixtures" / "train.pb")

MODEL = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: -1 } dim { size: 4 } } } } }
node { name: "a/Relu" op: "Relu" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "b/Tanh" op: "Tanh" input: "a/Relu" attr { key: "T" value { type: DT_FLOAT } } }
"""
ODD = 'node { name: "c/Odd" op: "OddOp" input: "b/Tanh" attr { key: "T" value { type: DT_FLOAT } } }\n'


def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, *options: str) -> tuple[int, str, str]:
    path = tmp_path / "model.pbtxt"
    path.write_text(text, encoding="utf-8")
    code = main(["report", str(path), *options])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_every_form_tells_the_same_total(capsys: pytest.CaptureFixture[str], tmp_path: Path, form: str) -> None:
    code, out, _ = run(capsys, tmp_path, MODEL, "--batch", "1000", "--format", form)
    assert code == 0
    if form == "json":
        assert json.loads(out)["total"]["flops"] == 8000
    elif form == "csv":
        assert sum(int(row["flops"]) for row in csv.DictReader(io.StringIO(out))) == 8000
    else:
        assert "8,000" in out


def test_rows_are_chosen(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def names(*options: str) -> list[str]:
        _, out, _ = run(capsys, tmp_path, MODEL, "--format", "csv", *options)
        return [row[0] for row in csv.reader(io.StringIO(out))][1:]

    assert sorted(names("--by", "op")) == ["Placeholder", "Relu", "Tanh"]
    assert sorted(names("--by", "node")) == ["a/Relu", "b/Tanh", "x"]
    assert len(names("--by", "node", "--top", "1")) == 1


def test_a_file_has_what_stdout_had(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, printed, _ = run(capsys, tmp_path, MODEL)
    target = tmp_path / "report.txt"
    assert run(capsys, tmp_path, MODEL, "-o", str(target)) == (0, "", "")
    assert target.read_text(encoding="utf-8") == printed


def test_strict_leaves_with_four_and_says_why(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = run(capsys, tmp_path, MODEL + ODD, "--strict")
    assert code == 4
    assert "FLOPs" in out
    assert err == "graphcost: incomplete: 1 nodes have no known cost, such as c/Odd (OddOp)\n"
    assert run(capsys, tmp_path, MODEL + ODD)[0] == run(capsys, tmp_path, MODEL, "--strict")[0] == 0


def test_a_batch_that_nothing_takes_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    fixed = MODEL.replace("size: -1", "size: 2")
    assert "--batch has no effect" in run(capsys, tmp_path, fixed, "--batch", "3")[2]
    assert run(capsys, tmp_path, MODEL, "--batch", "3")[2] == ""


RULES = """from fractions import Fraction
from graphcost import Cost, Rule, RuleSet, Shape


def cost(op):
    size = op.output().size
    return {cost}


RULES = RuleSet(Rule("Relu", cost=cost), Rule("Rotary", cost=cost))
"""


@pytest.mark.parametrize(
    ("cost", "place", "said"),
    [
        ("Cost(add=1.5)", 7, "a Cost takes whole numbers or sizes, not 1.5; use // or Fraction"),
        ("Cost(add=None)", 7, "a Cost takes whole numbers or sizes, not None"),
        (
            "Cost(add=size * 0.5)",
            7,
            "a size is multiplied with and added to what is exact, not 0.5; use // or Fraction",
        ),
        ("Cost(add=-1)", 5, "a cost of add = -1 is below zero"),
        ("exec('raise SystemExit(0)')", 7, "SystemExit: 0"),
        ("size.nothing", 7, "AttributeError: 'Expr' object has no attribute 'nothing'"),
        ("7", 5, "it gives 7, not a Cost"),
    ],
)
def test_a_rule_at_fault_is_one_line_and_no_success(
    cost: str, place: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "my_rules.py"
    path.write_text(RULES.format(cost=cost))
    for command in ("report", "dot", "explain"):
        assert main([command, TRAIN, "--rules", str(path)]) == 2
        assert capsys.readouterr().err == f"graphcost: error: my_rules.py:{place} in cost: {said}\n"
    assert main(["report", TRAIN, "--rules", str(path), "--format", "json", "--strict"]) == 4
    (uncosted,) = json.loads(capsys.readouterr().out)["uncosted"]
    assert (uncosted["node"], uncosted["status"]) == ("conv/Relu", "invalid")
    assert uncosted["reason"] == f"my_rules.py:{place} in cost: {said}"


def test_a_rule_that_refuses_a_node_is_not_at_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "my_rules.py"
    path.write_text(RULES.format(cost="(_ for _ in ()).throw(op.error('no'))"))
    assert main(["report", TRAIN, "--rules", str(path)]) == 0
    out, err = capsys.readouterr()
    assert "Relu x 1 (invalid: no)" in out
    assert err == ""


def test_a_share_of_a_size_is_a_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "my_rules.py"
    path.write_text(RULES.format(cost="Cost(add=Fraction(1, 3) * size)"))
    assert main(["report", TRAIN, "--rules", str(path), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (relu,) = (line for line in document["lines"] if line["node"] == "conv/Relu")
    assert (relu["flops"], relu["formula"]) == (342, "341*N + ceil(N/3)")
    jsonschema.validate(document, report_schema())
    assert document["rules"]["unmatched"] == [{"op": "Rotary", "owner": str(path)}]
