"""The pipeline: passes one after the other, seen and timed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from tiny_graph import tiny_graph, wiring

import graphcost.pipeline
from graphcost.ir.graph import Graph
from graphcost.passes.pipeline import PIPELINE, RAISING, Recorder, run_passes

TRAIN = Path(__file__).resolve().parents[3] / "fixtures" / "train.pb"


@dataclass(frozen=True, slots=True)
class Nothing:
    """The graph as it is."""

    name: ClassVar[str] = "nothing"

    def __call__(self, graph: Graph) -> Graph:
        return graph


def test_every_pass_has_a_name_and_says_what_it_does() -> None:
    names = [each.name for each in PIPELINE]
    assert names == ["prune", "raise_loops", "raise_conds", "fold"]
    assert all(type(each).__doc__ for each in PIPELINE)


def test_the_whole_pipeline() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=int32, shape=<>)
        c = Const(value=2)
        d = Neg(c, T=int32)
        y = Mul(x, d, T=int32)
        loss = Neg(y, T=int32)
        """,
        "y",
    )
    assert wiring(run_passes(graph, PIPELINE)) == [
        "x = Placeholder()", "c = Const()", "d = _Folded(c)", "y = Mul(x, d)",
    ]  # fmt: skip


def test_running_it_twice_changes_nothing() -> None:
    graph = tiny_graph("c = Const(value=2)\n d = Neg(c, T=int32)\n x = Placeholder(dtype=int32)\n y = Mul(x, d)", "y")
    once = run_passes(graph, PIPELINE)
    assert wiring(run_passes(once, PIPELINE)) == wiring(once)


def test_a_recorder_remembers_each_step() -> None:
    graph = tiny_graph("x = Placeholder()\n y = Neg(x)\n z = Abs(x)", "y")
    record = Recorder()
    record.note("load", graph)
    pruned = record("prune", graph, PIPELINE[0])
    assert [(step.name, step.graph) for step in record.steps] == [("load", graph), ("prune", pruned)]


@pytest.mark.parametrize("position", range(len(RAISING) + 1))
def test_another_pass_may_stand_anywhere(monkeypatch: pytest.MonkeyPatch, position: int) -> None:
    """What is dropped, and why, is what is dropped by pruning, whatever ran before."""
    expected = graphcost.pipeline.analyze(TRAIN)
    monkeypatch.setattr(graphcost.pipeline, "RAISING", (*RAISING[:position], Nothing(), *RAISING[position:]))
    assert graphcost.pipeline.analyze(TRAIN) == expected
