from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphcost.render.sanitize import head, middle, sanitize


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv2d/Conv2D", "conv2d/Conv2D"),
        ("réseau/卷积", "réseau/卷积"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\x9b31mb", r"a\x9b31mb"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("a\u200bb", r"a\u200bb"),
        ("a\ud800b", r"a\ud800b"),
        ("a\U000e0041b", r"a\U000e0041b"),
    ],
)
def test_what_is_not_printable_is_spelled_out(text: str, shown: str) -> None:
    assert sanitize(text) == shown


@given(st.text(st.characters(), max_size=400), st.integers(1, 300))
def test_result_is_printable_and_short(text: str, limit: int) -> None:
    shown = sanitize(text, limit)
    assert shown.isprintable()
    assert len(shown) <= limit


@given(st.text(max_size=20), st.text(max_size=20))
def test_different_short_names_stay_different_unless_they_spell_an_escape(a: str, b: str) -> None:
    if "\\" not in a + b:
        assert (sanitize(a) == sanitize(b)) == (a == b)


def test_shortening() -> None:
    assert middle("abcdefghij", 5) == "ab…ij"
    assert [len(middle("abcdefghij", n)) for n in range(12)] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10]
    assert head("abcdefghij", 4) == "abc…"
    assert [len(head("abcdefghij", n)) for n in range(12)] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10]
