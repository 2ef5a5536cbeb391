"""The weights manifest of a tfjs model, and the few bytes of its shards that are worth reading."""

from __future__ import annotations

import os
import stat
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import Any

from graphcost.ir.dtypes import UNKNOWN, DType, dtype_named
from graphcost.ir.literal import VALUE_LIMIT, Value
from graphcost.loaders.tensors import decode_content

_NUMBERS = frozenset({"float32", "float16", "int32", "complex64", "bool", "uint8", "uint16", "int8"})
"""The dtypes of numbers that a manifest knows."""


@dataclass(frozen=True)
class Shards:
    """Files that hold one stretch of bytes together. `names` is empty where any could lead out of the folder."""

    folder: Path
    names: tuple[str, ...]

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Where each shard ends in the stretch, up to the first that isn't there.

        Only regular files count: links and devices aren't followed.
        """
        sizes: list[int] = []
        for name in self.names:
            try:
                status = (self.folder / name).lstat()
            except OSError:
                break
            if not stat.S_ISREG(status.st_mode):
                break
            sizes.append(status.st_size)
        return tuple(accumulate(sizes))

    def hold(self, end: int) -> bool:
        """Whether the bytes before `end` are there."""
        return bool(self.ends) and end <= self.ends[-1]

    def read(self, start: int, length: int) -> bytes | None:
        """The bytes in `start:start+length` of the stretch; None where they can't be had."""
        data = b""
        while len(data) < length:
            position = start + len(data)
            shard = bisect_right(self.ends, position)
            if shard == len(self.ends):
                return None
            offset = position - (self.ends[shard - 1] if shard else 0)
            part = _read(self.folder / self.names[shard], offset, length - len(data))
            if not part:
                return None
            data += part
        return data


@dataclass(frozen=True)
class Weight:
    """One entry of the manifest; `offset` is where its bytes start in the shards, None where unknown."""

    dtype: str
    shape: tuple[int, ...]
    offset: int | None
    is_quantized: bool
    shards: Shards

    def value(self, shape: tuple[int, ...]) -> Value | None:
        """The elements as a tensor of `shape`; None where they aren't integers, are too many, or aren't there."""
        if not self._is_wanted or self.offset is None or shape != self.shape:
            return None
        data = self.shards.read(self.offset, self._length)
        return None if data is None else decode_content(data, self.dtype, shape)

    @property
    def is_missing(self) -> bool:
        """Whether it would have a value, were its shards there."""
        return self._is_wanted and (self.offset is None or not self.shards.hold(self.offset + self._length))

    @property
    def _is_wanted(self) -> bool:
        is_whole = _dtype(self.dtype).is_integer or self.dtype == "bool"
        return is_whole and not self.is_quantized and prod(self.shape) <= VALUE_LIMIT

    @property
    def _length(self) -> int:
        return _dtype(self.dtype).bytes_of(prod(self.shape))


def weights_of(manifest: Any, folder: Path) -> dict[str, Weight]:
    """The weights by name. Where an entry isn't as it should be, the place of those after it is unknown."""
    weights: dict[str, Weight] = {}
    for group in manifest if isinstance(manifest, list) else ():
        if not isinstance(group, dict) or not isinstance(group.get("weights"), list):
            continue
        shards = Shards(folder, _bare_names(group.get("paths")))
        offset: int | None = 0
        for entry in group["weights"]:
            if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                offset = None
                continue
            weight = _weight(entry, offset, shards)
            weights[entry["name"]] = weight
            offset = _end(weight, entry)
    return weights


def _weight(entry: dict[str, Any], offset: int | None, shards: Shards) -> Weight:
    sizes, dtype = entry.get("shape"), entry.get("dtype")
    is_shape = isinstance(sizes, list) and len(sizes) < 10 and all(type(size) is int and size >= 0 for size in sizes)
    return Weight(
        dtype=dtype if isinstance(dtype, str) else "",
        shape=tuple(sizes) if isinstance(sizes, list) and is_shape else (),
        offset=offset if is_shape else None,
        is_quantized="quantization" in entry,
        shards=shards,
    )


def _end(weight: Weight, entry: dict[str, Any]) -> int | None:
    """Where the next weight starts; None after one of unknown size, such as strings."""
    quantization = entry.get("quantization")
    dtype = _dtype(quantization.get("dtype") if isinstance(quantization, dict) else weight.dtype)
    return None if weight.offset is None or not dtype.bits else weight.offset + dtype.bytes_of(prod(weight.shape))


def _dtype(name: object) -> DType:
    return dtype_named(name) if isinstance(name, str) and name in _NUMBERS else UNKNOWN


def _bare_names(paths: Any) -> tuple[str, ...]:
    if not isinstance(paths, list) or not all(isinstance(path, str) and _is_bare(path) for path in paths):
        return ()
    return tuple(paths)


def _is_bare(name: str) -> bool:
    return name not in ("", ".", "..") and not any(character in name for character in "/\\:\0")


def _read(path: Path, offset: int, length: int) -> bytes:
    try:
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
            file.seek(offset)
            return file.read(length)
    except OSError:
        return b""
