"""Whatever other people's code does, a message is one line that says where."""

from __future__ import annotations

import functools

import pytest

from graphcost.faults import described, place_of, shown


class Hostile(Exception):
    def __repr__(self) -> str:
        raise ZeroDivisionError

    def __str__(self) -> str:
        raise ZeroDivisionError


class Called:
    def __call__(self) -> None:
        raise KeyError("x")


def failing() -> None:
    inner()


def inner() -> None:
    raise ValueError("a\nb")


def caught(function) -> BaseException:  # type: ignore[no-untyped-def]
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError


def line_of(function: object, after: int = 0) -> int:
    return function.__code__.co_firstlineno + after  # type: ignore[attr-defined, no-any-return]


def test_values_are_short_and_on_one_line() -> None:
    assert shown("a\nb") == "'a\\nb'"
    assert len(shown("x" * 10_000)) < 100
    assert shown(Hostile()) == "a Hostile"


@pytest.mark.parametrize(
    ("error", "text"), [(ValueError("a\nb"), "ValueError: a b"), (SystemExit(), "SystemExit"), (Hostile(), "Hostile")]
)
def test_exceptions_are_told_with_their_type(error: BaseException, text: str) -> None:
    assert described(error) == text


def test_the_place_is_the_innermost_line_of_the_rule_s_file() -> None:
    assert place_of(caught(failing), failing) == f"test_faults.py:{line_of(inner, 1)} in inner"


def test_what_was_not_raised_there_is_told_where_the_rule_begins() -> None:
    for rule in (failing, functools.partial(failing), functools.wraps(failing)(lambda: failing())):
        assert place_of(ValueError(), rule) == f"test_faults.py:{line_of(failing)} in failing"


def test_objects_that_are_called_have_a_place() -> None:
    assert place_of(caught(Called()), Called()).endswith(" in __call__")


def test_without_a_rule_it_is_the_innermost_frame_that_is_not_ours() -> None:
    assert place_of(caught(failing), None) == f"test_faults.py:{line_of(inner, 1)} in inner"
    assert place_of(ValueError(), None) == place_of(ValueError(), len) == "its rule failed"
