"""What a command reads, its output doesn't write over: the model, whatever name it goes by, and rule files."""

from __future__ import annotations

import argparse
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from graphcost.errors import OutputError

MOST_FILES = 10_000
"""So many files of a model's folder are looked at."""

OF_A_SAVED_MODEL = ("saved_model.pb", "saved_model.pbtxt", "fingerprint.pb", "keras_metadata.pb")
FOLDERS_OF_A_SAVED_MODEL = ("variables", "assets", "assets.extra")


def refuse_inputs(path: str, arguments: argparse.Namespace) -> None:
    """Raises OutputError where the file that is to be written is one that the arguments say to read.

    Links are followed: to the same file lead many names.
    """
    try:
        status = os.stat(path)
    except OSError:
        return
    if not stat.S_ISREG(status.st_mode):
        return
    for what, file in _inputs(arguments):
        if _is_same(file, status):
            raise OutputError(f"can't write {path}: it is {what}, which would be lost; give -o another name")


def _inputs(arguments: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    for option in ("model", "missing"):
        model = getattr(arguments, option, None)
        if model is not None:
            yield from (("a file of the model", file) for file in _files(Path(model)))
    for option, what in (("rules", "the rules' file"), ("rewrite", "the rewrites' file")):
        yield from ((what, Path(file)) for file in getattr(arguments, option, ()))


def _files(model: Path) -> Iterator[Path]:
    """The files of a model: a SavedModel's folder, or a file with the weights that belong to it."""
    if model.is_dir():
        yield from (model / name for name in OF_A_SAVED_MODEL)
        for name in FOLDERS_OF_A_SAVED_MODEL:
            yield from islice((model / name).rglob("*"), MOST_FILES)
        return
    if not model.is_file():
        return
    yield model
    if model.suffix == ".meta":
        of_the_checkpoint = (f"{model.stem}.index", f"{model.stem}.data-")
        beside = islice(model.parent.iterdir(), MOST_FILES)
        yield from (file for file in beside if file.name.startswith(of_the_checkpoint))
    elif model.suffix == ".json":
        yield from islice(model.parent.glob("*.bin"), MOST_FILES)


def _is_same(file: Path, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(file.stat(), status)
    except OSError:
        return False
