"""Another tool's count, and what TensorFlow knows of a graph as it imports it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from explaining import LOOP
from tiny_graph import parse_node, parse_ref, tiny_graph

from graphcost import FREE, Cost, Op, Rule, RuleSet
from graphcost.dims import Shape, symbol
from graphcost.explain.reference import Calls, counts, facts_on_import
from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import EMPTY
from graphcost.ops.fact import Fact
from graphcost.ops.status import Status
from graphcost.plugins import installed_rules, reference_rules


def shape(graph: Graph, name: str, feeds: dict[str, Shape] | None = None) -> list[int | None] | None:
    fed = {parse_ref(key): Fact(shape=value) for key, value in (feeds or {}).items()}
    ref = parse_ref(name)
    known = facts_on_import(graph, installed_rules() | reference_rules(), fed)[ref.node][ref.port].shape
    return None if known is None else [dim if isinstance(dim, int) else None for dim in known]


def test_a_variable_of_a_loop_has_no_shape_but_an_invariant_has() -> None:
    graph = tiny_graph(LOOP)
    assert shape(graph, "switch_acc:1") is None
    assert shape(graph, "square") == [3]
    assert shape(graph, "less") is None


def test_an_equality_at_one_node_teaches_nothing_of_others() -> None:
    graph = tiny_graph(
        """
        a = Placeholder(dtype=float32, shape=<?,?>)
        b = Placeholder(dtype=float32, shape=<5,2>)
        product = MatMul(a, b, T=float32)
        same = Relu(a, T=float32)
        """
    )
    assert shape(graph, "product") == [None, 2]
    assert shape(graph, "same") == [None, None]


def test_a_recorded_size_fills_in() -> None:
    graph = tiny_graph("a = Placeholder(dtype=float32, shape=<?,4>)\n b = Relu(a, T=float32)")
    node = graph.nodes["b"]
    for size in (7, 1, 0):
        recorded = replace(node, attrs={**node.attrs, "_output_shapes": (PartialShape((size, -1)),)})
        assert shape(graph.replacing([recorded]), "b") == [size, 4]


def test_a_partly_known_shape_is_followed_by_few_ops() -> None:
    graph = tiny_graph(
        """
        a = Placeholder(dtype=float32, shape=<?,4,5>)
        s = Shape(a, T=float32, out_type=int32)
        copy = Fill(s, c, T=float32)
        c = Const(value=1.0)
        axis = Const(value=0)
        rest = Slice(s, start, count, T=int32, Index=int32)
        start = Const(value=[1])
        count = Const(value=[2])
        size = Prod(rest, axis, T=int32, Tidx=int32)
        flat = Pack(size, N=1, T=int32)
        vector = Fill(flat, c, T=float32)
        """
    )
    assert shape(graph, "copy") == [None, 4, 5]
    assert shape(graph, "vector") == [None]


@pytest.mark.parametrize(
    ("op", "first", "length"), [("Size", "2", 8), ("Size", "?", None), ("Rank", "2", 2), ("Rank", "?", 2)]
)
def test_sizes_and_ranks_are_counted_where_the_shape_is_known(op: str, first: str, length: int | None) -> None:
    out_type = ", out_type=int32" if op == "Size" else ""
    graph = tiny_graph(
        f"""
        a = Placeholder(dtype=float32, shape=<{first},4>)
        n = {op}(a, T=float32{out_type})
        dims = Pack(n, N=1, T=int32)
        c = Const(value=1.0)
        vector = Fill(dims, c, T=float32)
        """
    )
    assert shape(graph, "vector") == [length]


def test_what_is_fed_is_known() -> None:
    graph = tiny_graph("a = Placeholder(dtype=float32, shape=<?,4>)\n b = Relu(a, T=float32)")
    assert shape(graph, "b", {"a": Shape(1, 4)}) == [1, 4]


def test_functions_are_looked_into_for_shapes() -> None:
    double = tiny_graph("a = _Arg(T=float32)\n b = Mul(a, a, T=float32)", "b")
    text = """
    x = Placeholder(dtype=float32, shape=<?,3>)
    y = PartitionedCall(x, f=@double) -> float32
    z = double(x)
    """
    graph = tiny_graph(text, functions={"double": double})
    assert shape(graph, "y") == [None, 3]
    assert shape(graph, "z") == [None, 3]


def test_many_calls_of_one_function_are_looked_into_once() -> None:
    lines = ["x0 = Placeholder(dtype=float32, shape=<?,3>)"]
    lines += [f"x{i + 1} = PartitionedCall(x{i}, f=@f0) -> float32" for i in range(300)]
    functions = {"f60": tiny_graph("a = _Arg(T=float32)\n b = Mul(a, a, T=float32)", "b")}
    for i in range(60):
        body = f"a = _Arg(T=float32)\n b = PartitionedCall(a, f=@f{i + 1}) -> float32\n"
        functions[f"f{i}"] = tiny_graph(f"{body} c = PartitionedCall(b, f=@f{i + 1}) -> float32", "c")
    assert shape(tiny_graph("\n".join(lines), functions=functions), "x300") == [None, 3]


def test_a_missing_function_leaves_the_outputs_unknown() -> None:
    text = "x = Placeholder(dtype=float32, shape=<3>)\n y = PartitionedCall(x, f=@gone) -> float32"
    assert shape(tiny_graph(text, functions=EMPTY), "y") is None


def test_what_one_call_requires_of_its_argument_teaches_nothing_of_another() -> None:
    functions = {
        "product": tiny_graph(
            "a = _Arg(T=float32)\n w = Const(value=[1.0, 2.0])\n m = Reshape(w, s, T=float32, Tshape=int32)\n"
            "s = Const(value=[2, 1])\n b = MatMul(a, m, T=float32)",
            "b",
        ),
        "same": tiny_graph("a = _Arg(T=float32)\n b = Relu(a, T=float32)", "b"),
    }
    text = """
    x = Placeholder(dtype=float32, shape=<?,?>)
    y = PartitionedCall(x, f=@product) -> float32
    z = PartitionedCall(x, f=@same) -> float32
    """
    graph = tiny_graph(text, functions=functions)
    assert shape(graph, "y") == [None, 1]
    assert shape(graph, "z") == [None, None]


def test_a_long_chain_is_linear() -> None:
    lines = ["x0 = Placeholder(dtype=float32, shape=<?,3>)"]
    lines += [f"x{i + 1} = Neg(x{i}, T=float32)" for i in range(5000)]
    assert shape(tiny_graph("\n".join(lines)), "x5000") == [None, 3]


def test_what_is_recorded_of_one_output_says_nothing_of_the_next() -> None:
    graph = tiny_graph(
        """
        a = Placeholder(dtype=float32, shape=<?,4>)
        axis = Const(value=1)
        s = Split(axis, a, num_split=2, T=float32)
        """
    )
    node = graph.nodes["s"]
    recorded = replace(node, attrs={**node.attrs, "_output_shapes": (PartialShape((7, 2)),)})
    assert [shape(graph.replacing([recorded]), name) for name in ("s", "s:1")] == [[7, 2], [None, 2]]


SQUARES = tiny_graph(
    """
    a = _Arg(T=float32)
    b = _Arg(T=float32)
    product = MatMul(a, b, T=float32)
    size = Shape(a, T=float32)
    """,
    "product, size",
)
CALL = "y = {}(u, v, ^init, f=@squares, Tin=['float32', 'float32'], Tout=['float32', 'int32']) -> float32, int32"


@pytest.fixture
def calls() -> Calls:
    return Calls({"squares": SQUARES}, installed_rules())


@pytest.mark.parametrize("op", ["PartitionedCall", "StatefulPartitionedCall"])
def test_outputs_have_the_shapes_of_the_body(calls: Calls, op: str) -> None:
    node = parse_node(CALL.format(op))
    assert calls.has(node)
    product, size = calls.outputs(node, [Fact("float32", Shape(2, 3)), Fact("float32", Shape(3, 5))])
    assert (product.dtype, product.shape) == ("float32", Shape(2, 5))
    assert (size.shape, size.value and size.value.items) == (Shape(2), (2, 3))


def test_a_function_may_be_called_by_its_name(calls: Calls) -> None:
    node = parse_node("y = squares(u, v) -> float32, int32")
    assert calls.has(node)
    assert calls.outputs(node, [Fact("float32", Shape(2, 3)), Fact("float32", Shape(3, 5))])[0].shape == Shape(2, 5)


def test_other_nodes_call_nothing(calls: Calls) -> None:
    assert not calls.has(parse_node("y = Relu(u, T=float32)"))


def test_open_sizes_are_named_after_the_argument(calls: Calls) -> None:
    node = parse_node(CALL.format("PartitionedCall"))
    open_rows = [Fact("float32", Shape(symbol("N"), 3)), Fact("float32", Shape(3, 5))]
    (rows, columns) = calls.outputs(node, open_rows)[0].shape or ()
    assert columns == 5
    assert str(rows) == "size(argument 0:0,0)"
    assert calls.outputs(node, [Fact("float32", Shape(symbol("K"), 3)), open_rows[1]])[0].shape == Shape(rows, 5)


def test_what_two_calls_equate_is_not_carried_over(calls: Calls) -> None:
    node = parse_node(CALL.format("PartitionedCall"))
    inner = Fact("float32", Shape(2, symbol("K")))
    calls.outputs(node, [inner, Fact("float32", Shape(3, 5))])
    (other,) = calls.outputs(node, [inner, Fact("float32", Shape(4, 5))])[:1]
    assert other.shape == Shape(2, 5)


def elements(op: Op) -> Cost:
    return Cost(add=op.output().size)


def refused(op: Op) -> Cost:
    raise op.error("not this one")


GRAPH = tiny_graph("x = Placeholder(dtype=float32)\ny = Relu(x, T=float32)")


def counted(rule: Rule | None, shape: Shape | None) -> tuple[int, Status | None]:
    facts = {"x": (Fact("float32", shape),), "y": (Fact("float32", shape),)}
    found = counts(GRAPH, facts, RuleSet(*([] if rule is None else [rule])))["y"]
    return found.flops, found.problem and found.problem.status


@pytest.mark.parametrize(
    ("rule", "shape", "expected"),
    [
        (Rule("Relu", cost=elements), Shape(3, 4), (12, None)),
        (Rule("Relu", cost=elements), Shape(symbol("N"), 4), (0, Status.NO_SHAPE)),
        (Rule("Relu", cost=elements), None, (0, Status.NO_SHAPE)),
        (Rule("Relu", cost=refused), Shape(3), (0, Status.INVALID)),
        (Rule("Relu", cost=FREE), Shape(3), (0, Status.NO_RULE)),
        (Rule("Relu"), Shape(3), (0, Status.NO_RULE)),
        (None, Shape(3), (0, Status.NO_RULE)),
    ],
)
def test_a_node(rule: Rule | None, shape: Shape | None, expected: tuple[int, Status | None]) -> None:
    assert counted(rule, shape) == expected


def test_every_node_of_the_top_level_has_an_answer() -> None:
    facts = {name: (Fact("float32", Shape(2)),) for name in "xy"}
    assert counts(GRAPH, facts, RuleSet(Rule("Relu", cost=elements))).keys() == {"x", "y"}


def test_a_cost_that_reads_its_inputs() -> None:
    rule = Rule("Relu", cost=lambda op: Cost(mul=op.input(0)[0]))
    assert counted(rule, Shape(5, 7)) == (5, None)
