"""Tests mirror the tree: what a module does is tested in a file of its name, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TREES = {"graphcost": ROOT / "graphcost", "graphcost_rules": ROOT / "rules" / "graphcost_rules"}


def modules() -> dict[str, Path]:
    """Each module by its place, with the file in which its test belongs."""
    found: dict[str, Path] = {}
    for name, tree in TREES.items():
        for path in sorted(tree.rglob("*.py")):
            if not path.stem.startswith("__"):
                place = Path(name, path.relative_to(tree))
                found[place.with_suffix("").as_posix()] = ROOT / "tests" / place.with_name(f"test_{path.name}")
    return found


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_has_a_test_of_its_name(module: str) -> None:
    test = modules()[module]
    assert test.exists(), f"{module} has no {test.relative_to(ROOT)}"
    assert "def test_" in test.read_text(encoding="utf-8")
