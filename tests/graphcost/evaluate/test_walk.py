"""The walk through a graph and the bodies that it calls."""

from __future__ import annotations

from evaluation import evaluated, run_of
from tiny_graph import tiny_graph

from graphcost.budget import Budget, spending
from graphcost.dims import Shape
from graphcost.evaluate import evaluate
from graphcost.ir.graph import Graph
from graphcost.ir.literal import Value
from graphcost.ir.node import TensorRef
from graphcost.ir.stand_ins import FOLDED, standing_for
from graphcost.ops.fact import Fact
from graphcost.ops.status import Status

X = "x = Placeholder(dtype=float32, shape=<3>)\n"


def body(steps: str = "b = Neg(a, T=float32)", output: str = "b") -> Graph:
    return tiny_graph(f"a = _Arg(T=float32)\n{steps}", output)


def shape_of(graph: Graph, name: str) -> Shape | None:
    return evaluated(graph).fact(TensorRef(name)).shape


def test_shapes_go_from_reader_to_reader_whatever_their_order_in_the_file() -> None:
    graph = tiny_graph(f"z = Neg(y, T=float32)\ny = Neg(x, T=float32)\n{X}", "z")
    assert shape_of(graph, "z") == Shape(3)


def test_a_body_gives_the_shape_that_it_has_inside() -> None:
    graph = tiny_graph(f"{X}y = PartitionedCall(x, f=@f) -> float32", "y", functions={"f": body()})
    assert shape_of(graph, "y") == Shape(3)


def test_a_function_may_be_called_by_its_name() -> None:
    graph = tiny_graph(f"{X}y = f(x) -> float32", "y", functions={"f": body()})
    assert shape_of(graph, "y") == Shape(3)


def test_a_body_is_evaluated_once_for_the_same_inputs() -> None:
    calls = "y = PartitionedCall(x, f=@f) -> float32\nz = PartitionedCall(x, f=@f) -> float32\n"
    other = "w = Placeholder(dtype=float32, shape=<4>)\nv = PartitionedCall(w, f=@f) -> float32"
    root = evaluated(tiny_graph(f"{X}{calls}{other}", "y, z, v", functions={"f": body()}))
    callees = {name: call.callee for name, (call,) in root.calls.items()}
    assert callees["y"] is callees["z"]
    assert callees["v"] is not callees["y"]
    assert callees["v"].outputs[0].shape == Shape(4)


def test_a_body_of_which_other_outputs_are_read_is_evaluated_apart() -> None:
    two = body("b = Neg(a, T=float32)\nc = Exp(a, T=float32)", "b, c")
    calls = "y = PartitionedCall(x, f=@f) -> float32, float32\nz = PartitionedCall(x, f=@f) -> float32, float32"
    root = evaluated(tiny_graph(f"{X}{calls}", "y:0, z:1", functions={"f": two}))
    ops = {name: [node.op for node in call.callee.graph.nodes.values()] for name, (call,) in root.calls.items()}
    assert ops == {"y": ["_Arg", "Neg", "_Dead"], "z": ["_Arg", "_Dead", "Exp"]}


def test_doubled_calls_take_one_evaluation_for_each_function() -> None:
    functions = {"f0": body()}
    for level in range(1, 40):
        again = f"b = PartitionedCall(a, f=@f{level - 1}) -> float32\n"
        again += f"c = PartitionedCall(b, f=@f{level - 1}) -> float32"
        functions[f"f{level}"] = body(again, "c")
    graph = tiny_graph(f"{X}y = PartitionedCall(x, f=@f39) -> float32", "y", functions=functions)
    run = run_of(graph)
    assert evaluated(graph, run=run).fact(TensorRef("y")).shape == Shape(3)
    assert len(run.memo) == 40


def test_deep_calls_are_no_recursion() -> None:
    depth = 3000
    functions = {f"f{i}": body(f"b = PartitionedCall(a, f=@f{i + 1}) -> float32") for i in range(depth)}
    functions[f"f{depth}"] = body()
    graph = tiny_graph(f"{X}y = PartitionedCall(x, f=@f0) -> float32", "y", functions=functions)
    assert shape_of(graph, "y") == Shape(3)


def test_a_function_that_the_file_lacks_is_a_problem_of_the_call() -> None:
    root = evaluated(tiny_graph(f"{X}y = PartitionedCall(x, f=@g) -> float32\nz = Neg(y, T=float32)", "z"))
    assert root.problems["y"].status is Status.INVALID
    assert root.problems["y"].reason == "it calls the function 'g', which isn't in the file"
    assert root.calls == {}


def test_a_call_with_too_many_inputs_is_refused() -> None:
    graph = tiny_graph(f"{X}y = PartitionedCall(x, x, f=@f) -> float32", "y", functions={"f": body()})
    problem = evaluated(graph).problems["y"]
    assert (problem.status, problem.reason) == (Status.INVALID, "it gives 2 inputs to 'f', which takes 1")


def test_calls_beyond_so_many_evaluations_are_unknown() -> None:
    lines = [f"x{i} = Placeholder(dtype=float32, shape=<{i}>)" for i in range(3)]
    lines += [f"y{i} = PartitionedCall(x{i}, f=@f) -> float32" for i in range(3)]
    lines += ["z = PartitionedCall(x0, f=@f) -> float32"]
    with spending(Budget(nodes=2 * len(body().nodes))):
        root = evaluated(tiny_graph("\n".join(lines), "y0, y1, y2, z", functions={"f": body()}))
    assert {name: problem.status for name, problem in root.problems.items()} == {"y2": Status.NO_SHAPE}
    assert set(root.calls) == {"y0", "y1", "z"}


def test_what_is_fed_goes_before_what_is_inferred() -> None:
    feeds = {TensorRef("x"): Fact(shape=Shape(7))}
    facts = evaluated(tiny_graph(f"{X}y = Neg(x, T=float32)", "y"), feeds=feeds)
    assert [facts.fact(TensorRef(name)).shape for name in "xy"] == [Shape(7), Shape(7)]
    assert facts.fact(TensorRef("x")).dtype == "float32"


def test_what_is_fed_has_no_value_but_its_own() -> None:
    graph = tiny_graph("c = Const(value=5)\nd = Identity(c, T=int32)", "d")
    ref = TensorRef("d")
    assert evaluate(graph, run_of(graph), {}).fact(ref).value == Value.scalar(5)
    assert evaluate(graph, run_of(graph), {ref: Fact(shape=Shape())}).fact(ref).value is None


def test_nodes_that_are_known_are_not_evaluated_again() -> None:
    graph = tiny_graph(f"{X}y = Foo(x) -> float32\nz = Neg(y, T=float32)", "z")
    known = {"y": (Fact("float32", Shape(9)),)}
    facts = evaluate(graph, run_of(graph), {}, known)
    assert facts.facts["y"] is known["y"]
    assert facts.fact(TensorRef("z")).shape == Shape(9)
    assert "y" not in facts.problems
    assert list(known) == ["y"]


def test_stand_ins_have_the_facts_of_what_they_stand_for_and_no_problem() -> None:
    graph = tiny_graph(f"{X}y = Neg(x, T=float32)\nbad = MatMul(x, x, T=float32)", "y, bad")
    assert "bad" in evaluate(graph, run_of(graph), {}).problems
    folded = graph.replacing(standing_for(graph.nodes[name], FOLDED) for name in ("y", "bad"))
    facts = evaluate(folded, run_of(folded), {})
    assert facts.fact(TensorRef("y")).shape == Shape(3)
    assert facts.problems == {}


def test_a_body_knows_its_place_and_function() -> None:
    functions = {"f": body("b = PartitionedCall(a, f=@g) -> float32"), "g": body()}
    root = evaluated(tiny_graph(f"{X}y = PartitionedCall(x, f=@f) -> float32", "y", functions=functions))
    middle = root.calls["y"][0].callee
    inner = middle.calls["b"][0].callee
    assert [(each.path, each.function) for each in (root, middle, inner)] == [("", ""), ("y", "f"), ("y/b", "g")]
