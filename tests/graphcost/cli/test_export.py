"""`graphcost export --stop-after`: the graph as a pass left it, as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphcost
from graphcost.cli import main
from graphcost.ir.stand_ins import INTERNAL

ROOT = Path(__file__).resolve().parents[3]
TRAIN = str(ROOT / "fixtures" / "train.pb")
LSTM = str(ROOT / "fixtures" / "lstm.pb")


def exported(model: str, folder: Path, *options: str) -> graphcost.Graph:
    path = folder / "part.pb"
    assert main(["export", model, "-o", str(path), *options]) == 0
    return graphcost.load(path).graph


def test_what_is_pruned_costs_what_the_model_did(tmp_path: Path) -> None:
    pruned = exported(TRAIN, tmp_path, "--stop-after", "prune")
    report = graphcost.analyze(TRAIN)
    assert len(pruned.nodes) == len(report.lines) < len(graphcost.load(TRAIN).graph.nodes)
    again = graphcost.analyze(tmp_path / "part.pb", outputs=[tensor.name for tensor in report.outputs])
    assert (again.formula.work, again.dropped) == (report.formula.work, {})


def test_the_file_has_tensorflow_s_operations_alone(tmp_path: Path) -> None:
    folded = exported(LSTM, tmp_path, "--stop-after", "fold")
    every = [folded, *folded.functions.values()]
    assert any(node.op == "While" for node in folded.nodes.values())
    assert {node.op for graph in every for node in graph.nodes.values()}.isdisjoint(INTERNAL)


def test_what_is_asked_of_the_whole_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", TRAIN, "-o", str(tmp_path / "x.pb"), "--outputs", "dense/logits"]) == 2
    assert "with --stop-after PASS" in capsys.readouterr().err
    assert not (tmp_path / "x.pb").exists()
