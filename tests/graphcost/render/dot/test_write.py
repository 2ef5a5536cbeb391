"""The DOT text of small drawings."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sample_drawings import chain, drawn, vertex
from sample_reports import N, line, make_report

from graphcost.dims import Shape, symbol
from graphcost.ops.cost import Cost
from graphcost.ops.status import Status
from graphcost.render.dot.dot_graph import DotGraph, Edge, Vertex
from graphcost.render.dot.style import DROPPED, NEUTRAL, fill, ink
from graphcost.render.dot.write import quoted, write
from graphcost.report import Line, Report, add_up, add_up_rows

EMPTY = make_report()


def attributes(text: str) -> dict[str, dict[str, str]]:
    """Those of each vertex, by its tooltip."""
    found = {}
    for row in re.findall(r"^ *n\d+ \[(.*)\]$", text, re.MULTILINE):
        pairs = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\w+)', row)
        values = {name: value.strip('"') for name, value in pairs}
        found[values["tooltip"]] = values
    return found


def label(one: Vertex, report: Report = EMPTY) -> list[str]:
    return attributes(write(drawn([one]), report))[one.name]["label"].split(r"\n")


def boxes(text: str) -> list[str]:
    return re.findall(r'subgraph cluster_\d+ {\n *label="([^"]*)"', text)


def group(*lines: Line, **fields: object) -> Vertex:
    """What stands for several nodes."""
    row = add_up_rows("net", [replace(add_up(each.node, (each,)), nodes=1) for each in lines])
    return vertex("net", "", row=row, **fields)


def test_the_whole_text() -> None:
    """Boxes nest, their vertices are indented, and ids are numbers in the order of the drawing."""
    names = ["x", *(f"net/a/{i}" for i in range(4)), "net/y"]
    text = write(drawn(names, ("x", "net/a/0"), ("net/a/3", "net/y")), EMPTY, "a drawing")
    rows = re.sub(r', tooltip=.*"]', "]", text.partition("arrowsize=0.6]\n")[2])
    look = 'style="rounded"; color="#bbbbbb"; fontcolor="#555555"; penwidth=1'
    assert rows.splitlines() == [
        '  label="a drawing"',
        r'  n0 [label="x\nNeg"]',
        "  subgraph cluster_0 {",
        f'    label="net"; {look}',
        r'    n5 [label="y\nNeg"]',
        "    subgraph cluster_1 {",
        f'      label="a"; {look}',
        *(rf'      n{i + 1} [label="{i}\nNeg"]' for i in range(4)),
        "    }",
        "  }",
        "  n0 -> n1",
        "  n4 -> n5",
        "}",
    ]


# The heading.


def test_the_heading_has_the_model_and_its_totals() -> None:
    report = make_report(line("a", cost=Cost(mac=500), integer=Cost(add=3), params=20))
    heading = re.search(r'^  label="(.*)"$', write(drawn([]), report), re.MULTILINE)
    assert heading is not None
    assert heading[1] == (
        "model.pb (graphdef, 1 nodes, 1 run): 1.00 k FLOPs, 500 MACs, 20 parameters; darker is dearer"
    )


def test_a_lower_bound_is_said_to_be_one() -> None:
    report = make_report(line("a", cost=Cost(add=7)), line("b", status=Status.NO_RULE))
    assert "at least 7 FLOPs, at least 0 MACs, 0 parameters" in write(drawn([]), report)


@pytest.mark.parametrize("limit", [24, 40])
def test_formulas_have_40_characters_in_the_heading_and_24_on_a_vertex(limit: int) -> None:
    def shown(length: int) -> str:
        cost = Cost(add=symbol("s" * length))
        one, report = vertex("a", cost=cost), make_report(line("a", cost=cost))
        return write(drawn([one]), report).partition("label=")[2] if limit == 40 else label(one, report)[-1]

    assert f"{'s' * limit} FLOPs" in shown(limit)
    assert f"{'s' * (limit - 1)}… FLOPs" in shown(limit + 1)


# Boxes.


@pytest.mark.parametrize(("count", "boxed"), [(3, []), (4, ["net"])])
def test_scopes_of_fewer_than_four_have_no_box(count: int, boxed: list[str]) -> None:
    text = write(drawn(f"net/{i}" for i in range(count)), EMPTY)
    assert boxes(text) == boxed
    assert {each["label"].split(r"\n")[0] for each in attributes(text).values()} == {
        str(i) if boxed else f"net/{i}" for i in range(count)
    }


def test_the_vertices_of_inner_scopes_count() -> None:
    names = ["a/1", "a/2", "a/b/3", "a/c/4"]
    text = write(drawn(names), EMPTY)
    assert boxes(text) == ["a"]
    assert [each["label"].split(r"\n")[0] for each in attributes(text).values()] == ["1", "2", "b/3", "c/4"]


def test_a_scope_that_holds_one_scope_alone_shares_its_box() -> None:
    text = write(drawn(f"a/b/c/{i}" for i in range(4)), EMPTY)
    assert boxes(text) == ["a/b/c"]
    assert attributes(text)["a/b/c/0"]["label"] == r"0\nNeg"
    text = write(drawn(["a/own", *(f"a/b/c/{i}" for i in range(4))]), EMPTY)
    assert boxes(text) == ["a", "b/c"]
    text = write(drawn([f"a/{scope}/{i}" for scope in "bc" for i in range(4)]), EMPTY)
    assert boxes(text) == ["a", "b", "c"]


def test_loops_and_branches_have_a_box_of_their_own_however_small() -> None:
    text = write(drawn(["a/loop/body/1"], bodies=[("a", "loop")]), EMPTY)
    assert boxes(text) == ["a/loop"]
    assert 'label="a/loop"; style="rounded"; color="#1f5fa8"; fontcolor="#1f5fa8"; penwidth=1.5' in text
    assert attributes(text)["a/loop/body/1"]["label"] == r"body/1\nNeg"
    assert boxes(write(drawn(["a/loop/body/1"], bodies=[("a", "loop"), ("a", "loop", "body")]), EMPTY)) == [
        "a/loop",
        "body",
    ]


# Vertices.


def test_a_name_that_the_operation_says_already_is_left_out() -> None:
    assert label(vertex("Neg", "Neg")) == ["Neg"]
    assert label(vertex("a", "Neg", shape=Shape(N, 3))) == ["a", "Neg  Nx3"]
    assert label(vertex("a", "Neg", shape=Shape())) == ["a", "Neg  scalar"]


def test_names_and_operations_of_more_than_40_characters_lose_their_middle() -> None:
    assert label(vertex("n" * 40, "O" * 40)) == ["n" * 40, "O" * 40]
    name, op = label(vertex("n" * 41, "O" * 41))
    assert len(name) == len(op) == 40
    assert "…" in name
    assert "…" in op


def test_tooltips_and_headings_have_400_characters() -> None:
    assert quoted("a" * 400) == f'"{"a" * 400}"'
    assert len(quoted("a" * 401)) == 2 + 400
    assert quoted('a"b\\&', "c\n") == '"a\\"b\\\\&amp;\\nc\\\\n"'


def test_a_group_says_how_many_nodes_it_is() -> None:
    one = group(line("net/a", cost=Cost(add=1500)), line("net/b"))
    assert label(one, make_report(line("net/a", cost=Cost(add=3000)))) == [
        "net",
        "2 nodes",
        "1.50 k FLOPs (50.0 %)",
    ]
    assert attributes(write(drawn([replace(one, is_input=True)]), EMPTY))["net"].keys().isdisjoint({"shape"})


@pytest.mark.parametrize(("total", "portion"), [(1000, " (0.1 %)"), (1001, "")])
def test_the_share_of_less_than_a_thousandth_is_left_out(total: int, portion: str) -> None:
    report = make_report(line("a", cost=Cost(add=total)))
    assert label(vertex("a", cost=Cost(add=1)), report)[-1] == f"1 FLOPs{portion}"


def test_a_share_that_is_open_is_left_out() -> None:
    report = make_report(line("a", cost=Cost(add=N + 7)))
    assert label(vertex("a", cost=Cost(add=4)), report)[-1] == "4 FLOPs"


def test_integer_operations_stand_where_there_are_no_flops_without_a_share() -> None:
    whole = line("a", integer=Cost(add=6))
    assert label(vertex("a", of=whole), make_report(whole)) == ["a", "Neg", "6 integer ops"]
    mixed = line("b", cost=Cost(add=2), integer=Cost(add=6))
    assert label(vertex("b", of=mixed), make_report(mixed))[-1] == "2 FLOPs (100.0 %)"


def test_what_costs_nothing_has_no_cost_line() -> None:
    assert label(vertex("a", of=line("a", params=5)), make_report(line("a", params=5))) == ["a", "Neg"]


def test_an_unknown_cost_is_said_and_is_a_lower_bound_in_a_group() -> None:
    unknown = line("net/a", status=Status.NO_RULE)
    report = make_report(unknown, line("net/b", cost=Cost(add=2)))
    assert label(vertex("net/a", of=unknown, status="no rule"), report)[-1] == "? (no rule)"
    assert label(group(unknown, status="no rule"), report)[-1] == "at least 0 FLOPs"
    both = group(unknown, line("net/b", cost=Cost(add=2)), status="no rule")
    assert label(both, report)[-1] == "at least 2 FLOPs (100.0 %)"


def test_a_remark_stands_in_place_of_the_cost() -> None:
    report = make_report(line("a", cost=Cost(add=5)))
    assert label(vertex("a", cost=Cost(add=5), note="counted at b"), report)[-1] == "counted at b"
    assert label(vertex("a", cost=Cost(add=5), dropped="loss", note="other"), report)[-1] == "dropped: loss"


# Looks.


def look(one: Vertex, report: Report = EMPTY) -> dict[str, str]:
    found = attributes(write(drawn([one]), report))[one.name]
    return {name: value for name, value in found.items() if name not in ("label", "tooltip")}


PLAIN = {"fillcolor": NEUTRAL, "fontcolor": ink(None)}
DASHED = {"style": "filled,rounded,dashed"}
UNKNOWN = {"color": "#c00000", "penwidth": "2"} | DASHED
MARKED = {"color": "#1f5fa8", "penwidth": "2"}


def test_each_kind_of_vertex_looks_its_own_way() -> None:
    assert look(vertex("a")) == PLAIN
    assert look(vertex("a", note="counted at b", status="no rule")) == PLAIN | DASHED
    assert look(vertex("a", status="no rule", is_output=True)) == PLAIN | UNKNOWN
    assert look(vertex("a", is_output=True)) == PLAIN | MARKED
    assert look(vertex("a", is_input=True)) == PLAIN | MARKED | {"shape": "ellipse"}
    assert look(vertex("a", "", is_input=True)) == PLAIN | MARKED
    assert (
        look(vertex("a", dropped="loss", status="no rule")) == {"fillcolor": DROPPED, "fontcolor": "#666666"} | DASHED
    )


def test_the_most_expensive_that_runs_is_the_darkest() -> None:
    costs = {"a": 10, "b": 40, "c": 0, "d": 90}
    lines = [line(name, cost=Cost(add=cost)) for name, cost in costs.items()]
    vertices = [vertex(each.node, of=each, dropped="loss" if each.node == "d" else None) for each in lines]
    found = attributes(write(drawn(vertices), make_report(*lines[:3])))
    assert [found[name]["fillcolor"] for name in costs] == [fill(0.25), fill(1.0), NEUTRAL, DROPPED]
    assert found["b"]["fontcolor"] == ink(1.0) != ink(0.25)


def test_open_costs_are_compared_where_they_can_be() -> None:
    costs = {"a": Cost(add=10 * N), "b": Cost(add=40 * N), "c": Cost(add=5)}
    lines = [line(name, cost=cost) for name, cost in costs.items()]
    found = attributes(write(drawn([vertex(each.node, of=each) for each in lines]), make_report(*lines[:2])))
    assert [found[name]["fillcolor"] for name in costs] == [fill(0.25), fill(1.0), NEUTRAL]


# Edges.


def arrows(graph: DotGraph) -> list[str]:
    return re.findall(r"^  n\d+ -> n\d+.*$", write(graph, EMPTY), re.MULTILINE)


def test_each_kind_of_edge_looks_its_own_way() -> None:
    assert arrows(drawn("ab", ("a", "b"))) == ["  n0 -> n1"]
    assert arrows(drawn("ab", Edge("b", "a", is_control=True))) == ['  n1 -> n0 [style=dashed, color="#b0b0b0"]']
    assert arrows(drawn("ab", Edge("a", "b", Shape(2, 3), is_back=True))) == [
        '  n0 -> n1 [style=dotted, color="#1f5fa8", constraint=false, edgetooltip="2x3"]'
    ]


@pytest.mark.parametrize(("count", "is_labelled"), [(400, True), (401, False)])
def test_edges_out_of_groups_say_a_shape_where_they_are_not_too_many(count: int, is_labelled: bool) -> None:
    group = vertex("net", "")
    names = [f"op{i}" for i in range(count)]
    found = arrows(drawn([group, *names], Edge("net", "op0", Shape(2)), *chain(*names)))
    assert found[0] == f'  n0 -> n1 [edgetooltip="2"{", label=" + chr(34) + "2" + chr(34) if is_labelled else ""}]'


def test_edges_out_of_nodes_say_no_shape() -> None:
    assert arrows(drawn("ab", Edge("a", "b", Shape(2)))) == ['  n0 -> n1 [edgetooltip="2"]']
