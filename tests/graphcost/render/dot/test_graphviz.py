from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from graphcost.errors import UsageError
from graphcost.render.dot import graphviz

GRAPH = "digraph { a -> b }"


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz isn't installed")
@pytest.mark.parametrize(("suffix", "start"), [(".svg", b"<?xml"), (".png", b"\x89PNG")])
def test_the_suffix_is_the_format(tmp_path: Path, suffix: str, start: bytes) -> None:
    graphviz.draw(GRAPH, tmp_path / f"graph{suffix}")
    assert (tmp_path / f"graph{suffix}").read_bytes().startswith(start)


def test_without_graphviz_the_text_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphviz.shutil, "which", lambda _: None)
    with pytest.raises(UsageError, match=r"Graphviz isn't installed: wrote .*graph\.dot instead; .*dot -Tsvg"):
        graphviz.draw(GRAPH, tmp_path / "graph.svg")
    assert (tmp_path / "graph.dot").read_text() == GRAPH


def fake_dot(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(graphviz.shutil, "which", lambda _: str(program))


def test_a_layout_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dot(tmp_path, "exec sleep 30", monkeypatch)
    with pytest.raises(UsageError, match=r"didn't finish in 0 s: wrote .*graph\.dot"):
        graphviz.draw(GRAPH, tmp_path / "graph.svg", time_limit=0.2)


def test_a_failure_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dot(tmp_path, "cat >/dev/null; echo no fonts >&2; exit 1", monkeypatch)
    with pytest.raises(UsageError, match="Graphviz failed: no fonts"):
        graphviz.draw(GRAPH, tmp_path / "graph.svg")
