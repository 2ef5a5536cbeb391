"""One node's explanation in its four formats."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from explaining import DENSE, LOOP, analysed

from graphcost.evaluate.infer import Problem
from graphcost.explain.node import explain_node
from graphcost.explain.paths import Step
from graphcost.explain.reference import Count
from graphcost.explain.rewrites import RewriteReason
from graphcost.ir.literal import Literal, PartialShape, Value
from graphcost.ir.node import EMPTY, FunctionRef
from graphcost.ops.status import Status
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


def changed(form: str = "table", text: str = DENSE, output: str = "out", name: str = "y", **changes: Any) -> str:
    """The explanation of a dense layer with some of its fields replaced."""
    analysis = analysed(text, output, batch=3)
    return render(replace(explain_node(analysis, name), **changes), analysis.report, form, 200)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        (b"VALID", "VALID"),
        (b"\xff", "\\xff"),
        ((1, 2), "[1, 2]"),
        ((), "[]"),
        ((b"a", (1,)), "[a, [1]]"),
        (tuple(range(16)), str(list(range(16)))),
        (tuple(range(17)), str(list(range(16)))[:-1] + ", ...]"),
        (PartialShape(None), "?"),
        (PartialShape((-1, 0, 3)), "[?, 0, 3]"),
        (PartialShape((1,) * 17), str([1] * 16)),
        (Literal("int32", (2,), Value.vector([1, 2])), "a int32 of shape [2]"),
        (FunctionRef("body", EMPTY), "body"),
        ("float32", "float32"),
    ],
)
def test_attributes_of_every_kind(value: Any, text: str) -> None:
    assert json.loads(changed("json", attributes={"it": value}))["attributes"] == {"it": text}
    assert f"attributes  it = {text}\n" in changed(attributes={"it": value})


@pytest.mark.parametrize("kind", [str, lambda text: FunctionRef(text, EMPTY), str.encode])
def test_long_attributes_are_cut_at_80_characters(kind: Any) -> None:
    assert json.loads(changed("json", attributes={"it": kind("x" * 80)}))["attributes"]["it"] == "x" * 80
    assert len(json.loads(changed("json", attributes={"it": kind("x" * 81)}))["attributes"]["it"]) == 80


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Step("call", "PartitionedCall", 1), "call (PartitionedCall) runs it"),
        (Step("loop", "While", 2), "loop (While) runs it 2 times"),
        (Step("loop", "While", 0), "loop (While) runs it 0 times"),
        (Step("if", "If", 1, 7, 1), "if (If) runs it where 7 is 1"),
        (Step("if", "If", 3, 7, 0), "if (If) runs it 3 times where 7 is 0"),
    ],
)
def test_steps_say_how_often_and_where(step: Step, text: str) -> None:
    assert json.loads(changed("json", steps=(step,)))["runs"] == [text]
    assert f"runs        once\n            {text}\n" in changed(steps=(step,))


def test_reasons_why_it_was_not_rewritten() -> None:
    reasons = (RewriteReason("winograd", "its kernel is 1x1"), RewriteReason("fft", "it is small"))
    assert json.loads(changed("json", rewrites=reasons))["not_rewritten"] == [
        {"rewrite": "winograd", "reason": "its kernel is 1x1"},
        {"rewrite": "fft", "reason": "it is small"},
    ]
    assert "not rewritten  winograd: its kernel is 1x1\n               fft: it is small\n" in changed(rewrites=reasons)
    assert "not_rewritten" not in changed("json")


def test_others_of_the_name_are_five_in_the_table_and_all_in_json() -> None:
    others = tuple(f"other{i}" for i in range(6))
    text = changed(others=others)
    assert text.count("has the same name") == 5
    assert "also        other0 has the same name\n" in text
    assert json.loads(changed("json", others=others))["others"] == list(others)


@pytest.mark.parametrize(("count", "more"), [(2, ""), (5, ""), (6, " and 1 more"), (1005, " and 1,000 more")])
def test_what_it_stands_for_is_named_up_to_five(count: int, more: str) -> None:
    node = explain_node(analysed(DENSE, "out"), "y").node
    names = tuple(f"n{i}" for i in range(count))
    shown = ", ".join(names[:5])
    assert f"stands for  {shown}{more}, as the file has it\n" in changed(node=replace(node, origins=names))


def test_what_stands_for_itself_says_nothing_of_it() -> None:
    node = explain_node(analysed(DENSE, "out"), "y").node
    assert "stands for" not in changed(node=replace(node, origins=("y",)))
    assert "stands for" not in changed(node=replace(node, origins=()))


def test_a_cost_that_is_unknown_says_why_before_its_rule() -> None:
    once = replace(explain_node(analysed(DENSE, "out"), "y").once, status=Status.NO_SHAPE, reason="no shape")
    assert changed(once=once).startswith("y (MatMul), no shape\n\nwhy         no shape\nrule        from graphcost\n")
    assert "why" not in changed(once=replace(once, status=Status.COSTED))


def test_json_is_indented_by_one() -> None:
    assert changed("json").startswith('{\n "schema_version": 1,\n "node": "y",\n')


def test_what_tf_profiler_counts_or_why_it_counts_nothing() -> None:
    assert "tf.profiler  counts 1,200\n" in changed(theirs=Count(1200))
    unknown = Count(0, Problem(Status.NO_RULE, "it has none"))
    assert "tf.profiler  counts nothing: it has none\n" in changed(theirs=unknown)
    assert json.loads(changed("json", theirs=Count(1200)))["tf.profiler"] == 1200
