"""Files are written whole or not at all: beside what was there, and renamed when all of it has arrived.

What can't be renamed over is written through: devices, pipes, what /dev/stdout names; a file whose folder takes no
other, or whose owner we can't keep, is written in its place once there is room for all of it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress

from graphcost.errors import OutputError

MOST_LINKS = 40
"""So many symbolic links are followed, as many as Linux follows."""

_NO_PLACE_BESIDE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_BINARY = getattr(os, "O_BINARY", 0)


def write_file(path: str, content: bytes) -> None:
    """The content under that name; a file that was there is replaced whole, and keeps its owner and permission bits.

    Where the name is a symbolic link, what it leads to is written. Raises OutputError where that can't be done, and
    then a regular file is what it was; BrokenPipeError where the reader of a pipe went away.
    """
    try:
        _write(path, content)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"can't write {path}: {error.strerror or error}") from error


def pour(write: Callable[[memoryview], int | None], content: bytes, descriptor: Callable[[], int]) -> None:
    """All of the content to something that may take less at a time than it is given. Raises OSError.

    `write` gives the number of bytes that it took, None where it would have to wait for room in `descriptor()`.
    """
    left = memoryview(content)
    while left:
        try:
            taken = write(left)
        except BlockingIOError:
            taken = None
        if taken is None:
            _wait(descriptor())
        elif taken == 0:
            raise OSError(errno.EIO, "it takes nothing more")
        else:
            left = left[taken:]


def _write(path: str, content: bytes) -> None:
    number = _named_descriptor(path)
    if number is not None:
        _pour_and_close(os.dup(number), content)
        return
    target = os.path.realpath(path)
    try:
        status = os.stat(path)
    except FileNotFoundError:
        _replace(target, content, None)
        return
    if not stat.S_ISREG(status.st_mode):
        _pour_and_close(os.open(path, os.O_WRONLY), content)
    elif not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    else:
        _rewrite(target, content, status)


def _named_descriptor(path: str) -> int | None:
    """The open file that a name such as /dev/stdout stands for. Opened anew, it would lose what it has."""
    for _ in range(MOST_LINKS):
        folder, name = os.path.split(path)
        folder = os.path.realpath(folder)
        if folder in ("/dev/fd", f"/proc/{os.getpid()}/fd") and name.isdecimal():
            return int(name)
        path = os.path.join(folder, name)
        if not os.path.islink(path):
            return None
        path = os.path.join(folder, os.readlink(path))
    return None


def _rewrite(target: str, content: bytes, status: os.stat_result) -> None:
    """In place of a regular file."""
    try:
        _replace(target, content, status)
    except OSError as error:
        if error.errno not in _NO_PLACE_BESIDE:
            raise
    else:
        return
    descriptor = os.open(target, os.O_WRONLY | _BINARY)
    try:
        _reserve(descriptor, len(content), status.st_size)
        pour(lambda left: os.write(descriptor, left), content, lambda: descriptor)
        os.ftruncate(descriptor, len(content))
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _replace(target: str, content: bytes, status: os.stat_result | None) -> None:
    """A new file beside the target, then under its name. `status` is that of the file that is replaced, if any."""
    beside = os.path.join(os.path.dirname(target), f".graphcost-{os.urandom(8).hex()}")
    mode = 0o666 if status is None else 0o600
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode)
    try:
        try:
            if status is not None:
                _make_like(descriptor, status)
            pour(lambda left: os.write(descriptor, left), content, lambda: descriptor)
            _sync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _make_like(descriptor: int, status: os.stat_result) -> None:
    """Gives the new file the owner and the permission bits of the old one. Raises OSError where that isn't allowed."""
    if not hasattr(os, "fchown"):
        return
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))


def _reserve(descriptor: int, size: int, before: int) -> None:
    """Makes sure of room for so many bytes, before any that was there is written over. Raises OSError without it."""
    if size <= before or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        os.ftruncate(descriptor, before)
        if error.errno in _NO_ROOM:
            raise


def _pour_and_close(descriptor: int, content: bytes) -> None:
    try:
        pour(lambda left: os.write(descriptor, left), content, lambda: descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    """Some file systems find out that they are full only now."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise


def _wait(descriptor: int) -> None:
    from select import select

    select([], [descriptor], [])
