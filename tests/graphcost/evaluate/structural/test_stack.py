"""Stacks: what one loop pushes is what another pops."""

from __future__ import annotations

import pytest
from evaluation import counted, evaluated
from tiny_graph import tiny_graph

from graphcost.dims import Dim, Shape, symbol
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


@pytest.mark.parametrize(
    ("first", "second", "popped"),
    [
        ("Const(value=4)", "Const(value=4)", 4),
        ("Const(value=4)", "Const(value=5)", None),
        ("Size(x, out_type=int32)", "Size(x, out_type=int32)", 4 * symbol("N")),
        ("Size(u, out_type=int32)", "Size(u, out_type=int32)", None),
        ("Placeholder(dtype=int32, shape=<>)", "Const(value=5)", None),
    ],
)
def test_a_number_that_every_push_has_is_popped(first: str, second: str, popped: Dim | None) -> None:
    """A size that depends on data may be another one in each iteration of a loop."""
    graph = tiny_graph(f"""
        x = Placeholder(dtype=float32, shape=<?,4>)
        c = Placeholder(dtype=bool, shape=<7>)
        u = Where(c, T=bool)
        a = {first}
        b = {second}
        size = Const(value=10)
        s = StackV2(size, elem_type=int32)
        p = StackPushV2(s, a, T=int32)
        q = StackPushV2(s, b, ^p, T=int32)
        out = StackPopV2(s, ^q, elem_type=int32)
    """)
    assert evaluated(graph).fact(TensorRef("out")).number == popped


@pytest.mark.tensorflow
def test_an_inner_loop_of_a_gradient_runs_as_often_as_the_loop_it_is_of() -> None:
    pytest.importorskip("tensorflow")
    from held_runs import held
    from optional_tensorflow import tf

    v1 = tf.compat.v1
    with tf.Graph().as_default() as whole:
        before = v1.control_flow_v2_enabled()
        v1.disable_control_flow_v2()
        x = v1.placeholder(tf.float32, [3, 4], name="x")
        w = tf.constant([[0.1] * 4] * 4)

        def inner(y):  # type: ignore[no-untyped-def]
            return v1.while_loop(lambda j, y: j < 3, lambda j, y: (j + 1, tf.tanh(tf.matmul(y, w))), (0, y))[1]

        _, y = v1.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, inner(y)), (0, x))
        (gradient,) = v1.gradients(tf.reduce_sum(y), [x])
        output = tf.identity(gradient, name="gradient")
        if before:
            v1.enable_control_flow_v2()
    assert "StackPopV2" in {node.op for node in whole.as_graph_def().node}
    each = held(whole.as_graph_def(), outputs=[output.name])
    assert each.is_known
    each.check()


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
