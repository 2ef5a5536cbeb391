from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from graphcost.cli import build_parser, main
from graphcost.schema import report_schema

MODEL = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: -1 } dim { size: -1 } dim { size: 4 } } } } }
node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "value" value { tensor {
  dtype: DT_FLOAT tensor_shape { dim { size: 4 } dim { size: 3 } } float_val: 0.5 } } } }
node { name: "flat/size" op: "Const" attr { key: "dtype" value { type: DT_INT32 } } attr { key: "value" value { tensor {
  dtype: DT_INT32 tensor_shape { dim { size: 2 } } int_val: -1 int_val: 4 } } } }
node { name: "flat/Reshape" op: "Reshape" input: "x" input: "flat/size" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "dense/MatMul" op: "MatMul" input: "flat/Reshape" input: "w" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "dense/Relu" op: "Relu" input: "dense/MatMul" attr { key: "T" value { type: DT_FLOAT } } }
"""
UNKNOWN = """
node { name: "dense/Odd" op: "OddOp" input: "dense/Relu" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "\\033[31m/evil" op: "OddOp" input: "dense/Odd" attr { key: "T" value { type: DT_FLOAT } } }
"""
OPEN = "x[1]"
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "model.pbtxt"
    path.write_text(MODEL)
    return str(path)


@pytest.fixture
def odd_model(tmp_path: Path) -> str:
    path = tmp_path / "odd.pbtxt"
    path.write_text(MODEL + UNKNOWN)
    return str(path)


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "rules.py"
    path.write_text(
        "from graphcost import Cost, Rule, RuleSet\n"
        "def shape(op):\n    return [op.input()]\n"
        "def cost(op):\n    return Cost(mul=op.output().size)\n"
        "RULES = RuleSet(Rule('OddOp', shape=shape, cost=cost))\n"
    )
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:  # type: ignore[type-arg]
    code, out, _ = run(capsys, "report", *arguments, "--format", "json")
    assert code == 0
    document: dict = json.loads(out)  # type: ignore[type-arg]
    jsonschema.validate(document, report_schema())
    return document


# report


def test_a_table_goes_to_stdout_and_nothing_to_stderr(capsys: pytest.CaptureFixture[str], model: str) -> None:
    code, out, err = run(capsys, "report", model, "--bind", f"{OPEN}=5")
    assert (code, err) == (0, "")
    assert re.search(r"FLOPs +135\n", out)
    assert "\x1b" not in out


def test_the_batch_is_one_unless_it_is_given(capsys: pytest.CaptureFixture[str], model: str) -> None:
    assert report(capsys, model)["symbols"] == {"N": 1, OPEN: None}
    assert report(capsys, model, "--batch", "8")["symbols"]["N"] == 8
    assert report(capsys, model, "--bind", "N=3")["symbols"]["N"] == 3


def test_symbols_are_bound(capsys: pytest.CaptureFixture[str], model: str) -> None:
    total = report(capsys, model, "--bind", f"{OPEN}=5", "--batch", "2")["total"]
    assert (total["macs"], total["flops"], total["complete"]) == (120, 270, True)


def test_shapes_act_before_propagation(capsys: pytest.CaptureFixture[str], model: str) -> None:
    document = report(capsys, model, "--shape", "x=?,5,4")
    assert document["inputs"][0]["shape"] == ["N", 5, 4]
    assert report(capsys, model, "--shape", "x=7,5,4")["total"]["macs"] == 7 * 5 * 12


def test_a_batch_without_effect_is_told(capsys: pytest.CaptureFixture[str], model: str) -> None:
    code, _, err = run(capsys, "report", model, "--shape", "x=7,5,4", "--batch", "2")
    assert code == 0
    assert "--batch has no effect" in err
    assert run(capsys, "report", model, "--shape", "x=7,5,4")[2] == ""


def test_outputs_and_inputs_are_chosen(capsys: pytest.CaptureFixture[str], model: str) -> None:
    document = report(capsys, model, "--outputs", "dense/MatMul")
    assert [output["name"] for output in document["outputs"]] == ["dense/MatMul"]
    assert "Relu" not in {entry["op"] for entry in document["lines"]}
    assert report(capsys, model, "--inputs", "dense/MatMul")["total"]["macs"] == 0


def test_csv_and_markdown(capsys: pytest.CaptureFixture[str], model: str) -> None:
    assert run(capsys, "report", model, "--format", "csv", "--by", "op")[1].startswith("op,nodes,uncosted,flops")
    assert "| scope | nodes |" in run(capsys, "report", model, "--format", "markdown")[1]


def test_depth_and_top(capsys: pytest.CaptureFixture[str], model: str) -> None:
    _, out, _ = run(capsys, "report", model, "--by", "node", "--top", "1")
    assert "(5 others)" in out
    assert "the most expensive 1 of 6 nodes" in out


def test_a_file_is_written(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert run(capsys, "report", model, "--format", "json", "-o", str(path)) == (0, "", "")
    assert json.loads(path.read_text())["schema_version"] == 1


def test_strict_fails_where_the_total_is_not_exact(
    capsys: pytest.CaptureFixture[str], model: str, odd_model: str
) -> None:
    code, out, err = run(capsys, "report", model, "--strict")
    assert code == 4
    assert "FLOPs" in out
    assert err == f"graphcost: incomplete: {OPEN} not bound\n"
    assert run(capsys, "report", model, "--strict", "--bind", f"{OPEN}=1")[0] == 0
    code, _, err = run(capsys, "report", odd_model, "--strict")
    assert code == 4
    assert "2 nodes have no known cost, such as dense/Odd (OddOp)" in err


def test_rules_of_a_file_are_used(capsys: pytest.CaptureFixture[str], odd_model: str, rules: str) -> None:
    bound = ("--bind", f"{OPEN}=5")
    assert report(capsys, odd_model, *bound)["total"]["complete"] is False
    total = report(capsys, odd_model, *bound, "--rules", rules)["total"]
    assert (total["complete"], total["flops"]) == (True, 135 + 30)


# dot


def test_dot_goes_to_stdout_or_a_file(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    code, out, err = run(capsys, "dot", model)
    assert (code, err) == (0, "")
    assert out.startswith("digraph")
    path = tmp_path / "graph.dot"
    assert run(capsys, "dot", model, "-o", str(path)) == (0, "", "")
    assert path.read_text() == out


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz isn't installed")
def test_dot_draws(capsys: pytest.CaptureFixture[str], odd_model: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.svg"
    assert run(capsys, "dot", odd_model, "-o", str(path), "--constants", "--controls") == (0, "", "")
    assert b"OddOp" in path.read_bytes()


def test_dot_without_graphviz_leaves_the_text(
    capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, out, err = run(capsys, "dot", model, "-o", str(tmp_path / "graph.png"))
    assert (code, out) == (2, "")
    assert "Graphviz isn't installed" in err
    assert (tmp_path / "graph.dot").read_text().startswith("digraph")


# ops


def test_ops_lists_what_is_known(capsys: pytest.CaptureFixture[str], rules: str) -> None:
    code, out, _ = run(capsys, "ops", "--rules", rules)
    assert code == 0
    assert re.search(r"^MatMul +costed +matmul +One multiply-add for", out, re.MULTILINE)
    assert re.search(r"^OddOp +costed", out, re.MULTILINE)
    assert re.search(r"^While +structural +structural +A While: the body runs", out, re.MULTILINE)
    listed = {record["op"]: record for record in json.loads(run(capsys, "ops", "--format", "json")[1])}
    assert (listed["Conv2D"]["state"], listed["Identity"]["state"]) == ("costed", "free")
    assert {op: listed[op]["kind"] for op in ("NoOp", "Transpose", "Reshape", "MatMul")} == {
        "NoOp": "computes nothing",
        "Transpose": "copies",
        "Reshape": "view",
        "MatMul": "",
    }
    assert re.search(r"^Reshape +free: view +shape_ops$", out, re.MULTILINE)
    assert re.search(r"^RandomUniform +free: copies +random_numbers +random numbers$", out, re.MULTILINE)
    assert (listed["Shape"]["shape"], listed["Shape"]["value"], listed["Shape"]["owner"]) == (True, True, "graphcost")
    assert listed["Where"]["reason"] == "how many elements are found depends on data"
    assert "OddOp" not in listed
    assert "| op | state | family | about |" in run(capsys, "ops", "--format", "markdown")[1]


def test_ops_are_filtered(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(run(capsys, "ops", "--state", "free,opaque", "--family", "gather", "--format", "json")[1])
    assert {record["op"] for record in listed} >= {"Gather", "GatherV2"}
    assert {(record["state"], record["family"]) for record in listed} == {("free", "gather")}
    out = run(capsys, "ops", "--state", "opaque", "--family", "conv")[1]
    assert out == "none: no operation of these families is in these states\n"


def test_ops_are_summed_up_by_state(capsys: pytest.CaptureFixture[str]) -> None:
    summary = json.loads(run(capsys, "ops", "--summary", "--format", "json")[1])
    listed = json.loads(run(capsys, "ops", "--format", "json")[1])
    states = Counter(record["state"] for record in listed)
    kinds = Counter(f"free: {record['kind']}" for record in listed if record["kind"])
    assert set(kinds) == {"free: computes nothing", "free: copies", "free: view"}
    assert {row["state"]: row["ops"] for row in summary} == {
        **states,
        **kinds,
        "no cost": states["no cost"],
        "all": len(listed),
    }
    assert sum(kinds.values()) == states["free"]
    assert re.search(r"^all +\d+$", run(capsys, "ops", "--summary")[1], re.MULTILINE)


def test_ops_lists_what_a_model_lacks(
    capsys: pytest.CaptureFixture[str], model: str, odd_model: str, rules: str
) -> None:
    assert json.loads(run(capsys, "ops", "--missing", odd_model, "--format", "json")[1]) == [
        {"op": "OddOp", "nodes": 2, "first": "dense/Odd"}
    ]
    assert json.loads(run(capsys, "ops", "--missing", model, "--format", "json")[1]) == []
    assert run(capsys, "ops", "--missing", odd_model, "--rules", rules)[1] == "none: every operation has a rule\n"


# What goes wrong


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("unknown",),
        ("report",),
        ("report", "m", "--unknown"),
        ("report", "m", "--batch", "0"),
        ("report", "m", "--batch", "many"),
        ("report", "m", "--bind", "N"),
        ("report", "m", "--bind", "N=x"),
        ("report", "m", "--bind", "=1"),
        ("report", "m", "--bind", f"N={'9' * 5000}"),
        ("report", "m", "--shape", "x"),
        ("report", "m", "--shape", "x=1,y"),
        ("report", "m", "--shape", "x[1]=5"),
        ("report", "m", "--shape", "x=-2"),
        ("report", "m", "--outputs", "a,,b"),
        ("report", "m", "--top", "-1"),
        ("report", "m", "--depth", "0"),
        ("report", "m", "--by", "layer"),
        ("report", "m", "--format", "xml"),
    ],
)
def test_usage_errors_leave_with_2(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("usage: graphcost")


def test_errors_are_one_line_with_their_code(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pb"
    nonsense.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    for code, arguments in [
        (3, ("report", str(tmp_path / "absent.pb"))),
        (3, ("report", str(nonsense))),
        (3, ("dot", str(nonsense))),
        (3, ("ops", "--missing", str(nonsense))),
        (2, ("ops", "--state", "cheap")),
        (2, ("ops", "--family", "conv,nothing")),
        (2, ("ops", "--missing", model, "--state", "free")),
        (3, ("report", model, "--max-nodes", "2")),
        (3, ("dot", model, "--max-nodes", "2")),
        (3, ("ops", "--missing", model, "--max-nodes", "2")),
        (2, ("report", model, "--outputs", "dense/Rulu")),
        (2, ("report", model, "--bind", "M=1")),
        (2, ("report", model, "--shape", "y=1")),
        (2, ("report", model, "--rules", str(tmp_path / "absent.py"))),
        (74, ("report", model, "-o", str(tmp_path / "no" / "such" / "folder.txt"))),
    ]:
        found, out, err = run(capsys, *arguments)
        assert (found, out) == (code, ""), arguments
        assert re.fullmatch(r"graphcost: error: [^\n]+\n", err), arguments


def test_hostile_names_reach_no_terminal(capsys: pytest.CaptureFixture[str], odd_model: str) -> None:
    for arguments in (
        ("report", odd_model, "--by", "node", "--strict"),
        ("report", odd_model, "--format", "csv", "--by", "node"),
        ("report", odd_model, "--format", "markdown"),
        ("report", odd_model, "--format", "json"),
        ("report", odd_model, "--outputs", "\x1b[31m/nothing"),
        ("dot", odd_model),
        ("ops", "--missing", odd_model),
    ):
        _, out, err = run(capsys, *arguments)
        assert "\x1b" not in out + err, arguments


def test_interrupts_are_quiet(capsys: pytest.CaptureFixture[str], model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["graphcost.pipeline"], "run_pipeline", interrupted)
    assert run(capsys, "report", model) == (130, "", "")


# As a process


def start(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    common = {"capture_output": True, "text": True, "timeout": 60, "check": False}
    return subprocess.run([sys.executable, *arguments], **(common | options))  # type: ignore[call-overload, no-any-return]


def test_the_module_runs(model: str) -> None:
    done = start("-m", "graphcost", "report", model, "--strict")
    assert done.returncode == 4
    assert "FLOPs" in done.stdout


def test_a_reader_that_goes_away_is_no_error(model: str) -> None:
    command = f'"{sys.executable}" -m graphcost report "{model}" --format json; echo "code $?" >&2'
    done = subprocess.run(
        ["sh", "-c", f"( {command} ) | true"], capture_output=True, text=True, timeout=60, check=False
    )
    assert re.fullmatch(r"code (0|141)\n", done.stderr)


def test_an_encoding_without_the_characters_is_no_error(model: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = start("-m", "graphcost", "report", model, env=environment)
    assert done.returncode == 0
    assert "FLOPs" in done.stdout


def imported(*arguments: str) -> set[str]:
    script = (
        "import sys\nfrom graphcost.cli import main\n"
        f"main({list(arguments)!r})\nprint(*sorted(sys.modules), file=sys.stderr)"
    )
    done = start("-c", script)
    assert done.returncode == 0
    return {name.split(".")[0] for name in done.stderr.split()} | set(done.stderr.split())


def test_help_imports_nothing_slow() -> None:
    assert not imported("report", "--help") & {"rich", "networkx", "google.protobuf", "tensorflow", "numpy"}


def test_json_imports_no_renderer_and_no_framework(model: str) -> None:
    assert not imported("report", model, "--format", "json") & {"rich", "tensorflow", "numpy"}


WHEN_NEEDED = {
    "difflib",
    "fractions",
    "graphcost.loaders.savedmodel",
    "graphcost.loaders.text",
    "graphcost.loaders.tfjs",
    "graphcost.passes.control_flow.graph_conds",
    "graphcost.passes.control_flow.graph_loops",
    "graphcost.passes.pattern",
    "graphcost.passes.rewriting",
    "graphcost.render.rows",
    "graphcost.roles.heads",
    "graphcost.roles.reasons",
}
"""What a report on a frozen network without loops and conds, in JSON, does without."""


def test_a_plain_report_imports_only_what_it_needs() -> None:
    assert not imported("report", str(FIXTURES / "mobilenet_v2.pb"), "--format", "json") & WHEN_NEEDED


@pytest.mark.parametrize(
    ("model", "arguments", "needed"),
    [
        ("lstm.pb", ["--format", "json"], {"graphcost.passes.control_flow.graph_loops"}),
        ("train.pbtxt", ["--format", "json"], {"graphcost.loaders.text", "graphcost.roles.heads"}),
        ("lstm_saved_model", ["--format", "csv"], {"graphcost.loaders.savedmodel", "graphcost.render.rows"}),
        ("attention.pb", ["--rewrite", "drop_identities"], {"graphcost.passes.pattern", "graphcost.passes.rewriting"}),
    ],
)
def test_a_report_imports_what_it_needs(model: str, arguments: list[str], needed: set[str]) -> None:
    assert needed <= imported("report", str(FIXTURES / model), *arguments)


def test_a_table_imports_no_framework(model: str) -> None:
    assert not imported("report", model) & {"tensorflow", "numpy"}


# Help


def test_every_command_and_option_has_help() -> None:
    parser = build_parser()
    (commands,) = [action for action in parser._actions if hasattr(action, "choices") and action.choices]
    assert set(commands.choices or ()) == {"report", "explain", "dot", "passes", "ops", "export"}
    for command in (commands.choices or {}).values():  # type: ignore[union-attr]
        assert command.description
        assert all(action.help for action in command._actions)


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for command in ("report", "explain", "dot", "passes", "ops", "export"):
        assert re.search(rf"^ +{command} +\w", out, re.MULTILINE)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--version")
    assert code == 0
    assert re.fullmatch(r"graphcost (\d[\w.]*|\(not installed\))\n", out)


# Terminals


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "is_coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_is_for_terminals_that_want_it(
    model: str, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], is_coloured: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["report", model]) == 0
    assert ("\x1b[" in terminal.getvalue()) is is_coloured


def test_a_table_is_as_wide_as_the_terminal(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in (70, 110):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("NO_COLOR", "1")
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        assert main(["report", model, "--by", "node"]) == 0
        assert max(map(len, terminal.getvalue().splitlines())) <= columns
