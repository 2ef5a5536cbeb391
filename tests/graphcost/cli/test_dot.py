"""`graphcost dot`: what is drawn, and where it goes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from graphcost.cli import main

MODEL = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: 2 } dim { size: 4 } } } } }
node { name: "c" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "value" value { tensor {
  dtype: DT_FLOAT tensor_shape { dim { size: 4 } } float_val: 0.5 } } } }
node { name: "in/side" op: "Identity" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "in/tanh" op: "Tanh" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "in/add" op: "AddV2" input: "in/side" input: "c" input: "^in/tanh"
  attr { key: "T" value { type: DT_FLOAT } } }
node { name: "spare" op: "Tanh" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
"""


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "model.pbtxt"
    path.write_text(MODEL, encoding="utf-8")
    return str(path)


def drawn(capsys: pytest.CaptureFixture[str], model: str, *options: str) -> str:
    assert main(["dot", model, "--outputs", "in/add", *options]) == 0
    return capsys.readouterr().out


def names(text: str) -> set[str]:
    """The nodes of a drawing."""
    return set(re.findall(r'\btooltip="([^"]*)"', text))


def test_the_graph_goes_to_stdout(capsys: pytest.CaptureFixture[str], model: str) -> None:
    text = drawn(capsys, model)
    assert text.startswith("digraph")
    assert names(text) == {"x", "in/tanh", "in/add"}


@pytest.mark.parametrize(
    ("option", "name"), [("--dropped", "spare"), ("--constants", "c"), ("--identities", "in/side")]
)
def test_what_is_left_out_can_be_shown(capsys: pytest.CaptureFixture[str], model: str, option: str, name: str) -> None:
    assert names(drawn(capsys, model, option)) == {"x", "in/tanh", "in/add", name}


def test_control_edges_are_dashed(capsys: pytest.CaptureFixture[str], model: str) -> None:
    assert [drawn(capsys, model, *options).count("style=dashed") for options in ([], ["--controls"])] == [0, 1]


def test_scopes_become_nodes(capsys: pytest.CaptureFixture[str], model: str) -> None:
    assert names(drawn(capsys, model, "--depth", "1")) == {"x", "in"}


def test_a_file_of_text(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.dot"
    assert drawn(capsys, model, "-o", str(path)) == ""
    assert path.read_text(encoding="utf-8").startswith("digraph")


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz")
def test_a_picture(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.SVG"
    assert drawn(capsys, model, "-o", str(path)) == ""
    assert "<svg" in path.read_text(encoding="utf-8")
