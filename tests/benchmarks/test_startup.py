"""The clock that tells where a report's time goes."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
from startup import Clock, package_of


def test_an_outer_stage_stands_still_while_an_inner_one_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0, 1, 3, 7, 15])
    monkeypatch.setattr(time, "process_time", lambda: next(ticks))
    clock = Clock()
    with clock.stage("outer"), clock.stage("inner"):
        pass
    assert clock.seconds == {"rest": 1, "outer": 2 + 8, "inner": 4}


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("graphcost.ir.node", "graphcost"),
        ("graphcost_rules.conv", "graphcost_rules"),
        ("google.protobuf", "google"),
        ("importlib.metadata", "stdlib"),
        ("_something_else", "others"),
    ],
)
def test_imports_are_told_apart_by_package(module: str, package: str) -> None:
    assert package_of(module) == package
