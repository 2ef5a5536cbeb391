"""docs/architecture.md says what is so, and its script finds circles and imports of higher layers.

Renew what its command prints by: RENEW_GOLDEN=1 pytest tests/test_architecture.py
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from graphcost.cli import main

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "docs"))

from make_architecture import LAYERS, PACKAGE, RULES, UPWARD, box, drawing, problems, redrawn  # noqa: E402
from module_imports import Import, When, circles, imports, modules  # noqa: E402

PAGE = ROOT / "docs" / "architecture.md"
COMMAND = re.compile(r"^```console\n\$ (?P<command>graphcost passes .*)\n(?P<output>(?:.*\n)*?)```$", re.MULTILINE)
PLACE = re.compile(r"`([\w/]+/(?:[\w/]+\.py)?)`|`(\w+\.py)`")


def written(folder: Path, sources: Mapping[str, str]) -> set[Import]:
    """The imports in a package `p` of these modules, named by their paths in it."""
    for path, source in sources.items():
        (folder / "p" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "p" / path).write_text(source, encoding="utf-8")
    return imports(modules(folder / "p"))


def test_the_command_prints_what_the_page_shows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the times."""
    monkeypatch.chdir(ROOT)
    text = PAGE.read_text(encoding="utf-8")
    (shown,) = COMMAND.finditer(text)
    assert main(shlex.split(shown["command"])[1:]) == 0
    printed = "".join(re.sub(r" +\S+$", "\n", line) for line in capsys.readouterr().out.splitlines())
    if os.environ.get("RENEW_GOLDEN"):
        start, end = shown.span("output")
        PAGE.write_text(text[:start] + printed + text[end:], encoding="utf-8")
    else:
        assert printed == shown["output"]


def test_each_place_that_is_named_is_there() -> None:
    places = {folder or module for folder, module in PLACE.findall(PAGE.read_text(encoding="utf-8"))}
    assert len(places) > 12
    assert not [place for place in places if not (ROOT / place).exists() and not (ROOT / PACKAGE / place).exists()]


def test_the_drawing_is_current_and_the_layers_hold() -> None:
    script = [sys.executable, ROOT / "docs" / "make_architecture.py", "--check"]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_folder_and_module_is_in_a_layer() -> None:
    listed = [name for layer in LAYERS for name in layer]
    found = {*modules(ROOT / PACKAGE), *modules(ROOT / "rules" / RULES)}
    assert sorted({box(name) for name in found}) == sorted(listed)


def test_modules_that_need_each_other_are_a_circle(tmp_path: Path) -> None:
    found = written(tmp_path, {"a.py": "from p.b import x", "b.py": "import p.c", "c.py": "from p import a"})
    assert circles(found) == [["p.a", "p.b", "p.c"]]
    assert next(problems(found)) == "these import each other in a circle: p.a, p.b, p.c"


def test_a_package_that_imports_its_module_needs_what_that_needs(tmp_path: Path) -> None:
    """To import p.b.d runs p.b, which imports p.a."""
    found = written(tmp_path, {"a.py": "from p.b.d import x", "b/__init__.py": "from p.b.c import y", "b/d.py": ""})
    assert circles(found) == []
    assert circles(found | written(tmp_path, {"b/c.py": "import p.a"})) == [["p.a", "p.b", "p.b.c"]]


@pytest.mark.parametrize(
    ("source", "when"),
    [
        ("from p.a import x", When.START),
        ("class C:\n    import p.a", When.START),
        ("def f():\n    if x:\n        from p.a import x", When.LATE),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import x", When.TYPES),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import p.a", When.START),
    ],
)
def test_when_an_import_happens(tmp_path: Path, source: str, when: When) -> None:
    found = written(tmp_path, {"a.py": "from p.b import y", "b.py": source})
    assert found == {Import("p.a", "p.b"), Import("p.b", "p.a", when)}
    assert circles(found) == ([["p.a", "p.b"]] if when is When.START else [])


@pytest.mark.parametrize("when", When)
def test_an_import_of_a_higher_or_an_equal_layer_is_told(when: When) -> None:
    wrong = [
        Import("graphcost.ir.node", "graphcost.cli.ops", when),
        Import("graphcost.ops.op", "graphcost.loaders", when),
    ]
    fine = {
        Import("graphcost.cli.ops", "graphcost.dims.expr", when),
        Import("graphcost.ir.node", "graphcost.ir.graph", when),
    }
    assert list(problems({*wrong, *fine, *UPWARD})) == [
        f"{one.source} imports {one.target} ({when.value}), which is in no lower layer" for one in wrong
    ]


def test_an_excuse_that_nothing_needs_is_told() -> None:
    (excused,) = UPWARD
    assert [text for text in problems(set()) if excused.source in text] == list(problems(set()))
    assert len(list(problems(set()))) == 1


def test_an_arrow_that_follows_from_others_is_not_drawn() -> None:
    chain = {Import("graphcost.ir.a", "graphcost.dims"), Import("graphcost.ops.a", "graphcost.ir")}
    sentences = dict.fromkeys((name for layer in LAYERS for name in layer), "a sentence")
    lines = drawing(chain | {Import("graphcost.ops.b", "graphcost.dims.c")}, sentences).splitlines()
    assert [line.split() for line in lines if "-->" in line] == [["ops", "-->", "ir"], ["ir", "-->", "dims"]]
    assert '    ir["ir/<br/>a sentence"]' in lines


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="no markers"):
        redrawn("a page", "a drawing")
