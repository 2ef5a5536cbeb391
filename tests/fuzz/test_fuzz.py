"""Broken files don't break graphcost; and the fuzzer would notice if they did."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import verdict
from fuzz import cases, made
from hostile_files import made_graph, mutated_bytes, mutated_graph
from model_files import RELU, encoded
from verdict import Fault, judge

from graphcost.loaders.descriptors import message_class
from graphcost.pipeline import Analysis

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SECONDS = float(os.environ.get("GRAPHCOST_FUZZ_SECONDS", "10"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "model.pb"
    file.write_bytes(encoded("GraphDef", RELU))
    return file


def test_broken_files_end_in_a_report_or_in_one_line() -> None:
    models = sorted(FIXTURES.glob("*.pb"))
    found = [(case.seed, case.kind, case.fault) for case in cases(1, SECONDS, models) if case.fault]
    assert not found, "python tests/fuzz/fuzz.py --seed SEED --keep FOLDER writes the file"


@pytest.mark.parametrize("seed", range(5))
def test_a_seed_makes_one_file(seed: int) -> None:
    contents = [encoded("GraphDef", RELU)]
    assert made(seed, contents) == made(seed, contents)


@pytest.mark.parametrize("change", [mutated_bytes, mutated_graph])
def test_a_change_changes(change: Callable[[Random, bytes], bytes]) -> None:
    content = encoded("GraphDef", RELU)
    assert sum(change(Random(seed), content) != content for seed in range(20)) > 10


def test_graphs_of_the_registry_have_all_sorts_of_operations() -> None:
    graphs = [message_class("GraphDef").FromString(made_graph(Random(seed))) for seed in range(50)]
    ops = {node.op for graph in graphs for node in graph.node}
    assert {"MatMul", "While"} <= ops
    assert len(ops) > 100
    assert any(node.input for graph in graphs for node in graph.node)


def test_a_good_model_has_no_fault(model: Path) -> None:
    judge(model, 5.0)


def test_a_deliberate_error_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "model.pb"
    file.write_bytes(b"no model")
    judge(file, 5.0)


def crashes(file: Path) -> Analysis:
    raise KeyError("x")


def hangs(file: Path) -> Analysis:
    while True:
        time.process_time()


def eats(file: Path) -> Analysis:
    raise MemoryError


@pytest.mark.parametrize(("broken", "told"), [(crashes, "KeyError"), (hangs, "no end after"), (eats, "memory")])
def test_a_crash_and_a_hang_are_faults(
    model: Path, monkeypatch: pytest.MonkeyPatch, broken: Callable[[Path], Analysis], told: str
) -> None:
    monkeypatch.setattr(verdict, "run_pipeline", broken)
    with pytest.raises(Fault, match=told):
        judge(model, 0.05)


def test_a_negative_amount_is_a_fault(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = verdict.run_pipeline(model)
    lines = (*right.report.lines, replace(right.report.lines[-1], params=-1))
    wrong = replace(right, report=replace(right.report, lines=lines))
    monkeypatch.setattr(verdict, "run_pipeline", lambda file: wrong)
    with pytest.raises(Fault, match="params of y: -1"):
        judge(model, 5.0)


@pytest.mark.parametrize("text", ["\x1b[31m", "a\x00b", "\u202e", "\x85"])
def test_what_a_terminal_would_obey_is_a_fault(text: str) -> None:
    with pytest.raises(Fault, match="printed"):
        verdict._check_text(f"fine\n{text}")
