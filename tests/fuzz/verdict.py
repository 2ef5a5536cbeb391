"""What a file may do to graphcost: end in a report or in one line of a deliberate error, soon, and safe to show."""

from __future__ import annotations

import json
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from graphcost import Report
from graphcost.errors import GraphcostError
from graphcost.pipeline import run_pipeline
from graphcost.render import FORMATS, dot, renderer
from graphcost.render.view import View


class Fault(Exception):
    """What went wrong with a file."""


class Hang(KeyboardInterrupt):
    """It took too long. What a rule raises is caught, but for this: rules come from anybody."""


def judge(file: Path, seconds: float) -> None:
    """Raises Fault where a file crashes or hangs graphcost, or makes it say or print what it mustn't."""
    try:
        with _limited(seconds):
            _see(file)
    except GraphcostError:
        pass
    except Hang:
        raise Fault(f"no end after {seconds} s") from None
    except MemoryError:
        raise Fault("no end of memory") from None
    except Exception as error:
        if isinstance(error, Fault):
            raise
        where = traceback.extract_tb(error.__traceback__)[-1]
        raise Fault(f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}: {error}") from error


def _see(file: Path) -> None:
    analysis = run_pipeline(file)
    _check_numbers(analysis.report)
    for form in FORMATS:
        text = renderer(form)(analysis.report, View())
        _check_text(text)
        if form == "json":
            json.loads(text)
    _check_text(dot.render(analysis, dot.Drawing()))


def _check_numbers(report: Report) -> None:
    for quantity in report.quantities:
        amounts = {line.node: quantity.of(line) for line in report.lines}
        for name, amount in (*amounts.items(), ("the total", report.total.amount(quantity))):
            if isinstance(amount, int) and amount < 0:
                raise Fault(f"{quantity.name} of {name}: {amount}")


def _check_text(text: str) -> None:
    """A terminal shall do nothing but show it."""
    unsafe = next((char for char in text if not char.isprintable() and char not in "\r\n"), None)
    if unsafe is not None:
        raise Fault(f"{unsafe!r} is printed")


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
