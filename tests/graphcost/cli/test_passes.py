"""`graphcost passes`, and `dot --stop-after`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphcost.cli import main

ROOT = Path(__file__).resolve().parents[3]
LSTM = str(ROOT / "fixtures" / "lstm.pb")
NAMES = [
    "load", "check_recursion", "assign_shapes", "choose_outputs", "feed", "prune", "raise_loops", "raise_conds", "fold",
]  # fmt: skip


def passes(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["passes", LSTM, *arguments]) == 0
    return capsys.readouterr().out


def test_each_pass_takes_what_the_one_before_made(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(passes(capsys, "--format", "json"))["passes"]
    assert [row["pass"] for row in rows] == NAMES
    assert [row["nodes_before"] for row in rows] == [None, *(row["nodes_after"] for row in rows[:-1])]
    assert all(row["seconds"] >= 0 for row in rows)


def test_a_loop_becomes_two_functions(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["pass"]: row for row in json.loads(passes(capsys, "--format", "json"))["passes"]}
    assert (rows["prune"]["functions"], rows["raise_loops"]["functions"]) == (0, 2)
    assert rows["prune"]["nodes_after"] < rows["prune"]["nodes_before"]


def test_the_table_has_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    head, *lines = passes(capsys).splitlines()
    assert head.split() == ["pass", "nodes", "before", "after", "functions", "ms"]
    assert [line.split()[0] for line in lines] == NAMES
    assert {len(line) for line in lines} == {len(head)}


def test_a_graph_in_between_can_be_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dot", LSTM, "--stop-after", "prune", "--full"]) == 0
    before = capsys.readouterr().out
    assert main(["dot", LSTM, "--stop-after", "raise_loops", "--full"]) == 0
    after = capsys.readouterr().out
    assert r"\nEnter" in before
    assert r"\nWhile" not in before
    assert r"\nWhile" in after
    assert r"\nEnter" not in after


def test_a_pass_that_isnt_there_names_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dot", LSTM, "--stop-after", "pruning"]) == 2
    assert capsys.readouterr().err.strip() == (
        f"graphcost: error: there is no pass 'pruning'; the passes are {', '.join(NAMES)}"
    )
