"""MapDefun: a function runs for each row."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evaluation import counted, evaluated
from tiny_graph import tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import TensorRef
from graphcost.ops.status import Status

SCALE = tiny_graph("row = _Arg(T=float32)\n factor = _Arg(T=float32)\n out = Mul(row, factor, T=float32)", "out")
FOREIGN = tiny_graph("row = _Arg(T=float32)\n factor = _Arg(T=float32)\n out = PyFunc(row) -> float32", "out")
N = symbol("N")
ANY = PartialShape(None)


def mapping(x: str = "<?,4>", *, declared: PartialShape | None = ANY, call: str = "x, factor", **attrs: str) -> Graph:
    """A function of a row and a captured factor; `declared` is the shape of the results, None for no declaration."""
    given = {"Targuments": "['float32']", "Tcaptured": "['float32']", "output_types": "['float32']", "f": "@scale"}
    texts = ", ".join(f"{name}={value}" for name, value in {**given, **attrs}.items())
    graph = tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape={x})
        factor = Placeholder(dtype=float32, shape=<4>)
        rest = Placeholder(dtype=float32, shape=<?,4>)
        y = MapDefun({call}, {texts})
        z = Neg(y, T=float32)
        """,
        "z",
        functions={"scale": SCALE, "foreign": FOREIGN},
    )
    node = graph.nodes["y"]
    shapes = {} if declared is None else {"output_shapes": (declared,)}
    return graph.replacing([replace(node, attrs={**node.attrs, **shapes})])


def test_a_function_runs_for_each_row() -> None:
    graph = mapping()
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(N, 4)
    (line,) = (line for line in counted(graph).lines if line.op == "Mul")
    assert (line.node, line.count, line.outputs, line.work.flops) == ("y/out", N, (Shape(4),), 4 * N)


def test_a_declared_shape_tells_what_the_function_does_not() -> None:
    graph = mapping("<3,?>", declared=PartialShape((4,)))
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(3, 4)
    foreign = mapping(declared=PartialShape((-1, 2)), f="@foreign")
    assert evaluated(foreign).fact(TensorRef("y")).shape == Shape(N, symbol("size(y:0,1)"), 2)


def test_arguments_share_their_rows() -> None:
    graph = mapping("<8,4>", call="x, rest", Targuments="['float32', 'float32']", Tcaptured="[]")
    assert [line.count for line in counted(graph).lines if line.op == "Mul"] == [8]
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(8, 4)


def test_an_argument_of_unknown_rank_has_a_symbol_of_rows() -> None:
    graph = mapping("<*>")
    assert [line.count for line in counted(graph).lines if line.op == "Mul"] == [symbol("size(y:0,0)")]


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (mapping(f="@gone"), "'gone', which isn't in the file"),
        (mapping(f="3"), "names no function to map"),
        (mapping("<>"), "must have rank 1 or more"),
        (mapping(call="x"), "it has no argument"),
        (mapping(call="x, x, factor"), "gives 3 inputs to 'scale', which takes 2"),
        (mapping(declared=None), "'output_shapes' is missing"),
        (mapping(declared=PartialShape((5,))), "not the declared [5]"),
        (mapping(declared=PartialShape((4, 1))), "not the declared [4, 1]"),
        (mapping(declared=None, output_shapes="['float32']"), "holds something else"),
        (mapping(declared=None, output_shapes="[]"), "gives 1 results, not 1"),
        (mapping(Tcaptured="3"), "'Tcaptured' is 3, not a list"),
    ],
)
def test_what_does_not_fit_is_refused(graph: Graph, reason: str) -> None:
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert (line.status, reason in line.reason) == (Status.INVALID, True), line.reason
