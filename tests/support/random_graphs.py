"""Small models that hypothesis draws: layers on rows of features, some of which no output needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from graphcost.loaders.descriptors import message_class

FLOAT = 1
BATCH_SIZES = st.integers(1, 5)
SCOPES = ("", "a/", "a/b/", "c/")


@st.composite
def models(draw: st.DrawFn) -> Any:
    """A GraphDef with an input of open batch and 1 to 12 layers, in any order of nodes; its output is "last"."""
    graph = message_class("GraphDef")()
    graph.versions.producer = 716
    _placeholder(graph, draw(st.integers(1, 4)))
    tensors = [("x", graph.node[0].attr["shape"].shape.dim[1].size)]
    for index in range(draw(st.integers(1, 12))):
        layer = draw(st.sampled_from((_unary, _binary, _dense, _bias, _join)))
        name = f"{draw(st.sampled_from(SCOPES))}n{index}"
        tensors.append((name, layer(draw, graph, name, tensors)))
    _node(graph, "last", "Relu", tensors[-1][0])
    nodes = draw(st.permutations(list(graph.node)))
    del graph.node[:]
    graph.node.extend(nodes)
    return graph


Tensors = list[tuple[str, int]]
Layer = Callable[[st.DrawFn, Any, str, Tensors], int]


def _unary(draw: st.DrawFn, graph: Any, name: str, tensors: Tensors) -> int:
    source, size = draw(st.sampled_from(tensors))
    _node(graph, name, draw(st.sampled_from(("Relu", "Sigmoid", "Softmax", "Identity", "Sqrt"))), source)
    return size


def _binary(draw: st.DrawFn, graph: Any, name: str, tensors: Tensors) -> int:
    source, size = draw(st.sampled_from(tensors))
    other = draw(st.sampled_from([other for other, width in tensors if width in (1, size)]))
    _node(graph, name, draw(st.sampled_from(("AddV2", "Mul", "Maximum", "RealDiv"))), source, other)
    return size


def _dense(draw: st.DrawFn, graph: Any, name: str, tensors: Tensors) -> int:
    source, size = draw(st.sampled_from(tensors))
    width = draw(st.integers(1, 4))
    _weights(graph, f"{name}/kernel", size, width)
    _node(graph, name, "MatMul", source, f"{name}/kernel")
    return width


def _bias(draw: st.DrawFn, graph: Any, name: str, tensors: Tensors) -> int:
    source, size = draw(st.sampled_from(tensors))
    _weights(graph, f"{name}/bias", size)
    _node(graph, name, "BiasAdd", source, f"{name}/bias")
    return size


def _join(draw: st.DrawFn, graph: Any, name: str, tensors: Tensors) -> int:
    parts = draw(st.lists(st.sampled_from(tensors), min_size=2, max_size=3))
    axis = graph.node.add(name=f"{name}/axis", op="Const")
    axis.attr["dtype"].type = 3
    axis.attr["value"].tensor.dtype = 3
    axis.attr["value"].tensor.tensor_shape.SetInParent()
    axis.attr["value"].tensor.int_val.append(1)
    node = _node(graph, name, "ConcatV2", *(source for source, _ in parts), f"{name}/axis")
    node.attr["N"].i = len(parts)
    node.attr["Tidx"].type = 3
    return sum(size for _, size in parts)


def _placeholder(graph: Any, features: int) -> None:
    node = graph.node.add(name="x", op="Placeholder")
    node.attr["dtype"].type = FLOAT
    node.attr["shape"].shape.dim.add(size=-1)
    node.attr["shape"].shape.dim.add(size=features)


def _weights(graph: Any, name: str, *shape: int) -> None:
    node = graph.node.add(name=name, op="Const")
    node.attr["dtype"].type = FLOAT
    node.attr["value"].tensor.dtype = FLOAT
    node.attr["value"].tensor.float_val.append(0.5)
    for size in shape:
        node.attr["value"].tensor.tensor_shape.dim.add(size=size)


def _node(graph: Any, name: str, op: str, *sources: str) -> Any:
    node = graph.node.add(name=name, op=op, input=sources)
    node.attr["T"].type = FLOAT
    return node
