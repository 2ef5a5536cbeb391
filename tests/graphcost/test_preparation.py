"""From what was asked to the graph that answers it: outputs, signatures, inputs, rules and rewrites."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from explaining import DENSE
from model_files import RELU, write
from tiny_graph import tiny_graph, wiring

from graphcost.errors import GraphError, LoadError, UsageError
from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import EMPTY, TensorRef
from graphcost.loaders import Model, Signature
from graphcost.ops.cost import Cost
from graphcost.ops.rule import Rule, RuleSet
from graphcost.preparation import Prepared, prepare

CHAIN = """
x = Placeholder(dtype=float32, shape=<?,3>)
y = Neg(x, T=float32)
z = Exp(y, T=float32)
"""
GIVES_Y = Signature({"x": TensorRef("x")}, {"y": TensorRef("y")})
GIVES_Z = Signature({"x": TensorRef("x")}, {"z": TensorRef("z"), "same": TensorRef("z")})


def model(text: str, signatures: Mapping[str, Signature] = EMPTY, functions: Mapping[str, Graph] = EMPTY) -> Model:
    return Model("model.pb", "graphdef", tiny_graph(text, functions=functions), signatures=signatures)


def outputs_of(prepared: Prepared) -> tuple[str, list[str]]:
    return prepared.source, [str(ref) for ref in prepared.graph.outputs]


def test_outputs_that_are_named_go_first() -> None:
    prepared = prepare(model(CHAIN, {"serving_default": GIVES_Z}), {"outputs": ["y"]})
    assert outputs_of(prepared) == ("option", ["y"])
    assert prepared.signature is None


def test_without_a_name_the_default_signature_is_taken() -> None:
    prepared = prepare(model(CHAIN, {"other": GIVES_Y, "serving_default": GIVES_Z}), {})
    assert outputs_of(prepared) == ("signature", ["z"])


def test_without_a_default_the_only_signature_is_taken() -> None:
    prepared = prepare(model(CHAIN, {"other": GIVES_Y}), {})
    assert outputs_of(prepared) == ("signature", ["y"])
    assert prepared.signature is GIVES_Y


def test_of_several_signatures_one_must_be_chosen() -> None:
    several = {"b": GIVES_Y, "a": GIVES_Z}
    with pytest.raises(UsageError, match="choose a --signature: its signatures are a, b"):
        prepare(model(CHAIN, several), {})
    assert outputs_of(prepare(model(CHAIN, several), {"signature": "b"})) == ("signature", ["y"])


def test_a_signature_that_the_model_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match="no signature 'c': its signatures are a"):
        prepare(model(CHAIN, {"a": GIVES_Y}), {"signature": "c"})
    with pytest.raises(UsageError, match="no signature 'c': it has none"):
        prepare(model(CHAIN), {"signature": "c"})


def test_outputs_of_a_signature_may_be_named() -> None:
    prepared = prepare(model(CHAIN, {"a": GIVES_Y}), {"signature": "a", "outputs": ["z"]})
    assert outputs_of(prepared) == ("option", ["z"])
    assert prepared.signature is GIVES_Y


def test_outputs_that_nobody_names_are_inferred() -> None:
    prepared = prepare(model(DENSE), {})
    assert outputs_of(prepared) == ("inferred", ["out"])
    assert prepared.inferred is not None
    assert prepared.network is prepared.inferred.network


def test_where_the_outputs_are_named_nothing_is_inferred() -> None:
    assert prepare(model(DENSE), {"outputs": ["y"]}).inferred is None


def test_the_graph_is_not_yet_pruned() -> None:
    assert "init" in prepare(model(DENSE), {}).graph.nodes


def test_an_inner_tensor_becomes_an_input_of_the_shape_it_has_inside() -> None:
    graph = prepare(model(CHAIN), {"outputs": ["z"], "inputs": ["y"]}).graph
    assert wiring(graph) == ["x = Placeholder()", "y = Placeholder()", "z = Exp(y)"]
    assert graph.nodes["y"].attrs["shape"] == PartialShape((-1, 3))
    assert graph.inputs == (TensorRef("y"),)


def test_an_inner_tensor_of_unknown_rank_stays_so() -> None:
    text = "x = Placeholder(dtype=float32, shape=<*>)\ny = Foo(x) -> float32\nz = Exp(y, T=float32)"
    graph = prepare(model(text), {"outputs": ["z"], "inputs": ["y"]}).graph
    assert graph.nodes["y"].attrs["shape"] == PartialShape(None)


def test_inner_tensors_of_a_signature_are_inputs() -> None:
    signature = Signature({"hidden": TensorRef("y")}, {"z": TensorRef("z")})
    graph = prepare(model(CHAIN, {"serving_default": signature}), {}).graph
    assert wiring(graph)[1:] == ["y = Placeholder()", "z = Exp(y)"]


def test_placeholders_of_a_signature_stay_as_they_are() -> None:
    prepared = prepare(model(CHAIN, {"serving_default": GIVES_Z}), {})
    steps = {step.name: step.graph for step in prepared.steps}
    assert steps["feed"] is steps["choose_outputs"] is prepared.graph


def test_inputs_that_are_named_go_before_those_of_the_signature() -> None:
    signature = Signature({"hidden": TensorRef("y")}, {"z": TensorRef("z")})
    graph = prepare(model(CHAIN, {"serving_default": signature}), {"inputs": ["x"]}).graph
    assert wiring(graph)[1:] == ["y = Neg(x)", "z = Exp(y)"]


def test_an_input_that_the_model_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match="no tensor 'yy'"):
        prepare(model(CHAIN), {"outputs": ["z"], "inputs": ["yy"]})


def test_where_an_input_was_fed_the_network_is_that_of_the_fed_graph() -> None:
    prepared = prepare(model(CHAIN), {"inputs": ["y"]})
    assert prepared.inferred is not None
    assert prepared.network is not prepared.inferred.network
    assert {node.op for node in prepared.network.flow.nodes} == {"Placeholder", "Exp"}


def test_functions_that_call_themselves_are_refused() -> None:
    body = tiny_graph("a = _Arg(T=float32)\nb = PartitionedCall(a, f=@f) -> float32", "b")
    with pytest.raises(GraphError, match="f"):
        prepare(model("x = Placeholder()\ny = PartitionedCall(x, f=@f) -> float32", functions={"f": body}), {})


def test_rules_are_laid_over_the_installed_ones() -> None:
    mine = Rule("Foo", cost=lambda op: Cost(add=1))
    rules = prepare(model(CHAIN), {"outputs": ["z"], "rules": RuleSet(mine)}).rules
    found = rules.get("Foo")
    assert found is not None
    assert found.cost is mine.cost
    assert rules.get("Neg") is not None


def test_rules_may_come_from_a_file(tmp_path: Path) -> None:
    path = write(
        tmp_path / "my_rules.py",
        'from graphcost import Cost, Rule, RuleSet\nRULES = RuleSet(Rule("Foo", cost=lambda op: Cost(add=1)))\n',
    )
    assert prepare(model(CHAIN), {"outputs": ["z"], "rules": path}).rules.get("Foo") is not None


def test_rewrites_are_chosen_by_name_in_the_order_asked() -> None:
    asked = ["fold_batch_norm", "drop_identities"]
    rewrites = prepare(model(CHAIN), {"outputs": ["z"], "rewrites": asked}).rewrites
    assert [rewrite.name for rewrite in rewrites] == asked
    assert not prepare(model(CHAIN), {"outputs": ["z"]}).rewrites


def test_a_path_is_loaded_and_a_model_taken_as_it_is(tmp_path: Path) -> None:
    prepared = prepare(write(tmp_path / "relu.pbtxt", RELU), {"outputs": ["y"]})
    assert (prepared.model.format, prepared.steps[0].name) == ("graphdef-text", "load")
    given = model(CHAIN)
    assert prepare(given, {"outputs": ["y"]}).model is given


def test_a_file_of_too_many_nodes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "relu.pbtxt", RELU)
    with pytest.raises(LoadError, match="more than 1 nodes"):
        prepare(path, {"outputs": ["y"], "max_nodes": 1})
