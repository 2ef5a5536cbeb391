"""What doesn't run: its facts beside those of what does, and its nodes and work by reason."""

from __future__ import annotations

from explaining import DENSE, LOOP, analysed
from tiny_graph import tiny_graph, wiring

from graphcost.dims import Shape, symbol
from graphcost.ir.graph import Graph
from graphcost.ir.node import Node, TensorRef
from graphcost.measure.dropped import raised_reasons, whole_graph
from graphcost.pipeline import Analysis
from graphcost.report import Dropped

N = symbol("N")

TWO_WAYS = f"""{LOOP}
enter_e = Enter(x, T=float32, frame_name=b'loop')
merge_e = Merge(enter_e, next_e, T=float32, N=2)
switch_e = Switch(merge_e, cond, T=float32)
double = AddV2(switch_e:1, switch_e:1, T=float32)
next_e = NextIteration(double, T=float32)
exit_e = Exit(switch_e, T=float32)
reader = Neg(exit_e, T=float32)
"""
"""The loop with a second tensor of 3 elements that it carries, and a reader of what comes of it."""


def amounts(analysis: Analysis) -> dict[str, tuple[int, object]]:
    """Nodes and FLOPs by reason."""
    return {reason: (each.nodes, each.work.flops) for reason, each in analysis.report.dropped.items()}


def after_x(lines: str, functions: dict[str, Graph] | None = None) -> Dropped:
    """What isn't used of a model that only negates a tensor of 3 elements, x."""
    text = f"x = Placeholder(dtype=float32, shape=<3>)\ny = Neg(x, T=float32)\n{lines}"
    dropped = analysed(text, "y", functions=functions or {}).report.dropped
    assert list(dropped) == ["unused"]
    return dropped["unused"]


def test_a_reason_has_the_nodes_and_the_work_that_go_for_it() -> None:
    assert amounts(analysed(DENSE, "out")) == {"initializer": (5, 8)}


def test_what_is_left_unread_has_work_of_its_own() -> None:
    assert amounts(analysed(DENSE, "y")) == {"initializer": (5, 8), "unused": (1, 8 * N)}


def test_reasons_come_in_the_order_of_the_file() -> None:
    early = "early = Neg(x, T=float32)\n"
    assert list(analysed(DENSE + early, "out").report.dropped) == ["initializer", "unused"]
    first = DENSE.replace("w = ", f"{early}w = ", 1)
    assert list(analysed(first, "out").report.dropped) == ["unused", "initializer"]


def test_integer_operations_are_no_flops() -> None:
    work = after_x("k = Placeholder(dtype=int32, shape=<5>)\nm = Mul(k, k, T=int32)").work
    assert (work.flops, work.int_ops) == (0, 5)


def test_what_constants_decide_is_constant() -> None:
    text = """
        x = Placeholder(dtype=float32, shape=<2>)
        c = Const(value=[1.0, 2.0])
        d = Neg(c, T=float32)
        e = Exp(d, T=float32)
        y = Mul(x, e, T=float32)
    """
    assert amounts(analysed(text, "y")) == {"constant": (2, 4)}


def test_constants_that_nothing_needs_go_for_the_reason_of_their_reader() -> None:
    text = """
        x = Placeholder(dtype=float32, shape=<2>)
        y = Neg(x, T=float32)
        c = Const(value=[1.0, 2.0])
        d = Neg(c, T=float32)
        z = Mul(x, d, T=float32)
    """
    assert amounts(analysed(text, "y")) == {"unused": (3, 4)}


def test_a_constant_for_what_runs_and_what_does_not_counts_once() -> None:
    text = """
        x = Placeholder(dtype=float32, shape=<2>)
        c = Const(value=[1.0, 2.0])
        d = Neg(c, T=float32)
        y = Mul(x, d, T=float32)
        z = Mul(y, d, T=float32)
    """
    analysis = analysed(text, "y")
    assert amounts(analysis) == {"constant": (1, 2), "unused": (1, 2)}
    assert list(analysis.report.dropped) == ["constant", "unused"]


def test_an_unknown_operation_makes_its_own_reason_a_lower_bound() -> None:
    dropped = analysed(f"{DENSE}strange = Foo(out) -> float32\nlast = Neg(strange, T=float32)\n", "out").report.dropped
    assert (dropped["unused"].is_exact, dropped["initializer"].is_exact) == (False, True)


def test_what_does_not_run_leaves_the_total_complete() -> None:
    report = analysed(f"{DENSE}strange = Foo(out) -> float32\n", "out").report
    assert report.is_complete
    assert report.coverage == 1


def test_a_dropped_loop_is_one_node_with_the_work_of_all_its_trips() -> None:
    dropped = analysed(LOOP, "x").report.dropped["unused"]
    # three constants, the loop and its exit; 3 squares and 3 sums a trip, a count and a comparison of integers
    assert (dropped.nodes, dropped.work.flops, dropped.work.int_ops) == (5, 5 * 6, 5 + 6)


def test_a_dropped_loop_that_nothing_leaves_is_counted_too() -> None:
    text = "".join(line for line in LOOP.splitlines(keepends=True) if not line.startswith("exit"))
    dropped = analysed(text, "x").report.dropped["unused"]
    assert (dropped.nodes, dropped.work.flops, dropped.work.int_ops) == (4, 5 * 6, 5 + 6)


def test_a_dropped_reader_of_a_loop_that_runs_knows_its_shape() -> None:
    analysis = analysed(f"{LOOP}after = Exp(exit_acc, T=float32)\n", "exit_acc")
    assert amounts(analysis) == {"unused": (1, 3)}
    assert analysis.dropped.facts.fact(TensorRef("after")).shape == Shape(3)


def test_a_loop_that_is_kept_in_part_is_not_dropped() -> None:
    analysis = analysed(TWO_WAYS, "exit_acc")
    assert "loop" not in analysis.dropped.reasons
    assert amounts(analysis) == {"unused": (2, 3)}
    assert [loop.trips for loop in analysis.report.loops] == [5]


def test_a_loop_that_is_kept_in_part_has_the_facts_of_the_whole() -> None:
    analysis = analysed(TWO_WAYS, "exit_acc")
    kept, whole = analysis.facts.facts["loop"], analysis.dropped.facts.facts["loop"]
    assert len(whole) == len(kept) + 1
    assert analysis.dropped.facts.fact(TensorRef("exit_e")).shape == Shape(3)


def test_of_dropped_branches_the_most_expensive_counts() -> None:
    functions = {
        "cheap": tiny_graph("a = _Arg(T=float32)\nb = Neg(a, T=float32)", "b"),
        "dear": tiny_graph("a = _Arg(T=float32)\nb = Neg(a, T=float32)\nc = Neg(b, T=float32)", "c"),
    }
    flag = "p = Placeholder(dtype=bool, shape=<>)\n"
    for then, other in (("cheap", "dear"), ("dear", "cheap")):
        branch = f"z = If(p, x, then_branch=@{then}, else_branch=@{other}) -> float32"
        dropped = after_x(flag + branch, functions)
        assert (dropped.nodes, dropped.work.flops) == (2, 6)


def test_a_dropped_call_is_one_node_with_the_work_of_its_body() -> None:
    inner = tiny_graph("a = _Arg(T=float32)\nb = Neg(a, T=float32)\nc = Exp(b, T=float32)", "c")
    outer = tiny_graph("a = _Arg(T=float32)\nb = PartitionedCall(a, f=@inner) -> float32", "b")
    call = "z = PartitionedCall(x, f=@outer) -> float32"
    dropped = after_x(call, {"inner": inner, "outer": outer})
    assert (dropped.nodes, dropped.work.flops, dropped.is_exact) == (1, 6, True)


def test_an_unknown_operation_in_a_dropped_body_is_found() -> None:
    body = tiny_graph("a = _Arg(T=float32)\nb = Foo(a) -> float32", "b")
    assert not after_x("z = PartitionedCall(x, f=@body) -> float32", {"body": body}).is_exact


def test_two_dropped_calls_of_one_function_count_twice() -> None:
    body = tiny_graph("a = _Arg(T=float32)\nb = Neg(a, T=float32)", "b")
    calls = "z = PartitionedCall(x, f=@body) -> float32\nq = PartitionedCall(x, f=@body) -> float32"
    dropped = after_x(f"{calls}\nbeside = Exp(x, T=float32)", {"body": body})
    assert (dropped.nodes, dropped.work.flops) == (3, 9)


def test_of_a_dropped_call_that_is_read_only_what_is_read_counts() -> None:
    text = "a = _Arg(T=float32)\nb = Neg(a, T=float32)\nc = Exp(a, T=float32)\nd = Exp(c, T=float32)"
    body = tiny_graph(text, "b, d")
    call = "z = PartitionedCall(x, f=@body) -> float32, float32"
    assert after_x(call, {"body": body}).work.flops == 9
    assert after_x(f"{call}\nlast = Identity(z, T=float32)", {"body": body}).work.flops == 3


def test_the_part_holds_what_dropped_nodes_read_and_no_more() -> None:
    part = analysed(DENSE, "out").dropped
    assert set(part.reasons) == {"low", "noise", "size", "scaled", "init"}
    assert set(part.graph.nodes) == {"w", *part.reasons}
    assert (part.graph.outputs, part.graph.controls) == ((), ())


def test_what_runs_is_not_evaluated_again() -> None:
    text = "c = Const(value=[1.0, 2.0])\nd = Neg(c, T=float32)\nx = Placeholder(dtype=float32, shape=<2>)\n"
    analysis = analysed(f"{text}y = Mul(x, d, T=float32)\nz = Mul(y, d, T=float32)\n", "y")
    for name in ("y", "d"):
        assert analysis.dropped.facts.facts[name] is analysis.facts.facts[name]


def test_shapes_that_are_fed_reach_what_does_not_run() -> None:
    text = "x = Placeholder(dtype=float32, shape=<?>)\nlabel = Placeholder(dtype=float32, shape=<?>)\n"
    analysis = analysed(f"{text}y = Neg(x, T=float32)\nz = Exp(label, T=float32)\n", "y", shapes={"label": [7]})
    assert amounts(analysis) == {"unused": (2, 7)}


def test_what_does_not_run_tells_what_runs_nothing() -> None:
    text = f"""{LOOP}
        a = Placeholder(dtype=float32, shape=<2,?>)
        b = Placeholder(dtype=float32, shape=<2,?>)
        sum = AddV2(a, b, T=float32)
        y = AddN(a, N=1, T=float32)
    """
    both = analysed(text, "y,sum").report
    assert "b[1]" in both.replaced
    report = analysed(text, "y").report
    assert (report.loops, report.replaced, report.equalities, report.symbols) == ((), {}, (), ("a[1]",))


def test_without_reasons_the_part_is_what_runs() -> None:
    analysis = analysed("x = Placeholder(dtype=float32, shape=<2>)\ny = Neg(x, T=float32)", "y")
    part = analysis.dropped
    assert (part.graph, part.facts, part.reasons) == (analysis.graph, analysis.facts, {})
    assert analysis.report.dropped == {}


def test_the_whole_graph_runs_what_nothing_reads() -> None:
    graph = tiny_graph("a = NoOp()\nb = Neg(c)\nc = Placeholder()\nd = Neg(b)\ne = Neg(b)", "e", controls="a")
    assert whole_graph(graph, {"d": "unused"}).controls == ("a", "d")
    assert whole_graph(graph, {"b": "unused", "d": "loss"}).controls == ("a", "d")
    assert whole_graph(graph, {"a": "unused", "d": "loss"}).controls == ("a", "d")


def test_the_whole_graph_has_its_loops_raised() -> None:
    whole = whole_graph(tiny_graph(LOOP, "x"), {"exit_acc": "unused"})
    assert "exit_acc = Identity(loop)" in wiring(whole)
    assert whole.outputs == (TensorRef("x"),)


def test_a_loop_goes_for_the_commonest_reason_of_what_it_was_made_from() -> None:
    loop = Node("loop", "While", origins=("a", "b", "c"))
    whole = Graph.of([loop, Node("plain", "Neg")])
    reasons = {"a": "loss", "b": "gradient", "c": "gradient", "plain": "unused"}
    assert raised_reasons(whole, reasons) == {**reasons, "loop": "gradient"}


def test_a_loop_that_holds_something_that_runs_has_no_reason() -> None:
    whole = Graph.of([Node("loop", "While", origins=("a", "b", "c"))])
    reasons = {"a": "loss", "b": "loss"}
    assert raised_reasons(whole, reasons) == reasons
