"""Where text goes: data to stdout or a file, messages to stderr."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import TextIO

from graphcost.errors import OutputError
from graphcost.render.sanitize import TEXT_LIMIT, sanitize

MOST_WARNINGS = 10


def write(text: str, path: str | None = None) -> None:
    """Data, to stdout or to the file. Raises OutputError where not all of it can be written."""
    if path is not None:
        write_bytes(text.encode("utf-8", "backslashreplace"), path)
        return
    with _told("stdout", sys.stdout) as stream:
        _print(text, stream)


def write_bytes(content: bytes, path: str | None = None) -> None:
    """The same of what is no text."""
    if path is not None:
        from graphcost.cli.output_file import write_file

        write_file(path, content)
        return
    with _told("stdout", sys.stdout) as stream:
        _put(content, stream)


def warn(message: str) -> None:
    """One line for people, to stderr, unless that is closed. Raises OutputError where it can't be written."""
    if sys.stderr is not None:
        with _told("stderr", sys.stderr) as stream:
            _print(f"graphcost: {sanitize(message, TEXT_LIMIT)}\n", stream)


def warn_all(messages: Iterable[str]) -> None:
    """Each message on its line; the rest of many is only counted."""
    listed = list(messages)
    for message in listed[:MOST_WARNINGS]:
        warn(f"warning: {message}")
    if len(listed) > MOST_WARNINGS:
        warn(f"warning: {len(listed) - MOST_WARNINGS} more like these")


def complain(error: Exception) -> None:
    """The last line before an exit code. Where nobody can read it, the code alone has to say it."""
    with suppress(OutputError, BrokenPipeError):
        warn(f"error: {error}")


def flush() -> None:
    """What others printed to stdout. Raises OutputError where not all of it can be written."""
    if sys.stdout is not None:
        with _told("stdout", sys.stdout) as stream:
            stream.flush()


def has_colour() -> bool:
    """Whether stdout is a terminal that shows colours and nobody asked for none (https://no-color.org)."""
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int | None:
    """The width of the terminal; None where stdout isn't one."""
    return shutil.get_terminal_size().columns if is_terminal() else None


def is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _print(text: str, stream: TextIO) -> None:
    """The stream's encoding may lack a character; that is no reason to fail."""
    encoding = stream.encoding or "utf-8"
    content = text.encode(encoding, "backslashreplace")
    if isinstance(stream, TextIOWrapper):
        _put(content, stream)
    else:
        stream.write(content.decode(encoding))


def _put(content: bytes, stream: TextIO) -> None:
    """Past the stream's buffers: whether all of it was taken is known here and now, and not when Python ends."""
    from graphcost.cli.output_file import pour

    stream.flush()
    raw = getattr(stream.buffer, "raw", stream.buffer)
    pour(raw.write, content, stream.fileno)


@contextmanager
def _told(name: str, stream: TextIO | None) -> Iterator[TextIO]:
    """Turns what writing to a stream raises into one line, but for a reader that went away."""
    if stream is None:
        raise OutputError(f"can't write to {name}: it is closed")
    try:
        yield stream
    except OSError as error:
        _discard(stream)
        if isinstance(error, BrokenPipeError):
            raise
        raise OutputError(f"can't write to {name}: {error.strerror or error}") from error


def _discard(stream: TextIO) -> None:
    """Lets the interpreter flush what is left in its buffer into nothing when it ends."""
    with suppress(OSError, ValueError):
        number = stream.fileno()
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, number)
        os.close(sink)
