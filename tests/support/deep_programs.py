"""More programs as people write them: loops that leave early, grow, shrink and decode; beams; branches on sizes.

Each takes rows of features and gives as many, as the blocks of `programs` do, so that all of them nest in each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from layered_programs import LAYERED
from optional_tensorflow import tf
from programs import FEATURES, MOST_TRIPS, Block, Kind, drawn_block, matrix


def by_sizes(random: Random, depth: int) -> Block:
    """A loop whose bound is made of sizes of data."""
    block, way, by = drawn_block(random, depth), random.randrange(6), random.randint(2, 3)

    def run(x: Any) -> Any:
        rows = tf.shape(x)[0]
        bound = (
            tf.size(x) // FEATURES,
            tf.reduce_prod(tf.shape(x)) // (2 * FEATURES),
            tf.maximum(rows - by, 1),
            tf.minimum(rows, by),
            (rows + by - 1) // by,
            tf.shape(tf.concat([x, x], 0))[0] - rows,
        )[way]
        i = tf.constant(0)
        while i < bound:
            x = block(x)
            i += 1
        return x

    return run


def leaving(random: Random, depth: int) -> Block:
    """A loop within a loop, with a branch that continues, breaks or returns."""
    a, b = drawn_block(random, depth), drawn_block(random, depth)
    outer, inner, at = random.randint(1, MOST_TRIPS), random.randint(1, MOST_TRIPS), random.randint(0, 3)
    way = random.choice(("continue", "break", "data"))

    def run(x: Any) -> Any:
        for i in tf.range(outer):
            for j in tf.range(inner):
                if way == "continue" and i + j == at:
                    continue
                if way == "break" and j > at:
                    break
                if way == "data" and tf.reduce_max(x) > 1e6:
                    break
                x = a(x)
            x = b(x)
        return x

    return run


def halves(random: Random, depth: int) -> Block:
    """Branches of a counter against a number."""
    a, b = drawn_block(random, depth), drawn_block(random, depth)
    trips, at, way = random.randint(1, 6), random.randint(0, 5), random.choice(("less", "equal", "mod"))

    def run(x: Any) -> Any:
        for i in tf.range(trips):
            which = i < at if way == "less" else tf.equal(i, at) if way == "equal" else i % 3 == 1
            x = tf.cond(which, lambda: a(x), lambda: b(x))  # noqa: B023
        return x

    return run


def beam(random: Random, depth: int) -> Block:
    """The best few of each step go on."""
    kept, steps, w = random.randint(1, 3), random.randint(1, 4), matrix(random)
    block = drawn_block(random, depth)

    def run(x: Any) -> Any:
        k = tf.minimum(kept, tf.shape(x)[0])
        beams, total = x[:k], tf.zeros([FEATURES])
        for _ in tf.range(steps):
            scores = tf.reduce_sum(tf.matmul(beams, w), 1)
            _, best = tf.math.top_k(scores, k)
            beams = tf.gather(block(beams), best)
            beams = tf.ensure_shape(beams, [None, FEATURES])
            total += tf.reduce_mean(beams, 0)
        return x + total

    return run


def at_most(random: Random, depth: int) -> Block:
    """tf.while_loop with the most iterations it may take."""
    block, limit, most = drawn_block(random, depth), random.randint(1, 6), random.randint(0, 4)
    by_data, parallel = random.random() < 0.3, random.choice((1, 10))

    def run(x: Any) -> Any:
        return tf.while_loop(
            lambda i, x: (tf.reduce_sum(x) < 1e6) if by_data else (i < limit),
            lambda i, x: (i + 1, block(x)),
            (0, x),
            (tf.TensorShape([]), tf.TensorShape([None, FEATURES])),
            maximum_iterations=most,
            parallel_iterations=parallel,
        )[1]

    return run


def helper(random: Random, depth: int) -> Block:
    """One function, called with several shapes."""
    w, rows = matrix(random), random.randint(1, 3)

    @tf.function
    def help(x: Any) -> Any:
        return tf.nn.relu(tf.matmul(x, w))

    def run(x: Any) -> Any:
        y = help(x) + tf.reduce_mean(help(x[:rows]), 0) + tf.reduce_mean(help(tf.concat([x, x], 0)), 0)
        return y + help(tf.ones([rows, FEATURES]) * x[0])[0]

    return run


def pipeline(random: Random, depth: int) -> Block:
    """A dataset in a function: mapped, filtered, batched, zipped, repeated, in windows, interleaved."""
    w, count, ways = matrix(random), random.randint(1, 7), random.choices(range(9), k=random.randint(1, 3))
    size, block = random.randint(1, 3), drawn_block(random, depth)

    def run(x: Any) -> Any:
        dataset = tf.data.Dataset.range(count)
        for way in ways:
            dataset = (
                lambda d: d.map(lambda i: i + 1),
                lambda d: d.filter(lambda i: i % 2 == 0),
                lambda d: d.take(size),
                lambda d: d.skip(size),
                lambda d: d.repeat(size),
                lambda d: tf.data.Dataset.zip((d, d)).map(lambda a, b: a + b),
                lambda d: (
                    d.window(size, drop_remainder=True).flat_map(lambda each: each.batch(size)).map(tf.reduce_sum)
                ),
                lambda d: d.interleave(lambda i: tf.data.Dataset.range(2), cycle_length=2),
                lambda d: d.batch(size, drop_remainder=size == 2).map(tf.reduce_sum),
            )[way](dataset)
        dataset = dataset.map(lambda i: tf.matmul(tf.ones([1, FEATURES]) * tf.cast(i, tf.float32), w))
        for each in dataset:
            x = block(x) + each
        return x

    return run


def decoding(random: Random, depth: int) -> Block:
    """A decoder that writes what it says and ends once all are finished."""
    w, most, block = matrix(random), random.randint(1, 5), drawn_block(random, depth)

    def run(x: Any) -> Any:
        finished = tf.zeros([tf.shape(x)[0]], tf.bool)
        array, t, y = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[None, FEATURES]), 0, x
        t = tf.constant(0)
        while t < most and not tf.reduce_all(finished):
            y = tf.nn.softmax(tf.matmul(block(y), w))
            y = tf.where(finished[:, None], tf.zeros_like(y), y)
            array = array.write(t, y)
            finished = finished | (tf.reduce_max(y, 1) > 10.0)
            t += 1
        said = array.stack()
        return x + tf.reduce_mean(tf.matmul(said, tf.tile(w[None], [tf.shape(said)[0], 1, 1])), 0)

    return run


def raw_while(random: Random, depth: int) -> Block:
    """tf.raw_ops.While, counting down or up, over a list that is a loop variable."""
    w, trips, stateless = matrix(random), random.randint(0, MOST_TRIPS), random.random() < 0.5

    def run(x: Any) -> Any:
        spec = [tf.TensorSpec([], tf.int32), tf.TensorSpec([None, FEATURES])]
        cond = tf.function(lambda i, x: i > 0, input_signature=spec).get_concrete_function()
        body = tf.function(lambda i, x: (i - 1, tf.matmul(x, w)), input_signature=spec).get_concrete_function()
        kind = tf.raw_ops.StatelessWhile if stateless else tf.raw_ops.While
        return kind(input=[tf.constant(trips), x], cond=cond, body=body)[1]

    return run


def growing_rows(random: Random, depth: int) -> Block:
    """Rows that are joined in a loop; what comes out is as long as the loop makes it."""
    w, trips, by = matrix(random), random.randint(0, 3), random.randint(1, 2)
    doubles = random.random() < 0.4

    def run(x: Any) -> Any:
        y = x
        for _ in tf.range(trips):
            tf.autograph.experimental.set_loop_options(shape_invariants=[(y, tf.TensorShape([None, FEATURES]))])
            more = y if doubles else x[:by]
            y = tf.matmul(tf.concat([y, more], 0), w)
        return x + tf.reduce_mean(tf.matmul(y, w), 0)

    return run


def shrinking_rows(random: Random, depth: int) -> Block:
    w, trips, by = matrix(random), random.randint(1, 3), random.randint(1, 3)
    way = random.choice(("drop", "stride", "until"))

    def run(x: Any) -> Any:
        y = tf.concat([x] * 4, 0)
        if way == "until":
            while tf.shape(y)[0] > 1:
                tf.autograph.experimental.set_loop_options(shape_invariants=[(y, tf.TensorShape([None, FEATURES]))])
                y = tf.matmul(y[: tf.shape(y)[0] // 2], w)
            return x + tf.reduce_mean(y, 0)
        for _ in tf.range(trips):
            tf.autograph.experimental.set_loop_options(shape_invariants=[(y, tf.TensorShape([None, FEATURES]))])
            y = tf.matmul(y[by:] if way == "drop" else y[::2], w)
        return x + tf.reduce_sum(y, 0)

    return run


def cases(random: Random, depth: int) -> Block:
    blocks = [drawn_block(random, depth) for _ in range(3)]
    known = random.random() < 0.3

    def run(x: Any) -> Any:
        first = tf.shape(x)[1] == FEATURES if known else tf.reduce_sum(x) > 1.0
        return tf.case(
            [(first, lambda: blocks[0](x)), (tf.reduce_max(x) > 0.5, lambda: blocks[1](x))],
            default=lambda: blocks[2](x),
        )

    return run


def by_rows_branch(random: Random, depth: int) -> Block:
    """A branch on sizes."""
    a, b, at, way = drawn_block(random, depth), drawn_block(random, depth), random.randint(1, 6), random.randrange(3)

    def run(x: Any) -> Any:
        rows = tf.shape(x)[0]
        which = (rows > at, tf.equal(rows % 2, 0), tf.equal(rows, at))[way]
        return tf.cond(which, lambda: a(x), lambda: b(x))

    return run


def stepping_by_rows(random: Random, depth: int) -> Block:
    """Loops that count down, in steps of sizes, with two counters or a bound that changes."""
    block, way, by = drawn_block(random, depth), random.randrange(6), random.randint(1, 3)

    def run(x: Any) -> Any:
        rows = tf.shape(x)[0]
        if way == 0:
            i = rows
            while i > 0:
                x = block(x)
                i -= by
        elif way == 1:
            for _ in tf.range(rows, 0, -by):
                x = block(x)
        elif way == 2:
            low, high = tf.constant(0), rows
            while low < high:
                x = block(x)
                low, high = low + 1, high - 1
        elif way == 3:
            i, limit = tf.constant(0), tf.constant(6)
            while i < limit:
                x = block(x)
                limit -= by
                i += 1
        elif way == 4:
            i, j = tf.constant(0), tf.constant(1)
            while i < 12:
                x = block(x)
                i, j = i + j, j + by
        else:
            i, more = tf.constant(0), tf.constant(True)
            while more:
                x = block(x)
                i += 1
                more = i < by
        return x

    return run


def flags(random: Random, depth: int) -> Block:
    """A loop whose branches change what it counts."""
    block, way, by = drawn_block(random, depth), random.randrange(4), random.randint(1, 3)

    def run(x: Any) -> Any:
        i = tf.constant(0)
        if way == 0:
            while i < 6:
                x = block(x)
                if tf.reduce_sum(x) > 1e6:
                    i += 1
                else:
                    i += by
        elif way == 1:
            count = tf.constant(0)
            for j in tf.range(6):
                if j % 2 == 0:
                    count += 1
            for _ in tf.range(count):
                x = block(x)
        elif way == 2:
            limit = tf.constant(by)
            if tf.reduce_sum(x) > 1e6:
                limit = tf.constant(5)
            for _ in tf.range(limit):
                x = block(x)
        else:
            while i < 8:
                x = block(x)
                i = tf.maximum(i + 1, 2 * by)
        return x

    return run


DEEP: Sequence[Kind] = (
    *LAYERED,
    by_sizes,
    leaving,
    halves,
    beam,
    at_most,
    helper,
    pipeline,
    decoding,
    raw_while,
    growing_rows,
    shrinking_rows,
    cases,
    by_rows_branch,
    stepping_by_rows,
    flags,
)
