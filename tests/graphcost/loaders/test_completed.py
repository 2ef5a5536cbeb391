"""Shapes that the file means but doesn't write."""

from __future__ import annotations

import pytest
from tiny_graph import tiny_graph

from graphcost.ir.literal import PartialShape
from graphcost.loaders.completed import completed


@pytest.mark.parametrize(("producer", "dims"), [(0, None), (21, None), (22, ()), (1882, ())])
def test_a_scalar_placeholder_of_an_old_file_is_of_any_rank(producer: int, dims: tuple[int, ...] | None) -> None:
    graph = completed(tiny_graph("x = Placeholder(dtype=float32, shape=<>)"), producer, {})
    assert graph.nodes["x"].attrs["shape"] == PartialShape(dims)


def test_other_placeholders_stay() -> None:
    graph = completed(tiny_graph("x = Placeholder(dtype=float32, shape=<?,3>)"), 0, {})
    assert graph.nodes["x"].attrs["shape"] == PartialShape((-1, 3))


def test_variables_get_the_shapes_that_the_saved_model_lists() -> None:
    graph = tiny_graph("""
        known = VarHandleOp(dtype=float32, shape=<4>)
        named = VarHandleOp(dtype=float32, shape=<*>, shared_name=b"kernel")
        plain = VarHandleOp(dtype=float32, shape=<*>)
    """)
    shapes = {name: ("float32", PartialShape((3, size))) for size, name in enumerate(["known", "kernel", "plain"])}
    after = completed(graph, 1882, shapes)
    sizes = [after.nodes[name].attrs["shape"] for name in ("known", "named", "plain")]
    assert sizes == [PartialShape((4,)), PartialShape((3, 1)), PartialShape((3, 2))]
