"""How much work a computation takes, counted instead of timed: the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def calls_made(computation: Callable[[], object]) -> int:
    """How many functions, Python's and C's, are called while it runs."""
    made = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        computation()
    finally:
        sys.setprofile(before)
    return made


def growth(computation: Callable[[int], object], size: int) -> float:
    """How many times the work grows when the size doubles: 2 where it is linear, 4 where it is quadratic."""
    computation(1)
    return calls_made(lambda: computation(2 * size)) / calls_made(lambda: computation(size))
