"""Which sinks are copies of others: siamese networks and shared heads aren't, pairs that train and evaluate are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from networks import inferred, network_of
from optional_tensorflow import need_tensorflow, tensorflow_module
from run_oracle import run_contractions
from tiny_graph import tiny_graph

from graphcost import analyze
from graphcost.roles.copies import compare, frozen_outputs

FROZEN = """
    x = Placeholder(dtype=float32)
    w = Const(value=[1.0, 2.0])
    a = MatMul(x, w, T=float32)
"""
TRAINED = FROZEN.replace("Const(value=[1.0, 2.0])", "VariableV2(dtype=float32)")
ELSEWHERE = """
    x2 = Placeholder(dtype=float32)
    b = MatMul(x2, w, T=float32)
"""


def outputs(text: str) -> list[str]:
    return [str(ref) for ref in inferred(tiny_graph(text)).graph.outputs]


def test_the_same_weights_on_another_input_are_no_copy_in_a_frozen_file() -> None:
    assert outputs(FROZEN + ELSEWHERE) == ["a", "b"]


def test_the_same_on_the_same_input_is_a_copy() -> None:
    again = inferred(tiny_graph(FROZEN + "b = MatMul(x, w, T=float32)"))

    assert [str(ref) for ref in again.graph.outputs] == ["a"]
    assert any("copies" in doubt for doubt in again.doubts)


def test_other_parts_of_one_input_are_no_copies() -> None:
    """The same operations with the same weights on the same input, but for where they cut it."""
    cut = """
        {name}_at = Const(value=[0, {at}])
        {name}_size = Const(value=[2, 1])
        {name}_cut = Slice(x, {name}_at, {name}_size, T=float32)
        {name} = MatMul({name}_cut, w, T=float32)
    """
    source = FROZEN.partition("a = ")[0]
    assert outputs(source + cut.format(name="a", at=0) + cut.format(name="b", at=1)) == ["a", "b"]
    assert outputs(source + cut.format(name="a", at=1) + cut.format(name="b", at=1)) == ["a"]


def test_a_head_that_levels_share_is_no_copy() -> None:
    levels = """
        x = Placeholder(dtype=float32)
        v = Const(value=[1.0, 2.0])
        w = Const(value=[3.0, 4.0])
        low = MatMul(x, v, T=float32)
        high = MatMul(low, v, T=float32)
        a = MatMul(low, w, T=float32)
        b = MatMul(high, w, T=float32)
    """
    assert outputs(levels) == ["a", "b"]
    trained = levels.replace("Const(value=[1.0, 2.0])", "VariableV2(dtype=float32)")
    assert outputs(trained.replace("Const(value=[3.0, 4.0])", "VariableV2(dtype=float32)")) == ["a", "b"]


def test_a_network_that_trains_beside_one_that_evaluates() -> None:
    """With variables any two that do the same with other data; in a frozen file such that differ as training does."""
    noisy = """
        shape = Const(value=[2, 2])
        noise = RandomUniform(shape, T=int32, dtype=float32)
        dropped = Mul(x, noise, T=float32)
        b = MatMul(dropped, w, T=float32)
    """
    assert outputs(TRAINED + ELSEWHERE) == ["a"]
    assert outputs(TRAINED + noisy) == ["a"]
    assert outputs(FROZEN + noisy) == ["a"]


def test_weights_that_are_shared_for_something_else_are_doubted() -> None:
    other = "axes = Const(value=[0])\nsquare = Mul(w, x, T=float32)\nb = Mean(square, axes, T=float32)"
    found = inferred(tiny_graph(TRAINED + other))

    assert [str(ref) for ref in found.graph.outputs] == ["a", "b"]
    assert any("weights they share: b" in doubt for doubt in found.doubts)


def test_what_tensorflow_2_freezes_returns_all_of_its_identities() -> None:
    text = (
        FROZEN
        + """
        again = MatMul(x, w, T=float32)
        Identity = Identity(a, T=float32)
        Identity_1 = Identity(again, T=float32)
        Identity_2 = Identity(x, T=float32)
        aside = Relu(a, T=float32)
    """
    )
    assert outputs(text) == ["Identity", "Identity_1", "Identity_2"]
    assert inferred(tiny_graph(text)).doubts == ()


def test_nothing_is_returned_where_variables_are_trained() -> None:
    network = network_of(tiny_graph(TRAINED + "Identity = Identity(a, T=float32)"))
    assert frozen_outputs(network) == ()


def test_what_can_t_be_compared_is_original() -> None:
    network = network_of(tiny_graph(FROZEN))
    assert compare(network, [1]).originals == (1,)
    assert compare(network, []).copies == ()


def frozen(function: Callable[..., Any], *specs: Any) -> Any:
    need_tensorflow()
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    concrete = tensorflow_module().function(function).get_concrete_function(*specs)
    return convert_variables_to_constants_v2(concrete).graph.as_graph_def()


def check_against_a_run(graph_def: Any, shapes: Sequence[Sequence[int]]) -> None:
    import numpy as np

    names = [node.name for node in graph_def.node if node.op == "Placeholder"]
    feeds = {name: np.ones(shape, "float32") for name, shape in zip(names, shapes, strict=True)}
    ran = run_contractions(graph_def, feeds).macs.total()
    report = analyze(graph_def, batch=2)

    assert report.is_complete
    assert report.total.work.macs == ran
    assert not report.notes


@pytest.mark.tensorflow
@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_a_siamese_network_against_tensorflow(inputs: int) -> None:
    need_tensorflow()
    import keras

    tf = tensorflow_module()
    encoder = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, padding="same", activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(5),
        ]
    )
    function = lambda *images: [encoder(image, training=False) for image in images]  # noqa: E731
    graph_def = frozen(function, *(tf.TensorSpec((None, 8, 8, 3), "float32") for _ in range(inputs)))
    check_against_a_run(graph_def, [(2, 8, 8, 3)] * inputs)


@pytest.mark.tensorflow
@pytest.mark.parametrize("is_all_of_weights", [True, False])
def test_a_head_over_pyramid_levels_against_tensorflow(is_all_of_weights: bool) -> None:
    need_tensorflow()
    import keras

    tf = tensorflow_module()
    image = keras.Input((16, 16, 3))
    one = keras.layers.Conv2D(6, 3, strides=2, padding="same")(image)
    two = keras.layers.Conv2D(6, 3, strides=2, padding="same")(one)
    head, box = keras.layers.Conv2D(4, 3, padding="same"), keras.layers.Conv2D(2, 1)
    results = [layer(level) for level in (one, two) for layer in (head, box)]
    if not is_all_of_weights:
        results.append(keras.layers.Flatten()(image))
    model = keras.Model(image, results)
    graph_def = frozen(lambda x: model(x, training=False), tf.TensorSpec((None, 16, 16, 3), "float32"))
    check_against_a_run(graph_def, [(2, 16, 16, 3)])
