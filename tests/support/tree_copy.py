"""Copies of the tree, to change and to run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def copy_tree(target: Path, names: Iterable[str]) -> Path:
    """Copies files and folders of the repository into a folder, which is given back."""
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target / name)
    return target


def run_in(tree: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of a module with the copy's code."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, (tree, tree / "rules")))
    environment["PYTHONIOENCODING"] = "utf-8"
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
