"""The last guard: what nobody foresaw becomes one line that says which file, what stage, and that it is a bug."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from graphcost.cli.output import warn

BUG = 70
"""The exit code of a bug of ours (EX_SOFTWARE)."""

DEBUG = "GRAPHCOST_DEBUG"
"""Set to anything but nothing, this variable of the environment has the traceback shown as well."""

STAGES = {
    "loaders": "loading",
    "roles": "finding what nodes are for",
    "passes": "rewriting",
    "evaluate": "evaluating",
    "measure": "measuring",
    "report": "reporting",
    "explain": "explaining",
    "render": "rendering",
    "export": "exporting",
}
"""The folders of the package that are stages of an analysis, and what each does."""

ROOT = Path(__file__).resolve().parents[1]


def guarded(command: Callable[[Sequence[str] | None], int], argv: Sequence[str] | None = None) -> int:
    """The exit code of the command; BUG, after one line of text, where an error escapes that nobody raised on purpose.

    Who calls the command itself, as tests do, sees the error.
    """
    try:
        return command(argv)
    except Exception as error:
        if os.environ.get(DEBUG):
            import traceback

            traceback.print_exception(error, file=sys.stderr)
        advice = f"this is a bug of graphcost, please report it ({DEBUG}=1 says more)"
        warn(f"error: {_subject(argv)}{_what(error)}; {advice}")
        return BUG


def _subject(argv: Sequence[str] | None) -> str:
    """The model that was asked about, as far as the arguments name one."""
    from graphcost.cli import build_parser

    model = getattr(build_parser().parse_args(argv), "model", None)
    return f"{model}: " if model else ""


def _what(error: Exception) -> str:
    """The stage, the kind of error, what it says, and where it was raised."""
    stage, place = "", "?"
    for path, line in _frames(error.__traceback__):
        folder = path.split("/")[0]
        stage = stage or STAGES.get(folder, "")
        place = f"{path}:{line}"
    said = f": {error}" if str(error) else ""
    return f"{stage or 'running'} failed with {type(error).__name__}{said} (graphcost/{place})"


def _frames(traceback: TracebackType | None) -> list[tuple[str, int]]:
    """The lines of graphcost's own modules that led to the error, outermost first."""
    frames: list[tuple[str, int]] = []
    while traceback is not None:
        file = Path(traceback.tb_frame.f_code.co_filename)
        if file.is_relative_to(ROOT):
            frames.append((file.relative_to(ROOT).as_posix(), traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames
