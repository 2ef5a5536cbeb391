"""One node's explanation in its four formats."""

from __future__ import annotations

import json

from explaining import DENSE, LOOP, analysed

from graphcost.explain.node import explain_node
from graphcost.render.explain.node import render

MATMUL = """\
y (MatMul), costed

rule        from graphcost
            One multiply-add for each output element and inner element; zeros
            are multiplied too.
inputs      x  float32  Nx4
            read  float32  4x2
attributes  transpose_a = False
            transpose_b = False
outputs     output 0  float32  Nx2
one run     mac = 8*N = 24
            FLOPs = 2*mac + all others = 16*N = 48
runs        once
parameters  8
"""


def rendered(text: str, output: str, name: str, form: str = "table", width: int = 78) -> str:
    analysis = analysed(text, output, batch=3)
    return render(explain_node(analysis, name), analysis.report, form, width)


def test_the_table_fills_in_the_sizes() -> None:
    assert rendered(DENSE, "out", "y") == MATMUL


def test_what_doesnt_run_says_why() -> None:
    text = rendered(DENSE, "out", "scaled")
    assert text.startswith("scaled (Mul), dropped: initializer\n")
    assert "never, when the outputs are computed: initializer" in text
    assert "low  float32  scalar  = 2.0" in text


def test_work_that_depends_on_data_says_why_once() -> None:
    text = rendered("x = Placeholder(dtype=float32, shape=<2>)\n y = PyFunc(x, token=b'f') -> float32", "y", "y")
    assert text.count("it calls Python code") == 1
    assert "add = flops(y)" in text


def test_a_loop_says_how_often() -> None:
    text = rendered(LOOP, "exit_acc", "square")
    assert "5 times" in text
    assert "(While) runs it 5 times" in text
    assert "15 FLOPs" in text


def test_json() -> None:
    found = json.loads(rendered(DENSE, "out", "y", "json"))
    assert found["once"]["flops"] == 48
    assert found["once"]["formula"] == "16*N"
    assert found["inputs"][0] == {"name": "x", "dtype": "float32", "shape": ["N", 4], "value": None}
    assert found["attributes"] == {"transpose_a": "False", "transpose_b": "False"}


def test_markdown_and_csv_say_the_same() -> None:
    assert "- **one run**: mac = 8\\*N = 24" in rendered(DENSE, "out", "y", "markdown")
    assert "one run,mac = 8*N = 24\n" in rendered(DENSE, "out", "y", "csv")


def work(flops: int, formula: str, **by_kind: str) -> dict[str, object]:
    macs = flops // 2 if "mac" in by_kind else 0
    return {"flops": flops, "macs": macs, "int_ops": 0, "int_macs": 0, "formula": formula, "by_kind": by_kind}


def test_the_whole_of_json() -> None:
    assert json.loads(rendered(DENSE, "out", "y", "json")) == {
        "schema_version": 1,
        "node": "y",
        "op": "MatMul",
        "status": "costed",
        "reason": "",
        "dropped": None,
        "rule": {
            "owner": "graphcost",
            "shape": "",
            "cost": "One multiply-add for each output element and inner element; zeros are multiplied too.",
        },
        "inputs": [
            {"name": "x", "dtype": "float32", "shape": ["N", 4], "value": None},
            {"name": "read", "dtype": "float32", "shape": [4, 2], "value": None},
        ],
        "outputs": [{"name": "output 0", "dtype": "float32", "shape": ["N", 2], "value": None}],
        "attributes": {"transpose_a": "False", "transpose_b": "False"},
        "once": work(48, "16*N", mac="8*N"),
        "lines": [{"count": 1, **work(48, "16*N", mac="8*N"), "params": 8}],
        "runs": [],
        "tf.profiler": None,
        "others": [],
    }


def test_json_of_a_loop_has_its_steps() -> None:
    found = json.loads(rendered(LOOP, "exit_acc", "square", "json"))
    assert found["node"] == "loop/body/square"
    assert found["once"] == work(3, "3", mul="3")
    assert found["lines"] == [{"count": 5, **work(15, "15", mul="15"), "params": 0}]
    assert found["runs"] == ["loop (While) runs it 5 times"]


def test_json_of_what_doesn_t_run_has_why_and_no_lines() -> None:
    found = json.loads(rendered(DENSE, "out", "scaled", "json"))
    assert (found["status"], found["dropped"], found["lines"], found["runs"]) == ("costed", "initializer", [], [])
    assert found["inputs"][1] == {"name": "low", "dtype": "float32", "shape": [], "value": "2.0"}


def test_json_of_an_operation_without_a_rule() -> None:
    found = json.loads(rendered("x = Placeholder(dtype=float32, shape=<2>)\n y = Foo(x) -> float32", "y", "y", "json"))
    assert found["rule"] == {"owner": None, "shape": "", "cost": ""}
    assert found["status"] == "no rule"
    assert found["outputs"] == [{"name": "output 0", "dtype": "float32", "shape": None, "value": None}]


def test_a_whole_dropped_node() -> None:
    assert (
        rendered(DENSE, "out", "scaled")
        == """\
scaled (Mul), dropped: initializer

rule     from graphcost
         For each element of the output: x * y.
inputs   noise  float32  4x2
         low  float32  scalar  = 2.0
outputs  output 0  float32  4x2
one run  mul = 8
         FLOPs = 2*mac + all others = 8
runs     never, when the outputs are computed: initializer
"""
    )


def test_a_whole_loop() -> None:
    assert (
        rendered(LOOP, "exit_acc", "square")
        == """\
loop/body/square (Mul), costed

rule     from graphcost
         For each element of the output: x * y.
inputs   enter_x  float32  3
         enter_x  float32  3
outputs  output 0  float32  3
one run  mul = 3
         FLOPs = 2*mac + all others = 3
runs     5 times
         loop (While) runs it 5 times
in all   15 FLOPs
"""
    )


def test_a_whole_csv() -> None:
    assert (
        rendered(DENSE, "out", "y", "csv")
        == """\
what,text
rule,from graphcost
rule,One multiply-add for each output element and inner element; zeros are multiplied too.
inputs,x  float32  Nx4
inputs,read  float32  4x2
attributes,transpose_a = False
attributes,transpose_b = False
outputs,output 0  float32  Nx2
one run,mac = 8*N = 24
one run,FLOPs = 2*mac + all others = 16*N = 48
runs,once
parameters,8
"""
    )


def test_a_whole_markdown() -> None:
    assert (
        rendered(DENSE, "out", "scaled", "markdown")
        == r"""**scaled (Mul), dropped: initializer**

- **rule**: from graphcost
  - For each element of the output: x \* y.
- **inputs**: noise  float32  4x2
  - low  float32  scalar  = 2.0
- **outputs**: output 0  float32  4x2
- **one run**: mul = 8
  - FLOPs = 2\*mac + all others = 8
- **runs**: never, when the outputs are computed: initializer
"""
    )
