"""The shared graphs beside the repository, and a reason for each test that is skipped where something is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from optional_tensorflow import HAS_TENSORFLOW, NEEDS_TENSORFLOW

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

# Kernels that TensorFlow's wheels have for every x86 processor, but use of themselves on newer ones alone.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("tensorflow") and not HAS_TENSORFLOW:
        pytest.skip(NEEDS_TENSORFLOW)
    if item.get_closest_marker("shared") and not SHARED.is_dir():
        pytest.skip("needs the shared graphs beside the repository")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared graphs."""
    if not SHARED.is_dir():
        pytest.skip("needs the shared graphs beside the repository")
    return SHARED
