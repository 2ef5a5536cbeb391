"""The models of fixtures/, end to end: from the file to the text that users see.

Renew the golden reports by: RENEW_GOLDEN=1 pytest tests/test_fixtures.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from golden import check

from graphcost.ops.status import Status
from graphcost.pipeline import analyze
from graphcost.report import Report

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
GOLDEN = FIXTURES / "golden"
OPTIONS = {
    "train.pb": [],
    "train.pbtxt": ["--outputs", "dense/probabilities", "--by", "op"],
    "mobilenet_v2.pb": [],
    "lstm.pb": ["--bind", "tokens[1]=50"],
    "lstm_saved_model": [],
    "attention.pb": ["--shape", "image=?,?,48,8"],
    "custom_op.pbtxt": ["--by", "node"],
    "loops.pb": [],
}


def printed(*arguments: str) -> str:
    """What graphcost prints, run from the root of the repository, so that paths are the same everywhere."""
    command = [sys.executable, "-m", "graphcost", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fixture_report(name: str, folder: Path = FIXTURES) -> Report:
    return analyze(folder / name)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize(("form", "suffix"), [("table", "txt"), ("json", "json")])
def test_golden(name: str, form: str, suffix: str) -> None:
    text = printed("report", f"fixtures/{name}", *OPTIONS[name], "--format", form)
    check(f"{name}.{suffix}", text, GOLDEN)


def test_classifier_in_its_training_graph() -> None:
    """By hand, per image: 16 x 16 x 4 outputs of 25 taps, their bias and relu, 1024 x 10, its bias, softmax of 10."""
    report = fixture_report("train.pb").bind(N=1)
    assert report.total.work.macs == 25_600 + 10_240
    assert report.total.work.flops == 2 * (25_600 + 10_240) + 1_024 + 1_024 + 10 + (5 * 10 - 2)
    assert report.total.params == 5 * 5 * 4 + 4 + 1_024 * 10 + 10
    assert report.is_complete


def test_text_and_binary_agree() -> None:
    assert fixture_report("train.pb").lines == fixture_report("train.pbtxt").lines


def test_an_unknown_operation_makes_a_lower_bound() -> None:
    report = fixture_report("custom_op.pbtxt").bind(N=1)
    assert {line.node: line.status for line in report.uncosted} == {"rotary": Status.NO_RULE}
    assert str(report.total.work.macs) == "64*elements(projection:0)"
    assert not report.is_complete


def test_mobilenet_v2() -> None:
    """300.8 M multiply-adds and 3.5 M parameters, as its paper has it: https://arxiv.org/abs/1801.04381."""
    report = fixture_report("mobilenet_v2.pb").bind(N=1)
    assert report.total.work.macs == 300_774_272
    assert report.total.params == 3_538_984
    assert report.is_complete


@pytest.mark.parametrize("name", ["lstm.pb", "lstm_saved_model"])
@pytest.mark.parametrize("steps", [1, 50])
def test_lstm_counts_every_step(name: str, steps: int) -> None:
    """Four gates of 32 from 16 inputs and 32 states, each step, and one dense layer of 10 at the end."""
    report = fixture_report(name).bind(N=1, **{"tokens[1]": steps})
    assert report.total.work.macs == steps * 4 * 32 * (16 + 32) + 32 * 10
    assert report.total.params == 4 * 32 * (16 + 32 + 1) + 32 * 10 + 10
    assert report.is_complete


@pytest.mark.parametrize(("height", "width"), [(6, 6), (7, 4)])
def test_attention_is_quadratic_in_the_area(height: int, width: int) -> None:
    """A 3 x 3 convolution over the padded image, three projections, and two products over all pairs of positions."""
    report = fixture_report("attention.pb").bind(N=1, **{"image[1]": height, "image[2]": width})
    padded, area = (height + height % 2) * (width + width % 2), height * width
    assert report.total.work.macs == padded * 9 * 8 * 16 + 3 * area * 16 * 16 + 2 * area**2 * 16
    assert report.is_complete


def test_loops_count_what_runs() -> None:
    """Five times (10, 7, 4, 1) matmuls of 1 x 8 x 8, one more in the dearer branch, and a loop as long as data says."""
    report = fixture_report("loops.pb").bind(N=1)
    assert report.total.work.macs == (5 * 4 + 1) * 64
    assert report.total.work.symbols == {"trips(while_1)"}
    assert not report.is_complete
    assert [loop.trips for loop in report.bind(**{"trips(while_1)": 3}).loops if loop.source == "derived"] == [4, 5]


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fixtures")
    command = [sys.executable, str(FIXTURES / "make.py"), str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    return folder


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", OPTIONS)
def test_the_script_makes_these_models(name: str, remade: Path) -> None:
    assert summary(fixture_report(name, remade)) == summary(fixture_report(name))


def summary(report: Report) -> dict[str, Any]:
    """What a report says, less the names of nodes: TensorFlow numbers some of them differently each time."""
    lines = sorted((line.op, str(line.work), str(line.count), line.params) for line in report.lines)
    return {"lines": lines, "total": report.formula, "loops": [loop.trips for loop in report.loops]}
