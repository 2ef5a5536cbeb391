"""Files beside TensorFlow's run of them, at two sizes each: how often what is watched runs, and what it multiplies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow")

from held_runs import held
from run_oracle import CannotRun

from graphcost.dims import symbols

pytestmark = pytest.mark.tensorflow

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
SHARED = Path(__file__).resolve().parents[2] / "shared"
SIZES = (1, 3)

EXACT = ("attention.pb", "lstm.pb", "lstm_saved_model", "mobilenet_v2.pb", "train.pb")
OPEN = ("loops.pb",)
"""Data chooses a branch, and ends one of its loops."""


def found(folder: str) -> list[str]:
    return sorted(path.name for path in (SHARED / folder).glob("*.pb"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", EXACT)
def test_a_fixture_costs_what_its_run_does(name: str, size: int) -> None:
    each = held(FIXTURES / name, size)
    assert each.is_known
    each.check()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", OPEN)
def test_what_data_decide_is_a_bound_or_open(name: str, size: int) -> None:
    each = held(FIXTURES / name, size)
    assert each.is_at_most
    assert symbols(each.report.total.work.flops)
    each.check_honest()


@pytest.mark.shared
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("name", found("zoo"))
def test_a_network_costs_what_its_run_does(name: str, size: int) -> None:
    each = held(SHARED / "zoo" / name, size)
    assert each.is_known
    each.check()


@pytest.mark.shared
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", found("reality"))
def test_a_real_case_costs_what_its_run_does_or_says_otherwise(name: str, size: int) -> None:
    options = outputs_of(json.loads((SHARED / "reality" / "truth.json").read_text())[name]["options"])
    try:
        each = held(SHARED / "reality" / name, size, **options)
    except CannotRun as error:
        pytest.skip(f"no session runs it: {str(error).splitlines()[0]}")
    each.check_honest()


def outputs_of(options: list[str]) -> dict[str, Any]:
    """The outputs that a case is asked for, if any."""
    return {"outputs": [options[options.index("--outputs") + 1]]} if "--outputs" in options else {}
