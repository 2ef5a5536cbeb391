"""Where text goes: data to stdout or a file, messages to stderr."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from graphcost.errors import UsageError
from graphcost.render.sanitize import TEXT_LIMIT, sanitize

MOST_WARNINGS = 10


def write(text: str, path: str | None = None) -> None:
    """Data, to stdout or to the file. Raises UsageError where the file can't be written."""
    if path is None:
        _print(text, sys.stdout)
        return
    try:
        Path(path).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror or error}") from error


def warn(message: str) -> None:
    """One line for people, to stderr."""
    _print(f"graphcost: {sanitize(message, TEXT_LIMIT)}\n", sys.stderr)


def warn_all(messages: Iterable[str]) -> None:
    """Each message on its line; the rest of many is only counted."""
    listed = list(messages)
    for message in listed[:MOST_WARNINGS]:
        warn(f"warning: {message}")
    if len(listed) > MOST_WARNINGS:
        warn(f"warning: {len(listed) - MOST_WARNINGS} more like these")


def has_colour() -> bool:
    """Whether stdout is a terminal that shows colours and nobody asked for none (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int | None:
    """The width of the terminal; None where stdout isn't one."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _print(text: str, stream: TextIO) -> None:
    """The stream's encoding may lack a character; that is no reason to fail."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
