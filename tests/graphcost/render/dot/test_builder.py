"""Vertices and edges as they come into being, for small graphs."""

from __future__ import annotations

from tiny_graph import tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef
from graphcost.loaders import Model
from graphcost.pipeline import Analysis, run_pipeline
from graphcost.render.dot.builder import Builder, DrawnBody, Endpoint
from graphcost.render.dot.dot_graph import MAX_DEPTH, Drawing, Edge
from graphcost.render.dot.unfold import unfold

SPLIT = """
    x = Placeholder(dtype=float32, shape=<?,6>)
    axis = Const(value=1)
    net/split = Split(axis, x, num_split=2, T=float32) -> float32, float32
    net/deep/y = Mul(net/split:1, net/split:1, T=float32)
"""


def analysed(graph: Graph, **options: object) -> Analysis:
    return run_pipeline(Model("model.pb", "graphdef", graph), **options)  # type: ignore[arg-type]


def whole(analysis: Analysis) -> tuple[Builder, DrawnBody]:
    return Builder(analysis.report, analysis.calls, analysis.rules), DrawnBody(analysis.facts, "", (), {})


def test_a_vertex_has_what_the_report_says_of_its_node() -> None:
    builder, place = whole(analysed(tiny_graph(SPLIT, "net/deep/y")))
    nodes = place.evaluation.graph.nodes
    end = builder.add_node(place, nodes["net/deep/y"], ("net", "deep"))
    builder.add_node(place, nodes["x"], ())
    found = builder.dot_graph([end]).vertices
    y = found["net/deep/y"]
    assert (y.label, y.op, y.scope, y.shape) == ("y", "Mul", ("net", "deep"), Shape(symbol("N"), 3))
    assert (y.row.name, y.row.nodes, y.row.work.flops) == ("net/deep/y", 1, 3 * symbol("N"))
    assert (y.dropped, y.status, y.is_input, y.is_output) == (None, "", False, True)
    assert (found["x"].is_input, found["x"].is_output) == (True, False)


def test_shapes_are_bound_as_the_report_is() -> None:
    analysis = analysed(tiny_graph(SPLIT, "net/deep/y"), bind={"N": 5})
    assert unfold(analysis, Drawing()).vertices["net/deep/y"].shape == Shape(5, 3)


def test_an_edge_has_the_shape_of_the_output_that_is_read() -> None:
    text = """
        x = Placeholder(dtype=float32, shape=<4,6>)
        axis = Const(value=1)
        sizes = Const(value=[2, 4])
        s = SplitV(x, sizes, axis, num_split=2, T=float32, Tlen=int32) -> float32, float32
        y = Neg(s:1, T=float32)
    """
    drawn = unfold(analysed(tiny_graph(text, "y")), Drawing())
    assert {(edge.source, edge.target): edge.shape for edge in drawn.edges} == {
        ("x", "s"): Shape(4, 6),
        ("s", "y"): Shape(4, 4),
    }
    assert drawn.vertices["s"].shape == Shape(4, 2)


def test_what_gives_nothing_or_nothing_known_has_no_shape() -> None:
    builder, place = whole(analysed(tiny_graph(SPLIT, "net/deep/y")))
    split = builder.add_node(place, place.evaluation.graph.nodes["net/split"], ())
    last, none = split.port(1), split.port(2)
    assert (last.vertex, last.ref, none.ref.port) == ("net/split", TensorRef("net/split", 1), 2)
    gone = Endpoint("net/split", place.evaluation, TensorRef("nowhere"))
    builder.connect([split, last, none, gone, None], split)
    assert [edge.shape for edge in builder.dot_graph([]).edges] == [Shape(symbol("N"), 3), None]


def test_an_edge_stands_once_and_each_kind_by_itself() -> None:
    builder, place = whole(analysed(tiny_graph(SPLIT, "net/deep/y")))
    x, y = (builder.add_node(place, place.evaluation.graph.nodes[name], ()) for name in ("x", "net/deep/y"))
    builder.connect([x, None, x], y)
    builder.connect([x], y, is_back=True)
    builder.connect_control(x, y)
    shape = Shape(symbol("N"), 6)
    assert builder.dot_graph([None]).edges == (
        Edge("x", "net/deep/y", shape),
        Edge("x", "net/deep/y", shape, is_back=True),
        Edge("x", "net/deep/y", is_control=True),
    )


def test_vertices_of_one_name_are_numbered() -> None:
    builder, place = whole(analysed(tiny_graph(SPLIT, "net/deep/y")))
    node = place.evaluation.graph.nodes["x"]
    ends = [builder.add_node(place, node, ()) for _ in range(3)]
    ends.append(builder.add_stand_in(place, node, (), "loop variable", "a note"))
    drawn = builder.dot_graph(ends[1:])
    assert [end.vertex for end in ends] == list(drawn.vertices) == ["x", "x #2", "x #3", "x #4"]
    assert [(vertex.name, vertex.label, vertex.is_output) for vertex in drawn.vertices.values()] == [
        ("x", "x", False),
        ("x #2", "x", True),
        ("x #3", "x", True),
        ("x #4", "x", True),
    ]
    last = drawn.vertices["x #4"]
    assert (last.op, last.note, last.row.nodes, last.row.work.flops) == ("loop variable", "a note", 1, 0)


def test_what_is_too_deep_for_boxes_stands_in_the_label() -> None:
    builder, place = whole(analysed(tiny_graph(SPLIT, "net/deep/y")))
    boxes = tuple(f"s{i}" for i in range(MAX_DEPTH + 2))
    assert builder.add_box(boxes) == boxes
    builder.add_node(place, place.evaluation.graph.nodes["net/deep/y"], boxes)
    drawn = builder.dot_graph([])
    (vertex,) = drawn.vertices.values()
    assert (vertex.scope, vertex.label) == (boxes[:MAX_DEPTH], f"s{MAX_DEPTH}/s{MAX_DEPTH + 1}/y")
    assert drawn.bodies == {boxes[:MAX_DEPTH]}


def test_a_node_whose_cost_is_not_known_says_why() -> None:
    text = "x = Placeholder(dtype=float32, shape=<2>)\n y = Mystery(x) -> float32"
    found = unfold(analysed(tiny_graph(text, "y")), Drawing()).vertices
    assert (found["y"].status, found["x"].status) == ("no rule", "")
    assert found["y"].row.uncosted == 1


def test_what_does_not_run_says_why() -> None:
    text = "x = Placeholder(dtype=float32, shape=<2>)\n z = Exp(x, T=float32)\n y = Neg(x, T=float32)"
    found = unfold(analysed(tiny_graph(text), outputs=["y"]), Drawing(dropped=True)).vertices
    assert {name: vertex.dropped for name, vertex in found.items()} == {"x": None, "y": None, "z": "unused"}


def test_an_inner_tensor_that_is_fed_is_an_input() -> None:
    text = "x = Placeholder(dtype=float32, shape=<2>)\n m = Exp(x, T=float32)\n y = Neg(m, T=float32)"
    found = unfold(analysed(tiny_graph(text), outputs=["y"], inputs=["m"]), Drawing()).vertices
    assert {name for name, vertex in found.items() if vertex.is_input} == {"m"}


BODY = tiny_graph("a = _Arg(T=float32)\n b = Neg(a, T=float32)\n c = Exp(b, T=float32)", "c")
BRANCHING = """
    x = Placeholder(dtype=float32, shape=<2>)
    p = Placeholder(dtype=bool, shape=<>)
    mode/cond = If(p, x, then_branch=@then, else_branch=@else) -> float32
"""


def test_a_body_is_counted_where_any_of_its_lines_runs() -> None:
    """A branch that the report leaves out isn't; one without lines is."""
    plain = tiny_graph("a = _Arg(T=float32)", "a")
    graph = tiny_graph(BRANCHING, "mode/cond", functions={"then": BODY, "else": plain})
    titles = {box[-1] for box in unfold(analysed(graph), Drawing()).bodies}
    assert titles == {"cond, if p", "then", "else"}
    cheap = tiny_graph("a = _Arg(T=float32)\n b = Neg(a, T=float32)", "b")
    graph = tiny_graph(BRANCHING, "mode/cond", functions={"then": cheap, "else": BODY})
    titles = {box[-1] for box in unfold(analysed(graph), Drawing()).bodies}
    assert titles == {"cond, if p", "then, not counted", "else"}


def test_scopes_read_from_outside_and_boxes_stand_for_their_parts() -> None:
    analysis = analysed(tiny_graph(SPLIT, "net/deep/y"))
    top = DrawnBody(analysis.facts, "", (), {})
    assert top.inner("net/deep") == ("net/deep", ("net", "deep"))
    assert top.inner("") == ("", ())
    assert top.line(analysis.graph.nodes["net/deep/y"]) == "net/deep/y"
    called = DrawnBody(analysis.facts, "net", ("box",), {})
    assert called.inner("deep/er") == ("net/deep/er", ("box", "deep", "er"))
