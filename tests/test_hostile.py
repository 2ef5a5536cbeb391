"""Broken and hostile files, through the command line: one clear line and the right code, or a report; never a crash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from model_files import RELU, encoded, message, write

from graphcost import analyze
from graphcost.cli import main
from graphcost.ir.stand_ins import INTERNAL
from graphcost.ops.status import Status

UNREADABLE = 3
LFS_POINTER = (
    "version https://git-lfs.github.com/spec/v1\noid sha256:4cac19622fc3ada9c0fdeadb33f88f367b541f38\nsize 9\n"
)
RANDOM = Random(20).randbytes(4096)

BROKEN_FILES = {
    "truncated": (encoded("GraphDef", RELU)[:-20], "truncated"),
    "random bytes": (RANDOM, ""),
    "empty": (b"", "empty"),
    "zip": (b"PK\x03\x04" + b"\0" * 60, "zip"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 60, "HDF5"),
    "html": (b"<!DOCTYPE html><html><body>Not found</body></html>", "HTML"),
    "json": (b'{"weights": []}', "JSON"),
    "lfs pointer": (LFS_POINTER.encode(), "git lfs pull"),
    "an empty SavedModel": (encoded("SavedModel", "saved_model_schema_version: 1"), ""),
    "not UTF-8": (encoded("GraphDef", RELU).replace(b"\x0a\x01x", b"\x0a\x01\xff"), "UTF-8"),
}

BROKEN_GRAPHS = {
    "duplicate names": (RELU + 'node { name: "y" op: "NoOp" }', "'y'"),
    "a missing input": (RELU + 'node { name: "z" op: "Relu" input: "nowhere" }', "nowhere"),
    "a missing control input": (RELU + 'node { name: "z" op: "NoOp" input: "^nowhere" }', "nowhere"),
    "an output that a node doesn't have": (RELU + 'node { name: "z" op: "Relu" input: "y:7" }', "output 7 of 'y'"),
    "a node that feeds itself": (RELU + 'node { name: "self" op: "Relu" input: "self" }', "self -> self"),
    "a cycle": (
        RELU + 'node { name: "p" op: "Add" input: "q" input: "x" } node { name: "q" op: "Relu" input: "p" }',
        "p -> q",
    ),
}

HOSTILE_CONVOLUTIONS = {
    "no strides": "",
    "two strides": 'attr { key: "strides" value { list { i: 1 i: 1 } } }',
    "strides of 0": 'attr { key: "strides" value { list { i: 1 i: 0 i: 0 i: 1 } } }',
    "negative strides": 'attr { key: "strides" value { list { i: 1 i: -2 i: -2 i: 1 } } }',
    "floats for strides": 'attr { key: "strides" value { list { f: 1 f: 1 f: 1 f: 1 } } }',
    "a dtype for strides": 'attr { key: "strides" value { type: DT_FLOAT } }',
    "padding that isn't text": 'attr { key: "padding" value { s: "\\377\\376" } }',
    "huge strides": 'attr { key: "strides" value { list { i: 1 i: 9223372036854775807 i: 1 i: 1 } } }',
    "huge dilations": 'attr { key: "dilations" value { list { i: 1 i: 9223372036854775807 i: 9 i: 1 } } }',
    "a layout from elsewhere": 'attr { key: "data_format" value { s: "ZZZZ" } }',
}

HOSTILE_SHAPES = {
    "2^62 x 2^62": "dim { size: 4611686018427387904 } dim { size: 4611686018427387904 }",
    "254 axes of 2^62": "dim { size: 4611686018427387904 } " * 254,
    "300 axes": "dim { size: 2 } " * 300,
    "a size of -7": "dim { size: -7 }",
    "no elements": "dim { size: 0 } dim { size: -1 }",
}

HOSTILE_NAMES = [
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;http://example.com\x1b\\link",
    "\u202egnp.exe",
    "[/bold]",
    'quote"]; x -> y; "',
    "</script><script>alert(1)</script>",
    "\x9b2J",
    "a\nb",
]
ESCAPES = ("\x1b", "\x9b", "\u202e", "\u2028")


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def report(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> dict[str, Any]:
    code, out, err = run(capsys, "report", path, "--format", "json", *options)
    assert code == 0, err
    document: dict[str, Any] = json.loads(out)
    return document


def assert_one_line(code: int, out: str, err: str, expected: int) -> None:
    assert code == expected, err
    assert out == ""
    assert err.startswith("graphcost: error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")


@pytest.mark.parametrize("name", BROKEN_FILES)
def test_what_is_no_model_is_said_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    content, word = BROKEN_FILES[name]
    code, out, err = run(capsys, "report", write(tmp_path / "model.pb", content))

    assert_one_line(code, out, err, UNREADABLE)
    assert "model.pb" in err
    assert word in err


@pytest.mark.parametrize("name", BROKEN_GRAPHS)
def test_a_broken_graph_names_its_nodes(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    text, node = BROKEN_GRAPHS[name]
    code, out, err = run(capsys, "report", write(tmp_path / "model.pb", encoded("GraphDef", text)))

    assert_one_line(code, out, err, UNREADABLE)
    assert node in err.rpartition("model.pb: ")[2]


@pytest.mark.parametrize("command", ["report", "dot", "ops"])
def test_a_missing_file(capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str) -> None:
    options = ["--missing"] if command == "ops" else []
    assert_one_line(*run(capsys, command, *options, tmp_path / "absent.pb"), UNREADABLE)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX's")
def test_a_pipe_is_not_waited_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "saved_model.pb")

    assert_one_line(*run(capsys, "report", tmp_path), UNREADABLE)
    assert_one_line(*run(capsys, "report", tmp_path / "saved_model.pb"), UNREADABLE)


@pytest.mark.parametrize("name", HOSTILE_CONVOLUTIONS)
def test_a_hostile_attribute_leaves_one_line_uncosted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    attributes = {
        "strides": 'attr { key: "strides" value { list { i: 1 i: 1 i: 1 i: 1 } } }',
        "padding": 'attr { key: "padding" value { s: "VALID" } }',
    }
    given = HOSTILE_CONVOLUTIONS[name]
    kept = "".join(text for key, text in attributes.items() if f'"{key}"' not in given and name != f"no {key}")
    path = write(
        tmp_path / "model.pb",
        encoded(
            "GraphDef",
            f"""
            node {{ name: "x" op: "Placeholder" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }}
              attr {{ key: "shape" value {{ shape {{ {"dim { size: 8 }" * 3} dim {{ size: 3 }} }} }} }} }}
            node {{ name: "w" op: "Const" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }}
              attr {{ key: "value" value {{ tensor {{ dtype: DT_FLOAT float_val: 1 tensor_shape {{
                {"dim { size: 3 }" * 4} }} }} }} }} }}
            node {{ name: "conv" op: "Conv2D" input: "x" input: "w" {kept} {given} }}
            node {{ name: "after" op: "Relu" input: "x" attr {{ key: "T" value {{ type: DT_FLOAT }} }} }}
            """,
        ),
    )
    document = report(capsys, path, "--outputs", "conv,after")

    statuses = {line["node"]: line["status"] for line in document["lines"]}
    assert statuses["after"] == "costed"
    assert document["total"]["flops"] >= 8 * 8 * 8 * 3
    if not name.startswith("huge"):
        assert statuses["conv"] == "invalid"
        assert not document["total"]["complete"]


@pytest.mark.parametrize("name", HOSTILE_SHAPES)
@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_hostile_shapes_end_in_a_report(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, form: str
) -> None:
    text = f"""
        node {{ name: "x" op: "Placeholder" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }}
          attr {{ key: "shape" value {{ shape {{ {HOSTILE_SHAPES[name]} }} }} }} }}
        node {{ name: "y" op: "Relu" input: "x" attr {{ key: "T" value {{ type: DT_FLOAT }} }} }}
        node {{ name: "z" op: "Softmax" input: "y" attr {{ key: "T" value {{ type: DT_FLOAT }} }} }}
        """
    code, out, _ = run(capsys, "report", write(tmp_path / "model.pb", encoded("GraphDef", text)), "--format", form)

    assert code == 0
    assert out


def test_a_splat_of_a_trillion_elements_is_never_made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    document = report(capsys, splat(tmp_path, 2**40))

    assert document["total"]["flops"] == 0
    assert document["total"]["params"] == 2**40


def test_a_million_elements_from_one_number(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert report(capsys, splat(tmp_path, 1_000_000))["total"]["params"] == 1_000_000


def splat(folder: Path, size: int) -> Path:
    """A vector of weights that is one number, repeated; a feature of the format."""
    text = f"""
        node {{ name: "x" op: "Placeholder" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }}
          attr {{ key: "shape" value {{ shape {{ }} }} }} }}
        node {{ name: "w" op: "Const" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }} attr {{ key: "value" value {{
          tensor {{ dtype: DT_FLOAT float_val: 0.5 tensor_shape {{ dim {{ size: {size} }} }} }} }} }} }}
        node {{ name: "y" op: "Pack" input: "w" attr {{ key: "T" value {{ type: DT_FLOAT }} }}
          attr {{ key: "N" value {{ i: 1 }} }} input: "^x" }}
        """
    return write(folder / "splat.pb", encoded("GraphDef", text))


def function(name: str, *calls: str, op: str = "PartitionedCall") -> str:
    """A function that adds 1 to its argument, having handed it through the functions that it calls."""
    nodes, last = "", "x"
    for index, callee in enumerate(calls):
        nodes += f"""
            node_def {{ name: "call{index}" op: "{op}" input: "{last}"
              attr {{ key: "Tin" value {{ list {{ type: DT_FLOAT }} }} }}
              attr {{ key: "Tout" value {{ list {{ type: DT_FLOAT }} }} }}
              attr {{ key: "f" value {{ func {{ name: "{callee}" }} }} }} }}"""
        last = f"call{index}:output:0"
    return f"""
        function {{ signature {{ name: "{name}" input_arg {{ name: "x" type: DT_FLOAT }}
          output_arg {{ name: "r" type: DT_FLOAT }} }} {nodes}
          node_def {{ name: "sum" op: "AddV2" input: "{last}" input: "{last}"
            attr {{ key: "T" value {{ type: DT_FLOAT }} }} }}
          ret {{ key: "r" value: "sum:z:0" }} }}"""


def calling(callee: str, functions: str, gradients: str = "") -> bytes:
    """A graph that calls a function on a scalar."""
    return encoded(
        "GraphDef",
        f"""
        node {{ name: "x" op: "Placeholder" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }}
          attr {{ key: "shape" value {{ shape {{ }} }} }} }}
        node {{ name: "call" op: "PartitionedCall" input: "x"
          attr {{ key: "Tin" value {{ list {{ type: DT_FLOAT }} }} }}
          attr {{ key: "Tout" value {{ list {{ type: DT_FLOAT }} }} }}
          attr {{ key: "f" value {{ func {{ name: "{callee}" }} }} }} }}
        library {{ {functions} {gradients} }}
        versions {{ producer: 716 }}
        """,
    )


RECURSIVE = {
    "itself": (function("f", "f"), ("f",)),
    "each other": (function("f", "g") + function("g", "f"), ("f", "g")),
    "three in a ring": (function("f", "g") + function("g", "h") + function("h", "f"), ("f", "g", "h")),
}


@pytest.mark.parametrize("name", RECURSIVE)
def test_recursive_functions_name_the_cycle(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    functions, cycle = RECURSIVE[name]
    code, out, err = run(capsys, "report", write(tmp_path / "model.pb", calling("f", functions)))

    assert_one_line(code, out, err, UNREADABLE)
    assert all(member in err for member in cycle)
    assert "->" in err


def test_recursion_through_a_gradient(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    gradient = 'gradient { function_name: "f" gradient_func: "g" }'
    functions = function("f", "f", op="SymbolicGradient") + function("g", "f")
    code, out, err = run(capsys, "report", write(tmp_path / "model.pb", calling("f", functions, gradient)))

    assert_one_line(code, out, err, UNREADABLE)


def test_a_missing_function_leaves_the_call_uncosted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    document = report(capsys, write(tmp_path / "model.pb", calling("nowhere", function("f"))))

    assert not document["total"]["complete"]
    (line,) = document["uncosted"]
    assert (line["node"], line["status"]) == ("call", "invalid")
    assert "nowhere" in line["reason"]


def test_sixty_functions_that_call_the_next_twice(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """2^60 - 1 additions, counted without following each."""
    functions = "".join(function(f"f{depth}", *(() if depth == 59 else (f"f{depth + 1}",) * 2)) for depth in range(60))
    path = write(tmp_path / "model.pb", calling("f0", functions))
    document = report(capsys, path)

    assert document["total"]["flops_exact"] == str(2**60 - 1)
    assert document["total"]["complete"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("options", [("--by", "node"), ("--format", "csv"), ("--format", "markdown")])
def test_names_with_escapes_reach_no_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    for command in (("report", *options), ("dot",)):
        code, out, err = run(capsys, command[0], named(tmp_path, name), *command[1:])
        assert code == 0, err
        assert not any(escape in text for escape in ESCAPES for text in (out, err))


def test_a_hostile_name_in_an_error_is_shown_harmless(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    graph = message("GraphDef", RELU)
    graph.node[1].name = HOSTILE_NAMES[0]
    graph.node[1].input[0] = "nowhere\x1b[2J"
    code, out, err = run(capsys, "report", write(tmp_path / "model.pb", graph.SerializeToString()))

    assert_one_line(code, out, err, UNREADABLE)
    assert not any(escape in err for escape in ESCAPES)


def named(folder: Path, name: str) -> Path:
    graph = message("GraphDef", RELU)
    graph.node[1].name = name
    return write(folder / "model.pb", graph.SerializeToString())


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20,000 negations, each of which reads the one before."""
    graph = message("GraphDef", RELU)
    for index in range(20_000):
        node = graph.node.add(name=f"n{index}", op="Neg", input=[f"n{index - 1}" if index else "y"])
        node.attr["T"].type = 1
    return write(tmp_path_factory.mktemp("chain") / "chain.pb", graph.SerializeToString())


def test_a_long_chain_meets_no_recursion_limit(capsys: pytest.CaptureFixture[str], chain: Path) -> None:
    assert report(capsys, chain)["total"]["flops"] == 20_001 * 4


def test_the_limit_of_nodes_holds_before_they_are_read(capsys: pytest.CaptureFixture[str], chain: Path) -> None:
    assert_one_line(*run(capsys, "report", chain, "--max-nodes", "1000"), UNREADABLE)


def test_a_process_prints_no_traceback(tmp_path: Path) -> None:
    path = write(tmp_path / "model.pb", RANDOM)
    done = subprocess.run(
        [sys.executable, "-m", "graphcost", "report", str(path)], capture_output=True, text=True, check=False
    )

    assert_one_line(done.returncode, done.stdout, done.stderr, UNREADABLE)
    assert "Traceback" not in done.stderr


SHARED = Path(__file__).resolve().parents[2] / "shared" / "hostile"
HOSTILE_FILES = sorted(path.name for path in SHARED.glob("*.pb*")) or ["(absent)"]
HUNG = 100
"""Seconds after which a process is taken to hang, on a machine however slow."""

MOST_BYTES = 500 << 20


@pytest.mark.shared
@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize("name", HOSTILE_FILES)
def test_every_hostile_file_ends_in_a_report_or_one_line(name: str, form: str) -> None:
    resource = pytest.importorskip("resource", reason="limits of a process are POSIX's")
    if not (SHARED / name).exists():
        pytest.skip("needs the hostile files beside the repository")
    done = subprocess.run(
        [sys.executable, "-m", "graphcost", "report", "--format", form, str(SHARED / name)],
        capture_output=True,
        text=True,
        check=False,
        timeout=HUNG,
        # Of addresses more is taken than of memory.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 * MOST_BYTES, 2 * MOST_BYTES)),
    )

    if done.returncode == 0:
        assert done.stdout
    else:
        assert_one_line(done.returncode, done.stdout, done.stderr, UNREADABLE)


def test_long_names_of_nested_calls_do_not_add_up(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each line's path would have the names of all callers in it."""
    functions = "".join(function(f"f{d}", *(() if d == 99 else (f"f{d + 1}",))) for d in range(100))
    functions = functions.replace("call0", "z" * 1000)
    path = write(tmp_path / "model.pb", calling("f0", functions))
    code, out, err = run(capsys, "report", path, "--format", "json")

    assert code == 0, err
    assert json.loads(out)["total"]["flops"] == 100
    assert len(out) < 12 * path.stat().st_size


@pytest.mark.parametrize("op", sorted(INTERNAL))
def test_an_operation_that_is_called_like_a_stand_in_has_no_cost(op: str, tmp_path: Path) -> None:
    """Stand-ins of the engine have no line: a file must not have its nodes left out by their names."""
    path = tmp_path / "model.pbtxt"
    path.write_text(f'node {{ name: "x" op: "{op}" attr {{ key: "_op" value {{ s: "Relu" }} }} }}', encoding="utf-8")
    report = analyze(path, outputs=["x"])
    (line,) = report.lines
    assert (line.status, report.is_complete) == (Status.NO_RULE, False)
