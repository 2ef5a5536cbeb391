"""Outputs by name: tensors, nodes without tensors, patterns, and what isn't there."""

from __future__ import annotations

import pytest
from tiny_graph import tiny_graph

from graphcost.errors import UsageError
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.passes.outputs import resolve, with_outputs

GRAPH = tiny_graph("""
    head/logits = Foo() -> float32, float32
    head/softmax = Foo()
    logits = Foo()
    odd[1] = Foo()
    run = NoOp()
""").replacing([Node("run", "NoOp", dtypes=())])


def outputs(*names: str) -> list[str]:
    return [str(ref) for ref in with_outputs(GRAPH, names).outputs]


def test_outputs_come_in_the_order_asked_and_once() -> None:
    assert outputs("logits", "head/logits:1", "head/logits", "logits:0") == ["logits", "head/logits:1", "head/logits"]


def test_what_the_graph_gave_before_is_no_output() -> None:
    before = tiny_graph("a = Foo()\nb = Foo()", "a", controls="a")
    after = with_outputs(before, ["b"])
    assert (after.outputs, after.controls) == ((TensorRef("b"),), ())


def test_a_node_without_tensors_runs_for_its_effect() -> None:
    graph = with_outputs(GRAPH, ["run", "logits", "run:0"])
    assert (graph.outputs, graph.controls) == ((TensorRef("logits"),), ("run",))


def test_a_pattern_means_all_that_it_fits_in_the_order_of_the_file() -> None:
    assert outputs("head/*") == ["head/logits", "head/softmax"]
    assert outputs("?ogits") == ["logits"]
    assert outputs("[lo]*") == ["logits", "odd[1]"]


def test_a_name_with_a_patterns_characters_is_itself_first() -> None:
    assert outputs("odd[1]") == ["odd[1]"]


def test_a_port_that_the_node_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'head/logits' \(Foo\) has no output 2"):
        resolve(GRAPH, "head/logits:2")
    with pytest.raises(UsageError, match=r"'run' \(NoOp\) has no output 1"):
        resolve(GRAPH, "run:1")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("logit", "; the nearest are logits"), ("zzz", ""), ("logits:x", "; the nearest are logits"), ("zzz*", "")],
)
def test_a_name_that_fits_nothing_is_refused_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(UsageError) as error:
        resolve(GRAPH, name)
    assert str(error.value).startswith(f"the model has no tensor {name!r}{nearest}")
    assert bool(nearest) == ("nearest" in str(error.value))


def test_a_graph_without_nodes_has_no_nearest() -> None:
    with pytest.raises(UsageError, match=r"no tensor 'a'$"):
        resolve(Graph.of([]), "a")
