"""Parameters: each weight once, credited to the line that uses it."""

from __future__ import annotations

import re

import pytest
from evaluation import counted
from tiny_graph import tiny_graph

from graphcost.ir.graph import Graph


def params(graph: Graph) -> dict[str, int]:
    return {line.node: line.params for line in counted(graph).lines if line.params}


def test_a_constant_goes_to_the_node_that_reads_it_through_identity_and_cast() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<?,2>)
        w = Const(value=[1.0, 2.0], dtype=float16)
        i = Identity(w, T=float16)
        c = Cast(i, SrcT=float16, DstT=float32)
        y = Mul(x, c, T=float32)
        """,
        "y",
    )
    lines = {line.node: line for line in counted(graph).lines}
    assert params(graph) == {"y": 2}
    assert lines["y"].param_bytes == 4


def test_a_variable_goes_to_the_node_that_reads_it_in_another_precision() -> None:
    """As in mixed precision, where a layer casts its weights before it computes with them."""
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float16, shape=<?,2>)
        v = VarHandleOp(dtype=float32, shape=<2>)
        w = ReadVariableOp(v, dtype=float32)
        c = Cast(w, SrcT=float32, DstT=float16)
        y = Mul(x, c, T=float16)
        """,
        "y",
    )
    lines = {line.node: line for line in counted(graph).lines}
    assert params(graph) == {"y": 2}
    assert lines["y"].param_bytes == 8


def test_a_weight_that_several_read_goes_to_the_first() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<2>)
        w = Const(value=[1.0, 2.0])
        a = Mul(x, w, T=float32)
        b = Mul(a, w, T=float32)
        """,
        "b",
    )
    assert params(graph) == {"a": 2}


def test_scalars_and_integers_are_no_weights() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<2>)
        s = Const(value=2.0)
        a = Mul(x, s, T=float32)
        axis = Const(value=[0])
        b = Sum(a, axis, T=float32, Tidx=int32)
        """,
        "b",
    )
    assert params(graph) == {}


def test_what_folds_is_still_a_weight() -> None:
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<2>)
        w = Const(value=[1.0, 2.0])
        n = Neg(w, T=float32)
        y = Mul(x, n, T=float32)
        """,
        "y",
    )
    assert params(graph) == {"y": 2}


def test_a_variable_is_counted_in_the_function_that_reads_it_once_for_all_calls() -> None:
    layer = tiny_graph(
        """
        a = _Arg(T=float32)
        h = _Arg(T=resource)
        w = ReadVariableOp(h, dtype=float32)
        y = Mul(a, w, T=float32)
        """,
        "y",
    )
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<2>)
        v = VarHandleOp(dtype=float32, shape=<2>)
        a = StatefulPartitionedCall(x, v, f=@layer) -> float32
        b = StatefulPartitionedCall(a, v, f=@layer) -> float32
        """,
        "b",
        functions={"layer": layer},
    )
    assert params(graph) == {"a/y": 2}


def test_a_bare_handle_is_sized_by_the_read() -> None:
    graph = tiny_graph(
        """
        h = Placeholder(dtype=resource, shape=<>)
        w = ReadVariableOp(h, dtype=float32)
        again = ReadVariableOp(h, dtype=float32)
        y = MatMul(w, again, T=float32)
        """,
        "y",
    )
    from dataclasses import replace

    from graphcost.ir.literal import PartialShape

    recorded = {"_output_shapes": (PartialShape((3, 3)),)}
    reads = [replace(graph.nodes[n], attrs={**graph.nodes[n].attrs, **recorded}) for n in ("w", "again")]
    assert params(graph.replacing(reads)) == {"y": 9}


def test_a_weight_that_nobody_computes_with_stays_where_it_is() -> None:
    assert params(tiny_graph("w = Const(value=[1.0, 2.0])\n y = Identity(w, T=float32)", "y")) == {"w": 2}


@pytest.mark.parametrize(
    "dtype",
    [
        *("float16", "bfloat16", "float32", "float64", "float8_e5m2", "float8_e4m3fn", "complex64", "complex128"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("qint8", "quint8", "qint16", "quint16", "qint32"),
    ],
)
def test_a_weight_has_as_many_bytes_as_its_dtype_says(dtype: str) -> None:
    (bits,) = re.findall(r"^[a-z]+(\d+)", dtype)
    graph = tiny_graph(
        f"""
        v = VarHandleOp(dtype={dtype}, shape=<3>)
        w = ReadVariableOp(v, dtype={dtype})
        y = Neg(w, T={dtype})
        """,
        "y",
    )
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert (line.params, line.param_bytes) == (3, 3 * int(bits) // 8)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("float4_e2m1fn", 2),
        ("float8_e5m2", 3),
        ("float8_e4m3fn", 3),
        ("float8_e4m3fnuz", 3),
        ("float8_e4m3b11fnuz", 3),
        ("float8_e5m2fnuz", 3),
        ("float16", 6),
        ("complex128", 48),
    ],
)
def test_every_floating_constant_is_a_weight_of_its_bits(dtype: str, expected: int) -> None:
    """Three elements of four bits are a byte and a half, rounded up once."""
    source = f"w = Const(value=[1.0, 2.0, 3.0], dtype={dtype})\n y = Identity(w, T={dtype})"
    (held,) = [line for line in counted(tiny_graph(source, "y")).lines if line.params]
    assert (held.params, held.param_bytes) == (3, expected)


@pytest.mark.parametrize(("dtype", "expected"), [("int2", 2), ("uint2", 2), ("int4", 3), ("uint4", 3), ("qint8", 5)])
def test_a_variable_of_small_integers_weighs_its_bits(dtype: str, expected: int) -> None:
    source = f"v = VarHandleOp(dtype={dtype}, shape=<5>)\n y = ReadVariableOp(v, dtype={dtype})"
    (held,) = [line for line in counted(tiny_graph(source, "y")).lines if line.params]
    assert (held.params, held.param_bytes) == (5, expected)


def unsized(source: str) -> dict[str, int]:
    return {line.node: line.unsized for line in counted(tiny_graph(source, "y")).lines if line.unsized}


def test_a_variable_of_unknown_shape_is_said_to_be_missing_where_it_is_used() -> None:
    assert unsized(
        """
        h = Placeholder(dtype=resource, shape=<>)
        w = ReadVariableOp(h, dtype=float32)
        y = Neg(w, T=float32)
        """
    ) == {"y": 1}


def test_a_variable_of_known_shape_and_a_handle_that_isnt_read_are_not_missing() -> None:
    assert not unsized("v = VarHandleOp(dtype=float32, shape=<2>)\n y = ReadVariableOp(v, dtype=float32)")
    assert not unsized("h = Placeholder(dtype=resource, shape=<>)\n y = Identity(h, T=resource)")
    assert not unsized("s = Const(value=2.0)\n y = Neg(s, T=float32)")


def test_a_program_that_is_no_graph_may_hold_weights_unless_it_is_fed_some() -> None:
    alone = "x = Placeholder(dtype=float32, shape=<2>)\n y = XlaCallModule(x, _output_shapes=(1,)) -> float32"
    fed = "v = VarHandleOp(dtype=float32, shape=<3>)\n w = ReadVariableOp(v, dtype=float32)\n"
    (line,) = (line for line in counted(tiny_graph(alone, "y")).lines if line.node == "y")
    assert (line.params, line.unsized) == (0, 1)
    graph = tiny_graph(fed + alone.replace("Module(x,", "Module(x, w,"), "y")
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert (line.params, line.unsized) == (3, 0)
