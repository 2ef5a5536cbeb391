"""Loops and branches against TensorFlow: what it says after running, and what graphcost says without.

Each program multiplies matrices inside its loops and counts that in an integer loop variable, so a run tells how many
multiply-adds there were.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from graphcost import Report, analyze
from graphcost.ir.node import TensorRef
from graphcost.pipeline import Analysis, run_pipeline

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
tf = pytest.importorskip("tensorflow")

pytestmark = pytest.mark.tensorflow

MACS = 2 * 3 * 3
"""Multiply-adds of one multiplication."""


class Built(NamedTuple):
    """A graph's tensors: the result, how many multiplications it took, and integers that are to be derived."""

    result: Any
    runs: Any
    exits: Sequence[Any]


Program = Callable[[], Built]


def state() -> tuple[Any, Any]:
    return tf.constant(1.0, shape=(2, 3), name="start") + tf.compat.v1.placeholder_with_default(0.0, ()), tf.constant(0)


def multiplied(x: Any) -> Any:
    return tf.matmul(x, tf.constant(0.1, shape=(3, 3)))


def loop(condition: Callable[[Any], Any], start: int, step: Callable[[Any], Any]) -> Built:
    """A loop over one integer, with one multiplication in its body."""
    x, runs = state()
    x, i, runs = tf.while_loop(
        lambda x, i, runs: condition(i),
        lambda x, i, runs: (multiplied(x), step(i), runs + 1),
        (x, tf.constant(start), runs),
    )
    return Built(x, runs, [i])


def nested(limit: Callable[[Any], Any]) -> Built:
    """A loop in a loop; the inner limit may depend on the outer counter."""
    x, runs = state()

    def outer(x: Any, i: Any, runs: Any) -> Any:
        x, _, runs = tf.while_loop(
            lambda x, j, runs: j < limit(i),
            lambda x, j, runs: (multiplied(x), j + 1, runs + 1),
            (x, tf.constant(0), runs),
        )
        return x, i + 1, runs

    x, i, runs = tf.while_loop(lambda x, i, runs: i < 5, outer, (x, tf.constant(0), runs))
    return Built(x, runs, [i])


def two_bounds() -> Built:
    x, runs = state()
    x, i, j, runs = tf.while_loop(
        lambda x, i, j, runs: tf.logical_and(i < 10, j > 0),
        lambda x, i, j, runs: (multiplied(x), i + 1, j - 4, runs + 1),
        (x, tf.constant(0), tf.constant(21), runs),
    )
    return Built(x, runs, [i, j])


def maximum_iterations() -> Built:
    x, runs = state()
    x, i, runs = tf.while_loop(
        lambda x, i, runs: i < 100,
        lambda x, i, runs: (multiplied(x), i + 1, runs + 1),
        (x, tf.constant(0), runs),
        maximum_iterations=7,
    )
    return Built(x, runs, [i])


def one_after_another() -> Built:
    """The second counts down from what the first counted up to."""
    x, runs, (i,) = loop(lambda i: i < 6, 0, lambda i: i + 1)
    x, j, runs = tf.while_loop(
        lambda x, j, runs: j > 0, lambda x, j, runs: (multiplied(x), j - 1, runs + 1), (x, i, runs)
    )
    return Built(x, runs, [i, j])


def scanned() -> Built:
    x, runs = state()
    steps = tf.scan(lambda carried, _: (multiplied(carried[0]), carried[1] + 1), tf.range(6), (x, runs))
    return Built(steps[0], steps[1][-1], [tf.shape(steps[0])[0]])


def mapped() -> Built:
    x, _ = state()
    rows = tf.map_fn(multiplied, tf.stack([x] * 4))
    return Built(rows, tf.shape(rows)[0], [])


def condition_outside() -> Built:
    """The predicate is known: only the loop of its branch runs."""
    x, _ = state()

    def spun(times: int) -> Any:
        return tf.while_loop(lambda x, i: i < times, lambda x, i: (multiplied(x), i + 1), (x, tf.constant(0)))

    x, i = tf.cond(tf.constant(3) < tf.constant(4), lambda: spun(5), lambda: spun(50))
    return Built(x, i, [i])


def condition_inside() -> Built:
    """Which branch runs depends on the iteration; both multiply once."""
    x, runs = state()

    def body(x: Any, i: Any, runs: Any) -> Any:
        x = tf.cond(i < 3, lambda: multiplied(x), lambda: multiplied(x + 1.0))
        return x, i + 1, runs + 1

    x, i, runs = tf.while_loop(lambda x, i, runs: i < 9, body, (x, tf.constant(0), runs))
    return Built(x, runs, [i])


PROGRAMS: Mapping[str, Program] = {
    "counting up": lambda: loop(lambda i: i < 10, 0, lambda i: i + 1),
    "counting down by 3": lambda: loop(lambda i: i > 0, 20, lambda i: i - 3),
    "from 3 by 2, the limit included": lambda: loop(lambda i: i <= 11, 3, lambda i: i + 2),
    "a limit on the left": lambda: loop(lambda i: tf.constant(17) >= i, -4, lambda i: i + 5),
    "until they are equal": lambda: loop(lambda i: tf.not_equal(i, 12), 0, lambda i: i + 4),
    "down until they are equal": lambda: loop(lambda i: tf.not_equal(i, -2), 8, lambda i: i - 1),
    "not yet there": lambda: loop(lambda i: tf.logical_not(i >= 5), 0, lambda i: i + 1),
    "never": lambda: loop(lambda i: i < 0, 0, lambda i: i + 1),
    "once": lambda: loop(lambda i: i < 1, 0, lambda i: i + 1),
    "two bounds": two_bounds,
    "at most 7": maximum_iterations,
    "nested": lambda: nested(lambda i: tf.constant(4)),
    "a triangle": lambda: nested(lambda i: i),
    "a trapezium": lambda: nested(lambda i: 2 * i + 3),
    "one after another": one_after_another,
    "scan": scanned,
    "map": mapped,
    "a loop in a branch": condition_outside,
    "a branch in a loop": condition_inside,
}


def written(*loops: Callable[[Any, Any], Any], size: int = 0) -> Program:
    """A growing array that one loop after the other writes, and a multiplication of all its rows."""

    def program() -> Built:
        x, _ = state()
        array = tf.TensorArray(tf.float32, size, dynamic_size=True, clear_after_read=False, element_shape=(2, 3))
        for each in loops:
            array = each(array, x)
        rows = array.stack()
        count = tf.shape(rows)[0]
        return Built(multiplied(tf.reshape(rows, (-1, 3))), count, [count, array.size()])

    return program


def writing(index: Callable[[Any], Any], stop: int = 6, start: int = 0) -> Callable[[Any, Any], Any]:
    """A loop that writes an array at an index that follows from the counter."""

    def loop(array: Any, x: Any) -> Any:
        _, array = tf.while_loop(
            lambda i, array: i < stop,
            lambda i, array: (i + 1, array.write(index(i), x)),
            (tf.constant(start), array),
        )
        return array

    return loop


def writing_twice_nested(array: Any, x: Any) -> Any:
    def outer(i: Any, array: Any) -> Any:
        _, array = tf.while_loop(
            lambda j, array: j < 4, lambda j, array: (j + 1, array.write(4 * i + j, x)), (tf.constant(0), array)
        )
        return i + 1, array

    return tf.while_loop(lambda i, array: i < 3, outer, (tf.constant(0), array))[1]


PROGRAMS = {
    **PROGRAMS,
    "growing": written(writing(lambda i: i)),
    "growing from behind": written(writing(lambda i: 5 - i)),
    "growing by 2": written(writing(lambda i: 2 * i)),
    "growing behind the first ones": written(writing(lambda i: i + 3)),
    "growing at the end": written(writing(lambda i: i, 4), writing(lambda i: i + 4, 3)),
    "growing inside what there is": written(writing(lambda i: i), size=9),
    "growing in no trip": written(writing(lambda i: i + 5, 0), writing(lambda i: i, 3)),
    "growing twice nested": written(writing_twice_nested),
}


@contextmanager
def control_flow(version: int) -> Iterator[None]:
    """Version 1 lowers to Enter, Merge, Switch, ...; version 2 makes While and If."""
    before = tf.compat.v1.control_flow_v2_enabled()
    (tf.compat.v1.enable_control_flow_v2 if version == 2 else tf.compat.v1.disable_control_flow_v2)()
    try:
        yield
    finally:
        (tf.compat.v1.enable_control_flow_v2 if before else tf.compat.v1.disable_control_flow_v2)()


@pytest.fixture(params=[1, 2], ids=["v1", "v2"])
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.mark.parametrize("name", PROGRAMS)
def test_derived_exits_are_those_of_a_run(name: str, version: int) -> None:
    with control_flow(version), tf.Graph().as_default() as graph:
        built = PROGRAMS[name]()
        result, runs, *exits = (tf.identity(tensor) for tensor in (built.result, built.runs, *built.exits))
        with tf.compat.v1.Session() as session:
            count, *numbers = (int(number) for number in session.run([runs, *exits]))

    analysis = run_pipeline(graph.as_graph_def(), outputs=[tensor.name for tensor in (result, *exits)])

    assert [derived(analysis, tensor) for tensor in exits] == numbers
    assert analysis.report.total.work.macs == count * MACS
    assert analysis.report.is_complete
    assert {loop.source for loop in analysis.report.loops} <= {"derived"}


def derived(analysis: Analysis, tensor: Any) -> int:
    node, _, port = tensor.name.partition(":")
    value = analysis.facts.fact(TensorRef(node, int(port))).value
    assert value is not None
    assert value.is_known
    (item,) = value.items
    assert isinstance(item, int)
    return item


@pytest.mark.parametrize("limit", [0, 1, 6])
def test_a_limit_that_is_fed_is_bound(version: int, limit: int) -> None:
    with control_flow(version), tf.Graph().as_default() as graph:
        fed = tf.compat.v1.placeholder(tf.int32, (), name="limit")
        x, _ = state()
        x, i = tf.while_loop(lambda x, i: i < fed, lambda x, i: (multiplied(x), i + 1), (x, tf.constant(0)))
        outputs = [tf.identity(x).name, tf.identity(i).name]
        with tf.compat.v1.Session() as session:
            trips = int(session.run(i, {fed: limit}))

    report = analyze(graph.as_graph_def(), outputs=outputs, bind={"limit": limit})

    assert report.total.work.macs == trips * MACS
    assert report.is_complete


def test_a_length_that_is_open_is_a_formula(version: int) -> None:
    with control_flow(version), tf.Graph().as_default() as graph:
        steps = tf.compat.v1.placeholder(tf.float32, (2, None, 3), name="steps")
        x, _ = state()
        rows = tf.scan(lambda carried, row: multiplied(carried + row), tf.transpose(steps, (1, 0, 2)), x)
        output = tf.identity(rows).name

    report = analyze(graph.as_graph_def(), outputs=[output])

    assert str(report.formula.work.macs) == f"{MACS}*steps[1]"
    assert report.bind(**{"steps[1]": 9}).total.work.macs == 9 * MACS


@pytest.mark.parametrize(
    "limit",
    [
        lambda i, n: n - i,
        lambda i, n: n - 2 * i,
        lambda i, n: tf.minimum(i, 3),
        lambda i, n: (n - i + 1) // 2,
        lambda i, n: n - i * i,
        lambda i, n: n // (i + 1),
    ],
    ids=["n - i", "n - 2*i", "min(i, 3)", "ceil((n - i)/2)", "n - i*i", "n // (i + 1)"],
)
def test_an_inner_loop_that_depends_on_the_outer_counter_is_summed(version: int, limit: Callable[..., Any]) -> None:
    """Where that has no closed form, when the length is bound."""
    with control_flow(version), tf.Graph().as_default() as graph:
        steps = tf.compat.v1.placeholder(tf.float32, (None,), name="steps")
        n = tf.shape(steps)[0]
        x, runs = state()

        def outer(x: Any, i: Any, runs: Any) -> Any:
            x, _, runs = tf.while_loop(
                lambda x, j, runs: j < limit(i, n),
                lambda x, j, runs: (multiplied(x), j + 1, runs + 1),
                (x, tf.constant(0), runs),
            )
            return x, i + 1, runs

        x, _, runs = tf.while_loop(lambda x, i, runs: i < n, outer, (x, tf.constant(0), runs))
        outputs = [tf.identity(x).name]
        with tf.compat.v1.Session() as session:
            counts = [int(session.run(runs, {steps: [0.0] * length})) for length in (1, 2, 7, 12)]

    report = analyze(graph.as_graph_def(), outputs=outputs)

    bound = [report.bind(N=length) for length in (1, 2, 7, 12)]
    assert [each.total.work.macs for each in bound] == [count * MACS for count in counts]
    assert all(each.is_complete for each in bound)


def test_a_loop_that_depends_on_data_is_a_symbol(version: int) -> None:
    with control_flow(version), tf.Graph().as_default() as graph:
        x, runs = state()
        x, runs = tf.while_loop(
            lambda x, runs: tf.reduce_sum(x) > 0.001, lambda x, runs: (multiplied(x), runs + 1), (x, runs)
        )
        outputs = [tf.identity(x).name]
        with tf.compat.v1.Session() as session:
            trips = int(session.run(runs))

    report = analyze(graph.as_graph_def(), outputs=outputs)

    (loop_,) = report.loops
    assert loop_.source == "unknown"
    assert str(loop_.trips) == f"trips({loop_.name})"
    assert str(report.formula.work.macs) == f"{MACS}*{loop_.trips}"
    assert not report.is_complete
    bound = report.bind(**{str(loop_.trips): trips})
    assert bound.total.work.macs == trips * MACS
    assert bound.is_complete


def test_an_array_that_grows_where_data_say_so_is_open(version: int) -> None:
    with control_flow(version), tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (2, 3))
        array = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=(2, 3))
        _, array = tf.while_loop(
            lambda i, array: i < 6,
            lambda i, array: (i + 1, tf.cond(x[0, 0] > 0, lambda: array.write(i, x), lambda: array)),
            (tf.constant(0), array),
        )
        outputs = [multiplied(tf.reshape(array.stack(), (-1, 3))).name]

    report = analyze(graph.as_graph_def(), outputs=outputs)

    assert not report.is_complete
    assert not isinstance(report.total.work.macs, int)


def test_a_part_that_depends_on_data_makes_it_at_most(version: int) -> None:
    with control_flow(version), tf.Graph().as_default() as graph:
        x, _ = state()
        x, _ = tf.while_loop(
            lambda x, i: tf.logical_and(i < 8, tf.reduce_sum(x) > 0.0),
            lambda x, i: (multiplied(x), i + 1),
            (x, tf.constant(0)),
        )
        outputs = [tf.identity(x).name]

    report = analyze(graph.as_graph_def(), outputs=outputs)

    assert [(loop_.trips, loop_.source) for loop_ in report.loops] == [(8, "at most")]
    assert report.total.work.macs == 8 * MACS


@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside"])
@pytest.mark.parametrize("longest", [5, 30])
def test_a_loop_over_the_longest_sequence_is_bounded_by_the_steps(version: int, inside: bool, longest: int) -> None:
    """As in a recurrent network of 12 steps: the kernel runs no more often than what is counted."""
    with control_flow(version), tf.Graph().as_default() as graph:
        x, runs = state()
        lengths = tf.compat.v1.placeholder(tf.int32, [None])
        limit = tf.minimum(12, tf.maximum(1, tf.reduce_max(lengths)))
        x, _, runs = tf.while_loop(
            lambda x, i, runs: i < (tf.minimum(12, tf.reduce_max(lengths)) if inside else limit),
            lambda x, i, runs: (multiplied(x), i + 1, runs + 1),
            (x, tf.constant(0), runs),
        )
        outputs = [tf.identity(x).name]
        with tf.compat.v1.Session() as session:
            trips = int(session.run(runs, {lengths: [3, longest]}))

    report = analyze(graph.as_graph_def(), outputs=outputs)

    assert [(loop_.trips, loop_.source) for loop_ in report.loops] == [(12, "at most")]
    assert report.total.work.macs == 12 * MACS
    assert trips == min(12, longest)


def test_the_gradient_of_a_loop_counts_its_steps(version: int) -> None:
    """Forward one multiplication each trip; backward one for the state and one for the weights."""
    with control_flow(version), tf.Graph().as_default() as graph:
        start, _ = state()
        weights = tf.compat.v1.placeholder_with_default([[0.1] * 3] * 3, (3, 3))
        x, _ = tf.while_loop(lambda x, i: i < 6, lambda x, i: (tf.matmul(x, weights), i + 1), (start, tf.constant(0)))
        outputs = [tf.identity(each).name for each in tf.gradients(x, [start, weights])]
        count = multiplications(graph, outputs)

    report = analyze(graph.as_graph_def(), outputs=outputs)

    assert [loop_.trips for loop_ in report.loops] == [6, 6]
    assert report.total.work.macs == count * MACS == 3 * 6 * MACS
    assert report.coverage == 1.0


def multiplications(graph: Any, outputs: Sequence[str]) -> int:
    """How many multiplications ran, by TensorFlow's own trace of a run."""
    metadata = tf.compat.v1.RunMetadata()
    options = tf.compat.v1.RunOptions(trace_level=tf.compat.v1.RunOptions.FULL_TRACE)
    with tf.compat.v1.Session(graph=graph) as session:
        session.run(list(outputs), options=options, run_metadata=metadata)
    stats = [stats for device in metadata.step_stats.dev_stats for stats in device.node_stats]
    return sum(re.search(r"= \w*MatMul\(", each.timeline_label) is not None for each in stats)


@pytest.mark.parametrize("index", [0, 1, 2, 7])
def test_a_switch_runs_the_branch_that_is_bound(version: int, index: int) -> None:
    """An index out of range runs the last branch."""
    with control_flow(version), tf.Graph().as_default() as graph:
        chosen = tf.compat.v1.placeholder(tf.int32, (), name="chosen")
        x, _ = state()

        def times(count: int) -> Any:
            y = x
            for _ in range(count):
                y = multiplied(y)
            return y

        outputs = [tf.identity(tf.switch_case(chosen, [lambda: times(1), lambda: times(2), lambda: times(3)])).name]

    report = analyze(graph.as_graph_def(), outputs=outputs, bind={"chosen": index})

    assert report.total.work.macs == {0: 1, 1: 2}.get(index, 3) * MACS


def test_a_branch_on_something_open_is_counted_the_dearest_way(version: int) -> None:
    with control_flow(version), tf.Graph().as_default() as graph:
        flag = tf.compat.v1.placeholder(tf.bool, (), name="flag")
        x, _ = state()
        x = tf.cond(flag, lambda: multiplied(x), lambda: multiplied(multiplied(x)))
        outputs = [tf.identity(x).name]

    graph_def = graph.as_graph_def()

    assert macs(analyze(graph_def, outputs=outputs)) == 2 * MACS
    assert macs(analyze(graph_def, outputs=outputs, bind={"flag": 1})) == MACS
    assert macs(analyze(graph_def, outputs=outputs, bind={"flag": 0})) == 2 * MACS


def macs(report: Report) -> Any:
    return report.total.work.macs
