"""Tensors that may be a model's outputs: which are named for a node, and which only move what somebody else reads."""

from __future__ import annotations

import pytest
from networks import network_of
from tiny_graph import tiny_graph

from graphcost.ir.node import TensorRef
from graphcost.roles.candidates import is_dead_move, owners, refs, weighted_before
from graphcost.roles.network import Network

DENSE = """
x = Placeholder(dtype=float32)
w = VariableV2(dtype=float32)
h = MatMul(x, w, T=float32)
a = Relu(h, T=float32)
shape = Const(value=[-1, 4])
"""


def network(text: str) -> Network:
    return network_of(tiny_graph(DENSE + text))


def point(found: Network, name: str) -> int:
    return found.flow.index[name]


def is_dead(text: str, name: str = "m") -> bool:
    found = network(text)
    return is_dead_move(found, point(found, name))


TWO_READERS = "b = Neg(a, T=float32)\n"


def test_what_moves_a_tensor_that_is_read_elsewhere_is_dead() -> None:
    assert is_dead(TWO_READERS + "m = Reshape(a, shape, T=float32)")
    assert is_dead(TWO_READERS + "n = Reshape(a, shape, T=float32)\nm = Reshape(n, shape, T=float32)")


def test_what_moves_a_tensor_that_nobody_else_reads_is_not() -> None:
    assert not is_dead("m = Reshape(a, shape, T=float32)")
    assert not is_dead("n = Reshape(a, shape, T=float32)\nm = Reshape(n, shape, T=float32)")


def test_a_reader_in_the_middle_of_the_way_counts_too() -> None:
    text = "n = Reshape(a, shape, T=float32)\nm = Reshape(n, shape, T=float32)\nb = Neg(n, T=float32)"
    assert is_dead(text)


def test_one_reader_that_reads_twice_is_one() -> None:
    assert not is_dead("m = ConcatV2(a, a, axis, T=float32, N=2, Tidx=int32)\naxis = Const(value=0)")


def test_a_reader_outside_of_the_network_does_not_count() -> None:
    summary = "tag = Const(value=[0])\nlog = HistogramSummary(tag, a, T=float32)\n"
    assert not is_dead(summary + "m = Reshape(a, shape, T=float32)")


def test_what_computes_is_not_dead_nor_is_what_gives_a_name() -> None:
    assert not is_dead(TWO_READERS + "m = Exp(a, T=float32)")
    assert not is_dead(TWO_READERS + "m = Identity(a, T=float32)")


def test_what_joins_two_tensors_of_the_network_is_not_dead() -> None:
    assert not is_dead(
        TWO_READERS + "c = Exp(h, T=float32)\nm = ConcatV2(a, c, axis, T=float32, N=2)\naxis = Const(value=0)"
    )


def test_a_last_weighted_point_itself_is_not_dead() -> None:
    text = """
    table = VariableV2(dtype=float32)
    ids = Placeholder(dtype=int32)
    n = Neg(ids, T=int32)
    m = Gather(table, ids, Tparams=float32, Tindices=int32)
    """
    assert not is_dead(text)


def test_the_tensor_of_a_node_is_its_first_or_the_one_that_is_read() -> None:
    text = "t = Unknown(a) -> float32, int32\n"
    found = network(text)
    assert refs(found, point(found, "a")) == (TensorRef("a"),)
    assert refs(found, point(found, "t")) == (TensorRef("t", 0),)
    found = network(text + "i = Neg(t:1, T=int32)")
    assert refs(found, point(found, "t")) == (TensorRef("t", 1),)
    found = network(text + "i = Neg(t:1, T=int32)\nv = Neg(t, T=float32)")
    assert refs(found, point(found, "t")) == (TensorRef("t", 0),)


def test_all_outputs_are_of_one_kind_where_they_are_a_list() -> None:
    found = network("axis = Const(value=0)\ns = Split(axis, a, T=float32, num_split=3)\nv = Neg(s:1, T=float32)")
    assert refs(found, point(found, "s")) == tuple(TensorRef("s", port) for port in range(3))


@pytest.mark.parametrize("op", ["If", "StatelessIf", "While", "PartitionedCall"])
def test_all_outputs_of_a_call_are_answers(op: str) -> None:
    found = network(f"s = {op}(a, h) -> float32, int32\nv = Neg(s:1, T=int32)")
    assert refs(found, point(found, "s")) == (TensorRef("s"), TensorRef("s", 1))


def test_an_output_of_a_source_is_itself() -> None:
    found = network_of(tiny_graph("data = IteratorGetNext() -> float32, int64\ny = Neg(data:1, T=int64)"))
    assert refs(found, point(found, "data") + 2) == (TensorRef("data", 1),)
    assert refs(found, point(found, "data") + 1) == (TensorRef("data", 0),)


def test_weights_before_a_point_and_the_variables_that_they_are() -> None:
    found = network("v = VariableV2(dtype=float32)\nb = MatMul(a, v, T=float32)\nc = Neg(b, T=float32)")
    h, b = point(found, "h"), point(found, "b")
    assert weighted_before(found, [point(found, "c")]) == {h, b}
    assert weighted_before(found, [point(found, "a")]) == {h}
    assert owners(found, [h, b]) == {point(found, "w"), point(found, "v")}
    assert owners(found, []) == frozenset()


def test_the_range_that_a_tensor_is_quantized_to_is_no_second_tensor() -> None:
    text = """
    axes = Const(value=[0, 1])
    low = Min(h, axes, T=float32)
    high = Max(h, axes, T=float32)
    m = QuantizeV2(a, low, high, T=quint8)
    """
    assert is_dead(TWO_READERS + text)
    assert not is_dead(text)


def test_an_output_of_a_source_is_named_itself_whatever_is_read() -> None:
    found = network_of(
        tiny_graph("""
    data = IteratorGetNext() -> float32, float32
    w = VariableV2(dtype=float32)
    h = MatMul(data, w, T=float32)
    e = Exp(data:1, T=float32)
    """)
    )
    ports = [each for each in range(len(found.flow.nodes)) if found.flow.is_port(each)]
    assert [refs(found, each) for each in ports] == [(TensorRef("data", 0),), (TensorRef("data", 1),)]
