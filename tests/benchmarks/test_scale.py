"""The graphs that scale.py measures: as many nodes as asked for, each analyzed whole or with a reason."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from graphcost import analyze

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
import scale


@pytest.mark.parametrize("name", scale.CASES)
def test_each_case_is_a_model_that_runs_whole(tmp_path: Path, name: str) -> None:
    report = analyze(scale.model(tmp_path, scale.CASES[name], 40))
    assert not report.uncosted
    assert 38 <= len(report.lines) <= 42
    assert name == "ConcatV2 with fresh open inputs" or report.formula.work.flops != 0


def test_a_measurement_is_made_in_a_process_of_its_own(tmp_path: Path) -> None:
    found = scale.measure(scale.model(tmp_path, scale.chain, 10), scale.ROOT)
    assert set(found) == {"seconds", "reading", "bytes"}
    assert found["seconds"] > 0
