"""Whether a tensor is made of weights alone, and its shape, in small graphs; NumPy broadcasts as they do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

import numpy as np
import pytest
from tiny_graph import tiny_graph

from graphcost import Match
from graphcost.ir.graph import Graph
from graphcost.ir.literal import Literal
from graphcost.ir.node import Node, TensorRef
from graphcost_rules.rewrites.weights import weights_shape

Sizes = tuple[int, ...]


def found(graph: Graph, name: str = "y") -> Sizes | None:
    return weights_shape(Match((graph.nodes[name],), {}, graph.nodes), TensorRef(name))


def of(text: str, name: str = "y") -> Sizes | None:
    return found(tiny_graph(text), name)


def weights(*shapes: Sequence[int]) -> str:
    """Variables w0, w1, ... of these shapes."""
    return "".join(
        f"w{i} = VariableV2(dtype=float32, shape=<{','.join(map(str, shape))}>)\n" for i, shape in enumerate(shapes)
    )


def test_a_constant_and_a_variable_have_the_shape_that_they_declare() -> None:
    literal = Literal("float32", (3, 4), None)
    assert found(Graph.of([Node("y", "Const", attrs={"value": literal})])) == (3, 4)
    assert of("y = Const(value=[1.0, 2.0])") == (2,)
    assert of("y = Const(value=1.0)") == ()
    for kind in ("VariableV2", "Variable", "VarHandleOp"):
        assert of(f"y = {kind}(dtype=float32, shape=<2,3>)") == (2, 3)
        assert of(f"y = {kind}(dtype=float32, shape=<>)") == ()
        assert of(f"y = {kind}(dtype=float32, shape=<2,?>)") is None
        assert of(f"y = {kind}(dtype=float32, shape=<*>)") is None


def test_what_is_fed_or_computed_otherwise_is_no_weight() -> None:
    assert of("y = Placeholder(dtype=float32, shape=<2,3>)") is None
    assert of(f"{weights((2, 3))} y = Relu(w0)") is None
    assert of(f"{weights((2, 3))} x = Placeholder(dtype=float32, shape=<2,3>)\n y = Mul(w0, x)") is None
    assert of(f"{weights((2, 3))} x = Placeholder(dtype=float32, shape=<2,3>)\n y = Mul(x, w0)") is None
    graph = Graph.of(
        [Node("y", "Const", attrs={"shape": (2,)}), Node("z", "Other", attrs={"value": Literal("int32", (), None)})]
    )
    assert found(graph) is None
    assert found(graph, "z") is None


@pytest.mark.parametrize("kind", ["Identity", "ReadVariableOp", "Neg", "Rsqrt", "Sqrt", "Square", "Reciprocal"])
def test_arithmetic_on_one_tensor_keeps_its_shape(kind: str) -> None:
    assert of(f"{weights((2, 3))} y = {kind}(w0)") == (2, 3)


BROADCAST = [
    [(2, 3), (2, 3)],
    [(2, 3), (3,)],
    [(3,), (2, 3)],
    [(2, 1), (1, 3)],
    [(), (2, 3)],
    [(2, 3), ()],
    [(1,), (0,)],
    [(4, 1, 3), (2, 1)],
    [(2, 3), (2,)],
    [(2, 3), (4, 3)],
    [(2, 3), (2, 4)],
    [(2,), (3, 1, 3)],
]


@pytest.mark.parametrize("kind", ["Add", "AddV2", "Sub", "Mul", "RealDiv"])
@pytest.mark.parametrize("shapes", BROADCAST, ids=str)
def test_operands_are_broadcast(kind: str, shapes: list[Sizes]) -> None:
    try:
        expected: Sizes | None = np.broadcast_shapes(*shapes)
    except ValueError:
        expected = None
    assert of(f"{weights(*shapes)} y = {kind}(w0, w1)") == expected


def reshaped(before: Sizes, sizes: str) -> Sizes | None:
    return of(f"{weights(before)} s = {sizes}\n y = Reshape(w0, s)")


def test_a_reshape_has_the_shape_that_a_constant_holds() -> None:
    for before, after in (((6,), (2, 3)), ((2, 3), (1, 6)), ((2, 0), (0, 5))):
        assert prod(before) == prod(after)
        assert reshaped(before, f"Const(value={list(after)})") == after
    assert reshaped((2, 3), "Const(value=[2, 4])") is None
    assert reshaped((2, 3), "Const(value=[-1, 3])") is None
    assert reshaped((2, 3), "Const(value=[-2, -3])") is None
    assert reshaped((2, 3), "Placeholder(dtype=int32, shape=<2>)") is None
    assert reshaped((2, 3), "Other(value=3)") is None


def test_a_reshape_of_what_is_no_weight_is_none() -> None:
    assert of("x = Placeholder(dtype=float32)\n s = Const(value=[2])\n y = Reshape(x, s)") is None
    unread = Node("s", "Const", attrs={"value": Literal("int32", (2,), None)})
    graph = tiny_graph(f"{weights((2, 3))} s = Const(value=[6])\n y = Reshape(w0, s)")
    assert found(graph) == (6,)
    assert found(graph.replacing([unread])) is None


def test_only_the_first_operand_of_a_reshape_is_weights() -> None:
    """The shape itself may be computed of anything, which isn't followed."""
    text = "x = Placeholder(dtype=int32, shape=<2>)\n i = Neg(x)\n"
    assert of(f"{weights((2, 3))} {text} y = Reshape(w0, i)") is None


def test_a_chain_of_arithmetic_is_followed() -> None:
    text = f"""
        {weights((3, 3, 4, 8), (8,))}
        scale = Rsqrt(w1)
        row = Const(value=[1, 1, 1, 8])
        wide = Reshape(scale, row)
        folded = Mul(w0, wide)
        y = Sub(folded, folded)
    """
    assert of(text) == (3, 3, 4, 8)


@pytest.mark.parametrize(("length", "is_followed"), [(63, True), (64, False)])
def test_a_chain_of_more_than_64_nodes_is_not_followed(length: int, is_followed: bool) -> None:
    """A variable, and so many nodes in a row."""
    names = ["w0", *(f"n{i}" for i in range(length - 1)), "y"]
    rows = [f"{after} = Neg({before})" for before, after in pairwise(names)]
    assert of(weights((2, 3)) + "\n".join(rows)) == ((2, 3) if is_followed else None)


def test_the_sizes_of_a_reshape_are_none_of_those_nodes() -> None:
    names = ["w0", *(f"n{i}" for i in range(62))]
    rows = [f"{after} = Neg({before})" for before, after in pairwise(names)]
    text = weights((2, 3)) + "\n".join([*rows, "s = Const(value=[6])", f"y = Reshape({names[-1]}, s)"])
    assert of(text) == (6,)


def test_a_node_may_be_read_twice() -> None:
    names = ["w0", *(f"n{i}" for i in range(20)), "y"]
    rows = [f"{after} = Mul({before}, {before})" for before, after in pairwise(names)]
    assert of(weights((2, 3)) + "\n".join(rows)) == (2, 3)
