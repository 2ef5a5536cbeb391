"""Models as they are written: their multiply-adds are those of a run, or their report says that they are open."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REALITY = Path(__file__).resolve().parents[2] / "shared" / "reality"

pytestmark = pytest.mark.shared

UNSOLVED: frozenset[str] = frozenset()
"""Cases that aren't right yet. What is solved leaves the list: a test says so."""


def cases() -> dict[str, Any]:
    path = REALITY / "truth.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def total(name: str, options: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "graphcost", "report", str(REALITY / name), "--format", "json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found: dict[str, Any] = json.loads(done.stdout)["total"] if done.returncode == 0 else {}
    return found


def is_right(name: str) -> bool:
    """Whether the total is complete and has the macs and parameters of a run; where none are known, is open."""
    case = cases()[name]
    found = total(name, case["options"])
    if not found:
        return False
    if case["macs"] is None or "should be open" in case.get("note", ""):
        return found["macs"] is None and not found["complete"]
    return bool(found["complete"]) and found["macs"] == case["macs"] and found["params"] == case["params"]


@pytest.mark.parametrize("name", [name for name in cases() if name not in UNSOLVED])
def test_what_is_solved_has_the_numbers_of_a_run(name: str) -> None:
    assert is_right(name), total(name, cases()[name]["options"])


@pytest.mark.parametrize("name", [name for name in cases() if name in UNSOLVED])
def test_what_is_not_solved_yet_is_listed_until_it_is(name: str) -> None:
    assert not is_right(name), f"{name} is right now: take it off the list"
