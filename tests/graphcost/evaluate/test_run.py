"""One propagation: bodies as they are used, labels of places, and what a node that runs bodies sees."""

from __future__ import annotations

import pytest
from evaluation import run_of
from tiny_graph import tiny_graph
from work import growth

from graphcost.dims import Shape
from graphcost.evaluate import Place, Site
from graphcost.evaluate.infer import Problem
from graphcost.evaluate.run import laid_over
from graphcost.ir.graph import Graph
from graphcost.ir.literal import Value
from graphcost.ir.node import EMPTY, FunctionRef, Node
from graphcost.ir.stand_ins import DEAD, FOLDED
from graphcost.ops.fact import UNKNOWN, Fact
from graphcost.ops.status import Status

BODY = tiny_graph("a = _Arg(T=float32)\nc = Const(value=1.0)\nd = Neg(c, T=float32)\ne = Mul(a, d, T=float32)", "e, d")


def site(graph: Graph, name: str, path: str = "") -> Site:
    run = run_of(graph)
    return Site(graph.nodes[name], (), Place(graph, path, run.sizes), run, {})


def test_labels_are_numbered_where_paths_differ() -> None:
    run = run_of(tiny_graph("x = Placeholder()"))
    names = [run.label(path, name) for path, name in (("w", "w"), ("f/w", "w"), ("g/w", "w"), ("v", "v"), ("f/w", "w"))]
    assert names == ["w", "w#2", "w#3", "v", "w#2"]


def test_a_body_is_pruned_to_what_is_used_and_folded() -> None:
    run = run_of(tiny_graph("x = Placeholder()", functions={"f": BODY}))
    whole, second = run.body("f", None), run.body("f", frozenset({1}))
    assert whole is not None
    assert second is not None
    assert [node.op for node in whole.nodes.values()] == ["_Arg", "Const", FOLDED, "Mul"]
    assert [node.op for node in second.nodes.values()] == ["_Arg", "Const", FOLDED, DEAD]
    assert run.body("f", None) is whole
    assert run.body("g", None) is None


def test_outputs_that_are_used_are_those_that_are_read_or_asked_for() -> None:
    graph = tiny_graph(
        f"f = Foo() ->{' float32,' * 4}\ng = Foo() ->{' float32,' * 4}\ny = Neg(f:2, g:3)\nz = NoOp(^f)", "f:1, y"
    )
    assert site(graph, "f").used == {1, 2}
    assert site(graph, "y").used == {0}
    assert site(graph, "z").used == frozenset()


def test_what_is_used_is_found_without_going_over_all_outputs() -> None:
    def used(size: int) -> None:
        graph = tiny_graph("\n".join(f"f{i} = Foo()" for i in range(size)), ",".join(f"f{i}" for i in range(size)))
        run = run_of(graph)
        place = Place(graph, "", run.sizes)
        for node in graph.nodes.values():
            assert Site(node, (), place, run, {}).used == {0}

    assert growth(used, 200) < 2.5


def test_a_site_knows_the_path_of_its_bodies() -> None:
    graph = tiny_graph("f = Foo()")
    assert site(graph, "f").inner_path == "f"
    assert site(graph, "f", "a/b").inner_path == "a/b/f"
    assert site(graph, "f", "a/b").label == "f"


def test_a_function_is_what_an_attribute_names() -> None:
    node = Node("f", "Foo", attrs={"body": FunctionRef("g", EMPTY), "n": 3})
    here = site(Graph.of([node]), "f")
    assert (here.function("body"), here.function("n"), here.function("cond")) == ("g", None, None)


def test_what_is_not_known_is_as_the_file_recorded_it() -> None:
    graph = tiny_graph("f = If(output_shapes=[]) -> float32, int32")
    outcome = site(graph, "f").unknown(Problem(Status.INVALID, "why"))
    assert [fact.dtype for fact in outcome.facts] == ["float32", "int32"]
    assert outcome.problem == Problem(Status.INVALID, "why")
    assert outcome.calls == ()


def test_facts_of_fewer_outputs_than_there_are_are_filled_up() -> None:
    graph = tiny_graph("f = If(output_shapes=[]) -> float32, int32")
    facts = site(graph, "f").filled([Fact(shape=Shape(2))])
    assert [(fact.dtype, fact.shape) for fact in facts] == [("float32", Shape(2)), ("int32", None)]


@pytest.mark.parametrize("field", ["dtype", "shape", "element"])
def test_a_fact_that_is_laid_over_another_goes_first_where_it_says_something(field: str) -> None:
    below = Fact("float32", Shape(1), element=Fact("int32"))
    above = Fact("int64", Shape(2), element=Fact("bool"))
    assert getattr(laid_over(below, UNKNOWN), field) == getattr(below, field)
    assert getattr(laid_over(below, above), field) == getattr(above, field)


def test_a_value_shows_through_nothing_that_is_laid_over_it() -> None:
    assert laid_over(Fact("int32", Shape(), Value.scalar(3)), UNKNOWN).value is None
