"""Stacks of recurrent layers: TensorFlow's shape functions, and naive layers that count themselves against Keras'."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from counted import floats
from counting import Tally
from open_sizes import assert_same_when_bound
from optional_tensorflow import tf
from single_op import apply

from graphcost import Cost, Fact, RuleError, Shape
from graphcost.dims import symbol
from graphcost_rules.cudnn_rnn import RULES

STEPS, BATCH, FEATURES, UNITS = 4, 2, 3, 5
GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}
Vector = list[float]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


class Layer:
    """One layer in one direction: weights of the input, of the state, and two biases, as Keras has them."""

    def __init__(self, mode: str, inputs: int, seed: int, units: int = UNITS) -> None:
        self.mode, self.units, width = mode, units, GATES[mode] * units
        self.w, self.r = floats(seed, inputs, width), floats(seed + 1, units, width)
        self.biases = floats(seed + 2, 2, width)

    def keras(self) -> Any:
        layers = tf.keras.layers
        common = {"return_sequences": True}
        if self.mode == "lstm":
            layer, bias = layers.LSTM(self.units, **common), self.biases.sum(0)
        elif self.mode == "gru":
            layer, bias = layers.GRU(self.units, reset_after=True, **common), self.biases
        else:
            layer = layers.SimpleRNN(self.units, activation=self.mode[4:], **common)
            bias = self.biases.sum(0)
        layer.build((BATCH, STEPS, len(self.w)))
        layer.set_weights([self.w, self.r, bias])
        return layer

    def run(self, tally: Tally, rows: np.ndarray) -> np.ndarray:
        """The outputs for one sequence, a row for each step."""
        h, c, outputs = [0.0] * self.units, [0.0] * self.units, []
        for row in rows:
            h, c = self.step(tally, row, h, c)
            outputs.append(h)
        return np.array(outputs)

    def step(self, tally: Tally, x: np.ndarray, h: Vector, c: Vector) -> tuple[Vector, Vector]:
        return STEP[self.mode](self, tally, x, h, c)

    def gate(self, tally: Tally, x: np.ndarray, h: Vector, column: int) -> float:
        """One column of [x, h] times the weights, and both biases."""
        total = 0.0
        for value, weight in zip([*x, *h], [*self.w[:, column], *self.r[:, column]], strict=True):
            total = tally.mac(total, value, weight)
        return tally.add(tally.add(total, self.biases[0, column]), self.biases[1, column])


def simple_step(layer: Layer, tally: Tally, x: np.ndarray, h: Vector, c: Vector) -> tuple[Vector, Vector]:
    sums = [layer.gate(tally, x, h, k) for k in range(layer.units)]
    if layer.mode == "rnn_tanh":
        return [tally.call(math.tanh, a) for a in sums], c
    return [tally.max(a, 0.0) for a in sums], c


def lstm_step(layer: Layer, tally: Tally, x: np.ndarray, h: Vector, c: Vector) -> tuple[Vector, Vector]:
    units, outputs, cells = layer.units, [], []
    for k in range(units):
        i, f = (tally.call(sigmoid, layer.gate(tally, x, h, k + units * gate)) for gate in (0, 1))
        g = tally.call(math.tanh, layer.gate(tally, x, h, k + units * 2))
        o = tally.call(sigmoid, layer.gate(tally, x, h, k + units * 3))
        cells.append(tally.add(tally.mul(f, c[k]), tally.mul(i, g)))
        outputs.append(tally.mul(o, tally.call(math.tanh, cells[-1])))
    return outputs, cells


def gru_step(layer: Layer, tally: Tally, x: np.ndarray, h: Vector, c: Vector) -> tuple[Vector, Vector]:
    units, outputs = layer.units, []
    for k in range(units):
        u, r = (tally.call(sigmoid, layer.gate(tally, x, h, k + units * gate)) for gate in (0, 1))
        column, of_input, of_state = k + 2 * units, 0.0, 0.0
        for value, weight in zip(x, layer.w[:, column], strict=True):
            of_input = tally.mac(of_input, value, weight)
        for value, weight in zip(h, layer.r[:, column], strict=True):
            of_state = tally.mac(of_state, value, weight)
        of_input, of_state = (
            tally.add(part, bias) for part, bias in zip((of_input, of_state), layer.biases[:, column], strict=True)
        )
        g = tally.call(math.tanh, tally.add(of_input, tally.mul(r, of_state)))
        outputs.append(tally.add(tally.mul(tally.sub(1.0, u), g), tally.mul(u, h[k])))
    return outputs, c


STEP: dict[str, Callable[..., tuple[Vector, Vector]]] = {
    "lstm": lstm_step,
    "gru": gru_step,
    "rnn_tanh": simple_step,
    "rnn_relu": simple_step,
}


def operands(directions: int = 1, layers: int = 1, features: int = FEATURES, cell: int = UNITS) -> list[Shape]:
    states = directions * layers, BATCH
    return [Shape(STEPS, BATCH, features), Shape(*states, UNITS), Shape(*states, cell), Shape(999)]


@pytest.mark.parametrize("mode", GATES)
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("layers", [1, 2])
def test_stacks_cost_what_the_naive_layers_count(mode: str, directions: int, layers: int) -> None:
    x, tally = floats(1, BATCH, STEPS, FEATURES), Tally()
    ours, theirs = x.astype(float), tf.constant(x)
    for layer in range(layers):
        cells = [Layer(mode, ours.shape[-1], 10 * layer + 100 * direction) for direction in range(directions)]
        ways = [slice(None), slice(None, None, -1)]
        theirs = tf.concat([cell.keras()(theirs[:, way])[:, way] for cell, way in zip(cells, ways, strict=False)], -1)
        ours = np.concatenate(
            [
                np.stack([cell.run(tally, row) for row in ours[:, way]])[:, way]
                for cell, way in zip(cells, ways, strict=False)
            ],
            -1,
        )
    tally.agrees(ours, theirs)
    direction = b"bidirectional" if directions == 2 else b"unidirectional"
    for kind in ("CudnnRNN", "CudnnRNNV2", "CudnnRNNV3"):
        outcome = apply(RULES, kind, *operands(directions, layers), rnn_mode=mode.encode(), direction=direction)
        tally.proves(kind, outcome.cost)


def test_a_skipped_input_is_added_to_every_gate() -> None:
    operand = operands(layers=2, features=UNITS)
    linear, skipped, auto = (
        apply(RULES, "CudnnRNN", *operand, input_mode=mode).cost
        for mode in (b"linear_input", b"skip_input", b"auto_select")
    )
    rows = STEPS * BATCH
    assert isinstance(linear, Cost)
    assert isinstance(skipped, Cost)
    assert auto == skipped
    assert linear.mac - skipped.mac == rows * 4 * UNITS * UNITS
    assert skipped.add - linear.add == rows * 4 * UNITS
    assert apply(RULES, "CudnnRNN", *operands(), input_mode=b"auto_select") == apply(RULES, "CudnnRNN", *operands())


def test_a_projection_is_one_more_product() -> None:
    outcome = apply(RULES, "CudnnRNNV3", *operands(layers=2, cell=8), Shape(BATCH), num_proj=UNITS)
    assert outcome.shapes[:3] == (Shape(STEPS, BATCH, UNITS), Shape(2, BATCH, UNITS), Shape(2, BATCH, 8))
    assert isinstance(outcome.cost, Cost)
    gates = 4 * 8 * (FEATURES + UNITS) + 4 * 8 * (UNITS + UNITS)
    assert outcome.cost.mac == STEPS * BATCH * (gates + 2 * 8 * UNITS)
    assert outcome.cost.transcendental == STEPS * BATCH * 2 * 5 * 8


def test_dropout_scales_what_goes_between_layers_in_training() -> None:
    plain, dropped, deployed = (
        apply(RULES, "CudnnRNN", *operands(layers=3), dropout=rate, is_training=training).cost
        for rate, training in ((0.0, True), (0.5, True), (0.5, False))
    )
    assert dropped == plain + Cost(mul=STEPS * BATCH * 2 * UNITS)
    assert deployed == plain


def test_the_batch_may_come_first() -> None:
    major = apply(RULES, "CudnnRNNV3", *operands(2, 2), Shape(BATCH), direction=b"bidirectional")
    turned = [Shape(s[1], s[0], s[2]) for s in operands(2, 2)[:3]]
    minor = apply(RULES, "CudnnRNNV3", *turned, Shape(999), Shape(BATCH), direction=b"bidirectional", time_major=False)
    assert minor.cost == major.cost
    assert minor.shapes[0] == Shape(BATCH, STEPS, 2 * UNITS)


def naive_lstm_gradient(
    tally: Tally, layer: Layer, x: np.ndarray, given: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of one sequence, its weights and one of both biases, from activations that are at hand."""
    saved, h, c = [], [0.0] * UNITS, [0.0] * UNITS
    for row in x:
        sums = np.concatenate([row, h]) @ np.concatenate([layer.w, layer.r]) + layer.biases.sum(0)
        i, f, g, o = np.split(sums, 4)
        i, f, o, g = sigmoids(i), sigmoids(f), sigmoids(o), np.tanh(g)
        new = f * np.array(c) + i * g
        saved.append((row, h, c, i, f, g, o, np.tanh(new)))
        h, c = list(o * np.tanh(new)), list(new)
    dw, dr = np.zeros_like(layer.w), np.zeros_like(layer.r)
    db, dx = np.zeros((2, 4 * UNITS)), np.zeros(x.shape)
    dh, dc = np.zeros(UNITS), np.zeros(UNITS)
    for t in reversed(range(len(x))):
        row, before_h, before_c, i, f, g, o, squashed = saved[t]
        gates = np.zeros(4 * UNITS)
        for k in range(UNITS):
            dh[k] = tally.add(dh[k], given[t, k])
            of_o = chain(tally, o[k], tally.sub(1, o[k]), dh[k], squashed[k])
            through = chain(tally, tally.sub(1, tally.mul(squashed[k], squashed[k])), dh[k], o[k])
            dc[k] = tally.add(dc[k], through)
            of_g = chain(tally, tally.sub(1, tally.mul(g[k], g[k])), dc[k], i[k])
            of_f = chain(tally, f[k], tally.sub(1, f[k]), dc[k], before_c[k])
            of_i = chain(tally, i[k], tally.sub(1, i[k]), dc[k], g[k])
            gates[k::UNITS] = of_i, of_f, of_g, of_o
            dc[k] = tally.mul(dc[k], f[k])
        dh = np.zeros(UNITS)
        for k, gate in enumerate(gates):
            for bias in db:
                bias[k] = tally.add(bias[k], gate)
            for weights, gradient, seen, back in ((layer.w, dw, row, dx[t]), (layer.r, dr, before_h, dh)):
                for j in range(len(seen)):
                    gradient[j, k] = tally.mac(gradient[j, k], seen[j], gate)
                    back[j] = tally.mac(back[j], weights[j, k], gate)
    return dx, dw, dr, db[0]


def sigmoids(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def chain(tally: Tally, *factors: float) -> float:
    total = factors[0]
    for factor in factors[1:]:
        total = tally.mul(total, factor)
    return total


@pytest.mark.tensorflow
def test_an_lstms_gradient_costs_what_the_naive_one_counts() -> None:
    layer, tally = Layer("lstm", FEATURES, 3), Tally()
    x, given = floats(1, BATCH, STEPS, FEATURES), floats(2, BATCH, STEPS, UNITS)
    rows = [naive_lstm_gradient(tally, layer, *pair) for pair in zip(x, given, strict=True)]
    keras, source = layer.keras(), tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(source)
        total = tf.reduce_sum(keras(source) * given)
    of_x, of_w, of_r, of_b = tape.gradient(total, [source, *keras.trainable_variables])
    tally.agrees(np.stack([row[0] for row in rows]), of_x)
    for theirs, index in ((of_w, 1), (of_r, 2), (of_b, 3)):
        tally.agrees(sum(row[index] for row in rows), theirs)
    for kind in ("CudnnRNNBackprop", "CudnnRNNBackpropV2", "CudnnRNNBackpropV3"):
        tally.proves(kind, apply(RULES, kind, *operands()).cost)


def test_a_gradient_multiplies_twice_what_the_forward_pass_does() -> None:
    for mode in GATES:
        attrs = {"rnn_mode": mode.encode(), "direction": b"bidirectional"}
        forward, backward = (
            apply(RULES, kind, *operands(2, 3), **attrs).cost for kind in ("CudnnRNN", "CudnnRNNBackpropV2")
        )
        assert isinstance(forward, Cost)
        assert isinstance(backward, Cost)
        assert backward.mac == 2 * forward.mac


def test_symbols_bind_to_the_same() -> None:
    for mode in GATES:
        attrs = {"rnn_mode": mode.encode(), "direction": b"bidirectional"}
        for kind in ("CudnnRNN", "CudnnRNNBackprop"):
            assert_same_when_bound(RULES, kind, *operands(2, 2), **attrs)


SIZES: list[tuple[int | None, ...] | None] = [(7, None, 3), (None, 4, None), None]


@pytest.mark.tensorflow
@pytest.mark.parametrize("mode", GATES)
@pytest.mark.parametrize("known", SIZES)
def test_shapes_are_those_of_tensorflow(mode: str, known: tuple[int | None, ...] | None) -> None:
    with tf.Graph().as_default():
        state = (2, *(known or (None, None, None))[1:])
        inputs = [tf.compat.v1.placeholder(tf.float32, shape) for shape in (known, state, state, [None])]
        lengths = tf.compat.v1.placeholder(tf.int32, [None])
        names = ("input", "input_h", "input_c", "params")
        theirs = tf.raw_ops.CudnnRNNV3(
            **dict(zip(names, inputs, strict=True)), sequence_lengths=lengths, rnn_mode=mode, direction="bidirectional"
        )
    facts = [_fact(i, tensor.shape) for i, tensor in enumerate([*inputs, lengths])]
    ours = apply(RULES, "CudnnRNNV3", *facts, rnn_mode=mode.encode(), direction=b"bidirectional").shapes
    assert len(ours) == len(theirs)
    for tensor, shape in zip(theirs, ours, strict=True):
        if tensor.shape.rank is not None:
            assert shape is not None
            assert shape.rank == tensor.shape.rank
            assert all(size in (None, dim) for size, dim in zip(tensor.shape, shape, strict=True))


def _fact(index: int, shape: Any) -> Fact:
    if shape.rank is None:
        return Fact("float32")
    sizes = (symbol(f"x{index}_{axis}") if size is None else size for axis, size in enumerate(shape))
    return Fact("float32", Shape(*sizes))


def test_canonical_parameters_are_matrices_and_vectors() -> None:
    sizes = [Shape()] * 3
    outcome = apply(RULES, "CudnnRNNParamsToCanonicalV2", *sizes, Shape(99), num_params_weights=3, num_params_biases=2)
    assert [shape and shape.rank for shape in outcome.shapes] == [2, 2, 2, 1, 1]
    assert apply(RULES, "CudnnRNNParamsSize", *sizes).shapes == (Shape(1),)


@pytest.mark.parametrize(
    "hostile",
    [{"rnn_mode": b"lstmm"}, {"direction": b"up"}, {"input_mode": b""}, {"dropout": b"0"}, {"is_training": 1}],
)
def test_hostile_attributes_are_refused(hostile: dict[str, Any]) -> None:
    with pytest.raises(RuleError):
        apply(RULES, "CudnnRNN", *operands(), **hostile)
    with pytest.raises(RuleError):
        apply(RULES, "CudnnRNNParamsToCanonical", *[Shape()] * 3, Shape(9), num_params=2**40)
