"""Functions as TensorFlow and XLA run them: a naive algorithm that counts what it does gives their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from counting import Tally

pytest.importorskip("tensorflow")

import tensorflow as tf
from data_dependent import merge_sorted
from shape_oracle import compare
from tensorflow.compiler.tf2xla.ops import gen_xla_ops as xla
from tensorflow.compiler.xla import xla_data_pb2

import graphcost
from graphcost import Report, Shape

pytestmark = pytest.mark.tensorflow

Kernel = Callable[..., Any]
rng = np.random.default_rng(7)


def scalars(function: Kernel, *dtypes: Any) -> Any:
    """The function of scalars, as one of the graph's."""
    return tf.function(function).get_concrete_function(*(tf.TensorSpec([], dtype) for dtype in dtypes))


ADD = scalars(lambda a, b: a + b, tf.float32, tf.float32)
AT_LEAST = scalars(lambda a, b: a >= b, tf.float32, tf.float32)


def held(kernel: Kernel, *arrays: np.ndarray, is_compiled: bool = True) -> tuple[list[np.ndarray], Report]:
    """What TensorFlow computes, and graphcost's report, whose shapes are those of what was computed."""
    function = tf.function(kernel, jit_compile=is_compiled)
    graph = function.get_concrete_function(*(tf.TensorSpec(array.shape, array.dtype) for array in arrays)).graph
    outputs = [np.asarray(output) for output in tf.nest.flatten(function(*arrays))]
    report = graphcost.analyze(graph.as_graph_def(), outputs=[tensor.name for tensor in graph.outputs])
    assert not report.uncosted
    assert [tensor.shape for tensor in report.outputs] == [Shape(*output.shape) for output in outputs]
    assert not compare(graph.as_graph_def()).unequal
    return outputs, report


def numbers(*shape: int) -> np.ndarray:
    return rng.permutation(np.prod(shape, dtype=int)).reshape(shape).astype(np.float32)


def test_a_reduction_starts_from_its_initial_value() -> None:
    x = numbers(3, 4, 2)
    (output,), report = held(lambda x: xla.xla_reduce(x, tf.constant(0.5), dimensions_to_reduce=[0, 2], reducer=ADD), x)
    tally = Tally()
    sums = [0.5] * 4
    for index in np.ndindex(x.shape):
        sums[index[1]] = tally.add(sums[index[1]], x[index])
    tally.gives(sums, output)
    assert report.total.work.floating == tally.cost


def test_tensors_of_several_dtypes_are_reduced_together() -> None:
    def larger(value: Any, place: Any, other: Any, other_place: Any) -> Any:
        is_larger = value > other
        return tf.where(is_larger, value, other), tf.where(is_larger, place, other_place)

    largest = scalars(larger, tf.float32, tf.int32, tf.float32, tf.int32)
    x, places = numbers(4, 3), np.tile(np.arange(3, dtype=np.int32), (4, 1))
    outputs, report = held(
        lambda x, places: xla.xla_variadic_reduce_v2(
            [x, places], [tf.constant(-1.0), tf.constant(-1)], dimensions_to_reduce=[1], reducer=largest
        ),
        x,
        places,
    )
    tally = Tally()
    best = [(-1.0, -1)] * 4
    for row, place in np.ndindex(x.shape):
        is_larger = tally.less(x[row, place], best[row][0])
        tally.counts["compare"] += 1  # the selection of a value; that of its place is integer arithmetic
        best[row] = best[row] if is_larger else (x[row, place], place)
    tally.gives(np.transpose(best), outputs)
    assert report.total.work.floating == tally.cost
    assert report.total.work.integer.compare == x.size


def test_tensors_of_one_dtype_are_reduced_together() -> None:
    both = scalars(lambda a, b, c, d: (a + c, b * d), *[tf.float32] * 4)
    x = numbers(2, 3)
    outputs, report = held(
        lambda x: xla.xla_variadic_reduce([x, x], [0.0, 1.0], dimensions_to_reduce=[0, 1], reducer=both), x
    )
    tally = Tally()
    total, whole = 0.0, 1.0
    for index in np.ndindex(x.shape):
        total, whole = tally.add(total, x[index]), tally.mul(whole, x[index])
    tally.gives([total, whole], outputs)
    assert report.total.work.floating == tally.cost


def starts(size: int, span: int, stride: int) -> Iterator[int]:
    """Where windows start along an axis."""
    at = 0
    while at + span <= size:
        yield at
        at += stride


WINDOWS = [
    ((5, 6), (2, 3), (1, 1), (1, 1), (1, 1), ((0, 0), (0, 0))),
    ((5, 6), (2, 3), (2, 3), (1, 1), (1, 1), ((1, 0), (0, 2))),
    ((4, 3), (3, 2), (1, 2), (2, 3), (1, 1), ((0, 1), (1, 1))),
    ((7, 5), (2, 2), (1, 1), (1, 2), (3, 2), ((2, 2), (0, 0))),
    ((7, 5), (3, 1), (2, 1), (1, 1), (1, 1), ((-1, -1), (0, -2))),
    ((2, 2), (3, 1), (1, 1), (1, 1), (1, 1), ((0, 0), (0, 0))),
    ((3, 0), (1, 3), (1, 2), (1, 3), (1, 1), ((0, 0), (2, 2))),
]


@pytest.mark.parametrize(("size", "window", "strides", "spread", "dilations", "padding"), WINDOWS)
def test_windows_are_reduced_padding_and_all(
    size: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    spread: Sequence[int],
    dilations: Sequence[int],
    padding: Sequence[tuple[int, int]],
) -> None:
    x = numbers(*size)
    (output,), report = held(
        lambda x: xla.xla_reduce_window(x, 0.0, window, strides, spread, dilations, padding, computation=ADD), x
    )
    tally = Tally()
    places = [
        list(starts(max((n - 1) * gap + 1, 0) + low + high, (taps - 1) * dilation + 1, stride))
        for n, gap, (low, high), taps, dilation, stride in zip(
            size, spread, padding, window, dilations, strides, strict=True
        )
    ]
    sums = []
    for corner in product(*places):
        total = 0.0
        for tap in np.ndindex(*window):
            at = [c + t * d - low for c, t, d, (low, _) in zip(corner, tap, dilations, padding, strict=True)]
            inside = all(0 <= a <= (n - 1) * gap and a % gap == 0 for a, n, gap in zip(at, size, spread, strict=True))
            value = x[tuple(a // gap for a, gap in zip(at, spread, strict=True))] if inside else 0.0
            total = tally.add(total, value)
        sums.append(total)
    tally.gives(sums, output.ravel())
    assert report.total.work.floating == tally.cost


def test_a_window_s_largest_element_gets_its_source() -> None:
    x, source = numbers(4, 6), numbers(2, 2)
    (output,), report = held(
        lambda x, source: xla.xla_select_and_scatter(
            x, [2, 3], [2, 3], np.zeros((2, 2), np.int32), source, 0.5, select=AT_LEAST, scatter=ADD
        ),
        x,
        source,
    )
    tally = Tally()
    ours = np.full(x.shape, 0.5)
    for i, j in np.ndindex(source.shape):
        taps = [(2 * i + a, 3 * j + b) for a, b in np.ndindex(2, 3)]
        chosen = taps[0]
        for tap in taps[1:]:
            tally.counts["compare"] += 1
            chosen = chosen if x[chosen] >= x[tap] else tap
        ours[chosen] = tally.add(source[i, j], ours[chosen])
    tally.gives(ours, output)
    assert report.total.work.floating == tally.cost


def test_updates_are_combined_with_what_they_go_to() -> None:
    x, rows, updates = numbers(5, 3), np.array([[4], [0], [4]], np.int32), numbers(3, 3)
    axes = xla_data_pb2.ScatterDimensionNumbers(
        update_window_dims=[1], inserted_window_dims=[0], scatter_dims_to_operand_dims=[0], index_vector_dim=1
    ).SerializeToString()
    (output,), report = held(
        lambda x, rows, updates: xla.xla_scatter(
            x, rows, updates, update_computation=ADD, dimension_numbers=axes, indices_are_sorted=False
        ),
        x,
        rows,
        updates,
    )
    tally = Tally()
    ours = x.copy()
    for i, j in np.ndindex(updates.shape):
        ours[rows[i, 0], j] = tally.add(ours[rows[i, 0], j], updates[i, j])
    tally.gives(ours, output)
    assert report.total.work.floating == tally.cost


@pytest.mark.parametrize("axis", [0, 1])
def test_tensors_are_sorted_together(axis: int) -> None:
    less = scalars(lambda a, b, i, j: a < b, tf.float32, tf.float32, tf.int32, tf.int32)
    x, places = numbers(5, 6), np.arange(30, dtype=np.int32).reshape(5, 6)
    outputs, report = held(
        lambda x, places: xla.xla_variadic_sort([x, places], tf.constant(axis), comparator=less, is_stable=True),
        x,
        places,
    )
    tally = Tally()
    lines = [list(zip(*line, strict=True)) for line in np.moveaxis([x, places], 1 + axis, -1).swapaxes(0, 1)]
    ours = np.array([merge_sorted(tally, line) for line in lines])
    tally.gives(ours, np.moveaxis(outputs, 1 + axis, -1).transpose(1, 2, 0))
    assert report.total.work.floating == tally.cost


def test_a_function_is_mapped_on_rows() -> None:
    row = tf.function(lambda row, factor: (tf.exp(row) * factor, tf.reduce_sum(row))).get_concrete_function(
        tf.TensorSpec([4]), tf.TensorSpec([])
    )
    x = numbers(3, 4)
    outputs, report = held(
        lambda x: tf.raw_ops.MapDefun(
            arguments=[x],
            captured_inputs=[tf.constant(2.0)],
            output_types=[tf.float32] * 2,
            output_shapes=[tf.TensorShape([4]), tf.TensorShape([])],
            f=row,
        ),
        x,
        is_compiled=False,
    )
    tally = Tally()
    exps = [[tally.mul(tally.call(np.exp, value), 2.0) for value in line] for line in x]
    sums = [tally.sum(list(line)) for line in x]
    tally.gives(exps, outputs[0])
    tally.gives(sums, outputs[1])
    assert report.total.work.floating == tally.cost


def test_a_batch_is_one_call() -> None:
    @tf.nondifferentiable_batch_function(1, 8, 1000)
    def batched(x: Any) -> Any:
        return tf.exp(x) + tf.constant([1.0, 2.0])

    x = numbers(4, 2)
    (output,), report = held(batched, x, is_compiled=False)
    tally = Tally()
    tally.gives([[tally.add(tally.call(np.exp, value), 1 + j) for j, value in enumerate(row)] for row in x], output)
    assert report.total.work.floating == tally.cost


def test_a_loop_runs_for_each_trip() -> None:
    counter, vector = tf.TensorSpec([], tf.int32), tf.TensorSpec([3])
    condition = tf.function(lambda i, x: i < 4).get_concrete_function(counter, vector)
    body = tf.function(lambda i, x: (i + 1, x * x)).get_concrete_function(counter, vector)
    x = np.array([0.5, -1, 2], np.float32)
    (_, output), report = held(lambda x: xla.xla_while([tf.constant(0), x], cond=condition, body=body), x)
    tally = Tally()
    ours = list(x)
    for _ in range(4):
        ours = [tally.mul(value, value) for value in ours]
    tally.gives(ours, output)
    assert report.total.work.floating == tally.cost
    assert report.total.work.integer.add == 4
    assert report.total.work.integer.compare == 5


def test_open_sizes_are_as_tensorflow_s_shape_functions_say() -> None:
    """Where those know a size, so does graphcost, however little is known of the inputs."""
    row = tf.function(lambda row: tf.reshape(row, [2, 2])).get_concrete_function(tf.TensorSpec([None]))
    for dims in ([None, 5, None], [3, None, 2], None):
        with tf.Graph().as_default() as graph:
            x = tf.compat.v1.placeholder(tf.float32, dims)
            y = tf.compat.v1.placeholder(tf.float32, [3, 5, 2])
            xla.xla_reduce(x, 0.0, dimensions_to_reduce=[1], reducer=ADD)
            both = scalars(lambda a, b, c, d: (a + c, b + d), *[tf.float32] * 4)
            xla.xla_variadic_reduce_v2([x, y], [0.0, 0.0], dimensions_to_reduce=[0, 2], reducer=both)
            xla.xla_variadic_reduce([x, y], [0.0, 0.0], dimensions_to_reduce=[2], reducer=both)
            less = scalars(lambda a, b, c, d: a < b, *[tf.float32] * 4)
            xla.xla_variadic_sort([x, y], tf.constant(1), comparator=less, is_stable=False)
            xla.xla_reduce_window(x, 0.0, *[[1, 2, 1]] * 4, [[0, 1]] * 3, computation=ADD)
            xla.xla_select_and_scatter(
                x, [1, 2, 1], [1, 2, 1], np.zeros((3, 2), np.int32), y, 0.0, select=AT_LEAST, scatter=ADD
            )
            tf.raw_ops.MapDefun(
                arguments=[tf.compat.v1.placeholder(tf.float32, dims and dims[:2])],
                captured_inputs=[],
                output_types=[tf.float32],
                output_shapes=[tf.TensorShape([None, 2])],
                f=row,
            )
        result = compare(graph.as_graph_def())
        assert result.tensors > 12
        assert not result.unequal
        assert not result.missing
