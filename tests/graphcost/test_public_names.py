"""The package's own names: imported on first use, and functions where modules of the same names exist."""

from __future__ import annotations

import subprocess
import sys

import pytest

import graphcost

HELP = "import sys; from graphcost.cli import build_parser; build_parser().format_help(); print(*sys.modules)"


def test_every_public_name_is_there() -> None:
    assert all(getattr(graphcost, name) is not None for name in graphcost.__all__)
    assert set(graphcost.__all__) <= set(dir(graphcost))


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nope'"):
        _ = graphcost.nope  # type: ignore[attr-defined]


def test_the_help_needs_no_engine() -> None:
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    ours = {name for name in done.stdout.split() if name.startswith("graphcost.")}
    assert all(name.startswith(("graphcost.cli", "graphcost.render", "graphcost.errors")) for name in ours)
    assert not {"rich", "networkx", "google.protobuf", "dataclasses"} & set(done.stdout.split())
