from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from graphcost.errors import UsageError
from graphcost.render.dot import graphviz

GRAPH = "digraph { a -> b }"


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz isn't installed")
@pytest.mark.parametrize(("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_picture_has_the_format_that_is_asked_for(form: str, start: bytes) -> None:
    assert graphviz.draw(GRAPH, form).startswith(start)


def test_without_graphviz_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphviz.shutil, "which", lambda _: None)
    with pytest.raises(UsageError, match="Graphviz isn't installed: install it"):
        graphviz.draw(GRAPH, "svg")


def test_the_picture_is_what_graphviz_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dot(tmp_path, "echo $1; cat", monkeypatch)
    assert graphviz.draw(GRAPH, "svg") == f"-Tsvg\n{GRAPH}".encode()


def fake_dot(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(graphviz.shutil, "which", lambda _: str(program))


def test_a_layout_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dot(tmp_path, "exec sleep 30", monkeypatch)
    with pytest.raises(UsageError, match="didn't finish in 0 s"):
        graphviz.draw(GRAPH, "svg", time_limit=0.2)


def test_a_failure_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dot(tmp_path, "cat >/dev/null; echo no fonts >&2; exit 1", monkeypatch)
    with pytest.raises(UsageError, match="Graphviz failed: no fonts"):
        graphviz.draw(GRAPH, "svg")
