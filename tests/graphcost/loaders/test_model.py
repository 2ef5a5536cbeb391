"""What a file holds, where it says no more than a graph."""

from __future__ import annotations

import dataclasses

import pytest
from tiny_graph import tiny_graph

from graphcost.ir.node import TensorRef
from graphcost.loaders.model import Model, Signature

GRAPH = tiny_graph("x = Placeholder(dtype=float32)", "x")


def test_what_the_file_does_not_say_is_nothing() -> None:
    model = Model("model.pb", "graphdef", GRAPH)
    assert (model.signatures, model.producer, model.variable_shapes, model.warnings) == ({}, 0, {}, ())


def test_a_model_and_what_it_holds_stay_as_they_are() -> None:
    model = Model(None, "message", GRAPH)
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.producer = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        model.signatures["serve"] = Signature({}, {})  # type: ignore[index]
    with pytest.raises(TypeError):
        model.variable_shapes["w"] = ("float32", None)  # type: ignore[index]


def test_signatures_are_values() -> None:
    one = Signature({"image": TensorRef("x")}, {"probability": TensorRef("y", 1)})
    assert one == Signature({"image": TensorRef("x")}, {"probability": TensorRef("y", 1)})
    assert one != dataclasses.replace(one, outputs={})
