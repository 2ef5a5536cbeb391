"""Random TF1 graphs of loops and conds in each other, gradients included, against TensorFlow itself."""

from __future__ import annotations

import inspect
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from evaluation import counted
from interpret import interpret
from tiny_graph import tiny_graph

from graphcost.ir.graph import Graph
from graphcost.ir.literal import PartialShape
from graphcost.ir.node import FunctionRef, Node, count_ops
from graphcost.loaders import load
from graphcost.loaders.opdefs import tensorflow_ops
from graphcost.passes.control_flow.frames import CONTROL_FLOW_V1
from graphcost.passes.control_flow.raise_control_flow import raise_control_flow
from graphcost.passes.outputs import with_outputs
from graphcost.passes.prune import Prune

UNCOUNTED = CONTROL_FLOW_V1 | {"Const", "Placeholder", "NoOp", "ControlTrigger", "Identity", "StackV2", "TensorArrayV3"}
"""Operations that TensorFlow's trace, or the raised graph, has more or fewer runs of; they do no arithmetic."""


@pytest.fixture(scope="module")
def tf() -> Iterator[Any]:
    """TensorFlow with the control flow of TF1."""
    tensorflow = pytest.importorskip("tensorflow")
    v1 = tensorflow.compat.v1
    was_functional = v1.control_flow_v2_enabled()
    v1.disable_control_flow_v2()
    yield tensorflow
    if was_functional:
        v1.enable_control_flow_v2()


def run(tf: Any, graph: Any, outputs: Sequence[Any], feeds: dict[str, float]) -> tuple[list[Any], Counter[str]]:
    """The values that TensorFlow computes, and how often it ran each node."""
    v1 = tf.compat.v1
    config = v1.ConfigProto()
    config.graph_options.optimizer_options.opt_level = -1
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    options = v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE)
    metadata = v1.RunMetadata()
    with v1.Session(graph=graph, config=config) as session:
        fed = {f"{name}:0": value for name, value in feeds.items()}
        values = session.run(outputs, fed, options=options, run_metadata=metadata)
    return values, Counter(node.node_name for device in metadata.step_stats.dev_stats for node in device.node_stats)


def eager(tf: Any) -> Callable[[Node, Sequence[Any]], Sequence[Any]]:
    """Runs one node in TensorFlow."""
    from tensorflow.python.eager import context

    def call(node: Node, inputs: Sequence[Any]) -> Sequence[Any]:
        definition = tensorflow_ops().get(node.op)
        assert definition is not None
        operation = getattr(tf.raw_ops, node.op)
        taken = inspect.signature(operation).parameters
        given = {name: _python(attr) for name, attr in node.attrs.items() if name in taken}
        rest = list(inputs)
        for argument in definition.inputs:
            dtypes = argument.dtypes(node.attrs)
            is_list = bool(argument.number_attr or argument.type_list_attr)
            given[argument.name] = [rest.pop(0) for _ in dtypes or ()] if is_list else rest.pop(0)
        with context.eager_mode():
            result = operation(**given)
            results = result if isinstance(result, (list, tuple)) else [] if result is None else [result]
            return [each.numpy() for each in results]

    return call


def _python(attr: Any) -> Any:
    return attr.dims if isinstance(attr, PartialShape) else attr


def check(tf: Any, graph: Any, outputs: Sequence[Any], feeds: dict[str, float]) -> Graph:
    """Raises the graph and compares values and numbers of runs with TensorFlow's."""
    import numpy as np

    outputs = list({tensor.name: tensor for tensor in outputs}.values())
    wanted, ran = run(tf, graph, outputs, feeds)
    loaded = Prune()(with_outputs(load(graph.as_graph_def()).graph, [tensor.name for tensor in outputs]))
    raised = raise_control_flow(loaded)
    assert left(raised) == []
    values, runs = interpret(raised, feeds, eager(tf))
    for value, want in zip(values, wanted, strict=True):
        np.testing.assert_allclose(value, want, rtol=1e-4)
    counted = [node for node in loaded.nodes.values() if node.op not in UNCOUNTED]
    invariant = invariants(raised)
    differing = {n.name: (runs[n.name], ran[n.name]) for n in counted if runs[n.name] != ran[n.name]}
    assert {name: pair for name, pair in differing.items() if name not in invariant or pair[0] > pair[1]} == {}
    return raised


def left(graph: Graph) -> list[str]:
    """The TF1 control flow that is still in a graph or its functions."""
    every = [graph, *graph.functions.values()]
    return [node.name for each in every for node in each.nodes.values() if node.op in CONTROL_FLOW_V1]


def invariants(graph: Graph) -> set[str]:
    """The nodes of loop bodies that read invariants alone: TensorFlow runs them trips + 1 times, a body trips times."""
    found: set[str] = set()
    for each in (graph, *graph.functions.values()):
        for node in each.nodes.values():
            if node.op == "While":
                ref = node.attrs["body"]
                assert isinstance(ref, FunctionRef)
                found |= _invariants_of(graph.functions[ref.name])
    return found


def _invariants_of(body: Graph) -> set[str]:
    fixed = {argument.node for argument, output in zip(body.inputs, body.outputs, strict=True) if argument == output}
    found = set(fixed)
    for node in body.order:
        if node.op != "_Arg" and all(ref.node in found for ref in node.inputs):
            found.add(node.name)
    return found


class Author:
    """Writes random graphs of scalars: sums, sines, conds and loops in each other."""

    def __init__(self, tf: Any, seed: int) -> None:
        self._tf = tf
        self._random = random.Random(seed)
        self._predicates: list[Any] = []

    def block(self, scalars: Sequence[Any], depth: int, *, is_top: bool = False) -> Any:
        known = list(scalars)
        for _ in range(self._random.randint(1, 3)):
            known.append(self._expression(known, depth, is_top))
        return known[-1]

    def _expression(self, known: Sequence[Any], depth: int, is_top: bool) -> Any:
        x, y = self._random.choice(known), self._random.choice(known)
        match self._random.randrange(8 if depth else 3):
            case 0:
                return x + y
            case 1:
                return x * 0.5 - y
            case 2:
                return self._tf.sin(x + 0.0 * y) * self._random.uniform(-1, 1)
            case 3 | 4 | 5:
                return self._cond(known, x, y, depth - 1, is_top)
            case _:
                return self._loop(known, x, y, depth - 1)

    def _cond(self, known: Sequence[Any], x: Any, y: Any, depth: int, is_top: bool) -> Any:
        predicate = x < y
        if is_top:
            self._predicates.append(predicate)
        if self._predicates and self._random.random() < 0.5:
            predicate = self._random.choice(self._predicates)
        count = self._random.randint(1, 2)
        branches = [lambda: [self.block(known, depth) for _ in range(count)]] * 2
        return sum(self._tf.compat.v1.cond(predicate, *branches, strict=True))

    def _loop(self, known: Sequence[Any], x: Any, y: Any, depth: int) -> Any:
        limit = self._random.randrange(4)
        is_bounded = self._random.random() < 0.5

        def condition(i: Any, a: Any, b: Any) -> Any:
            return self._tf.logical_and(i < limit, a * a < 50.0) if is_bounded else i < limit

        def body(i: Any, a: Any, b: Any) -> Any:
            inner = [*known, a, b, self._tf.cast(i, self._tf.float32)]
            return i + 1, self.block(inner, depth), self.block(inner, depth)

        _, a, b = self._tf.compat.v1.while_loop(condition, body, [self._tf.constant(0), x, y])
        return a + b if self._random.random() < 0.5 else a


@pytest.mark.tensorflow
@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_compute_and_run_what_tensorflow_does(tf: Any, seed: int) -> None:
    v1 = tf.compat.v1
    graph = tf.Graph()
    with graph.as_default():
        x, y = v1.placeholder(tf.float32, [], name="x"), v1.placeholder(tf.float32, [], name="y")
        z = Author(tf, seed).block([x, y], 1 + seed % 3, is_top=True)
        gradients = [each for each in v1.gradients(z, [x, y]) if each is not None] if seed % 2 else []
    check(tf, graph, [z, *gradients], {"x": 0.75, "y": -0.5 if seed % 4 < 2 else 1.5})


@pytest.mark.tensorflow
def test_map_and_scan(tf: Any) -> None:
    v1 = tf.compat.v1
    graph = tf.Graph()
    with graph.as_default():
        x = v1.placeholder(tf.float32, [4], name="x")
        squares = tf.map_fn(lambda a: a * a, x)
        sums = tf.scan(lambda a, b: a * 0.5 + b, squares)
    check(tf, graph, [squares, sums], {"x": [1.0, 2.0, 3.0, 4.0]})  # type: ignore[dict-item]


@pytest.mark.tensorflow
def test_the_lowered_loops_of_a_frozen_keras_lstm(tf: Any) -> None:
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    model = tf.keras.Sequential(
        [tf.keras.Input((7, 3)), tf.keras.layers.LSTM(4, return_sequences=True), tf.keras.layers.GRU(5)]
    )
    function = tf.function(lambda x: model(x)).get_concrete_function(tf.TensorSpec([2, 7, 3]))
    frozen = convert_variables_to_constants_v2(function, lower_control_flow=True)
    graph = load(frozen.graph.as_graph_def()).graph
    raised = raise_control_flow(graph)
    assert left(raised) == []
    names = [n.name for n in raised.nodes.values() if n.op == "While"]
    assert len(names) == 2
    assert all(name.startswith("sequential") for name in names)


def lines_of(text: str, outputs: str) -> dict[str, Any]:
    lines = counted(raise_control_flow(tiny_graph(text, outputs))).lines
    return {line.node.rpartition("/")[2]: line for line in lines if line.work.flops or line.work.int_ops}


def test_what_the_condition_and_the_body_share_is_counted_once() -> None:
    lines = lines_of(
        """
        zero = Const(value=0)
        ten = Const(value=10)
        w/Enter = Enter(zero, frame_name=b"w", T=int32)
        w/Merge = Merge(w/Enter, w/NextIteration, T=int32, N=2)
        w/twice = Add(w/Merge, w/Merge, T=int32)
        w/Less = Less(w/Merge, ten, T=int32)
        w/LoopCond = LoopCond(w/Less)
        w/Switch = Switch(w/Merge, w/LoopCond, T=int32)
        w/one = Const(^w/Switch, value=1)
        w/sum = Add(w/Switch:1, w/one, T=int32)
        w/product = Mul(w/twice, w/Switch:1, T=int32)
        w/NextIteration = NextIteration(w/sum, ^w/product, T=int32)
        w/Exit = Exit(w/Switch, T=int32)
        """,
        "w/Exit",
    )
    assert {name: line.count for name, line in lines.items()} == {"Less": 11, "twice": 11, "sum": 10, "product": 10}


def test_a_gradient_sees_the_shapes_inside_the_branch_that_it_belongs_to() -> None:
    lines = lines_of(
        """
        x = Placeholder(dtype=float32, shape=<2,3>)
        p = Placeholder(dtype=bool, shape=<>)
        cond/Switch = Switch(x, p, T=float32)
        cond/Neg = Neg(cond/Switch:1, T=float32)
        cond/Merge = Merge(cond/Switch:0, cond/Neg, T=float32, N=2)
        dy = Square(cond/Merge, T=float32)
        grad/Switch = Switch(dy, p, T=float32)
        grad/Mul = Mul(grad/Switch:1, cond/Neg, T=float32)
        grad/Merge = Merge(grad/Switch:0, grad/Mul, T=float32, N=2)
        """,
        "grad/Merge",
    )
    assert {name: line.work.flops for name, line in lines.items()} == {"Neg": 6, "dy": 6, "Mul": 6}


@pytest.mark.shared
def test_every_frame_and_every_merge_of_the_shared_graphs_is_raised(shared: Path) -> None:
    entries = json.loads((shared / "corpus" / "index.json").read_text())
    entries = [entry for entry in entries if entry.get("cf_v1")]
    remaining = {}
    for entry in entries:
        raised = raise_control_flow(load(shared / "corpus" / entry["path"]).graph)
        if left(raised):
            remaining[entry["slug"]] = left(raised)
    assert len(entries) > 30
    assert remaining == {"litert-control-flow-v1-savedmodel": ["Merge"]}, "a Merge of four placeholders is no branch"


@pytest.mark.shared
def test_no_node_of_the_shared_graphs_gets_lost(shared: Path) -> None:
    entries = json.loads((shared / "corpus" / "index.json").read_text())
    for entry in (entry for entry in entries if entry.get("cf_v1")):
        graph = load(shared / "corpus" / entry["path"]).graph
        raised = raise_control_flow(graph)
        standing = {name for each in (raised, *raised.functions.values()) for name in each.nodes}
        lost = [node for name, node in graph.nodes.items() if name not in standing]
        assert count_ops(lost).keys() <= {"Enter"}, entry["slug"]
