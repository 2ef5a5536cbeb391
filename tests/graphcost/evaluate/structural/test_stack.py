"""Stacks: what one loop pushes is what another pops."""

from __future__ import annotations

from evaluation import counted, evaluated
from tiny_graph import tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.ir.node import TensorRef
from graphcost.ops.status import Status

STACKS = """
    x = Placeholder(dtype=float32, shape=<?,4>)
    size = Const(value=10)
    s = StackV2(size, elem_type=float32)
    other = StackV2(size, elem_type=float32)
    in = StackPushV2(s, x, T=float32)
    out = StackPopV2(s, ^in, elem_type=float32)
    nothing = StackPopV2(other, elem_type=float32)
"""


def test_a_pop_has_the_shape_of_the_push() -> None:
    facts = evaluated(tiny_graph(STACKS))
    assert facts.fact(TensorRef("in")).shape == Shape(symbol("N"), 4)
    assert facts.fact(TensorRef("out")).shape == Shape(symbol("N"), 4)
    assert facts.fact(TensorRef("out")).dtype == "float32"


def test_stacks_are_told_apart() -> None:
    assert evaluated(tiny_graph(STACKS)).fact(TensorRef("nothing")).shape is None


def test_pushes_that_differ_leave_a_size_open() -> None:
    graph = tiny_graph("""
        a = Placeholder(dtype=float32, shape=<3,4>)
        b = Placeholder(dtype=float32, shape=<5,4>)
        size = Const(value=10)
        s = StackV2(size, elem_type=float32)
        p = StackPushV2(s, a, T=float32)
        q = StackPushV2(s, b, ^p, T=float32)
        out = StackPopV2(s, ^q, elem_type=float32)
    """)
    shape = evaluated(graph).fact(TensorRef("out")).shape
    assert shape is not None
    assert shape[1] == 4
    assert not isinstance(shape[0], int)


def test_what_is_no_stack_is_refused_or_holds_nothing() -> None:
    graph = tiny_graph("""
        x = Placeholder(dtype=float32, shape=<3,4>)
        empty = Const(value=[])
        lone = StackPushV2(x, T=float32)
        nothing = StackPopV2(empty, elem_type=float32)
        neither = StackPopV2(elem_type=float32)
    """)
    (line,) = (line for line in counted(graph).lines if line.node == "lone")
    assert (line.status, "1 inputs" in line.reason) == (Status.INVALID, True)
    assert [evaluated(graph).fact(TensorRef(name)).shape for name in ("nothing", "neither")] == [None, None]
