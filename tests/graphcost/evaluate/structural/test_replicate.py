"""_TPUReplicate: every replica runs the function, on inputs of its own and on those that all of them share."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evaluation import counted, evaluated, flops, run_of
from tiny_graph import tiny_graph

from graphcost.dims import Shape, symbol
from graphcost.ir.graph import Graph
from graphcost.ops.status import Status

DENSE = tiny_graph(
    """
    x = _Arg(T=float32)
    w = _Arg(T=float32)
    v = _Arg(T=resource)
    read = ReadVariableOp(v, dtype=float32)
    product = MatMul(x, w, T=float32)
    sum = BiasAdd(product, read, T=float32)
    exp = Exp(read, T=float32)
    """,
    "sum, exp",
)
ALONE = tiny_graph("v = _Arg(T=resource)\n r = ReadVariableOp(v, dtype=float32)\n e = Exp(r, T=float32)", "e")
FUNCTIONS = {"dense": DENSE, "alone": ALONE}


def replicated(call: str, outputs: str = "y", second: str = "<3,2>") -> Graph:
    return tiny_graph(
        f"""
        a = Placeholder(dtype=float32, shape=<3,2>)
        b = Placeholder(dtype=float32, shape={second})
        w = Placeholder(dtype=float32, shape=<2,5>)
        v = VarHandleOp(dtype=float32, shape=<5>)
        y = _TPUReplicate({call})
        """,
        outputs,
        functions=FUNCTIONS,
    )


TWO = (
    "a, b, w, v, computation=@dense, num_replicas=2, Tinputs=['float32', 'float32'], Tbroadcast_inputs=['float32'], "
    "NumVariables=1, Tguaranteed_constants=[], output_types=['float32', 'float32', 'float32', 'float32']"
)
NINE = (
    "v, computation=@alone, num_replicas=9, Tinputs=[], Tbroadcast_inputs=[], NumVariables=1, "
    f"Tguaranteed_constants=[], output_types={['float32'] * 9}"
)


def test_replicas_of_one_shape_are_one_evaluation_that_runs_for_each() -> None:
    graph = replicated(TWO, "y, y:1, y:2, y:3")
    run = run_of(graph)
    facts = evaluated(graph, run=run).facts["y"]
    assert [fact.shape for fact in facts] == [Shape(3, 5), Shape(5), Shape(3, 5), Shape(5)]
    assert len(run.memo) == 1
    assert flops(graph) == str(2 * (2 * 3 * 2 * 5 + 3 * 5 + 5))


def test_replicas_of_other_shapes_are_other_evaluations() -> None:
    graph = replicated(TWO, "y, y:1, y:2, y:3", second="<?,2>")
    facts = evaluated(graph).facts["y"]
    assert [fact.shape for fact in facts] == [Shape(3, 5), Shape(5), Shape(symbol("N"), 5), Shape(5)]
    nodes = [line.node for line in counted(graph).lines if line.op == "MatMul"]
    assert nodes == ["y/replica_0/product", "y/replica_1/product"]


def test_what_one_replica_is_asked_for_all_of_them_compute() -> None:
    graph = replicated(TWO, "y:2")
    assert flops(graph) == str(2 * (2 * 3 * 2 * 5 + 3 * 5))


def test_replicas_without_inputs_of_their_own_are_alike() -> None:
    graph = replicated(NINE)
    assert flops(graph) == "45"
    assert [fact.shape for fact in evaluated(graph).facts["y"]] == [Shape(5)] * 9


def test_a_variable_of_many_replicas_is_counted_once() -> None:
    assert [line.params for line in counted(replicated(NINE)).lines if line.params] == [5]


def test_a_distributed_variable_is_shared() -> None:
    shared = NINE.replace("Tinputs=[]", "Tinputs=['resource']").replace("NumVariables=1", "num_distributed_variables=1")
    assert flops(replicated(shared)) == "45"


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (TWO.replace("@dense", "@gone"), "'gone', which isn't in the file"),
        (TWO.replace("computation=@dense, ", ""), "names no function to replicate"),
        (TWO.replace("num_replicas=2", "num_replicas=3"), "can't be dealt out"),
        (TWO.replace("num_replicas=2", "num_replicas=0"), "can't be dealt out"),
        (TWO.replace("num_replicas=2", "num_replicas=-1"), "can't be dealt out"),
        (TWO.replace("num_replicas=2, ", ""), "can't be dealt out"),
        (TWO.replace("Tinputs=['float32', 'float32']", "Tinputs=3"), "can't be dealt out"),
        (TWO.replace("Tinputs=['float32', 'float32']", f"Tinputs={['float32'] * 8}"), "can't be dealt out"),
        (TWO.replace("NumVariables=1", "num_distributed_variables=3"), "can't be dealt out"),
        (TWO.replace("a, b, w, v", "a, b, w"), "gives 2 inputs to 'dense', which takes 3"),
        (
            TWO.replace("output_types=['float32', 'float32', ", "output_types=["),
            "doesn't give what its replicas output",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call: str, reason: str) -> None:
    (line,) = (line for line in counted(replicated(call)).lines if line.node == "y")
    assert (line.status, reason in line.reason) == (Status.INVALID, True), line.reason


def test_replicas_without_outputs_may_be_any_number() -> None:
    silent = tiny_graph(
        "v = _Arg(T=resource)\n r = ReadVariableOp(v, dtype=float32)\n e = Exp(r, T=float32)", controls="e"
    )
    graph = tiny_graph(
        f"""
        v = VarHandleOp(dtype=float32, shape=<5>)
        y = _TPUReplicate(v, computation=@silent, num_replicas={10**15}, Tinputs=[])
        """,
        controls="y",
        functions={"silent": silent},
    )
    graph = graph.replacing([replace(graph.nodes["y"], dtypes=())])
    assert flops(graph) == str(5 * 10**15)


def test_more_arguments_than_any_model_has_are_given_up() -> None:
    graph = tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<5>)
        y = _TPUReplicate({"x, " * 4000} computation=@gone, num_replicas=4000, Tinputs={["float32"] * 4000}) -> float32
        """,
        "y",
    )
    graph = graph.replacing([replace(graph.nodes["y"], dtypes=("float32",) * 4000)])
    (line,) = (line for line in counted(graph).lines if line.node == "y")
    assert line.status is Status.NO_SHAPE
