"""A file is written whole or not at all, whatever it is that stands in the way."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from graphcost.cli import output_file
from graphcost.cli.output_file import pour, write_file
from graphcost.errors import OutputError

OLD = b"what was there"
NEW = b"n" * 100_000
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

LIMITED = """
import resource, sys
from graphcost.cli.output_file import write_file
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 12, 1 << 12))
try:
    write_file(sys.argv[1], b"n" * 100_000)
except Exception as error:
    print(type(error).__name__, error)
"""


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def refusing(name: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a function of `os` fail, as it does where a folder or a device doesn't allow it."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(output_file.os, name, refused)


def test_a_new_file_has_the_bits_that_any_new_file_has(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"")
    write_file(str(tmp_path / "new"), NEW)
    assert (tmp_path / "new").read_bytes() == NEW
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode
    assert names(tmp_path) == {"new", "other"}


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o666])
def test_a_file_keeps_its_bits(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "old"
    path.write_bytes(OLD)
    path.chmod(mode)
    write_file(str(path), NEW)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode), names(tmp_path)) == (NEW, mode, {"old"})


@pytest.mark.skipif(not IS_ROOT, reason="only root gives files away")
def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(OLD)
    os.chown(path, 1234, 5678)
    write_file(str(path), NEW)
    assert (path.read_bytes(), path.stat().st_uid, path.stat().st_gid) == (NEW, 1234, 5678)


def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(OLD)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("absent")
    for name in ("link", "dangling"):
        write_file(str(tmp_path / name), NEW)
        assert (tmp_path / name).is_symlink()
    assert (tmp_path / "real").read_bytes() == (tmp_path / "absent").read_bytes() == NEW


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource")
@pytest.mark.parametrize("is_there", [True, False])
def test_what_has_no_room_leaves_the_old_file_and_nothing_else(tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "report"
    if is_there:
        path.write_bytes(OLD)
    done = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"OutputError can't write {path}: File too large\n"
    assert [file.read_bytes() for file in tmp_path.iterdir()] == ([OLD] if is_there else [])


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_an_error_that_comes_late_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    path = tmp_path / "report"
    path.write_bytes(OLD)
    refusing("fsync", code, monkeypatch)
    with pytest.raises(OutputError, match=os.strerror(code)):
        write_file(str(path), NEW)
    assert (path.read_bytes(), names(tmp_path)) == (OLD, {"report"})


def test_a_system_that_knows_no_syncing_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing("fsync", errno.EINVAL, monkeypatch)
    write_file(str(tmp_path / "report"), NEW)
    assert (tmp_path / "report").read_bytes() == NEW


@pytest.mark.parametrize(
    ("function", "code"), [("replace", errno.EBUSY), ("fchmod", errno.EPERM), ("replace", errno.EACCES)]
)
@pytest.mark.parametrize("content", [NEW, b"short", b""])
def test_what_can_not_be_replaced_is_written_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, code: int, content: bytes
) -> None:
    path = tmp_path / "report"
    path.write_bytes(OLD)
    before = path.stat().st_ino
    refusing(function, code, monkeypatch)
    write_file(str(path), content)
    assert (path.read_bytes(), path.stat().st_ino, names(tmp_path)) == (content, before, {"report"})


def test_there_has_to_be_room_before_the_old_content_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report"
    path.write_bytes(OLD)
    refusing("replace", errno.EBUSY, monkeypatch)
    refusing("posix_fallocate", errno.ENOSPC, monkeypatch)
    with pytest.raises(OutputError, match="No space left"):
        write_file(str(path), NEW)
    assert (path.read_bytes(), names(tmp_path)) == (OLD, {"report"})


def test_a_new_file_that_can_not_be_named_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing("replace", errno.EACCES, monkeypatch)
    with pytest.raises(OutputError, match="Permission denied"):
        write_file(str(tmp_path / "report"), NEW)
    assert names(tmp_path) == set()


def test_a_file_that_may_not_be_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report"
    path.write_bytes(OLD)
    path.chmod(0o444)
    monkeypatch.setattr(output_file.os, "access", lambda *_: False)
    with pytest.raises(OutputError, match=r"can't write .*report: Permission denied"):
        write_file(str(path), NEW)
    assert path.read_bytes() == OLD


@pytest.mark.parametrize("where", [".", "absent/report", "file/report"])
def test_where_no_file_can_be_is_one_line(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(OutputError, match=rf"can't write .*{where}: \w"):
        write_file(os.path.join(tmp_path, where), NEW)
    assert names(tmp_path) == {"file"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_file(str(pipe), NEW)
    reader.join(timeout=60)
    assert read == [NEW]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_device_is_written_through() -> None:
    write_file(os.devnull, NEW)
    with pytest.raises(OutputError, match="can't write /dev/full: No space left on device"):
        write_file("/dev/full", NEW)
    assert all(stat.S_ISCHR(os.stat(name).st_mode) for name in (os.devnull, "/dev/full"))


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="needs /dev/stdout")
@pytest.mark.parametrize("name", ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/1", "link"])
def test_what_is_open_goes_on_where_it_is(tmp_path: Path, name: str) -> None:
    if name == "link":
        name = str(tmp_path / "link")
        os.symlink("/dev/stdout", name)
    if not os.path.exists(os.path.dirname(name)):
        pytest.skip(f"needs {name}")
    script = "import sys; from graphcost.cli.output_file import write_file; write_file(sys.argv[1], b'new')"
    with (tmp_path / "log").open("ab") as log:
        log.write(b"old ")
        log.flush()
        subprocess.run([sys.executable, "-c", script, name], stdout=log, timeout=60, check=True)
    assert (tmp_path / "log").read_bytes() == b"old new"


def taking(amounts: Sequence[int | None], into: list[bytes]):  # type: ignore[no-untyped-def]
    """Something that takes so many bytes, one after another; None where it would have to wait."""
    left = iter(amounts)

    def write(part: memoryview) -> int | None:
        amount = next(left)
        if amount is not None:
            into.append(bytes(part[:amount]))
        return amount

    return write


def test_all_is_poured_whatever_is_taken_at_a_time() -> None:
    reading, writing = os.pipe()
    into: list[bytes] = []
    try:
        pour(taking([2, None, 1, 3], into), b"abcdef", lambda: writing)
    finally:
        os.close(reading)
        os.close(writing)
    assert into == [b"ab", b"c", b"def"]


def test_what_takes_nothing_is_an_error() -> None:
    into: list[bytes] = []
    with pytest.raises(OSError, match="takes nothing more"):
        pour(taking([2, 0], into), b"abcdef", lambda: 0)
