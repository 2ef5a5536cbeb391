"""Opening what the user names, and nothing else: regular files, mapped into memory where they are large."""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from graphcost.errors import LoadError
from graphcost.loaders.wire import Buffer

_LISTED = 1000
_MAPPED = 4 << 20
_PROTOBUF_LIMIT = 1 << 31


def find_file(path: Path) -> Path:
    """The file to open: `path` itself, or the saved_model.pb(txt) in a folder. Raises LoadError where there is none."""
    if not path.is_dir():
        return path
    for name in ("saved_model.pb", "saved_model.pbtxt"):
        if os.path.lexists(path / name):
            return path / name
    with os.scandir(path) as entries:
        names = {entry.name for entry in islice(entries, _LISTED)}
    raise LoadError(f"a folder without saved_model.pb or saved_model.pbtxt; {_advice(names)}")


def _advice(names: set[str]) -> str:
    metas = sorted(name for name in names if name.endswith(".meta"))
    for name in ("model.json", *metas[-1:], "graph.pbtxt"):
        if name in names:
            return f"give the {name} in it"
    return "give a SavedModel's folder or a model's file"


@contextmanager
def opened(path: Path) -> Iterator[Buffer]:
    """The content of a regular file.

    Raises LoadError for everything else (devices and pipes aren't opened), for an empty file, and for one above
    2 GiB, which no protobuf message can be.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise LoadError("no regular file; give the path of a model's file or of a SavedModel's folder")
    if status.st_size == 0:
        raise LoadError("an empty file; save or download the model again")
    if status.st_size >= _PROTOBUF_LIMIT:
        raise LoadError("larger than 2 GiB, which is protobuf's limit; save the weights apart, as a SavedModel does")
    with path.open("rb") as file:
        if status.st_size < _MAPPED:
            yield file.read()
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped
