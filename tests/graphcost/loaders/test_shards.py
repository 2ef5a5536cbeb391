"""Weights in shards: where they lie, and which bytes are read."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import pytest

from graphcost.ir.literal import Value
from graphcost.loaders.shards import Shards, weights_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.bin").write_bytes(struct.pack("<3i", 1, 2, 3)[:10])
    (tmp_path / "b.bin").write_bytes(struct.pack("<3i", 1, 2, 3)[10:] + struct.pack("<2i", -4, 5))
    return tmp_path


def entry(name: str, shape: Any, dtype: Any = "int32", **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": shape, "dtype": dtype, **more}


def manifest(*weights: Any, paths: Any = ("a.bin", "b.bin")) -> list[dict[str, Any]]:
    return [{"paths": list(paths), "weights": list(weights)}]


def test_weights_are_read_over_the_edge_of_a_shard(folder: Path) -> None:
    weights = weights_of(manifest(entry("first", [3]), entry("second", [2, 1])), folder)
    assert weights["first"].value((3,)) == Value((3,), (1, 2, 3))
    assert weights["second"].value((2, 1)) == Value((2, 1), (-4, 5))
    assert weights["second"].value((2,)) is None
    assert not weights["second"].is_missing


def test_floats_and_large_tensors_keep_their_place_unread(folder: Path) -> None:
    weights = weights_of(manifest(entry("w", [3], "float32"), entry("i", [2])), folder)
    assert weights["w"].value((3,)) is None
    assert not weights["w"].is_missing
    assert weights["i"].value((2,)) == Value((2,), (-4, 5))


def test_a_quantized_weight_takes_the_bytes_of_what_it_is_stored_as(folder: Path) -> None:
    quantized = entry("q", [6], "int32", quantization={"dtype": "uint16"})
    weights = weights_of(manifest(quantized, entry("i", [2])), folder)
    assert weights["q"].value((6,)) is None
    assert weights["i"].value((2,)) == Value((2,), (-4, 5))


@pytest.mark.parametrize(
    "odd", ["text", {"shape": [1]}, entry("s", [1], "string"), entry("n", [-1]), entry("h", ["x"]), entry("d", [1], 3)]
)
def test_after_what_has_no_size_nothing_has_a_place(folder: Path, odd: Any) -> None:
    weight = weights_of(manifest(odd, entry("i", [2])), folder)["i"]
    assert weight.offset is None
    assert weight.is_missing
    assert weight.value((2,)) is None


@pytest.mark.parametrize("paths", [["../a.bin"], ["sub/a.bin"], [""], [".."], ["C:a"], ["a.bin\0"], [3], "a.bin"])
def test_names_that_could_lead_out_of_the_folder(folder: Path, paths: Any) -> None:
    weight = weights_of([{"paths": paths, "weights": [entry("i", [1])]}], folder)["i"]
    assert weight.shards.names == ()
    assert weight.is_missing


def test_links_are_not_followed(folder: Path) -> None:
    os.symlink(folder / "a.bin", folder / "link.bin")
    assert weights_of(manifest(entry("i", [1]), paths=["link.bin"]), folder)["i"].value((1,)) is None


def test_a_shard_that_is_gone_ends_the_stretch(folder: Path) -> None:
    shards = Shards(folder, ("a.bin", "gone.bin", "b.bin"))
    assert shards.ends == (10,)
    assert (shards.hold(10), shards.hold(11)) == (True, False)
    assert shards.read(8, 2) is not None
    assert shards.read(8, 3) is None


@pytest.mark.parametrize("nothing", [None, {}, "x", [3], [{}], [{"weights": 3}]])
def test_what_is_no_manifest(folder: Path, nothing: Any) -> None:
    assert weights_of(nothing, folder) == {}
