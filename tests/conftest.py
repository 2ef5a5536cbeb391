"""The shared graphs beside the repository, and a reason for each test that is skipped where something is absent."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("tensorflow") and find_spec("tensorflow") is None:
        pytest.skip("needs the tensorflow extra: pip install -e '.[dev,tensorflow]'")
    if item.get_closest_marker("shared") and not SHARED.is_dir():
        pytest.skip("needs the shared graphs beside the repository")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared graphs."""
    if not SHARED.is_dir():
        pytest.skip("needs the shared graphs beside the repository")
    return SHARED
