"""Text reaches a stream whatever its encoding."""

from __future__ import annotations

import io
import sys

import pytest

from graphcost.cli.output import write


@pytest.mark.parametrize(("encoding", "written"), [("ascii", b"\\u2588 1"), ("utf-8", "█ 1".encode())])
def test_a_character_that_the_encoding_lacks_is_escaped(
    encoding: str, written: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, write_through=True))
    write("█ 1")
    assert raw.getvalue() == written


def test_a_stream_without_an_encoding_takes_every_character(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    write("█ 1")
    assert stream.getvalue() == "█ 1"
