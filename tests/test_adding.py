"""Adding an operation takes its rule and its test: nothing else in the tree turns red, and no list is edited."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tree_copy import copy_tree, run_in

COPIED = ("graphcost", "rules", "tests", "fixtures", "pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")
IMPORTS = "from graphcost import Cost, Op, Rule, RuleSet, Shape\n"
RULE = '''
def my_clip_shape(op: Op) -> list[Shape]:
    return [op.input(0)]


def my_clip_cost(op: Op) -> Cost:
    """min(max(x, low), high): two comparisons for each element."""
    return Cost(compare=2 * op.output().size)

'''
TABLE_LINE = '    Rule("MyClip", shape=my_clip_shape, cost=my_clip_cost),\n'
ELSEWHERE = 'ELSEWHERE = {"MyClip": "a library of ours"}\n'
TEST = """
from counting import Tally
from single_op import apply

from graphcost import Shape
from graphcost.plugins import installed_rules
from graphcost_rules.FAMILY import RULES


def test_clipping_compares_twice():
    tally, items = Tally(), [-2.0, 0.5, 3.0]
    ours = [tally.min(tally.max(x, -1.0), 1.0) for x in items]
    tally.agrees(ours, [-1.0, 0.5, 1.0])
    tally.proves("MyClip", apply(RULES, "MyClip", Shape(3)).cost)
    assert installed_rules().get("MyClip").family == "FAMILY"
"""
CONCERNED = [
    "tests/graphcost_rules/test_families.py",
    "tests/graphcost_rules/test_registry.py",
    "tests/test_mirror.py",
    "tests/test_packaging.py",
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository."""
    return copy_tree(tmp_path_factory.mktemp("tree"), COPIED)


def pytest_in(tree: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """A run of the copy's tests."""
    return run_in(tree, "pytest", "-q", "-p", "no:cacheprovider", "--no-header", *tests)


def write_test(tree: Path, name: str, family: str) -> str:
    path = f"tests/graphcost_rules/{name}.py"
    (tree / path).write_text(TEST.replace("FAMILY", family), encoding="utf-8")
    return path


def test_an_operation_is_added_to_a_family(tree: Path) -> None:
    path = tree / "rules" / "graphcost_rules" / "bias.py"
    before = path.read_text(encoding="utf-8")
    table = before.index("\nRULES = RuleSet(\n")
    added = before[:table] + RULE + ELSEWHERE + before[table:].replace("RuleSet(\n", f"RuleSet(\n{TABLE_LINE}")
    path.write_text(added, encoding="utf-8")
    done = pytest_in(tree, write_test(tree, "test_my_clip", "bias"), *CONCERNED)
    summary = pytest_in(tree, "tests/test_readme.py", "-k", "summary")
    path.write_text(before, encoding="utf-8")
    assert done.returncode == summary.returncode == 0, done.stdout + summary.stdout
    assert "families.txt doesn't list MyClip yet" in done.stdout


def test_a_family_is_added(tree: Path) -> None:
    path = tree / "rules" / "graphcost_rules" / "clips.py"
    docstring = '"""Clips that somebody else has."""\n\n'
    path.write_text(f"{docstring}{IMPORTS}\n{RULE}{ELSEWHERE}RULES = RuleSet(\n{TABLE_LINE})\n", encoding="utf-8")
    tests = "tests/graphcost_rules/test_families.py", "tests/test_mirror.py"
    done = pytest_in(tree, write_test(tree, "test_clips", "clips"), *tests)
    path.unlink()
    assert done.returncode == 0, done.stdout


def test_a_wrong_list_fails(tree: Path) -> None:
    """Of an operation that nobody has a rule for, and of one that another family has."""
    path = tree / "rules" / "graphcost_rules" / "families.txt"
    before = path.read_text(encoding="ascii")
    path.write_text(before.replace("bias ", "bias BiasAddV3 Softmax ", 1), encoding="ascii")
    done = pytest_in(tree, "tests/graphcost_rules/test_families.py")
    path.write_text(before, encoding="ascii")
    assert done.returncode == 1
    assert "{'BiasAddV3': 'bias', 'Softmax': 'bias'}" in done.stdout
