"""A drawing before and after it is made small enough to look at."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_drawings import chain, drawn, vertex

from graphcost.dims import Shape
from graphcost.ops.cost import Cost
from graphcost.render.dot.collapse import collapse
from graphcost.render.dot.dot_graph import DotGraph, Drawing, Edge

READABLE = Drawing()


def layers(count: int, scope: str = "net") -> list[str]:
    return [f"{scope}/layer{i}/op" for i in range(count)]


def labels(found: DotGraph) -> list[str]:
    return ["/".join((*vertex.scope, vertex.label)) for vertex in found.vertices.values()]


def arrows(found: DotGraph) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in found.edges]


# Cut at a depth.


def test_a_depth_makes_one_vertex_of_what_lies_below() -> None:
    names = ["x", "a/one", "a/b/two", "a/b/c/three", "a/b/c/four"]
    graph = drawn(names, *chain(*names))
    one, two = (collapse(graph, Drawing(depth=depth)) for depth in (1, 2))
    assert (list(one.vertices), arrows(one)) == (["x", "a"], [("x", "a")])
    assert (list(two.vertices), arrows(two)) == (["x", "a/one", "a/b"], [("x", "a/one"), ("a/one", "a/b")])
    block = two.vertices["a/b"]
    assert (block.scope, block.label, block.op, block.row.nodes, block.row.name) == (("a",), "b", "", 3, "a/b")


def test_a_scope_of_one_vertex_stays_that_vertex() -> None:
    found = collapse(drawn(["a/b/one", "c/two", "c/three"]), Drawing(depth=1))
    assert found.vertices["a/b/one"] == vertex("a/b/one")
    assert set(found.vertices) == {"a/b/one", "c"}


def test_an_input_stays_by_itself() -> None:
    graph = drawn([vertex("a/x", is_input=True), "a/one", "a/two"], ("a/x", "a/one"))
    assert arrows(collapse(graph, Drawing(depth=1))) == [("a/x", "a")]


def test_what_does_not_run_is_apart_by_its_reason() -> None:
    names = ["one", "two", "three", "four", "five", "six"]
    reasons = [None, None, "loss", "loss", "unused", "unused"]
    graph = drawn([vertex(f"a/{name}", dropped=reason) for name, reason in zip(names, reasons, strict=True)])
    found = collapse(graph, Drawing(depth=1)).vertices
    assert [(each.name, each.label, each.dropped) for each in found.values()] == [
        ("a", "a", None),
        ("a (loss)", "a (loss)", "loss"),
        ("a (unused)", "a (unused)", "unused"),
    ]


def test_a_vertex_adds_up_what_it_stands_for() -> None:
    graph = drawn([vertex("a/one", cost=Cost(add=3)), vertex("a/two", cost=Cost(mul=4), status="no rule"), "a/three"])
    found = collapse(graph, Drawing(depth=1)).vertices["a"]
    assert (found.row.nodes, found.row.work.flops, found.status) == (3, 7, "no rule")
    assert not found.is_input
    assert not found.is_output


def test_its_shape_is_that_of_its_one_output() -> None:
    one, two = (vertex(f"a/{name}", shape=Shape(size), is_output=True) for name, size in (("one", 1), ("two", 2)))
    inner = vertex("a/inner", shape=Shape(3))
    single, both, neither = (
        collapse(drawn(members), Drawing(depth=1)).vertices["a"]
        for members in ([one, inner], [one, two, inner], [inner, vertex("a/last", shape=Shape(3))])
    )
    assert (single.shape, single.is_output) == (Shape(1), True)
    assert (both.shape, both.is_output) == (None, True)
    assert (neither.shape, neither.is_output) == (None, False)


def test_edges_inside_are_gone_and_others_stand_once_for_each_kind() -> None:
    graph = drawn(
        ["a/one", "a/two", "b/one", "b/two"],
        Edge("a/one", "a/two", Shape(5)),
        Edge("a/one", "b/one", Shape(5)),
        Edge("a/two", "b/two", Shape(5)),
        Edge("a/two", "b/one", is_control=True),
        Edge("b/two", "a/one", Shape(6), is_back=True),
        Edge("b/two", "a/two", Shape(7), is_back=True),
        bodies=[("a",)],
    )
    found = collapse(graph, Drawing(depth=1))
    assert found.edges == (
        Edge("a", "b", Shape(5)),
        Edge("a", "b", None, is_control=True),
        Edge("b", "a", None, is_back=True),
    )
    assert found.bodies == {("a",)}


# Cut where it can be read.


def test_300_vertices_are_left_as_they_are_and_one_more_is_cut() -> None:
    for blocks, shown in ((150, 300), (151, 151)):
        names = [f"block{b}/{op}" for b in range(blocks) for op in ("one", "two")]
        assert len(collapse(drawn(names), READABLE).vertices) == shown
        assert len(collapse(drawn(names), Drawing(full=True)).vertices) == 2 * blocks


def test_a_depth_that_is_asked_for_is_not_cut_further_where_all_is_to_be_drawn() -> None:
    names = [f"block{b}/{op}/part" for b in range(301) for op in ("one", "two")]
    found = collapse(drawn(names), Drawing(depth=1, full=True)).vertices
    assert len(found) == 301


def test_the_deepest_scopes_are_taken_that_leave_300() -> None:
    """Three scopes deep: at 3 there are too many, at 2 there are 300, at 1 there would be 30."""
    names = [f"a{i}/b{j}/c{k}/{op}" for i in range(30) for j in range(10) for k in range(2) for op in ("one", "two")]
    found = collapse(drawn(names), READABLE).vertices
    assert len(found) == 300
    assert {each.row.nodes for each in found.values()} == {4}
    assert found["a0/b0"].scope == ("a0",)


def test_the_outermost_scopes_are_taken_where_none_below_will_do() -> None:
    names = [f"a{i}/{j}" for i in range(40) for j in range(8)]
    found = collapse(drawn(names, *chain(*names)), READABLE)
    assert list(found.vertices) == [f"a{i}" for i in range(40)]


@pytest.mark.parametrize(("scopes", "is_deeper"), [(29, True), (30, False)])
def test_scopes_one_deeper_are_taken_where_fewer_than_30_vertices_are_left(scopes: int, is_deeper: bool) -> None:
    names = [name for scope in range(scopes) for name in layers(11, f"net{scope}")]
    found = collapse(drawn(names, *chain(*names)), READABLE)
    assert len(found.vertices) == (4 * scopes if is_deeper else scopes)  # chains of 3, 3, 3 and 2


# Chains.


@pytest.mark.parametrize(("length", "each"), [(301, 3), (450, 3), (451, 4), (600, 4), (601, 5)])
def test_chains_are_so_long_that_half_the_room_is_used(length: int, each: int) -> None:
    names = layers(length)
    found = collapse(drawn(names, *chain(*names)), READABLE)
    rows = [vertex.row.nodes for vertex in found.vertices.values()]
    assert rows == [each] * (length // each) + ([length % each] if length % each else [])
    assert len(rows) <= 150 + 1
    assert arrows(found) == chain(*found.vertices)


def test_a_chain_is_named_after_both_its_ends() -> None:
    names = layers(301)
    found = collapse(drawn(names, *chain(*names)), READABLE)
    first, *_, last = found.vertices.values()
    assert (first.name, first.scope, first.label) == (names[0], ("net",), "layer0/op … layer2/op")
    assert (last.scope, last.label) == (("net", "layer300"), "op")


def test_chains_of_scopes_have_the_scopes_names() -> None:
    names = [f"net/layer{i}/{op}" for i in range(301) for op in ("one", "two")]
    found = collapse(drawn(names, *chain(*names)), READABLE)
    assert [each.label for each in found.vertices.values()][:2] == ["layer0 … layer2", "layer3 … layer5"]
    assert next(iter(found.vertices.values())).scope == ("net",)


@pytest.mark.parametrize(("alone", "left"), [(298, 300), (299, 2)])
def test_chains_that_leave_more_than_300_are_not_taken(alone: int, left: int) -> None:
    """Vertices that nothing follows, and two chains of three; else the scopes are taken as they are."""
    names = layers(6)
    found = collapse(drawn(["x", *names, *(f"net/beside{i}/op" for i in range(alone - 1))], *chain(*names)), READABLE)
    assert len(found.vertices) == left


def chains(graph: DotGraph) -> set[str]:
    return {label for label in labels(collapse(graph, READABLE)) if "…" in label}


def long_chain() -> tuple[list[str], list[tuple[str, str]]]:
    """303 vertices, which make chains of three, a part of which is `layer0/op … layer2/op`."""
    names = layers(303)
    return names, chain(*names)


def test_a_fork_and_a_join_end_a_chain() -> None:
    names, edges = long_chain()
    whole = chains(drawn(names, *edges))
    assert "net/layer0/op … layer2/op" in whole
    forked = chains(drawn(names, *edges, (names[0], names[300])))
    assert "net/layer0/op … layer2/op" not in forked  # two read layer0
    assert "net/layer1/op … layer3/op" in forked
    assert "net/layer300/op … layer302/op" in forked  # layer300 reads two, layer301 and layer302 one each
    joined = chains(drawn(names, *edges, (names[0], names[301])))
    assert "net/layer298/op … layer300/op" in joined
    assert "net/layer301/op … layer302/op" in joined


def test_a_second_tensor_to_the_same_reader_is_no_fork() -> None:
    names, edges = long_chain()
    again = Edge(names[0], names[1], is_control=True)
    assert "net/layer0/op … layer2/op" in chains(drawn(names, *edges, again))


def test_an_input_begins_no_chain() -> None:
    names, edges = long_chain()
    every = [vertex(name, is_input=name == names[0]) for name in names]
    assert "net/layer1/op … layer3/op" in chains(drawn(every, *edges))


def test_what_does_not_run_is_not_in_a_chain_with_what_does() -> None:
    names, edges = long_chain()
    every = [vertex(name, dropped="loss" if i >= 302 else None) for i, name in enumerate(names)]
    assert not {label for label in chains(drawn(every, *edges)) if "layer302" in label}


def test_a_chain_stays_in_its_scope() -> None:
    names = [*layers(151, "left"), *layers(152, "right")]
    found = chains(drawn(names, *chain(*names)))
    assert "left/layer147/op … layer149/op" in found
    assert "right/layer0/op … layer2/op" in found


# Graphs without scopes.


def test_outermost_scopes_that_are_too_many_become_chains() -> None:
    names = [f"a{i}/{op}" for i in range(301) for op in ("one", "two")]
    found = collapse(drawn(names, *chain(*names)), READABLE)
    assert labels(found)[:2] == ["a0 … a2", "a3 … a5"]
    assert {each.row.nodes for each in found.vertices.values()} == {6, 2}


@pytest.mark.parametrize(("count", "each"), [(301, 2), (600, 2), (601, 3), (900, 3)])
def test_else_neighbours_become_one_vertex(count: int, each: int) -> None:
    names = [f"op{i}" for i in range(count)]
    found = collapse(drawn(names), READABLE)
    assert list(found.vertices) == names[::each]
    first = found.vertices["op0"]
    assert (first.label, first.scope, first.row.nodes) == ("op0", (), each)


def test_neighbours_are_those_of_the_outermost_scopes() -> None:
    names = [f"a{i}/{op}" for i in range(400) for op in ("one", "two")]
    found = collapse(drawn(names), READABLE)
    assert list(found.vertices) == [f"a{i}" for i in range(0, 400, 2)]
    assert found.vertices["a0"].row.nodes == 4


def test_neighbours_keep_what_is_said_of_any_of_them() -> None:
    graph = drawn(f"op{i}" for i in range(302))
    marks = {
        "op0": {"is_input": True},
        "op3": {"is_output": True},
        "op4": {"dropped": "loss"},
        "op6": {"dropped": "loss"},
        "op7": {"dropped": "loss"},
    }
    changed = {name: replace(each, **marks.get(name, {})) for name, each in graph.vertices.items()}  # type: ignore[arg-type]
    found = collapse(replace(graph, vertices=changed), READABLE).vertices
    assert [name for name, each in found.items() if each.is_input] == ["op0"]
    assert [name for name, each in found.items() if each.is_output] == ["op2"]
    assert [name for name, each in found.items() if each.dropped] == ["op6"]
