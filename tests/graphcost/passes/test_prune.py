"""prune: what the outputs need, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tiny_graph import tiny_graph, wiring

from graphcost.ir.node import TensorRef
from graphcost.passes.prune import Prune

TRAINED = """
    noise = RandomUniform(shape, dtype=float32, T=int32)
    shape = Const(value=[2, 2])
    w = VariableV2(dtype=float32, shape=<2,2>)
    set = Assign(w, noise, T=float32)
    x = Placeholder(dtype=float32, shape=<?,2>)
    y = MatMul(x, w, T=float32)
    loss = Neg(y, T=float32)
"""


def test_before_and_after() -> None:
    pruned = Prune()(tiny_graph(TRAINED, "y"))
    assert wiring(pruned) == ["w = VariableV2()", "x = Placeholder()", "y = MatMul(x, w)"]
    assert set(pruned.nx.edges) == {("x", "y"), ("w", "y")}


def test_control_edges_and_controls_are_needed_too() -> None:
    graph = tiny_graph("a = NoOp()\n b = NoOp(^a)\n c = NoOp()\n d = NoOp()", controls="b, c")
    assert list(Prune()(graph).nodes) == ["a", "b", "c"]


def test_an_input_that_nothing_needs_is_none() -> None:
    graph = tiny_graph("x = Placeholder()\n z = Placeholder()\n y = Neg(x)", "y", inputs="x, z")
    assert Prune()(graph).inputs == (TensorRef("x"),)


def test_a_graph_that_is_all_needed_stays_itself() -> None:
    graph = tiny_graph("x = Placeholder()\n y = Neg(x)", "y")
    assert Prune()(graph) is graph


def test_functions_keep_their_arguments_and_the_places_of_their_outputs() -> None:
    text = "a = _Arg()\n b = _Arg()\n x = Neg(a)\n y = Abs(x)\n z = Sqrt(b)"
    pruned = Prune(frozenset({1}))(tiny_graph(text, "y, z, x"))
    assert wiring(pruned) == ["a = _Arg()", "b = _Arg()", "x = _Dead()", "y = _Dead()", "z = Sqrt(b)"]
    assert pruned.outputs == (TensorRef("y"), TensorRef("z"), TensorRef("x"))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(0, 11))
def test_pruning_twice_is_pruning_once(reads: list[int], output: int) -> None:
    lines = [f"n{i} = Neg(n{i - 1 - read % i})" if i else "n0 = Placeholder()" for i, read in enumerate(reads)]
    once = Prune()(tiny_graph("\n".join(lines), f"n{output % len(reads)}"))
    assert Prune()(once) is once
