"""The README, run: every command and every session in it gives what it says.

Renew the outputs of its commands by: RENEW_GOLDEN=1 pytest tests/test_readme.py
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from graphcost import analyze

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE_ROW = re.compile(r"^\| `(?P<model>\S+)`.* \| (?P<profiler>[\d,]+) \| (?P<ours>[\d,]+) \|$", re.MULTILINE)
BINDINGS = {"N": 1, "tokens[1]": 50}
NEEDS_DOT = re.compile(r"-o \S+\.svg")
COUNTS_OPERATIONS = re.compile(r"^graphcost ops .*--summary")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the fixtures and the files that the README tells to write."""
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    for code in blocks("python"):
        name = re.match(r"# (\S+\.py)\n", code)
        assert name is not None, "the first line of a Python file names it"
        (tmp_path / name[1]).write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(kind: str) -> list[str]:
    return [match["body"] for match in BLOCK.finditer(README.read_text(encoding="utf-8")) if match["kind"] == kind]


def commands() -> list[tuple[str, str]]:
    """Each command of the README's consoles, with the output that it shows."""
    found: list[tuple[str, str]] = []
    for body in blocks("console"):
        for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def run(command: str, folder: Path) -> str:
    program, *arguments = shlex.split(command)
    assert program == "graphcost"
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", program, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def counts(text: str) -> list[int]:
    """How many operations a summary counts: more, as rules and packs are added, than where it was printed before."""
    return [int(number) for number in re.findall(r"\d+", text)]


def without_counts(text: str) -> list[str]:
    return re.sub(r" *\d+", " n", text).splitlines()


@pytest.mark.parametrize(("command", "output"), commands(), ids=lambda text: text.partition("\n")[0])
def test_command(command: str, output: str, folder: Path) -> None:
    if NEEDS_DOT.search(command) and shutil.which("dot") is None:
        pytest.skip("needs Graphviz")
    printed = run(command, folder)
    if os.environ.get("RENEW_GOLDEN"):
        text = README.read_text(encoding="utf-8")
        README.write_text(text.replace(f"$ {command}\n{output}", f"$ {command}\n{printed}"), encoding="utf-8")
    elif COUNTS_OPERATIONS.search(command):
        assert not any(map(int.__gt__, counts(output), counts(printed)))
        assert without_counts(printed) == without_counts(output)
    else:
        assert printed.splitlines() == output.splitlines()


def test_drawing_is_written(folder: Path) -> None:
    if shutil.which("dot") is None:
        pytest.skip("needs Graphviz")
    (command,) = (command for command, _ in commands() if NEEDS_DOT.search(command))
    run(command, folder)
    assert "conv/Conv2D" in (folder / "train.svg").read_text(encoding="utf-8")


def test_python_session(folder: Path) -> None:
    (session,) = blocks("pycon")
    examples = doctest.DocTestParser().get_doctest(session, {}, "README", str(README), 0)
    assert doctest.DocTestRunner(verbose=False).run(examples).failed == 0


def test_ci_runs_the_install_commands() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in blocks("sh"):
        assert f"\n{command.strip()} || exit 1\n" in script


def profiled() -> list[tuple[str, int, int]]:
    rows = TABLE_ROW.finditer(README.read_text(encoding="utf-8"))
    return [(row["model"], int(row["profiler"].replace(",", "")), int(row["ours"].replace(",", ""))) for row in rows]


@pytest.mark.parametrize(("model", "_profiler", "ours"), profiled())
def test_table_of_totals(model: str, _profiler: int, ours: int) -> None:
    report = analyze(ROOT / "fixtures" / model)
    report = report.bind(**{name: number for name, number in BINDINGS.items() if name in report.symbols})
    assert report.is_complete
    assert report.total.work.flops == ours


@pytest.mark.tensorflow
@pytest.mark.parametrize(("model", "profiler", "_ours"), profiled())
def test_table_of_tf_profiler(model: str, profiler: int, _ours: int) -> None:
    script, path = ROOT / "benchmarks" / "profiler.py", ROOT / "fixtures" / model
    done = subprocess.run([sys.executable, script, path], capture_output=True, text=True, timeout=300, check=True)
    assert int(done.stdout.split()[-1]) == profiler


def test_the_readme_has_what_these_tests_look_for() -> None:
    assert len(commands()) >= 6
    assert len(profiled()) == 3
    assert len(blocks("sh")) == 2
