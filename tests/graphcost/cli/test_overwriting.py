"""No output goes over what the command reads, by whatever name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from graphcost.cli import main

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
COMMANDS = ("report", "explain", "dot", "passes", "export")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copy(FIXTURES / "train.pb", tmp_path / "train.pb"))


def is_refused(path: Path, *arguments: str) -> bool:
    before = path.read_bytes()
    code = main([*arguments, "-o", str(path)])
    assert path.read_bytes() == before
    return code == 74


@pytest.mark.parametrize("command", COMMANDS)
def test_the_model_stays(command: str, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert is_refused(model, command, str(model))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"graphcost: error: can't write {model}: it is a file of the model, which would be lost; give -o another name\n"
    )


def test_so_does_the_one_that_lacks_rules(model: Path) -> None:
    assert is_refused(model, "ops", "--missing", str(model))


@pytest.mark.parametrize("link", [os.symlink, os.link])
@pytest.mark.parametrize("is_read", [True, False])
def test_links_lead_to_it(model: Path, tmp_path: Path, link: Callable[[Path, Path], None], is_read: bool) -> None:
    link(model, tmp_path / "link")
    written, read = (model, tmp_path / "link") if is_read else (tmp_path / "link", model)
    assert is_refused(written, "report", str(read))


def test_another_way_to_it_is_one(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    assert is_refused(Path("sub/../train.pb"), "report", str(model))


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index"])
def test_a_saved_model_is_all_its_files(name: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FIXTURES / "lstm_saved_model", tmp_path / "model"))
    assert is_refused(folder / name, "report", str(folder))


def test_what_else_lies_in_its_folder_is_nobodys(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FIXTURES / "lstm_saved_model", tmp_path / "model"))
    for _ in range(2):
        assert main(["report", str(folder), "-o", str(folder / "report.txt")]) == 0
    assert "FLOPs" in (folder / "report.txt").read_text()


@pytest.mark.parametrize(
    ("model", "weights"),
    [("net.ckpt-7.meta", "net.ckpt-7.data-00000-of-00001"), ("model.json", "group1-shard1of1.bin")],
)
def test_weights_beside_a_model_are_the_model_s(model: str, weights: str, tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "train.pb", tmp_path / model)
    (tmp_path / weights).write_bytes(b"weights")
    assert is_refused(tmp_path / weights, "report", str(tmp_path / model))


@pytest.mark.parametrize(
    ("option", "text", "what"),
    [
        ("--rules", "from graphcost import RuleSet\nRULES = RuleSet()\n", "the rules' file"),
        ("--rewrite", "from graphcost import RewriteSet\nREWRITES = RewriteSet()\n", "the rewrites' file"),
    ],
)
def test_so_do_rules(
    option: str, text: str, what: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    assert is_refused(path, "report", str(model), option, str(path))
    assert f"it is {what}, which would be lost" in capsys.readouterr().err


def test_nor_does_the_text_beside_a_picture(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    model = model.rename(tmp_path / "graph.dot")
    before = model.read_bytes()
    assert main(["dot", str(model), "-o", str(tmp_path / "graph.svg")]) == 74
    assert model.read_bytes() == before
    assert "it is a file of the model" in capsys.readouterr().err


def test_a_file_that_is_not_there_can_not_be_lost(model: Path, tmp_path: Path) -> None:
    assert main(["report", str(tmp_path / "absent.pb"), "-o", str(model)]) == 3
    assert main(["report", str(model), "-o", str(tmp_path / "new")]) == 0
