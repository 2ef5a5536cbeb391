"""Variables without a shape have that of the value that initializes them."""

from __future__ import annotations

from tiny_graph import tiny_graph

from graphcost.evaluate.assigned_shapes import with_assigned_shapes
from graphcost.ir.literal import PartialShape
from graphcost.plugins import installed_rules


def test_the_value_s_shape_is_filled_in() -> None:
    graph = tiny_graph("""
        size = Const(value=[3, 4])
        zero = Const(value=0.0)
        value = Fill(size, zero, T=float32)
        v = VarHandleOp(dtype=float32, shape=<*>)
        a = AssignVariableOp(v, value, dtype=float32)
        old = VariableV2(dtype=float32, shape=<?,4>)
        b = Assign(old, value, T=float32)
        known = VariableV2(dtype=float32, shape=<7>)
        c = Assign(known, value, T=float32)
        lost = VarHandleOp(dtype=float32, shape=<*>)
        empty = Const(value=[], dtype=float32)
        late = VariableV2(dtype=float32, shape=<*>)
        d = Assign(late, empty, T=float32)
        e = Assign(late, value, T=float32)
        torn = VariableV2(dtype=float32, shape=<*>)
        f = Assign(torn, size, T=float32)
        g = Assign(torn, value, T=float32)
    """)
    after = with_assigned_shapes(graph, installed_rules())
    shapes = {name: after.nodes[name].attrs["shape"] for name in ("v", "old", "known", "lost", "late", "torn")}
    assert shapes == {
        "v": PartialShape((3, 4)),
        "old": PartialShape((3, 4)),
        "known": PartialShape((7,)),
        "lost": PartialShape(None),
        "late": PartialShape((3, 4)),
        "torn": PartialShape(None),
    }


def test_a_graph_without_such_variables_is_the_same() -> None:
    graph = tiny_graph("v = VarHandleOp(dtype=float32, shape=<2>)")
    assert with_assigned_shapes(graph, installed_rules()) is graph
