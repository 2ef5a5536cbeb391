"""Programs as people write them, drawn at random: layers within loops, branches, lists, datasets and gradients.

A block takes rows of features and gives as many, changed: so blocks nest in each other. Autograph makes graphs of the
loops and branches here, as it does of everybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import numpy as np
from optional_tensorflow import tensorflow_module, tf

Block = Callable[[Any], Any]
Kind = Callable[[Random, int], Block]

FEATURES = 4
MOST_TRIPS = 4


def concrete(block: Block) -> Any:
    """A concrete function of `x`, which has an open number of rows."""
    spec = tf.TensorSpec([None, FEATURES], tf.float32, name="x")
    return tf.function(lambda x: tf.identity(block(x)), autograph=True).get_concrete_function(spec)


def forms(block: Block) -> Iterator[tuple[str, Any, str]]:
    """Name, GraphDef and output of each form: with functions, with control flow lowered, and as TensorFlow 1 writes it.

    Variables are frozen. A block that TensorFlow 1 can't write has two forms.
    """
    function = concrete(block)
    freeze = tensorflow_module("tensorflow.python.framework.convert_to_constants").convert_variables_to_constants_v2
    has_variables = any(each.dtype == tf.resource for each in function.graph.internal_captures)
    whole = freeze(function, lower_control_flow=False) if has_variables else function
    yield "functions", whole.graph.as_graph_def(), whole.outputs[0].name
    lowered = freeze(function, lower_control_flow=True)
    yield "lowered", lowered.graph.as_graph_def(), lowered.outputs[0].name
    first = _of_tensorflow_1(block)
    if first is not None:
        yield "first", first, "y:0"


def _of_tensorflow_1(block: Block) -> Any:
    """The graph that TensorFlow 1 makes of a block, with Switches, Merges and frames; None where it makes none."""
    of_autograph = tensorflow_module("tensorflow.python.autograph.core.ag_ctx")
    options = tensorflow_module("tensorflow.python.autograph.core.converter").ConversionOptions
    context = of_autograph.ControlStatusCtx(of_autograph.Status.ENABLED, options(recursive=True, user_requested=True))
    tf.compat.v1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default() as graph:
            x = tf.compat.v1.placeholder(tf.float32, [None, FEATURES], name="x")
            tf.identity(tf.__internal__.autograph.tf_convert(lambda x: block(x), context)(x), name="y")
    except (TypeError, RuntimeError):
        # Branches on a counter that is no tensor there, and Keras' variables, which belong to TensorFlow 2.
        return None
    finally:
        tf.compat.v1.enable_control_flow_v2()
    return graph.as_graph_def()


def drawn_block(random: Random, depth: int) -> Block:
    """A block whose loops and branches nest no deeper than that."""
    kinds = [*LAYERS, *NESTING, *_more()] if depth > 0 else LAYERS
    blocks = [random.choice(kinds)(random, depth - 1) for _ in range(random.choice((1, 1, 2)))]
    return lambda x: _in_turn(blocks, x)


def _more() -> Sequence[Kind]:
    from deep_programs import DEEP  # which draws blocks itself

    return DEEP


def _in_turn(blocks: Sequence[Block], x: Any) -> Any:
    for block in blocks:
        x = block(x)
    return x


def gradients(loss: Block, x: Any) -> Any:
    """The gradient of a loss, by the tape, or as TensorFlow 1 derives it where there is no tape for its loops."""
    zero = tf.UnconnectedGradients.ZERO
    if not tf.compat.v1.control_flow_v2_enabled():
        return tf.gradients(loss(x), x, unconnected_gradients=zero)[0]
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(x)
    return tape.gradient(value, x, unconnected_gradients=zero)


def matrix(random: Random, rows: int = FEATURES, columns: int = FEATURES) -> Any:
    return np.array([[random.uniform(-0.5, 0.5) for _ in range(columns)] for _ in range(rows)], np.float32)


def dense(random: Random, depth: int) -> Block:
    weights = matrix(random)
    return lambda x: tf.tanh(tf.matmul(x, weights))


def bottleneck(random: Random, depth: int) -> Block:
    width = random.choice((2, 3, 6))
    into, out = matrix(random, FEATURES, width), matrix(random, width, FEATURES)
    return lambda x: tf.matmul(tf.nn.relu(tf.matmul(x, into)), out)


def attention(random: Random, depth: int) -> Block:
    return lambda x: tf.matmul(tf.nn.softmax(tf.matmul(x, x, transpose_b=True)), x)


def counted(random: Random, depth: int) -> Block:
    block, trips = drawn_block(random, depth), random.randint(0, MOST_TRIPS)

    def run(x: Any) -> Any:
        for _ in tf.range(trips):
            x = block(x)
        return x

    return run


def by_rows(random: Random, depth: int) -> Block:
    block = drawn_block(random, depth)

    def run(x: Any) -> Any:
        for _ in tf.range(tf.shape(x)[0]):
            x = block(x)
        return x

    return run


def stepping(random: Random, depth: int) -> Block:
    block, start, step = drawn_block(random, depth), random.randint(-2, 2), random.choice((1, 2, 3, -1, -2))
    limit = start + step * random.randint(0, MOST_TRIPS) + random.choice((0, 1 if step > 0 else -1))

    def run(x: Any) -> Any:
        for _ in tf.range(start, limit, step):
            x = block(x)
        return x

    return run


def scaled(random: Random, depth: int) -> Block:
    """A counter that doubles, halves, or steps in fractions."""
    block, way = drawn_block(random, depth), random.choice(("doubles", "halves", "fractions"))

    def run(x: Any) -> Any:
        if way == "doubles":
            i = tf.constant(1)
            while i < 12:
                x = block(x)
                i = i * 2
        elif way == "halves":
            i = tf.constant(9)
            while i > 0:
                x = block(x)
                i = i // 2
        else:
            t = tf.constant(0.0)
            while t < 1.0:
                x = block(x)
                t = t + 0.25
        return x

    return run


def breaking(random: Random, depth: int) -> Block:
    block, limit, last = drawn_block(random, depth), random.randint(1, MOST_TRIPS), random.randint(0, MOST_TRIPS)
    by_data = random.random() < 0.5

    def run(x: Any) -> Any:
        for i in tf.range(limit):
            x = block(x)
            if (tf.reduce_sum(x) > 1e6) if by_data else (i >= last):
                break
        return x

    return run


def both(random: Random, depth: int) -> Block:
    """A loop on a counter and on data."""
    block, limit = drawn_block(random, depth), random.randint(1, MOST_TRIPS)

    def run(x: Any) -> Any:
        i = tf.constant(0)
        while i < limit and tf.reduce_sum(x) < 1e6:
            x = block(x)
            i += 1
        return x

    return run


def triangular(random: Random, depth: int) -> Block:
    block, limit, is_open = drawn_block(random, depth), random.randint(1, MOST_TRIPS), random.random() < 0.5
    way = random.choice(("from", "to"))

    def run(x: Any) -> Any:
        n = tf.shape(x)[0] if is_open else tf.constant(limit)
        for i in tf.range(n):
            first, last = (i, n) if way == "from" else (tf.constant(0), i)
            for _ in tf.range(first, last):
                x = block(x)
        return x

    return run


def branching(random: Random, depth: int) -> Block:
    a, b = drawn_block(random, depth), drawn_block(random, depth)

    def run(x: Any) -> Any:
        if tf.reduce_sum(x) > 0.0:
            x = a(x)
        else:
            x = b(x)
        return x

    return run


def alternating(random: Random, depth: int) -> Block:
    """Branches on the loop's counter."""
    a, b, trips = drawn_block(random, depth), drawn_block(random, depth), random.randint(1, MOST_TRIPS)

    def run(x: Any) -> Any:
        for i in tf.range(trips):
            if i % 2 == 0:
                x = a(x)
            else:
                x = b(x)
        return x

    return run


def switching(random: Random, depth: int) -> Block:
    blocks = [drawn_block(random, depth) for _ in range(random.randint(2, 3))]

    def run(x: Any) -> Any:
        index = tf.cast(tf.reduce_sum(x) > 0.0, tf.int32)
        return tf.switch_case(index, [lambda block=block: block(x) for block in blocks])

    return run


def growing(random: Random, depth: int) -> Block:
    """An array that grows as it is written, from either end, with or without room at the start."""
    block, trips, weights = drawn_block(random, depth), random.randint(1, MOST_TRIPS), matrix(random)
    start, is_reversed = random.choice((0, 0, 1)), random.random() < 0.3

    def run(x: Any) -> Any:
        array = tf.TensorArray(tf.float32, start, dynamic_size=True, element_shape=[None, FEATURES])
        for i in tf.range(trips):
            x = block(x)
            array = array.write(trips - 1 - i if is_reversed else i, x)
        whole = array.concat() if start == 0 else tf.reshape(array.stack(), [-1, FEATURES])
        return x + tf.reduce_mean(tf.matmul(whole, weights), 0)

    return run


def windows(random: Random, depth: int) -> Block:
    """Slices by the counter."""
    size, weights = random.randint(1, 3), matrix(random)

    def run(x: Any) -> Any:
        n, total = tf.shape(x)[0], tf.zeros([FEATURES])
        for i in tf.range(0, n, size):
            total += tf.reduce_sum(tf.matmul(x[i : tf.minimum(i + size, n)], weights), 0)
        return x + total

    return run


def cached(random: Random, depth: int) -> Block:
    """A cache that slides: the last rows of what there was and what comes."""
    kept, trips = random.randint(2, 5), random.randint(1, MOST_TRIPS)

    def run(x: Any) -> Any:
        cache = tf.zeros([0, FEATURES])
        for _ in tf.range(trips):
            tf.autograph.experimental.set_loop_options(shape_invariants=[(cache, tf.TensorShape([None, FEATURES]))])
            cache = tf.concat([cache, x], 0)[-kept:]
            x = tf.matmul(tf.nn.softmax(tf.matmul(x, cache, transpose_b=True)), cache)
        return x

    return run


def mapped(random: Random, depth: int) -> Block:
    weights = matrix(random)
    way = random.choice(("map", "scan", "vectorized"))

    def run(x: Any) -> Any:
        def one(row: Any) -> Any:
            return tf.tanh(tf.matmul(row[None], weights))[0]

        if way == "scan":
            return tf.scan(lambda before, row: one(before + row), x, tf.zeros([FEATURES]))
        return tf.map_fn(one, x) if way == "map" else tf.vectorized_map(one, x)

    return run


def over_dataset(random: Random, depth: int) -> Block:
    block, count, batch = drawn_block(random, depth), random.randint(1, 5), random.choice((None, 2))

    def run(x: Any) -> Any:
        dataset = tf.data.Dataset.range(count)
        if batch is not None:
            dataset = dataset.batch(batch)
        for _ in dataset:
            x = block(x)
        return x

    return run


def gradient(random: Random, depth: int) -> Block:
    block = drawn_block(random, depth)

    def run(x: Any) -> Any:
        return x + gradients(lambda x: tf.reduce_sum(block(x)), x)

    return run


def called(random: Random, depth: int) -> Block:
    block = drawn_block(random, depth)
    function = tf.function(block)
    times = random.randint(1, 2)
    return lambda x: _in_turn([function] * times, x)


LAYERS: Sequence[Kind] = (dense, bottleneck, attention)
NESTING: Sequence[Kind] = (
    counted,
    by_rows,
    stepping,
    scaled,
    breaking,
    both,
    triangular,
    branching,
    alternating,
    switching,
    growing,
    windows,
    cached,
    mapped,
    over_dataset,
    gradient,
    called,
)
