"""Functions on the elements of windows: as often as a window has elements, for each window."""

from __future__ import annotations

import pytest
from evaluation import counted, evaluated, flops
from tiny_graph import tiny_graph

from graphcost.dims import Shape, dim_max, floor_div, symbol
from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef
from graphcost.ops.status import Status

FUNCTIONS = {
    "add": tiny_graph("a = _Arg(T=float32)\n b = _Arg(T=float32)\n c = AddV2(a, b, T=float32)", "c"),
    "at_least": tiny_graph("a = _Arg(T=float32)\n b = _Arg(T=float32)\n c = GreaterEqual(a, b, T=float32)", "c"),
    "one": tiny_graph("a = _Arg(T=float32)\n c = Neg(a, T=float32)", "c"),
}
BOTH = "select=@at_least, scatter=@add"
N = symbol("N")


def reduced(
    shape: str = "<?,7>",
    *,
    window: object = (1, 3),
    strides: object = (1, 2),
    spread: object = (1, 1),
    dilations: object = (1, 1),
    padding: object = (0, 0, 0, 0),
    function: str = "@add",
) -> Graph:
    """`padding` is flat; a text in place of numbers is the node that gives them."""
    given = {"window": window, "strides": strides, "spread": spread, "dilations": dilations, "padding": padding}
    sources = [
        f"{name} = {value}" if isinstance(value, str) else f"{name} = Const(value={list(value)})"
        for name, value in given.items()
    ]
    text = "\n".join(
        [
            f"x = Placeholder(dtype=float32, shape={shape})",
            "zero = Const(value=0.0)",
            *sources,
            f"y = XlaReduceWindow(x, zero, {', '.join(given)}, T=float32, Tindices=int32, computation={function})",
        ]
    )
    return tiny_graph(text, "y", functions=FUNCTIONS)


def selecting(shape: str = "<2,6>", window: str = "Const(value=[1, 3])", functions: str = BOTH) -> Graph:
    return tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape={shape})
        source = Placeholder(dtype=float32, shape=<2,2>)
        zero = Const(value=0.0)
        window = {window}
        strides = Const(value=[1, 3])
        padding = Const(value=[0, 0, 0, 0])
        y = XlaSelectAndScatter(x, window, strides, padding, source, zero, T=float32, {functions})
        """,
        "y",
        functions=FUNCTIONS,
    )


def test_every_element_of_a_window_is_combined() -> None:
    graph = reduced()
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(N, 3)
    assert flops(graph) == "9*N"


def test_windows_larger_than_what_is_there_reduce_nothing() -> None:
    graph = reduced("<4,2>")
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(4, 0)
    assert flops(graph) == "0"


def test_sizes_may_be_open() -> None:
    graph = reduced("<2,?>", padding=(0, 0, 1, 1))
    width = symbol("x[1]")
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(2, dim_max(floor_div(width + 1, 2), 0))


@pytest.mark.parametrize("name", ["strides", "spread", "dilations", "padding"])
def test_windows_that_are_not_known_are_counted_in_a_symbol(name: str) -> None:
    graph = reduced(**{name: "Placeholder(dtype=int32, shape=<*>)"})
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(symbol("size(y:0,0)"), symbol("size(y:0,1)"))
    assert flops(graph) == "3*size(y:0,0)*size(y:0,1)"


def test_a_window_that_is_not_known_has_a_symbol_of_elements() -> None:
    graph = reduced("<*>", window="Placeholder(dtype=int32, shape=<*>)")
    assert flops(graph) == "elements(y:0)*taps(y)"
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert line.status is Status.FREE


def test_the_window_tells_a_rank_that_nothing_else_does() -> None:
    assert evaluated(reduced("<*>")).fact(TensorRef("y")).shape == Shape(N, floor_div(symbol("x[1]") - 1, 2))


def test_a_window_is_searched_and_its_source_is_added() -> None:
    graph = selecting()
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(2, 6)
    counts = {line.node: line.count for line in counted(graph).lines if line.op in ("GreaterEqual", "AddV2")}
    assert counts == {"y/select/c": 4 * 2, "y/scatter/c": 4}


def test_a_window_of_unknown_size_is_searched_a_symbol_of_times() -> None:
    graph = selecting(window="Placeholder(dtype=int32, shape=<2>)")
    assert flops(graph) == str(4 * dim_max(symbol("taps(y)", least=0) - 1, 0) + 4)


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (reduced(window=(1, 0)), "input 2 is [1, 0], but must be positive"),
        (reduced(window=(1, -3)), "must be positive"),
        (reduced(strides=(0, 1)), "input 3 is [0, 1], but must be positive"),
        (reduced(spread=(1, -1)), "must be positive"),
        (reduced(dilations=(1, 0)), "must be positive"),
        (reduced(window=(1, 3, 1)), "input 2 has 3 elements, not 2"),
        (reduced(padding=(0, 0)), "input 6 has 2 elements, not 4"),
        (reduced(function="@gone"), "'gone', which isn't in the file"),
        (reduced(function="@one"), "gives 2 inputs to 'one', which takes 1"),
        (selecting(window="Const(value=[1, -1])"), "must be positive"),
        (selecting(functions="select=@at_least"), "names no function as its scatter"),
        (selecting(functions="scatter=@add"), "names no function as its select"),
    ],
)
def test_what_does_not_fit_is_refused(graph: Graph, reason: str) -> None:
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert (line.status, reason in line.reason) == (Status.INVALID, True), line.reason
