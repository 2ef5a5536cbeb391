"""Other people's code in messages: its values, its exceptions, and where those came about. Each on one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import CodeType

ENGINE = os.path.dirname(os.path.abspath(__file__)) + os.sep
MOST_SHOWN = 80


def shown(value: object) -> str:
    """The value as Python writes it; its type where it can't be written."""
    try:
        return _short(repr(value))
    except Exception:
        return f"a {type(value).__name__}"


def described(error: BaseException) -> str:
    """An exception's type and what it says."""
    try:
        said = str(error)
    except Exception:
        said = ""
    name = type(error).__name__
    return _short(f"{name}: {said}" if said else name, 300)


def place_of(error: BaseException, rule: object) -> str:
    """Where in the rule's file it came about, such as "my_rules.py:12 in rotary_cost"; else where the rule begins."""
    code = _code(rule)
    found: tuple[str, int, str] | None = None
    for file, line, name in _frames(error):
        if code is not None and file == code.co_filename:
            found = file, line, name
    if found is None and code is not None:
        found = code.co_filename, code.co_firstlineno, code.co_name
    if found is None:
        found = next(iter(reversed([frame for frame in _frames(error) if not frame[0].startswith(ENGINE)])), None)
    if found is None:
        return "its rule failed"
    file, line, name = found
    return f"{os.path.basename(file)}:{line} in {name}"


def _frames(error: BaseException) -> Iterator[tuple[str, int, str]]:
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        yield code.co_filename, step.tb_lineno, code.co_name
        step = step.tb_next


def _code(rule: object) -> CodeType | None:
    """The code of a function, of what wraps one, or of an object that is called."""
    for _ in range(10):
        inner = getattr(rule, "__wrapped__", None) or getattr(rule, "func", None)
        if inner is None:
            break
        rule = inner
    if not callable(rule):
        return None
    code = getattr(rule, "__code__", None) or getattr(type(rule).__call__, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _short(text: str, limit: int = MOST_SHOWN) -> str:
    line = " ".join(text[: 4 * limit].split())
    return line if len(line) <= limit else f"{line[:limit]}..."
