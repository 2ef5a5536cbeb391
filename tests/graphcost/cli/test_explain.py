"""`graphcost explain` from arguments to exit code."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

from graphcost.cli import main

EVIL = "\\033[31m/=evil"
MODEL = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: -1 } dim { size: 4 } } } } }
node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "value" value { tensor {
  dtype: DT_FLOAT tensor_shape { dim { size: 4 } dim { size: 3 } } float_val: 0.5 } } } }
node { name: "dense/MatMul" op: "MatMul" input: "x" input: "w" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "EVIL" op: "Softmax" input: "dense/MatMul" attr { key: "T" value { type: DT_FLOAT } } }
""".replace("EVIL", EVIL)


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "model.pbtxt"
    path.write_text(MODEL)
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["explain", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_both_counts(capsys: pytest.CaptureFixture[str], model: str) -> None:
    code, out, err = run(capsys, model)
    assert (code, err) == (0, "")
    assert "not counted, the batch is unknown" in out
    assert "graphcost counts 37 FLOPs at N = 1" in out


def test_the_batch_and_the_shape(capsys: pytest.CaptureFixture[str], model: str) -> None:
    open_batch = json.loads(run(capsys, model, "--batch", "2", "--format", "json")[1])
    pinned = json.loads(run(capsys, model, "--shape", "x=2,4", "--format", "json")[1])
    assert (open_batch["theirs"], open_batch["graphcost"]) == (0, 74)
    assert (pinned["theirs"], pinned["graphcost"]) == (48 + 30, 74)


def test_one_node(capsys: pytest.CaptureFixture[str], model: str) -> None:
    code, out, _ = run(capsys, model, "dense/MatMul")
    assert code == 0
    assert "mac = 12*N = 12" in out


def test_a_node_that_doesnt_exist(capsys: pytest.CaptureFixture[str], model: str) -> None:
    code, out, err = run(capsys, model, "dense/MatMull")
    assert (code, out) == (2, "")
    assert "near it are dense/MatMul" in err


def test_outputs_with_names_choose_and_without_ask_why(capsys: pytest.CaptureFixture[str], model: str) -> None:
    assert "graphcost counts 24 FLOPs" in run(capsys, model, "--outputs", "dense/MatMul")[1]
    code, out, _ = run(capsys, model, "--outputs")
    assert code == 0
    assert "outputs  \\x1b[31m/=evil:" in out


def test_a_node_and_outputs_alone_dont_go_together(capsys: pytest.CaptureFixture[str], model: str) -> None:
    assert run(capsys, model, "x", "--outputs")[0] == 2


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
@pytest.mark.parametrize("asked", [[], ["--outputs"], ["dense/MatMul"], ["\x1b[31m/=evil"]])
def test_names_are_harmless_in_every_format(
    capsys: pytest.CaptureFixture[str], model: str, asked: list[str], form: str
) -> None:
    code, out, _ = run(capsys, model, *asked, "--format", form)
    assert code == 0
    assert "\x1b" not in out
    if form == "csv":
        assert all(not cell.startswith("=") for row in csv.reader(StringIO(out)) for cell in row)


def test_a_file_is_written(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    path = tmp_path / "why.json"
    assert run(capsys, model, "--format", "json", "-o", str(path)) == (0, "", "")
    assert json.loads(path.read_text())["tool"] == "tf.profiler"


def test_why_a_rewrite_did_not_match(capsys: pytest.CaptureFixture[str], model: str) -> None:
    rewrite = ("--rewrite", "fuse_conv_bias_activation")
    code, out, _ = run(capsys, model, "dense/MatMul", *rewrite, "--format", "json")
    assert code == 0
    (reason,) = json.loads(out)["not_rewritten"]
    assert reason["rewrite"] == "fuse_conv_bias_activation"
    assert reason["reason"].startswith("dense/MatMul is MatMul, not Relu")
    assert "not rewritten" in run(capsys, model, "dense/MatMul", *rewrite)[1]
    assert "not_rewritten" not in json.loads(run(capsys, model, "dense/MatMul", "--format", "json")[1])
