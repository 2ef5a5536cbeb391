"""Functions on elements: a reducer runs for each element, a comparator for each comparison of a sort."""

from __future__ import annotations

import pytest
from evaluation import counted, evaluated, flops
from tiny_graph import tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef
from graphcost.ops.status import Status

ADD = tiny_graph("a = _Arg(T=float32)\n b = _Arg(T=float32)\n c = AddV2(a, b, T=float32)", "c")
LARGEST = tiny_graph(
    """
    value = _Arg(T=float32)
    place = _Arg(T=int32)
    other = _Arg(T=float32)
    other_place = _Arg(T=int32)
    is_larger = Greater(value, other, T=float32)
    larger = SelectV2(is_larger, value, other, T=float32)
    its_place = SelectV2(is_larger, place, other_place, T=int32)
    """,
    "larger, its_place",
)
LESS = tiny_graph(
    "a = _Arg(T=float32)\n b = _Arg(T=float32)\n i = _Arg(T=int32)\n j = _Arg(T=int32)\n c = Less(a, b, T=float32)", "c"
)
FUNCTIONS = {"add": ADD, "largest": LARGEST, "less": LESS}


def model(lines: str, output: str = "y", shape: str = "<?,5>") -> Graph:
    text = f"""
    x = Placeholder(dtype=float32, shape={shape})
    i = Placeholder(dtype=int32, shape={shape})
    zero = Const(value=0.0)
    none = Const(value=0)
    axis = Const(value=-1)
    {lines}
    """
    return tiny_graph(text, output, functions=FUNCTIONS)


PAIR = "T=['float32', 'int32']"
REDUCE = "y = XlaReduce(x, zero, T=float32, dimensions_to_reduce=[1], reducer=@add)"
SORT = f"y = XlaVariadicSort(x, i, axis, {PAIR}, comparator=@less)"


def test_a_reducer_runs_for_each_element() -> None:
    graph = model(REDUCE)
    assert flops(graph) == "5*N"
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(symbol("N"))
    (line,) = (line for line in counted(graph).lines if line.op == "AddV2")
    assert (line.node, line.count, line.outputs) == ("y/reducer/c", 5 * symbol("N"), (Shape(),))


def test_tensors_that_are_reduced_together_are_reduced_once() -> None:
    graph = model(f"y = XlaVariadicReduceV2(x, i, zero, none, {PAIR}, dimensions_to_reduce=[0], reducer=@largest)")
    assert [flops(graph), evaluated(graph).fact(TensorRef("y", 1)).shape] == ["15*N", Shape(5)]
    assert [fact.dtype for fact in evaluated(graph).facts["y"]] == ["float32", "int32"]


def test_tensors_of_one_dtype_are_reduced_together() -> None:
    functions = {
        "both": tiny_graph(
            """
            a = _Arg(T=float32)
            b = _Arg(T=float32)
            c = _Arg(T=float32)
            d = _Arg(T=float32)
            e = AddV2(a, c, T=float32)
            f = Mul(b, d, T=float32)
            """,
            "e, f",
        )
    }
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<3,4>)
        z = Const(value=0.0)
        y = XlaVariadicReduce(x, x, z, z, N=2, T=float32, dimensions_to_reduce=[0, 1], reducer=@both)
        """,
        "y, y:1",
        functions=functions,
    )
    assert flops(graph) == "24"
    assert evaluated(graph).fact(TensorRef("y", 1)).shape == Shape()


def test_an_update_is_combined_once() -> None:
    graph = model(
        """
        updates = Placeholder(dtype=float32, shape=<3,5>)
        y = XlaScatter(x, i, updates, T=float32, update_computation=@add)
        """
    )
    assert flops(graph) == "15"
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(symbol("N"), 5)


def test_a_sort_compares_as_often_as_a_merge_sort() -> None:
    graph = model(SORT)
    assert flops(graph) == "15*N"
    assert evaluated(graph).fact(TensorRef("y", 1)).shape == Shape(symbol("N"), 5)


@pytest.mark.parametrize(("axis", "total"), [("axis", "10"), ("none", "30"), ("open", "10*log2(length(y))")])
def test_the_axis_tells_how_long_the_lines_are(axis: str, total: str) -> None:
    graph = model(
        f"""
        open = Placeholder(dtype=int32, shape=<>)
        pairs = Placeholder(dtype=float32, shape=<5,2>)
        places = Placeholder(dtype=int32, shape=<5,2>)
        y = XlaVariadicSort(pairs, places, {axis}, {PAIR}, comparator=@less)
        """
    )
    assert flops(graph) == total


def test_work_on_a_tensor_of_unknown_rank_is_a_symbol() -> None:
    assert flops(model(REDUCE, shape="<*>")) == "elements(x:0)"
    assert "elements(x:0)" in flops(model(SORT, shape="<*>"))


def test_an_element_s_work_is_that_of_its_dtype() -> None:
    add = tiny_graph("a = _Arg(T=int32)\n b = _Arg(T=int32)\n c = AddV2(a, b, T=int32)", "c")
    graph = tiny_graph(
        """
        x = Placeholder(dtype=int32, shape=<3,4>)
        zero = Const(value=0)
        y = XlaReduce(x, zero, T=int32, dimensions_to_reduce=[], reducer=@add)
        """,
        "y",
        functions={"add": add},
    )
    (line,) = (line for line in counted(graph).lines if line.op == "AddV2")
    assert (line.work.flops, line.work.int_ops) == (0, 12)


def test_weights_reach_the_function_that_reads_their_elements() -> None:
    graph = tiny_graph(
        """
        w = VariableV2(dtype=float32, shape=<4,2>)
        i = Placeholder(dtype=int32, shape=<4,2>)
        axis = Const(value=1)
        y = XlaVariadicSort(w, i, axis, T=['float32', 'int32'], comparator=@less)
        """,
        "y",
        functions=FUNCTIONS,
    )
    assert {line.node: line.params for line in counted(graph).lines if line.params} == {"y/comparator/c": 8}


def test_a_reducer_takes_what_it_has_come_to_before_the_element() -> None:
    graph = tiny_graph(
        """
        w = VariableV2(dtype=float32, shape=<4,2>)
        zero = Const(value=0.0)
        y = XlaReduce(w, zero, T=float32, dimensions_to_reduce=[1], reducer=@last)
        """,
        "y",
        functions={"last": tiny_graph("a = _Arg(T=float32)\n b = _Arg(T=float32)\n c = Neg(b, T=float32)", "c")},
    )
    assert {line.node: line.params for line in counted(graph).lines if line.params} == {"y/reducer/c": 8}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (REDUCE.replace("@add", "@gone"), "'gone', which isn't in the file"),
        (REDUCE.replace("@add", "3"), "names no function as its reducer"),
        (REDUCE.replace(", reducer=@add", ""), "names no function as its reducer"),
        (REDUCE.replace("@add", "@largest"), "gives 2 inputs to 'largest', which takes 4"),
        (SORT.replace("@less", "@largest"), "gives 2 results, not 1"),
        (REDUCE.replace("[1]", "[2]"), "axes [2] of a tensor of shape [N, 5]"),
        (REDUCE.replace("[1]", "[-1]"), "axes"),
        (REDUCE.replace("[1]", "[1, 1]"), "axes"),
        (REDUCE.replace("[1]", "'one'"), "not a list of integers"),
        ("y = XlaReduce(x, T=float32, dimensions_to_reduce=[1], reducer=@add)", "1 inputs aren't operands"),
        ("y = XlaReduce(T=float32, dimensions_to_reduce=[1], reducer=@add)", "0 inputs aren't operands"),
        ("y = XlaScatter(x, i, T=float32, update_computation=@add)", "there is no input 2"),
        (SORT.replace("x, i, axis", "x"), "nothing to sort"),
        (SORT.replace("i, axis", "zero, axis"), "must be equal"),
        (f"far = Const(value=7)\n {SORT.replace('axis', 'far')}", "axis 7 of a tensor of rank 2"),
    ],
)
def test_what_does_not_fit_is_refused(lines: str, reason: str) -> None:
    (line,) = (line for line in counted(model(lines)).lines if line.node == "y")
    assert line.status is Status.INVALID
    assert reason in line.reason
