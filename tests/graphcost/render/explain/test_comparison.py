"""The comparison with tf.profiler in its four formats."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest
from explaining import DENSE, analysed, reconciled

from graphcost.render.explain.comparison import render

TABLE = """\
model.pb (graphdef, 10 nodes, 5 run)

why                                      nodes  tf.profiler  graphcost  difference
──────────────────────────────────────────────────────────────────────────────────
not counted, the batch is unknown            2            0         24         -24
  y (MatMul)                                              0         16         -16
  out (Softmax)                                           0          8          -8
counted, though it initializes a weight      1            8          0          +8
  scaled (Mul)                                            8          0          +8
total                                        3            8         24         -16

tf.profiler counts 8 FLOPs over the whole file, as TensorFlow imports it.
graphcost counts 24 FLOPs at N = 1 for out (option).
"""


def test_the_table() -> None:
    assert render(reconciled(analysed(DENSE, "out")), "table", 120) == TABLE


def test_examples_are_as_many_as_asked_for() -> None:
    found = reconciled(analysed(DENSE, "out"))
    assert "(MatMul)" not in render(found, "table", 120, examples=0)
    assert "(Softmax)" not in render(found, "table", 120, examples=1)


def test_a_narrow_terminal_shortens_names() -> None:
    lines = render(reconciled(analysed(DENSE, "out")), "table", 70).splitlines()
    assert max(map(len, lines[2:])) <= 70


def test_csv_adds_up() -> None:
    rows = list(csv.DictReader(StringIO(render(reconciled(analysed(DENSE, "out")), "csv", 120))))
    assert [row["node"] for row in rows] == ["y", "out", "scaled"]
    assert sum(int(row["tf.profiler"]) for row in rows) == 8
    assert sum(int(row["difference"]) for row in rows) == 8 - 24


def test_json_has_every_node() -> None:
    found = json.loads(render(reconciled(analysed(DENSE, "out")), "json", 120))
    assert (found["theirs"], found["graphcost"], found["difference"]) == (8, 24, -16)
    assert sum(group["difference"] for group in found["reasons"]) == -16
    assert [node["node"] for group in found["reasons"] for node in group["nodes"]] == ["y", "out", "scaled"]


def test_an_open_symbol_is_a_formula_in_every_format() -> None:
    found = reconciled(analysed(DENSE, "out", batch=None))
    assert "24*N" in render(found, "table", 120)
    assert json.loads(render(found, "json", 120))["graphcost_formula"] == "24*N"
    assert "Open: N; --bind SYMBOL=INT gives a number." in render(found, "table", 120)
    assert next(csv.DictReader(StringIO(render(found, "csv", 120))))["graphcost"] == ""


def test_markdown_is_a_table() -> None:
    lines = render(reconciled(analysed(DENSE, "out")), "markdown", 120).splitlines()
    assert "| why | nodes | tf.profiler | graphcost | difference |" in lines
    assert "| &emsp;y (MatMul) |  | 0 | 16 | -16 |" in lines


def counts(theirs: int, ours: int) -> dict[str, int]:
    return {"theirs": theirs, "graphcost": ours, "difference": theirs - ours}


def test_the_whole_of_json() -> None:
    assert json.loads(render(reconciled(analysed(DENSE, "out")), "json", 120)) == {
        "schema_version": 1,
        "model": {"path": "model.pb", "format": "graphdef", "nodes": 10},
        "tool": "tf.profiler",
        "symbols": {"N": 1},
        **counts(8, 24),
        "complete": True,
        "reasons": [
            {
                "reason": "not counted, the batch is unknown",
                **counts(0, 24),
                "note": "",
                "nodes": [
                    {"node": "y", "op": "MatMul", **counts(0, 16)},
                    {"node": "out", "op": "Softmax", **counts(0, 8)},
                ],
            },
            {
                "reason": "counted, though it initializes a weight",
                **counts(8, 0),
                "note": "",
                "nodes": [{"node": "scaled", "op": "Mul", **counts(8, 0)}],
            },
        ],
    }


def test_the_whole_of_csv() -> None:
    assert (
        render(reconciled(analysed(DENSE, "out")), "csv", 120)
        == """\
node,op,reason,tf.profiler,graphcost,difference
y,MatMul,"not counted, the batch is unknown",0,16,-16
out,Softmax,"not counted, the batch is unknown",0,8,-8
scaled,Mul,"counted, though it initializes a weight",8,0,8
"""
    )


def test_the_whole_of_markdown() -> None:
    assert (
        render(reconciled(analysed(DENSE, "out")), "markdown", 120)
        == """\
**model.pb (graphdef, 10 nodes, 5 run)**

| why | nodes | tf.profiler | graphcost | difference |
| :-- | --: | --: | --: | --: |
| not counted, the batch is unknown | 2 | 0 | 24 | -24 |
| &emsp;y (MatMul) |  | 0 | 16 | -16 |
| &emsp;out (Softmax) |  | 0 | 8 | -8 |
| counted, though it initializes a weight | 1 | 8 | 0 | +8 |
| &emsp;scaled (Mul) |  | 8 | 0 | +8 |
| total | 3 | 8 | 24 | -16 |

- tf.profiler counts 8 FLOPs over the whole file, as TensorFlow imports it.
- graphcost counts 24 FLOPs at N = 1 for out (option).
"""
    )


def test_json_is_indented_by_one() -> None:
    assert render(reconciled(analysed(DENSE, "out")), "json", 120).startswith(
        '{\n "schema_version": 1,\n "model": {\n  "'
    )


@pytest.mark.parametrize(
    ("count", "named"), [(1, "o0"), (5, "o0, o1, o2, o3, o4"), (6, "o0, o1, o2, o3, o4 and 1 more")]
)
def test_outputs_are_named_up_to_five(count: int, named: str) -> None:
    names = [f"o{i}" for i in range(count)]
    text = DENSE + "".join(f"{name} = Neg(out, T=float32)\n" for name in names)
    found = render(reconciled(analysed(text, ",".join(names))), "table", 200)
    assert f" FLOPs at N = 1 for {named} (option).\n" in found


def test_what_graphcost_does_not_know_makes_its_count_a_lower_bound() -> None:
    text = DENSE + "o = Foo(out) -> float32\n"
    assert "graphcost counts at least 24 FLOPs at N = 1 for o" in render(reconciled(analysed(text, "o")), "table", 200)


def test_without_open_sizes_none_is_named() -> None:
    text = DENSE.replace("<?,4>", "<1,4>")
    found = render(reconciled(analysed(text, "out", batch=None)), "table", 200)
    assert "graphcost counts 24 FLOPs for out (option).\n" in found
    assert "Open" not in found


def test_a_name_with_hyphens_stays_on_one_line() -> None:
    name = "-".join(["part"] * 7)
    found = render(reconciled(analysed(DENSE + f"{name} = Neg(out, T=float32)\n", name)), "table", 40)
    assert any(
        row.startswith(name) or f" {name} " in row for row in found.partition("tf.profiler counts")[2].splitlines()
    )


@pytest.mark.parametrize(("length", "shown"), [(60, 60), (61, 60)])
def test_a_long_name_of_an_output_has_60_characters(length: int, shown: int) -> None:
    name = "o" * length
    found = render(reconciled(analysed(DENSE + f"{name} = Neg(out, T=float32)\n", name)), "table", 300)
    assert len(found.partition(" at N = 1 for ")[2].partition(" (option)")[0]) == shown
