"""A Keras model, exported in every way that ends in a graph."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

import graphcost
from graphcost import Report

FORMS = ("function", "frozen", "lowered", "savedmodel")


@dataclass(frozen=True)
class Exports:
    """The graphs of one model: a concrete function's, frozen with functional and with lowered loops, a SavedModel.

    `bare` is the function's graph without recorded shapes; `variables` are the shapes of its handles.
    """

    sources: Mapping[str, Any]
    output: str
    bare: Any
    variables: Mapping[str, tuple[int, ...]]

    def report(self, form: str) -> Report:
        if form == "savedmodel":
            return graphcost.analyze(self.sources[form])
        return graphcost.analyze(self.sources[form], outputs=[self.output])


def export(model: Any, shape: Sequence[int | None], folder: Path, dtype: str = "float32") -> Exports:
    """`shape` is the input's, batch included."""
    function = tf.function(lambda x: model(x)).get_concrete_function(tf.TensorSpec(shape, dtype, name="x"))
    model.export(str(folder), verbose=False)
    return Exports(
        sources={
            "function": function.graph.as_graph_def(add_shapes=True),
            "frozen": _frozen(function, lower_control_flow=False),
            "lowered": _frozen(function, lower_control_flow=True),
            "savedmodel": folder,
        },
        output="Identity",
        bare=function.graph.as_graph_def(),
        variables={inner.op.name: _held_shape(outer) for outer, inner in function.graph.captures},
    )


def sequential(shape: Sequence[int | None], *layers: Any) -> Any:
    """A model of layers one after the other; `shape` without the batch."""
    return keras.Sequential([keras.Input(tuple(shape)), *layers])


def _held_shape(handle: Any) -> tuple[int, ...]:
    (held,) = handle._handle_data.shape_and_type
    return tuple(dim.size for dim in held.shape.dim)


def _frozen(function: Any, *, lower_control_flow: bool) -> Any:
    frozen = convert_variables_to_constants_v2(function, lower_control_flow=lower_control_flow)
    return frozen.graph.as_graph_def()
