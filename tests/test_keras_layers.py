"""Keras' layers, exported in four ways: the same multiply-adds each time, those of the closed form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow")

import keras
from keras import layers
from keras_exports import FORMS, Exports, export, sequential

import graphcost
from graphcost import Report
from graphcost.ops.status import Status

pytestmark = pytest.mark.tensorflow

BATCH, STEPS = 3, 11
"""What is bound: the batch, and the length of the sequence where that is open."""


@dataclass(frozen=True)
class Case:
    """A model on inputs of `shape` (without the batch), and its multiply-adds for a batch of 1."""

    build: Callable[[], Any]
    shape: tuple[int | None, ...]
    macs: int
    loops: tuple[int, ...] = ()
    dtype: str = "float32"


def case(
    shape: tuple[int | None, ...], macs: int, *build: Callable[[], Any], loops: tuple[int, ...] = (), **options: Any
) -> Case:
    return Case(lambda: sequential(shape, *(make() for make in build)), shape, macs, loops, **options)


def lstm(units: int, features: int) -> int:
    """Multiply-adds of one step: four gates, each of which sees the features and the state."""
    return 4 * units * (features + units)


def gru(units: int, features: int) -> int:
    return 3 * units * (features + units)


def attention() -> Any:
    x = keras.Input((6, 8))
    return keras.Model(x, layers.MultiHeadAttention(num_heads=2, key_dim=5)(x, x))


LAYERS: Mapping[str, Case] = {
    "conv1d": case((20, 3), 18 * 4 * 3 * 3, lambda: layers.Conv1D(4, 3)),
    "conv2d": case((9, 8, 3), 9 * 8 * 4 * 9 * 3, lambda: layers.Conv2D(4, 3, padding="same", activation="relu")),
    "conv2d, strides": case((9, 8, 3), 4 * 3 * 4 * 9 * 3, lambda: layers.Conv2D(4, 3, strides=2)),
    "conv2d, dilated": case((10, 8, 3), 6 * 4 * 4 * 9 * 3, lambda: layers.Conv2D(4, 3, dilation_rate=2)),
    "conv2d, groups": case((9, 8, 4), 7 * 6 * 6 * 9 * 2, lambda: layers.Conv2D(6, 3, groups=2)),
    "conv3d": case((5, 6, 7, 2), 4 * 5 * 6 * 3 * 8 * 2, lambda: layers.Conv3D(3, 2)),
    "conv2d transposed": case(
        (5, 4, 3), 5 * 4 * 9 * 3 * 2, lambda: layers.Conv2DTranspose(2, 3, strides=2, padding="same")
    ),
    "conv3d transposed": case((3, 4, 5, 2), 3 * 4 * 5 * 8 * 2 * 3, lambda: layers.Conv3DTranspose(3, 2, strides=2)),
    "depthwise": case((9, 8, 3), 7 * 6 * 6 * 9, lambda: layers.DepthwiseConv2D(3, depth_multiplier=2)),
    "separable": case((9, 8, 3), 7 * 6 * 3 * 9 + 7 * 6 * 3 * 5, lambda: layers.SeparableConv2D(5, 3)),
    "dense": case((6,), 6 * 4, lambda: layers.Dense(4, activation="softmax")),
    "dense on rank 3": case((7, 6), 7 * 6 * 4, lambda: layers.Dense(4)),
    "embedding": case((5,), 5 * 8 * 2, lambda: layers.Embedding(30, 8), lambda: layers.Dense(2), dtype="int32"),
    "layer normalization": case((7, 6), 7 * 6 * 4, lambda: layers.LayerNormalization(), lambda: layers.Dense(4)),
    "batch normalization": case(
        (9, 8, 3), 9 * 8 * 4 * 3, lambda: layers.BatchNormalization(), lambda: layers.Conv2D(4, 1)
    ),
    "pooling": case(
        (8, 8, 3),
        4 * 4 * 3 * 5 + 5 * 2,
        lambda: layers.MaxPooling2D(),
        lambda: layers.Conv2D(5, 1),
        lambda: layers.AveragePooling2D(2),
        lambda: layers.GlobalAveragePooling2D(),
        lambda: layers.Dense(2),
    ),
    "upsampling": case(
        (4, 5, 3), 8 * 10 * 3 * 2, lambda: layers.UpSampling2D(interpolation="bilinear"), lambda: layers.Conv2D(2, 1)
    ),
    # Queries, keys, values and the output: 6 rows, 8 features, 2 heads of 5; scores and weighted values: 6 x 6.
    "attention": Case(attention, (6, 8), 4 * 6 * 8 * 10 + 2 * 6 * 6 * 10),
}

RECURRENT: Mapping[str, Case] = {
    "lstm": case((5, 3), 5 * lstm(4, 3), lambda: layers.LSTM(4), loops=(5,)),
    "lstm, open length": case((None, 3), STEPS * lstm(4, 3), lambda: layers.LSTM(4), loops=(STEPS,)),
    "lstm, unrolled": case((5, 3), 5 * lstm(4, 3), lambda: layers.LSTM(4, unroll=True)),
    "lstm, backwards": case((5, 3), 5 * lstm(4, 3), lambda: layers.LSTM(4, go_backwards=True), loops=(5,)),
    "gru": case((5, 3), 5 * gru(4, 3), lambda: layers.GRU(4), loops=(5,)),
    "gru, reset before": case((5, 3), 5 * gru(4, 3), lambda: layers.GRU(4, reset_after=False), loops=(5,)),
    "gru, open length": case(
        (None, 3),
        STEPS * (gru(4, 3) + 4 * 2),
        lambda: layers.GRU(4, return_sequences=True),
        lambda: layers.Dense(2),
        loops=(STEPS,),
    ),
    "simple": case((5, 3), 5 * 4 * (3 + 4), lambda: layers.SimpleRNN(4), loops=(5,)),
    "bidirectional": case(
        (5, 3), 2 * 5 * lstm(4, 3), lambda: layers.Bidirectional(layers.LSTM(4, return_sequences=True)), loops=(5, 5)
    ),
    "bidirectional, open length": case(
        (None, 3),
        STEPS * (2 * lstm(4, 3) + lstm(5, 8)),
        lambda: layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
        lambda: layers.LSTM(5),
        loops=(STEPS,) * 3,
    ),
    "stacked": case(
        (5, 3),
        5 * (lstm(4, 3) + gru(6, 4)),
        lambda: layers.LSTM(4, return_sequences=True),
        lambda: layers.GRU(6),
        loops=(5, 5),
    ),
    "convolutional": case(
        (6, 8, 8, 2), 6 * 8 * 8 * 9 * lstm(4, 2), lambda: layers.ConvLSTM2D(4, 3, padding="same"), loops=(6,)
    ),
    "time distributed": case(
        (5, 4),
        5 * (4 * 7 + gru(3, 7)),
        lambda: layers.TimeDistributed(layers.Dense(7)),
        lambda: layers.GRU(3),
        loops=(5,),
    ),
}
CASES = {**LAYERS, **RECURRENT}


@pytest.fixture(scope="module", params=CASES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def exports(name: str, tmp_path_factory: pytest.TempPathFactory) -> Exports:
    made = CASES[name]
    return export(made.build(), (None, *made.shape), tmp_path_factory.mktemp("model") / "saved", made.dtype)


@pytest.fixture(scope="module", params=FORMS)
def report(exports: Exports, request: pytest.FixtureRequest) -> Report:
    return bound(exports.report(request.param))


def bound(report: Report) -> Report:
    """The batch, and every other open size of the input, filled in."""
    numbers = {symbol: STEPS for tensor in report.inputs for symbol in open_sizes(tensor)}
    return report.bind(**{**numbers, "N": BATCH})


def open_sizes(tensor: Any) -> list[str]:
    return [str(size) for size in tensor.shape if not isinstance(size, int)]


def test_multiply_adds_are_those_of_the_closed_form(name: str, report: Report) -> None:
    assert report.total.work.macs == BATCH * CASES[name].macs


def test_nothing_is_left_out(report: Report) -> None:
    assert not report.uncosted
    assert report.is_complete


def test_loops_are_derived(name: str, report: Report) -> None:
    """Once for each step, each layer and each direction; what an unrolled layer repeats is no loop."""
    assert [report.value(loop.trips) for loop in report.loops] == list(CASES[name].loops)
    assert all(loop.source == "derived" for loop in report.loops)


@pytest.mark.parametrize("layer", ["conv2d", "dense on rank 3", "lstm", "stacked"])
def test_variables_without_a_shape_are_named_and_can_be_given_one(layer: str, tmp_path: Path) -> None:
    """Without recorded shapes a function's graph has bare handles for its variables."""
    made = CASES[layer]
    exports = export(made.build(), (None, *made.shape), tmp_path / "saved")

    report = graphcost.analyze(exports.bare, outputs=[exports.output])
    assert not report.is_complete
    unknown = [line for line in report.uncosted if line.status is Status.NO_SHAPE]
    assert {line.node for line in unknown} == set(exports.variables)
    assert all(f"--shape {line.node}=" in line.reason for line in unknown)

    given = bound(graphcost.analyze(exports.bare, outputs=[exports.output], shapes=exports.variables))
    assert given.is_complete
    assert given.total.work == bound(exports.report("function")).total.work


def test_the_forms_agree_with_a_pinned_input(tmp_path: Path) -> None:
    """Sizes given before propagation are sizes bound after, loops included."""
    made = RECURRENT["bidirectional, open length"]
    exports = export(made.build(), (None, *made.shape), tmp_path / "saved")
    for form in ("function", "frozen", "lowered"):
        options = {"outputs": [exports.output], "shapes": {"x": (BATCH, STEPS, 3)}}
        pinned = graphcost.analyze(exports.sources[form], **options)
        after = bound(exports.report(form))
        assert [(line.node, line.count, line.work) for line in pinned.bound_lines] == [
            (line.node, line.count, line.work) for line in after.bound_lines
        ]
