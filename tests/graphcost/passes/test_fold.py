"""fold: what depends on constants alone runs once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tiny_graph import tiny_graph, wiring

from graphcost.ir.graph import Graph
from graphcost.ir.stand_ins import FOLDED, restored
from graphcost.passes.fold import Fold

fold = Fold()


def folded(graph: Graph) -> list[str]:
    """The names of the nodes that constants alone decide."""
    return [node.name for node in fold(graph).nodes.values() if node.op == FOLDED]


def test_before_and_after() -> None:
    graph = tiny_graph("""
        c = Const(value=[1.0, 2.0])
        r = Neg(c, T=float32)
        x = Placeholder(dtype=float32, shape=<2>)
        y = Mul(x, r, T=float32)
    """)
    assert wiring(fold(graph)) == ["c = Const()", "r = _Folded(c)", "x = Placeholder()", "y = Mul(x, r)"]


def test_variables_random_numbers_and_unknown_ops_are_no_constants() -> None:
    graph = tiny_graph("""
        c = Const(value=[2])
        v = VarHandleOp(dtype=float32, shape=<2>)
        a = ReadVariableOp(v, dtype=float32)
        b = RandomUniform(c, dtype=float32, T=int32)
        f = Neg(b, T=float32)
    """)
    assert folded(graph) == []


def test_a_control_input_that_is_no_constant_keeps_a_node() -> None:
    graph = tiny_graph("""
        x = Placeholder(dtype=float32, shape=<2>)
        c = Const(value=[1.0, 2.0])
        y = Neg(c, ^x, T=float32)
    """)
    assert folded(graph) == []


def test_inputs_are_no_constants_even_where_they_look_it() -> None:
    graph = tiny_graph("c = Const(value=1.0)\n d = Neg(c, T=float32)\n y = Neg(d, T=float32)", "y", inputs="d")
    assert folded(graph) == []


def test_what_runs_functions_is_no_constant() -> None:
    double = tiny_graph("x = _Arg(T=int32)", "x")
    graph = tiny_graph(
        """
        c = Const(value=[2])
        d = Neg(c, T=int32)
        f = Double(d) -> int32
        i = If(d, d, then_branch=@Double, else_branch=@Double) -> int32
        n = Neg(i, T=int32)
        """,
        functions={"Double": double},
    )
    assert folded(graph) == ["d"]


def test_what_was_folded_knows_what_it_was() -> None:
    graph = tiny_graph("c = Const(value=1.0)\n d = Neg(c, T=float32)")
    node = fold(graph).nodes["d"]
    assert (restored(node).op, node.origins) == ("Neg", ("d",))


@given(st.lists(st.sampled_from(["c", "x"]), min_size=1, max_size=6))
def test_folding_twice_changes_nothing(sources: list[str]) -> None:
    lines = ["c = Const(value=1.0)", "x = Placeholder(dtype=float32, shape=<>)"]
    lines += [f"n{i} = AddV2({source}, {f'n{i - 1}' if i else 'c'}, T=float32)" for i, source in enumerate(sources)]
    once = fold(tiny_graph("\n".join(lines)))
    assert wiring(fold(once)) == wiring(once)
