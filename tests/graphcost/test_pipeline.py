"""The whole way: what each step is, and which graph, facts and numbers an analysis has."""

from __future__ import annotations

from pathlib import Path

import networkx
import pytest
from explaining import DENSE, LOOP, analysed
from model_files import RELU, write
from tiny_graph import tiny_graph, wiring

from graphcost.dims import Shape, symbol
from graphcost.errors import UsageError
from graphcost.ir.node import Node, TensorRef
from graphcost.loaders import Model, Signature
from graphcost.pipeline import analyze, graphs_by_step, run_pipeline
from graphcost.report import Report

N = symbol("N")
PREPARING = ["check_recursion", "assign_shapes", "choose_outputs", "feed"]
PASSES = ["prune", "raise_loops", "raise_conds", "fold"]

BRANCH = """
x = Placeholder(dtype=float32, shape=<4>)
p = Placeholder(dtype=bool, shape=<>)
y = If(p, x, then_branch=@two, else_branch=@one) -> float32
"""
FUNCTIONS = {
    "one": tiny_graph("a = _Arg(T=float32)\nb = Neg(a, T=float32)", "b"),
    "two": tiny_graph("a = _Arg(T=float32)\nb = Neg(a, T=float32)\nc = Neg(b, T=float32)", "c"),
}


def model(text: str, **fields: object) -> Model:
    return Model("model.pb", "graphdef", tiny_graph(text), **fields)  # type: ignore[arg-type]


def total(report: Report) -> object:
    return report.total.work.flops


def test_every_step_is_recorded_in_its_order() -> None:
    assert [step.name for step in analysed(DENSE, "out").steps] == [*PREPARING, *PASSES]


def test_a_file_is_loaded_first(tmp_path: Path) -> None:
    path = write(tmp_path / "relu.pbtxt", RELU)
    assert [step.name for step in run_pipeline(path).steps] == ["load", *PREPARING, *PASSES]


def test_rewrites_come_before_folding() -> None:
    text = "x = Placeholder(dtype=float32, shape=<2>)\ni = Identity(x, T=float32)\ny = Neg(i, T=float32)\n"
    analysis = analysed(text, "y", rewrites=["drop_identities"])
    assert [step.name for step in analysis.steps] == [*PREPARING, *PASSES[:-1], "rewrite", "fold"]
    assert wiring(analysis.graph) == ["x = Placeholder()", "y = Neg(x)"]
    assert any("drop_identities" in note for note in analysis.report.notes)
    assert not analysed(text, "y").report.notes


def test_the_steps_alone_are_those_of_the_analysis() -> None:
    source = model(LOOP)
    steps = graphs_by_step(source, outputs=["exit_acc"])
    analysis = run_pipeline(source, outputs=["exit_acc"])
    assert [step.name for step in steps] == [step.name for step in analysis.steps]
    assert wiring(steps[-1].graph) == wiring(analysis.graph)


def test_the_report_has_the_pruned_graph_as_a_dag() -> None:
    analysis = analysed(f"{LOOP}after = Neg(exit_acc, T=float32)\n", "exit_acc")
    graph = analysis.report.graph
    assert graph is analysis.graph is analysis.steps[-1].graph is analysis.facts.graph
    assert wiring(graph)[-2:] == ["loop = While(x, zero, x, five, one)", "exit_acc = Identity(loop)"]
    assert networkx.is_directed_acyclic_graph(graph.nx)
    assert "after" not in graph.nx
    assert "after" in analysis.model.graph.nx


def test_pruning_is_a_step_of_its_own() -> None:
    graphs = {step.name: step.graph for step in analysed(DENSE, "y").steps}
    assert "init" in graphs["feed"].nodes
    assert list(graphs["prune"].nodes) == ["x", "w", "read", "y"]


def test_where_nothing_falls_away_the_graph_stays_whole() -> None:
    analysis = analysed("x = Placeholder(dtype=float32, shape=<?,2>)\ny = Neg(x, T=float32)", "y")
    graphs = [step.graph for step in analysis.steps if step.name in ("feed", "prune")]
    assert graphs[0] is graphs[1]
    assert analysis.report.dropped == {}
    assert (analysis.dropped.facts, analysis.dropped.reasons) == (analysis.facts, {})


def test_nodes_of_the_model_are_those_of_its_file() -> None:
    report = analysed(DENSE, "y").report
    assert (report.model.nodes, len(report.lines)) == (10, 4)


def test_analyze_gives_the_report_of_the_analysis() -> None:
    source = model(DENSE)
    assert analyze(source, outputs=["out"]) == run_pipeline(source, outputs=["out"]).report


def test_inputs_are_those_that_run() -> None:
    text = f"{DENSE}label = Placeholder(dtype=float32, shape=<?,2>)\nerror = Sub(out, label, T=float32)\n"
    assert [tensor.name for tensor in analysed(text, "out").report.inputs] == ["x"]
    assert [tensor.name for tensor in analysed(text, "error").report.inputs] == ["x", "label"]


def test_outputs_without_a_tensor_are_named_too() -> None:
    graph = tiny_graph("x = Placeholder(dtype=float32, shape=<2>)\ny = Neg(x, T=float32)\nrun = NoOp(^y)")
    graph = graph.replacing([Node("run", "NoOp", controls=("y",), dtypes=())])
    outputs = analyze(Model("model.pb", "graphdef", graph), outputs=["run", "y"]).outputs
    assert [(tensor.name, tensor.shape) for tensor in outputs] == [("y", Shape(2)), ("run", None)]


def test_a_batch_fills_in_its_symbol_only() -> None:
    text = "x = Placeholder(dtype=float32, shape=<?,?>)\ny = Neg(x, T=float32)\n"
    report = analysed(text, "y", batch=3).report
    assert report.bindings == {"N": 3}
    assert report.formula.work.flops == N * symbol("x[1]")
    assert total(report) == 3 * symbol("x[1]")


def test_a_batch_is_nothing_to_a_model_without_one() -> None:
    report = analysed("x = Placeholder(dtype=float32, shape=<5>)\ny = Neg(x, T=float32)", "y", batch=3).report
    assert (report.bindings, total(report)) == ({}, 5)


def test_a_number_for_the_batch_symbol_goes_before_the_batch() -> None:
    text = "x = Placeholder(dtype=float32, shape=<?>)\ny = Neg(x, T=float32)\n"
    assert total(analysed(text, "y", batch=3, bind={"N": 7}).report) == 7


def test_a_symbol_that_the_model_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match="no symbol 'M'"):
        analysed("x = Placeholder(dtype=float32, shape=<?>)\ny = Neg(x, T=float32)", "y", bind={"M": 2})


@pytest.mark.parametrize(("value", "flops"), [(0, 4), (1, 8)])
def test_a_number_for_a_scalar_input_chooses_the_branch(value: int, flops: int) -> None:
    analysis = analysed(BRANCH, "y", functions=FUNCTIONS, bind={"p": value})
    assert (total(analysis.report), analysis.report.notes) == (flops, ())
    assert TensorRef("p") in analysis.feeds


def test_a_branch_that_is_open_is_counted_the_expensive_way_and_said() -> None:
    report = analysed(BRANCH, "y", functions=FUNCTIONS).report
    assert total(report) == 8
    assert report.notes == (
        "branches on p are counted as if it were 1, the most expensive way; --bind p=0 counts the other",
    )


@pytest.mark.parametrize(("options", "flops"), [({"batch": 3}, 4), ({"batch": 3, "bind": {"N": 7}}, 7)])
def test_which_branch_is_the_expensive_one_follows_from_the_numbers(options: dict[str, object], flops: int) -> None:
    text = """
        x = Placeholder(dtype=float32, shape=<?>)
        z = Placeholder(dtype=float32, shape=<4>)
        p = Placeholder(dtype=bool, shape=<>)
        y = If(p, x, z, then_branch=@first, else_branch=@second) -> float32
    """
    arguments = "a = _Arg(T=float32)\nb = _Arg(T=float32)\n"
    functions = {
        "first": tiny_graph(f"{arguments}c = Neg(a, T=float32)", "c"),
        "second": tiny_graph(f"{arguments}c = Neg(b, T=float32)", "c"),
    }
    assert total(analysed(text, "y", functions=functions, **options).report) == flops


def test_a_scalar_input_that_does_not_run_may_be_given() -> None:
    text = "x = Placeholder(dtype=float32, shape=<2>)\nrate = Placeholder(dtype=float32, shape=<>)\n"
    analysis = analysed(f"{text}y = Neg(x, T=float32)\nz = Mul(x, rate, T=float32)\n", "y", bind={"rate": 1})
    assert total(analysis.report) == 2


def test_shapes_act_before_propagation() -> None:
    text = "x = Placeholder(dtype=float32, shape=<?,3>)\ny = Neg(x, T=float32)\n"
    report = analysed(text, "y", shapes={"x": [5, None]}).report
    assert (total(report), report.symbols) == (15, ())


def test_a_signature_names_symbols_and_outputs() -> None:
    text = "x = Placeholder(dtype=float32, shape=<2,?>)\ny = Neg(x, T=float32)\nz = Exp(x, T=float32)\n"
    signature = Signature({"image": TensorRef("x")}, {"answer": TensorRef("z")})
    report = analyze(model(text, signatures={"serving_default": signature}))
    assert [tensor.name for tensor in report.outputs] == ["z"]
    assert (report.outputs_from, report.symbols) == ("signature", ("image[1]",))
    assert list(report.dropped) == ["unused"]


def test_loops_that_run_are_told_with_their_trips() -> None:
    assert [(loop.name, loop.trips) for loop in analysed(LOOP, "exit_acc").report.loops] == [("loop", 5)]


def test_warnings_of_the_file_come_before_those_of_the_rules() -> None:
    assert analyze(model(DENSE, warnings=("cut short",)), outputs=["out"]).warnings[0] == "cut short"


def test_the_bodies_that_run_are_known_to_an_analysis() -> None:
    analysis = analysed(LOOP, "exit_acc")
    assert {body.function for body in analysis.calls.order} == {"", "loop/cond", "loop/body"}
