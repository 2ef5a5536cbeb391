"""What nobody foresaw: one line, with the file and the stage; the error itself for who calls the command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from model_files import RELU, encoded, write

from graphcost import analyze
from graphcost.cli import main
from graphcost.cli.guard import BUG, guarded
from graphcost.measure import assemble

FAULTY = """
import sys
import graphcost.evaluate.walk as walk
import graphcost.pipeline as pipeline

def broken(*_):
    raise KeyError("a line\\nand another")

walk.restored = broken
from graphcost.__main__ import run
run()
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write(tmp_path / "model.pb", encoded("GraphDef", RELU))


def faulty(model: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line, with a fault planted into the evaluation."""
    return subprocess.run(
        [sys.executable, "-c", FAULTY, "report", str(model)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_a_bug_is_one_line_that_says_which_file_and_what_stage(model: Path) -> None:
    done = faulty(model, GRAPHCOST_DEBUG="")

    assert (done.returncode, done.stdout) == (BUG, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"graphcost: error: {model}: evaluating failed with KeyError")
    assert "bug" in done.stderr
    assert "graphcost/evaluate/walk.py:" in done.stderr


def test_who_debugs_sees_the_traceback(model: Path) -> None:
    done = faulty(model, GRAPHCOST_DEBUG="1")

    assert done.returncode == BUG
    assert "Traceback" in done.stderr
    assert "in broken" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"graphcost: error: {model}: evaluating failed")


def test_without_the_guard_the_error_escapes(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise IndexError("no such thing")

    monkeypatch.setattr(assemble, "lines_of_one_run", broken)
    with pytest.raises(IndexError):
        main(["report", str(model)])
    with pytest.raises(IndexError):
        analyze(model)


def test_what_goes_well_is_left_as_it_is(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(main, ["report", str(model)]) == 0
    assert capsys.readouterr().err == ""


def test_a_command_without_a_model_names_none(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(argv: Sequence[str] | None) -> int:
        raise ValueError

    assert guarded(broken, ["ops"]) == BUG
    assert capsys.readouterr().err.startswith("graphcost: error: running failed with ValueError (graphcost/")
