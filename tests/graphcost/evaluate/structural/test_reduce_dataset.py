"""Loops over datasets, against running them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

import pytest
from evaluation import counted, evaluated, flops, run_of
from optional_tensorflow import tf
from tiny_graph import tiny_graph

from graphcost import Report, analyze
from graphcost.dims import as_int, bind
from graphcost.ir.graph import Graph
from graphcost.ops.status import Status

STEP = tiny_graph(
    """
    s = _Arg(T=float32)
    b = _Arg(T=float32)
    e = Exp(b, T=float32)
    flat = Const(value=[-1])
    axis = Const(value=0)
    r = Reshape(e, flat, T=float32, Tshape=int32)
    sum = Sum(r, axis, T=float32, Tidx=int32)
    out = AddV2(s, sum, T=float32)
    """,
    "out",
)
"""n calls of exp, n - 1 sums and one more, for an element of n numbers."""

EXP = tiny_graph("b = _Arg(T=float32)\n e = Exp(b, T=float32)", "e")


def looping(pipeline: str, source: str = "TensorSliceDataset(x, Toutput_types=['float32'])") -> Graph:
    """A loop over `d`, whose body costs twice as much as an element has numbers."""
    return tiny_graph(
        f"""
        x = Placeholder(dtype=float32, shape=<?,3>)
        two = Const(value=2)
        no = Const(value=False)
        zero = Const(value=0.0)
        rows = {source} -> variant
        {pipeline}
        out = ReduceDataset(d, zero, f=@step, Tstate=['float32'], Targuments=[]) -> float32
        """,
        "out",
        functions={"step": STEP, "exp": EXP},
    )


@pytest.mark.parametrize(
    ("pipeline", "bound"),
    [
        ("d = PrefetchDataset(rows, two) -> variant", 2 * 27),
        ("d = BatchDatasetV2(rows, two, no) -> variant", 2 * 27),
        ("d = MapDataset(rows, f=@exp, Targuments=[]) -> variant", 2 * 27 + 27),
        ("t = TakeDataset(rows, two) -> variant\n d = MapDataset(t, f=@exp, Targuments=[]) -> variant", 2 * 6 + 6),
    ],
)
def test_functions_run_as_often_as_there_are_elements(pipeline: str, bound: int) -> None:
    assert sum(as_int(bind(line.work.flops, {"N": 9})) for line in counted(looping(pipeline)).lines) == bound


def test_a_dataset_from_elsewhere_has_an_open_length() -> None:
    graph = looping("d = Identity(rows, T=variant)", "Placeholder(dtype=variant, shape=<>)")
    run = run_of(graph)
    evaluated(graph, run=run)
    assert [(str(each.trips), each.source) for each in run.loops.values()] == [("trips(out)", "unknown")]
    assert "trips(out)" in flops(graph)


@pytest.mark.parametrize("op", ["FlatMapDataset", "GroupByWindowDataset", "SomethingDataset"])
def test_what_is_not_followed_is_said(op: str) -> None:
    (line,) = (line for line in counted(looping(f"d = {op}(rows, f=@exp) -> variant")).lines if line.node == "out")
    assert (line.status, op in line.reason) == (Status.NO_RULE, True)


def summed(dataset: Any) -> Any:
    """A loop that multiplies the rows of each batch."""
    total = tf.zeros((4,))
    for batch in dataset:
        total += tf.reduce_sum(tf.matmul(tf.reshape(batch, (-1, 4)), WEIGHTS), 0)
    return total


def multiplied(row: Any) -> Any:
    return tf.matmul(row[None], WEIGHTS)[0]


WEIGHTS = [[0.5] * 4] * 4


def rows_of(x: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices(x)


PIPELINES: Mapping[str, Callable[[Any], Any]] = {
    "batches": lambda x: rows_of(x).batch(4),
    "whole batches": lambda x: rows_of(x).batch(4, drop_remainder=True),
    "a map": lambda x: rows_of(x).map(multiplied).batch(4).prefetch(1),
    "a map after": lambda x: rows_of(x).batch(4).map(lambda b: tf.matmul(b, WEIGHTS)),
    "without the first": lambda x: rows_of(x).map(multiplied).skip(3).batch(4),
    "again": lambda x: rows_of(x).map(multiplied).repeat(3).batch(4),
    "kept": lambda x: rows_of(x).map(multiplied).cache().repeat(3).batch(4),
    "a shard": lambda x: rows_of(x).map(multiplied).shard(3, 1).batch(2),
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("size", [10, None])
@pytest.mark.parametrize("name", PIPELINES)
def test_a_loop_over_a_dataset_costs_what_it_multiplies(name: str, size: int | None) -> None:
    pipeline = PIPELINES[name]
    function = tf.function(lambda x: summed(pipeline(x)))
    concrete = function.get_concrete_function(tf.TensorSpec((size, 4), tf.float32, name="x"))
    report = report_of(concrete).bind(**({} if size else {"N": 10}))
    assert report.total.work.macs == rows_multiplied(pipeline) * 4 * 4
    assert report.is_complete


def rows_multiplied(pipeline: Callable[[Any], Any]) -> int:
    """How many rows a run multiplies, counted as it goes: each of a row's numbers that a function sees is 1."""
    count = tf.Variable(0, trainable=False)

    def seen(rows: Any) -> Any:
        count.assign_add(tf.size(rows) // 4)
        return rows

    with mock.patch.object(tf, "matmul", lambda rows, _: seen(rows)):
        tf.function(lambda x: summed(pipeline(x)))(tf.ones((10, 4)))
    return int(count)


def report_of(concrete: Any) -> Report:
    return analyze(concrete.graph.as_graph_def(), outputs=[concrete.outputs[0].name])


@pytest.mark.tensorflow
def test_a_loop_that_may_break_runs_at_most_as_often() -> None:
    def stopping(x: Any) -> Any:
        total = tf.zeros((4,))
        for row in rows_of(x):
            if tf.reduce_sum(total) > 1e9:
                break
            total += multiplied(row)
        return total

    report = report_of(tf.function(stopping).get_concrete_function(tf.TensorSpec((10, 4), tf.float32)))
    assert [(loop.trips, loop.source) for loop in report.loops] == [(10, "at most")]
    assert report.total.work.macs == 10 * 16


@pytest.mark.tensorflow
def test_a_single_element_is_made() -> None:
    function = tf.function(lambda x: rows_of(x).map(multiplied).take(1).get_single_element())
    report = report_of(function.get_concrete_function(tf.TensorSpec((None, 4), tf.float32)))
    assert report.total.work.macs == 16
