"""CONTRIBUTING.md, done: what it tells to add works in a copy of the tree, by its code and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tree_copy import ROOT, copy_tree, run_in

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<kind>python|diff)\n# (?P<path>\S+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"`((?:graphcost|rules|docs|tests|benchmarks|fixtures)/[\w/.]*)`")
ADDED = ("An operation", "A pass", "A rewrite", "A renderer", "A quantity")
MODEL = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: 5 } dim { size: 4 } } } } }
node { name: "b" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: 4 } } } } }
node { name: "biased" op: "BiasAddV1" input: "x" input: "b" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "relu" op: "Relu" input: "biased" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "relu_2" op: "Relu" input: "relu" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "tanh" op: "Tanh" input: "relu_2" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "y" op: "Addons>Hardshrink" input: "tanh" attr { key: "T" value { type: DT_FLOAT } } }
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    copy = copy_tree(tmp_path, ("graphcost", "rules"))
    (copy / "model.pbtxt").write_text(MODEL, encoding="utf-8")
    return copy


def section(heading: str) -> str:
    _, _, rest = TEXT.partition(f"\n## {heading}\n")
    return rest.partition("\n## ")[0]


def add(tree: Path, heading: str) -> None:
    """Does in a copy of the tree what a section says: its files, and its lines in those that are there."""
    blocks = list(BLOCK.finditer(section(heading)))
    assert blocks
    for block in blocks:
        path = tree / block["path"]
        if block["kind"] == "python":
            assert not path.exists()
            path.write_text(block["body"], encoding="utf-8")
        else:
            path.write_text(patched(path.read_text(encoding="utf-8"), block["body"]), encoding="utf-8")


def patched(text: str, diff: str) -> str:
    """The text after a diff, whose hunks stand apart by an empty line; where each belongs must be clear."""
    for hunk in diff.strip("\n").split("\n\n"):
        lines = [(line[0], line[1:]) for line in hunk.split("\n")]
        before = "".join(f"{line}\n" for sign, line in lines if sign in " -")
        after = "".join(f"{line}\n" for sign, line in lines if sign in " +")
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def printed(tree: Path, command: str, *options: str) -> str:
    done = run_in(tree, "graphcost", command, "model.pbtxt", *options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def lines(tree: Path, *options: str) -> dict[str, Any]:
    """The lines of the report, by node."""
    found = json.loads(printed(tree, "report", "--format", "json", *options))["lines"]
    return {line["node"]: line for line in found}


def test_an_operation_is_costed(tree: Path) -> None:
    assert lines(tree)["y"]["status"] == "no rule"
    add(tree, "An operation")
    assert (lines(tree)["y"]["status"], lines(tree)["y"]["flops"]) == ("costed", 2 * 20)


def test_a_pass_runs_in_the_pipeline(tree: Path) -> None:
    assert lines(tree)["biased"]["op"] == "BiasAddV1"
    add(tree, "A pass")
    _, *rows = printed(tree, "passes").splitlines()
    assert [row.split()[:3] for row in rows][-2:] == [["modernize", "7", "7"], ["fold", "7", "7"]]
    assert lines(tree)["biased"]["op"] == "BiasAdd"
    assert "BiasAddV1" not in printed(tree, "dot", "--stop-after", "modernize")


def test_a_rewrite_rewrites(tree: Path) -> None:
    assert run_in(tree, "graphcost", "report", "model.pbtxt", "--rewrite", "merge_relus").returncode == 2
    add(tree, "A rewrite")
    assert lines(tree).keys() - lines(tree, "--rewrite", "merge_relus").keys() == {"relu"}


def test_a_renderer_is_a_format(tree: Path) -> None:
    assert run_in(tree, "graphcost", "report", "model.pbtxt", "--format", "tsv").returncode == 2
    add(tree, "A renderer")
    rows = [line.split("\t") for line in printed(tree, "report", "--by", "op", "--format", "tsv").splitlines()]
    assert {name: flops for name, flops in rows if flops != "0"} == {"BiasAddV1": "20", "Relu": "40", "Tanh": "20"}


def test_a_quantity_is_in_every_form(tree: Path) -> None:
    add(tree, "A quantity")
    assert {name for name, line in lines(tree).items() if line["library_calls"] == 20} == {"tanh"}
    table = printed(tree, "report", "--by", "op")
    assert re.search(r"^op .* calls +params$", table, re.MULTILINE)
    assert re.search(r"^library calls  at least 20$", table, re.MULTILINE)


def test_each_section_takes_one_file_or_lines_in_one_table() -> None:
    for heading in ADDED:
        kinds = [block["kind"] for block in BLOCK.finditer(section(heading))]
        assert kinds in (["python"], ["python", "diff"], ["diff"])
    assert len(BLOCK.findall(TEXT)) == TEXT.count("```") / 2


@pytest.mark.parametrize("place", sorted({*PLACE.findall(TEXT)}))
def test_a_place_that_is_named_is_there(place: str) -> None:
    assert (ROOT / place).exists()


def test_every_folder_has_its_place() -> None:
    here = [path for path in (ROOT / "graphcost").iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert {f"graphcost/{path.name}/" for path in here} <= set(PLACE.findall(section("Where things go")))
