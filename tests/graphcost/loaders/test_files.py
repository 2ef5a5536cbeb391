"""Which file a path stands for, and which are opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphcost.errors import LoadError
from graphcost.loaders import files
from graphcost.loaders.files import find_file, opened


def test_a_file_is_itself_and_a_folder_its_saved_model(tmp_path: Path) -> None:
    assert find_file(tmp_path / "absent.pb") == tmp_path / "absent.pb"
    (tmp_path / "saved_model.pbtxt").touch()
    assert find_file(tmp_path) == tmp_path / "saved_model.pbtxt"
    (tmp_path / "saved_model.pb").touch()
    assert find_file(tmp_path) == tmp_path / "saved_model.pb"


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        ([], "give a SavedModel's folder or a model's file"),
        (["model.json", "a.meta"], "give the model.json in it"),
        (["ckpt-1.meta", "ckpt-2.meta", "graph.pbtxt"], "give the ckpt-2.meta in it"),
        (["graph.pbtxt", "checkpoint"], "give the graph.pbtxt in it"),
    ],
)
def test_a_folder_without_one_says_what_to_give(tmp_path: Path, names: list[str], advice: str) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(LoadError, match=advice):
        find_file(tmp_path)


def test_small_files_are_read_and_large_ones_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.pb"
    path.write_bytes(b"0123456789")
    with opened(path) as buffer:
        assert buffer == b"0123456789"
    monkeypatch.setattr(files, "_MAPPED", 10)
    with opened(path) as buffer:
        assert not isinstance(buffer, bytes)
        assert buffer[2:4] == b"23"


def test_what_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.pb"
    path.touch()
    with pytest.raises(LoadError, match="an empty file"), opened(path):
        pass
    path.write_bytes(b"01")
    monkeypatch.setattr(files, "_PROTOBUF_LIMIT", 2)
    with pytest.raises(LoadError, match="larger than 2 GiB"), opened(path):
        pass
    with pytest.raises(LoadError, match="no regular file"), opened(tmp_path):
        pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LoadError, match="no regular file"), opened(tmp_path / "pipe"):
        pass
