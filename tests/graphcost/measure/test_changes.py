"""Parameters, constants and state of models and of their training steps, against what Keras says of its variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from evaluation import counted
from optional_tensorflow import need_tensorflow, tensorflow_module
from tiny_graph import tiny_graph

from graphcost import Report, analyze
from graphcost.passes.prune import Prune

TRAINED = """
    x = Placeholder(dtype=float32, shape=<?,2>)
    v = VarHandleOp(dtype=float32, shape=<2>)
    w = ReadVariableOp(v, dtype=float32)
    y = Mul(x, w, T=float32)
"""


def kinds(text: str, outputs: str, controls: str = "") -> tuple[int, int, int]:
    """Parameters, constants, state."""
    lines = counted(Prune()(tiny_graph(text, outputs, controls=controls))).lines
    return sum(each.params for each in lines), sum(each.constants for each in lines), sum(each.state for each in lines)


def test_constants_are_parameters_only_where_no_variable_is_trained() -> None:
    table = "c = Const(value=[1.0, 2.0])\nz = Add(x, c, T=float32)\nsum = Add(y, z, T=float32)"
    assert kinds(TRAINED + table, "sum") == (2, 2, 0)
    assert kinds(TRAINED + table, "z") == (2, 0, 0)


def test_variables_that_count_or_seed() -> None:
    counter = """
        h = VarHandleOp(dtype=int64, shape=<3>)
        count = ReadVariableOp(h, dtype=int64)
        step = AssignAddVariableOp(h, count, dtype=int64)
        c = Const(value=[1.0, 2.0])
        z = Add(x, c, T=float32)
    """
    assert kinds(TRAINED + counter, "y,count", controls="step") == (2, 0, 3)
    assert kinds(TRAINED + counter, "z,count", controls="step") == (2, 0, 3)
    seed = """
        h = VarHandleOp(dtype=int64, shape=<3>)
        algorithm = Const(value=1)
        shape = Const(value=[2])
        noise = StatefulStandardNormalV2(h, algorithm, shape, dtype=float32, shape_dtype=int32)
        z = Add(y, noise, T=float32)
    """
    assert kinds(TRAINED + seed, "z") == (2, 0, 3)


def test_an_optimizer_trains_its_first_operand_and_keeps_the_others() -> None:
    step = """
        m = VarHandleOp(dtype=float32, shape=<2>)
        rate = Const(value=0.1)
        step = ResourceApplyMomentum(v, m, rate, w, rate, T=float32)
    """
    assert kinds(TRAINED + step, "y", controls="step") == (2, 0, 2)


@pytest.mark.parametrize(
    ("change", "is_state"),
    [
        ("AssignVariableOp(v, y, dtype=float32)", True),
        ("AssignAddVariableOp(v, y, dtype=float32)", False),
        ("AssignSubVariableOp(v, y, dtype=float32)", False),
    ],
)
def test_what_is_assigned_is_state_and_what_is_stepped_is_trained(change: str, is_state: bool) -> None:
    assert kinds(f"{TRAINED}step = {change}", "y", controls="step") == ((0, 0, 2) if is_state else (2, 0, 0))


def test_an_assignment_of_a_difference_from_itself_trains() -> None:
    step = "less = Sub(w, x, T=float32)\nstep = AssignVariableOp(v, less, dtype=float32)"
    assert kinds(TRAINED + step, "y", controls="step") == (2, 0, 0)


def test_moments_that_only_serve_updates_are_state() -> None:
    moment = """
        h = VarHandleOp(dtype=float32, shape=<2>)
        m = ReadVariableOp(h, dtype=float32)
        less = Sub(y, m, T=float32)
        step = AssignAddVariableOp(h, less, dtype=float32)
    """
    assert kinds(TRAINED + moment, "y", controls="step") == (2, 0, 2)


def exported(model: Any, folder: Path) -> Report:
    model.export(str(folder), verbose=False)
    return analyze(folder, batch=2)


@pytest.mark.tensorflow
@pytest.mark.parametrize("scale", [True, False])
def test_constants_beside_a_normalization_against_keras(scale: bool, tmp_path: Path) -> None:
    need_tensorflow()
    import keras

    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3),
            keras.layers.BatchNormalization(scale=scale, center=scale),
            keras.layers.Lambda(lambda x: x * tensorflow_module().constant([1.0, 2.0, 3.0, 4.0])),
        ]
    )
    report = exported(model, tmp_path)
    assert report.total.params == model.count_params()
    assert report.constants >= 4


@pytest.mark.tensorflow
def test_the_state_of_a_recurrent_layer_against_keras(tmp_path: Path) -> None:
    need_tensorflow()
    import keras

    tf = tensorflow_module()
    model = keras.Sequential(
        [keras.Input((5, 3), batch_size=2), keras.layers.GRU(4, stateful=True), keras.layers.Dense(2)]
    )
    function = tf.function(model).get_concrete_function(tf.TensorSpec((2, 5, 3), "float32"))
    tf.saved_model.save(model, str(tmp_path), signatures=function)
    report = analyze(tmp_path)
    assert report.state == 2 * 4
    assert report.total.params == sum(int(tf.size(each)) for each in model.trainable_variables)


@pytest.mark.tensorflow
@pytest.mark.parametrize("optimizer", ["Adam", "SGD", "RMSprop", "Adagrad", "Nadam", "AdamW", "Lion"])
def test_a_training_step_against_keras(optimizer: str, tmp_path: Path) -> None:
    need_tensorflow()
    import keras

    tf = tensorflow_module()
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, "relu"), keras.layers.LayerNormalization()])
    rule = getattr(keras.optimizers, optimizer)(**({"momentum": 0.9} if optimizer == "SGD" else {}))
    rule.build(model.trainable_variables)

    def step(x: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x, training=True) ** 2)
        rule.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    module = tf.Module()
    module.model, module.rule = model, rule
    function = tf.function(step).get_concrete_function(tf.TensorSpec((3, 6), "float32"))
    module.step = tf.function(step, input_signature=[tf.TensorSpec((3, 6), "float32")])
    tf.saved_model.save(module, str(tmp_path), signatures={"step": module.step})
    assert function is not None
    report = analyze(tmp_path, signature="step")
    assert report.total.params == model.count_params()
    assert report.state >= sum(int(tf.size(each)) for each in rule.variables) - 2
