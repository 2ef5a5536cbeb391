"""Loops: bodies count for each trip, conditions once more, sizes that grow are summed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from counted_loops import body, condition
from evaluation import counted, evaluated, flops, run_of
from tiny_graph import tiny_graph

from graphcost.dims import Shape, bind, symbol, symbols
from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import EMPTY, TensorRef
from graphcost.ops.status import Status

COND = condition()
BODY = body("out = Exp(v, T=float32)")


def looping(
    limit: str,
    body: Graph = BODY,
    cond: Graph = COND,
    vector: str = "<?,3>",
    start: int = 0,
    functions: Mapping[str, Graph] = EMPTY,
) -> Graph:
    return tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape={vector})
        start = Const(value={start})
        limit = {limit}
        w = While(start, limit, x, cond=@cond, body=@body, T=[]) -> int32, int32, float32
        """,
        "w:2",
        functions={"cond": cond, "body": body, **functions},
    )


def test_the_body_runs_for_each_trip_and_the_condition_once_more() -> None:
    lines = {line.op: line for line in counted(looping("Const(value=10)")).lines}
    assert (lines["Exp"].count, lines["Exp"].work.flops) == (10, 30 * symbol("N"))
    assert (lines["AddV2"].count, lines["AddV2"].work.int_ops) == (10, 10)
    assert (lines["Less"].count, lines["Less"].work.int_ops) == (11, 11)
    assert flops(looping("Const(value=10)")) == "30*N + 21"


@pytest.mark.parametrize(
    ("limit", "source", "trips"),
    [
        ("Minimum(ten, longest, T=int32)", "at most", "10"),
        ("Minimum(longest, also, T=int32)", "unknown", "trips(w)"),
        ("Maximum(ten, longest, T=int32)", "unknown", "trips(w)"),
    ],
)
def test_a_limit_that_is_the_least_of_numbers_outside_bounds_the_loop(limit: str, source: str, trips: str) -> None:
    """As in a recurrent layer that stops after the longest sequence: min(steps, max(lengths))."""
    lines = f"""Identity(least, T=int32)
        lengths = Placeholder(dtype=int32, shape=<2>)
        axis = Const(value=0)
        ten = Const(value=10)
        longest = Max(lengths, axis, T=int32)
        also = Max(lengths, axis, T=int32)
        least = {limit}
    """
    graph = looping(lines)
    run = run_of(graph)
    evaluated(graph, run=run)
    assert [(str(loop.trips), loop.source) for loop in run.loops.values()] == [(trips, source)]


def test_what_a_loop_declares_holds_in_its_body_too() -> None:
    """As where a body ends in Python code, whose result was told its shape when the loop was written."""
    graph = looping("Const(value=10)", body("e = Exp(v, T=float32)\n out = Forget(e) -> float32"), vector="<2,3>")
    forgetful = evaluated(graph).facts["w"][2]
    assert forgetful.shape is None
    declared = tuple(map(PartialShape, ((), (), (2, 3))))
    graph = graph.replacing([replace(graph.nodes["w"], attrs={**graph.nodes["w"].attrs, "output_shapes": declared})])
    assert evaluated(graph).facts["w"][2].shape == Shape(2, 3)
    assert flops(graph) == "81"


@pytest.mark.parametrize("op", ["XlaWhile", "RiscWhile"])
def test_other_whiles_are_loops_too(op: str) -> None:
    graph = looping("Const(value=10)")
    graph = graph.replacing([replace(graph.nodes["w"], op=op)])
    assert flops(graph) == "30*N + 21"


def test_a_reducer_in_a_body_runs_for_each_element_and_trip() -> None:
    steps = """
    zero = Const(value=0.0)
    sum = XlaReduce(v, zero, T=float32, dimensions_to_reduce=[0, 1], reducer=@add)
    out = Mul(v, sum, T=float32)
    """
    add = tiny_graph("a = _Arg(T=float32)\n b = _Arg(T=float32)\n c = AddV2(a, b, T=float32)", "c")
    graph = looping("Const(value=10)", body(steps), functions={"add": add})
    assert flops(graph) == "60*N + 21"


def test_exits_carry_the_final_value() -> None:
    facts = evaluated(looping("Const(value=10)", start=3)).facts["w"]
    assert facts[0].value is not None
    assert facts[0].value.items == (10,)
    assert facts[1].value is not None
    assert facts[1].value.items == (10,)
    assert facts[2].shape == Shape(symbol("N"), 3)


def test_a_limit_that_nobody_knows_is_a_symbol() -> None:
    graph = looping("Placeholder(dtype=int32, shape=<>)")
    run = run_of(graph)
    evaluated(graph, run=run)
    (loop,) = run.loops.values()
    assert (str(loop.trips), loop.source) == ("trips(w)", "unknown")
    assert flops(graph) == "3*N*trips(w) + 2*trips(w) + 1"


def test_a_loop_that_never_runs_costs_its_condition() -> None:
    assert flops(looping("Const(value=0)")) == "1"


def test_a_size_that_grows_is_summed_over_the_trips() -> None:
    growing = body(
        """
        axis = Const(value=0)
        bit = Const(value=[0.0, 0.0])
        grown = ConcatV2(v, bit, axis, N=2, T=float32)
        out = Exp(grown, T=float32)
        """,
    )
    graph = looping("Const(value=4)", growing, vector="<5>")
    (line,) = (line for line in counted(graph).lines if line.op == "Exp")
    assert line.work.flops == 7 + 9 + 11 + 13
    assert evaluated(graph).fact(TensorRef("w", 2)).shape == Shape(13)


def sliding(begin: int, added: int) -> Graph:
    """Rows that come in, and a slice that keeps some: concat([v, ...])[begin:]."""
    return body(
        f"""
        axis = Const(value=0)
        more = Const(value={[0.0] * added})
        both = ConcatV2(v, more, axis, N=2, T=float32)
        first = Const(value=[{begin}])
        last = Const(value=[0])
        step = Const(value=[1])
        kept = StridedSlice(both, first, last, step, end_mask=1, T=float32, Index=int32)
        out = Exp(kept, T=float32)
        """
    )


@pytest.mark.parametrize("begin", [-7, -4, -3, -1, 0, 1, 2, 3, 5])
@pytest.mark.parametrize("added", [1, 2, 3])
@pytest.mark.parametrize("start", [0, 1, 6])
def test_a_cache_that_slides_has_what_is_kept_of_it_in_each_iteration(start: int, added: int, begin: int) -> None:
    """Also where it starts empty, or where nothing is left."""
    rows, sizes = [0.0] * start, []
    for _ in range(4):
        rows = [*rows, *[0.0] * added][begin:]
        sizes.append(len(rows))
    graph = looping("Const(value=4)", sliding(begin, added), vector=f"<{start}>")
    (line,) = (line for line in counted(graph).lines if line.op == "Exp")
    assert line.work.flops == sum(sizes)
    assert evaluated(graph).fact(TensorRef("w", 2)).shape == Shape(sizes[-1])


@pytest.mark.parametrize("start", [0, 2])
def test_a_cache_for_an_open_number_of_iterations_is_full_after_some(start: int) -> None:
    graph = looping("Placeholder(dtype=int32, shape=<>)", sliding(-4, 1), vector=f"<{start}>")
    (line,) = (line for line in counted(graph).lines if line.op == "Exp")
    (trips,) = symbols(line.count)
    for number in range(7):
        assert bind(line.work.flops, {trips: number}) == sum(min(start + i + 1, 4) for i in range(number))


def chunked(size: int, step: int) -> Graph:
    """x[i : min(i + size, n)], for a counter i that steps."""
    return tiny_graph(
        f"""
        i = _Arg(T=int32)
        n = _Arg(T=int32)
        x = _Arg(T=float32)
        step = Const(value={step})
        next = AddV2(i, step, T=int32)
        size = Const(value={size})
        end = AddV2(i, size, T=int32)
        last = Minimum(end, n, T=int32)
        begins = Pack(i, N=1, T=int32, axis=0)
        ends = Pack(last, N=1, T=int32, axis=0)
        ones = Const(value=[1])
        rows = StridedSlice(x, begins, ends, ones, T=float32, Index=int32)
        work = Exp(rows, T=float32)
        axis = Const(value=0)
        sum = Sum(work, axis, T=float32)
        out = AddV2(x, sum, T=float32)
        """,
        "next, n, out",
    )


@pytest.mark.parametrize(("start", "size", "step"), [(0, 4, 4), (0, 2, 1), (1, 3, 5), (2, 1, 1), (0, 3, 2)])
@pytest.mark.parametrize("limit", [1, 4, 9])
def test_a_slice_by_the_counter_has_its_size_in_each_iteration(start: int, size: int, step: int, limit: int) -> None:
    expected = sum(len(range(9)[i : min(i + size, limit)]) for i in range(start, limit, step))
    graph = looping(f"Const(value={limit})", chunked(size, step), vector="<9>", start=start)
    (line,) = (line for line in counted(graph).lines if line.op == "Exp")
    assert line.work.flops == expected


def test_a_counter_that_falls_has_no_lower_bound() -> None:
    """Where it is negative, a slice by it counts from the end."""
    falling = tiny_graph("i = _Arg(T=int32)\n n = _Arg(T=int32)\n v = _Arg(T=float32)\n c = Less(n, i, T=int32)", "c")
    graph = looping("Const(value=-9)", chunked(2, -3), cond=falling, vector="<9>", start=1)
    (line,) = (line for line in counted(graph).lines if line.op == "Exp")
    assert "size(" in str(line.work.flops)
    assert line.count == 4


def test_a_shape_that_the_body_changes_otherwise_is_open() -> None:
    growing = body(
        """
        axis = Const(value=0)
        out = ConcatV2(v, v, axis, N=2, T=float32)
        """,
    )
    graph = looping("Const(value=4)", growing, vector="<5>")
    assert evaluated(graph).fact(TensorRef("w", 2)).shape == Shape(symbol("size(w:2,0)"))


def nested(depth: int) -> Graph:
    """`depth` loops of two trips inside each other, around one Exp of three numbers."""
    functions = {"cond": COND, "body0": BODY}
    for level in range(1, depth):
        functions[f"body{level}"] = body(
            f"""
            zero = Const(value=0)
            inner = While(zero, n, v, cond=@cond, body=@body{level - 1}, T=[]) -> int32, int32, float32
            """,
            "inner:2",
        )
    return tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<3>)
        start = Const(value=0)
        limit = Const(value=2)
        w = While(start, limit, x, cond=@cond, body=@body{depth - 1}, T=[]) -> int32, int32, float32
        """,
        "w:2",
        functions=functions,
    )


@pytest.mark.parametrize("depth", [1, 2, 5, 300])
def test_nested_loops_multiply_counts_but_not_evaluations(depth: int) -> None:
    graph = nested(depth)
    run = run_of(graph)
    evaluated(graph, run=run)
    assert len(run.memo) <= 2 * depth
    (line,) = (line for line in counted(graph).lines if line.op == "Exp")
    assert line.count == 2**depth


def test_an_inner_loop_that_runs_as_often_as_the_outer_counter_says() -> None:
    outer = body(
        """
        zero = Const(value=0)
        inner = While(zero, i, v, cond=@cond, body=@inner, T=[]) -> int32, int32, float32
        """,
        "inner:2",
    )
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<3>)
        start = Const(value=0)
        limit = Const(value=5)
        w = While(start, limit, x, cond=@cond, body=@body, T=[]) -> int32, int32, float32
        """,
        "w:2",
        functions={"cond": COND, "body": outer, "inner": BODY},
    )
    (line,) = (line for line in counted(graph).lines if line.op == "Exp")
    assert line.count == 0 + 1 + 2 + 3 + 4
    assert line.work.flops == 30


def test_an_item_of_a_list_has_the_shape_that_was_put_in() -> None:
    reading = body(
        """
        any = Const(value=-1)
        item = TensorListGetItem(v, i, any, element_dtype=float32, shape_type=int32)
        out = Exp(item, T=float32)
        after = TensorListSetItem(v, i, out, element_dtype=float32)
        """,
        "after",
        dtype="variant",
    )
    graph = tiny_graph(
        """
        x = Placeholder(dtype=float32, shape=<6,?,3>)
        any = Const(value=-1)
        list = TensorListFromTensor(x, any, element_dtype=float32, shape_type=int32)
        start = Const(value=0)
        limit = TensorListLength(list)
        w = While(start, limit, list, cond=@cond, body=@body, T=[]) -> int32, int32, variant
        y = TensorListStack(w:2, any, element_dtype=float32)
        """,
        "y",
        functions={"cond": condition("variant"), "body": reading},
    )
    assert evaluated(graph).fact(TensorRef("y")).shape == Shape(6, symbol("x[1]"), 3)
    (line,) = (line for line in counted(graph).lines if line.op == "Exp")
    assert line.work.flops == 18 * symbol("x[1]")


def test_a_body_that_is_missing_or_does_not_fit_is_uncosted() -> None:
    graph = tiny_graph(
        "x = Placeholder(dtype=float32, shape=<3>)\n w = While(x, cond=@gone, body=@gone, T=[]) -> float32", "w"
    )
    (line,) = (line for line in counted(graph).lines if line.op == "While")
    assert line.status is Status.INVALID
    assert "'gone' isn't in the file" in line.reason
