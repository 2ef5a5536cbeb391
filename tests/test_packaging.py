"""What the package promises to be: small to import, its two halves apart, and complete once it is installed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGINE = sorted((ROOT / "graphcost").rglob("*.py"))
RULES = sorted((ROOT / "rules" / "graphcost_rules").rglob("*.py"))
MAKES_DATA = ROOT / "graphcost" / "loaders" / "make_data.py"
"""Not part of reading a model: the script that makes what replaces TensorFlow."""


ON_NETWORKX = frozenset({"graphcost/ir/wiring.py", "graphcost/ir/graph.py", "graphcost/evaluate/call_graph.py"})


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def outside(path: Path) -> set[str]:
    """The packages that a file imports and that aren't Python's own."""
    return {name.partition(".")[0] for name in imports(path)} - sys.stdlib_module_names


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_rules_import_what_anybody_s_rules_may(path: Path) -> None:
    assert outside(path) <= {"graphcost", "graphcost_rules"}
    assert [name for name in imports(path) if name.startswith("graphcost.")] == []


@pytest.mark.parametrize("path", [path for path in ENGINE if path != MAKES_DATA], ids=lambda path: path.stem)
def test_the_engine_knows_neither_rules_nor_tensorflow(path: Path) -> None:
    allowed = {"graphcost", "google", "rich"}
    if str(path.relative_to(ROOT)) in ON_NETWORKX:
        allowed.add("networkx")
    assert outside(path) <= allowed


def test_a_report_imports_nothing_slow() -> None:
    script = """
import contextlib, io, sys
from graphcost.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    assert main(["report", sys.argv[1]]) == 0
print(sorted({"numpy", "tensorflow"} & set(sys.modules)))
"""
    model = str(ROOT / "fixtures" / "mobilenet_v2.pb")
    done = subprocess.run([sys.executable, "-c", script, model], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_no_module_shares_its_name_with_a_public_name() -> None:
    import graphcost

    modules = {path.stem if path.is_file() else path.name for path in (ROOT / "graphcost").iterdir()}
    assert modules & set(graphcost.__all__) == set()


def test_the_built_in_rules_come_in_through_the_entry_point() -> None:
    points = entry_points(group="graphcost.rules")
    assert "graphcost_rules:RULES" in [point.value for point in points]


def test_version_is_in_the_changelog() -> None:
    assert f"## {version('graphcost')}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
