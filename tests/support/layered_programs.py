"""Blocks of layers and of gradients: images, signals, recurrent cells, ragged rows, derivatives through control flow.

Each takes rows of features and gives as many, as the blocks of `programs` do.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from optional_tensorflow import tf
from programs import FEATURES, Block, Kind, drawn_block, gradients, matrix


def image(random: Random, depth: int) -> Block:
    """Convolutions and pools over an image that shrinks in a loop."""
    size, trips, padding = random.choice((9, 12, 16)), random.randint(1, 3), random.choice(("SAME", "VALID"))
    into, filters = matrix(random, FEATURES, size), matrix(random, 9, 4)
    out, stride = matrix(random, 2, FEATURES), random.choice((1, 2))

    def run(x: Any) -> Any:
        pixels = tf.matmul(x, into)[:, :, None, None] * tf.ones([1, 1, size, 2])
        for _ in tf.range(trips):
            tf.autograph.experimental.set_loop_options(
                shape_invariants=[(pixels, tf.TensorShape([None, None, None, 2]))]
            )
            pixels = tf.nn.conv2d(pixels, filters.reshape(3, 3, 2, 2), stride, "SAME")
            if stride == 1:
                pixels = tf.nn.max_pool2d(pixels, 2, 2, padding)
        return x + tf.matmul(tf.reduce_mean(pixels, [1, 2]), out)

    return run


def signal(random: Random, depth: int) -> Block:
    """A convolution over the rows."""
    taps, dilation = random.randint(1, 3), random.randint(1, 2)
    filters, way = matrix(random, taps * FEATURES), random.choice(("conv1d", "depthwise", "transpose"))

    def run(x: Any) -> Any:
        if way == "conv1d":
            y = tf.nn.conv1d(x[None], filters.reshape(taps, FEATURES, FEATURES), 1, "SAME", dilations=dilation)
            return y[0]
        if way == "depthwise":
            y = tf.nn.depthwise_conv2d(
                x[None, :, None], filters[: taps * FEATURES].reshape(taps, 1, FEATURES, -1)[..., :1], [1] * 4, "SAME"
            )
            return y[0, :, 0]
        shape = [1, tf.shape(x)[0] * 2, FEATURES]
        y = tf.nn.conv1d_transpose(x[None], filters.reshape(taps, FEATURES, FEATURES), shape, 2, "SAME")
        return y[0, ::2]

    return run


def mapped_in_scan(random: Random, depth: int) -> Block:
    """A map within a scan, or within a map; what is mapped has rows itself."""
    w, way, times = matrix(random), random.choice(("scan", "map", "foldl", "back")), random.randint(1, 3)

    def run(x: Any) -> Any:
        def one(row: Any) -> Any:
            return tf.tanh(tf.matmul(row[None], w))[0]

        stacked = tf.stack([x] * times)
        if way == "scan":
            return tf.scan(lambda before, each: tf.map_fn(one, before + each), stacked, tf.zeros_like(x))[-1]
        if way == "back":
            return tf.scan(lambda before, each: tf.matmul(before + each, w), stacked, reverse=True)[0]
        if way == "foldl":
            return tf.foldl(lambda before, each: tf.map_fn(one, before + each), stacked, tf.zeros_like(x))
        return tf.map_fn(lambda each: tf.map_fn(one, each), stacked)[0]

    return run


def gradient_of_arrays(random: Random, depth: int) -> Block:
    """The gradient of a loop that fills a TensorArray."""
    block, trips, w = drawn_block(random, depth), random.randint(1, 3), matrix(random)

    def run(x: Any) -> Any:
        def loss(x: Any) -> Any:
            array = tf.TensorArray(tf.float32, trips)
            y = x
            for i in tf.range(trips):
                y = tf.tanh(tf.matmul(block(y), w))
                array = array.write(i, tf.reduce_sum(y))
            return tf.reduce_sum(array.stack())

        return x + gradients(loss, x)

    return run


def gradient_of_branches(random: Random, depth: int) -> Block:
    a, b = drawn_block(random, depth), drawn_block(random, depth)

    def run(x: Any) -> Any:
        def loss(x: Any) -> Any:
            return tf.reduce_sum(tf.cond(tf.reduce_sum(x) > 0.0, lambda: a(x), lambda: b(x)))

        return x + gradients(loss, x)

    return run


def second_gradient(random: Random, depth: int) -> Block:
    w, trips = matrix(random), random.randint(1, 3)

    def run(x: Any) -> Any:
        def inner(x: Any) -> Any:
            y = x
            for _ in tf.range(trips):
                y = tf.tanh(tf.matmul(y, w))
            return tf.reduce_sum(y)

        return x + gradients(lambda x: tf.reduce_sum(gradients(inner, x) ** 2), x)

    return run


def jacobian(random: Random, depth: int) -> Block:
    w, way = matrix(random), random.choice(("jacobian", "batch", "loop"))

    def run(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.tanh(tf.matmul(x, w))
        if way == "batch":
            return x + tf.reduce_sum(tape.batch_jacobian(y, x), 2)
        return x + tf.reduce_sum(tape.jacobian(y, x, experimental_use_pfor=way != "loop"), [2, 3])

    return run


def custom(random: Random, depth: int) -> Block:
    """A gradient of one's own, or one that computes the block anew."""
    w, block, again = matrix(random), drawn_block(random, depth), random.random() < 0.5

    @tf.custom_gradient
    def own(x: Any) -> Any:
        return tf.matmul(x, w), lambda upstream: tf.matmul(tf.matmul(upstream, w), w)

    def run(x: Any) -> Any:
        function = tf.recompute_grad(lambda x: tf.tanh(tf.matmul(block(x), w))) if again else own
        return x + gradients(lambda x: tf.reduce_sum(function(x)), x)

    return run


def ragged(random: Random, depth: int) -> Block:
    w, way = matrix(random), random.choice(("flat", "map", "dense"))

    def run(x: Any) -> Any:
        rows = tf.RaggedTensor.from_row_lengths(x, [1, tf.shape(x)[0] - 1])
        if way == "flat":
            return tf.ragged.map_flat_values(tf.matmul, rows, w).flat_values
        if way == "map":
            return x + tf.reduce_sum(
                tf.map_fn(
                    lambda r: tf.reduce_sum(tf.matmul(r.to_tensor() if hasattr(r, "to_tensor") else r, w), 0),
                    rows,
                    fn_output_signature=tf.TensorSpec([FEATURES]),
                ),
                0,
            )
        return x + tf.reduce_sum(tf.einsum("bij,jk->bk", rows.to_tensor(), w), 0)

    return run


def einsums(random: Random, depth: int) -> Block:
    w, heads = matrix(random, FEATURES, FEATURES), random.choice((1, 2, 4))

    def run(x: Any) -> Any:
        split = tf.reshape(tf.einsum("ni,ij->nj", x, w), [-1, heads, FEATURES // heads])
        scores = tf.nn.softmax(tf.einsum("nhd,mhd->hnm", split, split))
        return tf.reshape(tf.einsum("hnm,mhd->nhd", scores, split), tf.shape(x))

    return run


def masked(random: Random, depth: int) -> Block:
    """Rows that data choose."""
    w, way = matrix(random), random.choice(("mask", "where", "unique", "partition"))

    def run(x: Any) -> Any:
        if way == "mask":
            y = tf.boolean_mask(x, x[:, 0] > 0.03)
        elif way == "where":
            y = tf.gather(x, tf.where(x[:, 0] > 0.03)[:, 0])
        elif way == "unique":
            y = tf.gather(x, tf.unique(tf.cast(x[:, 0] > 0.03, tf.int32))[0])
        else:
            y = tf.dynamic_partition(x, tf.cast(x[:, 0] > 0.03, tf.int32), 2)[1]
        return x + tf.reduce_sum(tf.matmul(y, w), 0)

    return run


def keras_layer(random: Random, depth: int) -> Block:
    """A recurrent or attentive layer of Keras, over the rows as one sequence, with a mask or without."""
    layers = tf.keras.layers
    way, units = random.randrange(8), random.randint(1, 3)
    is_masked, sequences = random.random() < 0.4, random.random() < 0.5
    cell = random.choice((layers.SimpleRNN, layers.GRU, layers.LSTM))
    layer = {
        0: lambda: cell(units, return_sequences=sequences),
        1: lambda: layers.Bidirectional(cell(units, return_sequences=sequences)),
        2: lambda: layers.MultiHeadAttention(units, 2),
        3: lambda: layers.TimeDistributed(layers.Dense(units)),
        4: lambda: layers.ConvLSTM1D(units, 3, padding="same", return_sequences=sequences),
        5: lambda: layers.RNN([layers.LSTMCell(units), layers.GRUCell(units)], go_backwards=True),
        6: lambda: cell(units, return_sequences=True, reset_after=False) if cell is layers.GRU else cell(units),
        7: lambda: layers.Attention(use_scale=True),
    }[way]()
    steps = random.choice((3, 4))

    def run(x: Any) -> Any:
        given = x[:, :, None] * tf.ones([1, 1, steps]) if way != 4 else x[:, None, :, None] * tf.ones([1, steps, 1, 2])
        mask = x > 0.0 if is_masked and way in (0, 1, 5, 6) else None
        if way in (2, 7):
            y = layer(given, given) if way == 2 else layer([given, given])
        elif mask is not None:
            y = layer(given, mask=mask)
        else:
            y = layer(given)
        return x + tf.reduce_mean(y)

    return run


LAYERED: Sequence[Kind] = (
    image,
    signal,
    mapped_in_scan,
    gradient_of_arrays,
    gradient_of_branches,
    second_gradient,
    jacobian,
    custom,
    ragged,
    einsums,
    masked,
    keras_layer,
)
