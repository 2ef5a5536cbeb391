"""Text reaches a stream whatever its encoding; what doesn't reach it is told."""

from __future__ import annotations

import errno
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from graphcost.cli.output import complain, flush, has_colour, is_terminal, warn, width, write, write_bytes
from graphcost.errors import OutputError


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


class Device(io.RawIOBase):
    """Takes so many bytes at a time, and so many in all; then its disk is full."""

    def __init__(self, at_a_time: int, room: int) -> None:
        self.taken = b""
        self._at_a_time, self._room = at_a_time, room

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        if len(self.taken) >= self._room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        part = bytes(data)[: min(self._at_a_time, self._room - len(self.taken))]  # type: ignore[call-overload]
        self.taken += part
        return len(part)


def streaming(device: Device, *, is_buffered: bool) -> io.TextIOWrapper:
    """A stream as Python makes it, by default and for PYTHONUNBUFFERED=1."""
    buffer = io.BufferedWriter(device) if is_buffered else device
    return io.TextIOWrapper(buffer, encoding="utf-8", write_through=not is_buffered)  # type: ignore[type-var]


@pytest.mark.parametrize("is_buffered", [True, False])
def test_short_writes_are_gone_on_with(is_buffered: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(1000, 1 << 20)
    monkeypatch.setattr(sys, "stdout", streaming(device, is_buffered=is_buffered))
    write("x" * 5500)
    assert device.taken == b"x" * 5500
    write_bytes(b"\0\xff" * 1000)
    assert device.taken[5500:] == b"\0\xff" * 1000


@pytest.mark.parametrize("is_buffered", [True, False])
def test_a_full_disk_is_told_at_once(is_buffered: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", streaming(Device(1000, 2500), is_buffered=is_buffered))
    with pytest.raises(OutputError, match="can't write to stdout: No space left on device"):
        write("x" * 5500)


def test_a_closed_stream_has_no_output_but_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    flush()
    assert (is_terminal(), has_colour(), width()) == (False, False, None)
    with pytest.raises(OutputError, match="can't write to stdout: it is closed"):
        write("x")


def test_messages_that_nobody_can_read_are_an_error_unless_nobody_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", streaming(Device(1, 0), is_buffered=True))
    with pytest.raises(OutputError, match="can't write to stderr"):
        warn("x")
    complain(OutputError("x"))
    monkeypatch.setattr(sys, "stderr", None)
    warn("x")
    complain(OutputError("x"))


# As a process

MODEL = str(Path(__file__).resolve().parents[3] / "fixtures" / "train.pb")
ON_A_FULL_DISK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 10, 1 << 10))
from graphcost.__main__ import run
run()
"""
LINE = r"graphcost: error: can't write [^\n]+\n"
COMMANDS = [
    ("report", MODEL, "--format", "json"),
    ("report", MODEL),
    ("explain", MODEL),
    ("dot", MODEL),
    ("passes", MODEL, "--format", "json"),
    ("export", MODEL),
    ("ops",),
    ("--help",),
    ("report", "--help"),
]


def start(*arguments: str, stdout: object, unbuffered: bool = False) -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    if unbuffered:
        environment["PYTHONUNBUFFERED"] = "1"
    done = subprocess.run(
        [sys.executable, *arguments],
        stdout=stdout,  # type: ignore[arg-type]
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    return done.returncode, done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("unbuffered", [True, False])
def test_every_command_says_that_a_disk_is_full(command: tuple[str, ...], unbuffered: bool) -> None:
    with open("/dev/full", "wb") as full:
        code, said = start("-m", "graphcost", *command, stdout=full, unbuffered=unbuffered)
    assert code == 74
    assert re.fullmatch(LINE, said)


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource")
@pytest.mark.parametrize("unbuffered", [True, False])
def test_what_is_cut_short_is_no_success(tmp_path: Path, unbuffered: bool) -> None:
    with (tmp_path / "out").open("wb") as out:
        code, said = start("-c", ON_A_FULL_DISK, *COMMANDS[0], stdout=out, unbuffered=unbuffered)
    assert code == 74
    assert re.fullmatch(LINE, said)
    (tmp_path / "out").write_bytes(b"old")
    code, said = start("-c", ON_A_FULL_DISK, *COMMANDS[0], "-o", str(tmp_path / "out"), stdout=subprocess.DEVNULL)
    assert code == 74
    assert re.fullmatch(LINE, said)
    assert (tmp_path / "out").read_bytes() == b"old"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (f"report {MODEL} >&-", 74, r"graphcost: error: can't write to stdout: it is closed\n"),
        (f"export {MODEL} >&-", 74, r"graphcost: error: can't write to stdout: it is closed\n"),
        ("--version >&-", 74, r"graphcost: error: can't write to stdout: it is closed\n"),
        (f"report {MODEL} -o {os.devnull} >&-", 0, ""),
        ("report absent.pb 2>&-", 3, ""),
        ("report absent.pb 2>/dev/full", 3, ""),
        ("unknown 2>&-", 2, ""),
        (f"report {MODEL} 2>&- >{os.devnull}", 0, ""),
    ],
)
def test_closed_streams(arguments: str, code: int, says: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m graphcost {arguments}'],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    assert re.fullmatch(says, done.stderr)


def test_a_reader_that_goes_away_is_told_by_the_code_alone() -> None:
    for unbuffered in (True, False):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            assert start("-m", "graphcost", *COMMANDS[0], stdout=writing, unbuffered=unbuffered) == (141, "")
        finally:
            os.close(writing)
