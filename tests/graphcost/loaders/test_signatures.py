"""Signatures: from TensorInfo messages and from names."""

from __future__ import annotations

import pytest
from model_files import message
from tiny_graph import tiny_graph

from graphcost.errors import GraphError
from graphcost.ir.node import TensorRef
from graphcost.loaders.signatures import is_in, signature_of_names, signature_of_tensors


def test_each_part_of_a_tensor_has_a_name() -> None:
    infos = {
        "plain": message("TensorInfo", 'name: "x:1"'),
        "sparse": message(
            "TensorInfo",
            'coo_sparse { values_tensor_name: "v:0" indices_tensor_name: "i:0" dense_shape_tensor_name: "s:0" }',
        ),
        "ragged": message(
            "TensorInfo", 'composite_tensor { components { name: "flat:0" } components { name: "splits:2" } }'
        ),
        "empty": message("TensorInfo", ""),
    }
    signature = signature_of_tensors(infos, {})
    assert dict(signature.inputs) == {
        "plain": TensorRef("x", 1),
        "ragged/0": TensorRef("flat"),
        "ragged/1": TensorRef("splits", 2),
        "sparse/values": TensorRef("v"),
        "sparse/indices": TensorRef("i"),
        "sparse/dense_shape": TensorRef("s"),
    }
    assert dict(signature.outputs) == {}


def test_a_name_that_no_tensor_can_have() -> None:
    with pytest.raises(GraphError):
        signature_of_names({}, {"scores": "x:one"})


def test_a_signature_is_in_the_graph_that_has_its_tensors() -> None:
    graph = tiny_graph("x = Placeholder(dtype=float32)\ny, = Foo(x) -> float32, float32".replace("y,", "y"))
    assert is_in(signature_of_names({"x": "x:0"}, {"y": "y:1"}), graph)
    assert not is_in(signature_of_names({"x": "x:0"}, {"y": "y:2"}), graph)
    assert not is_in(signature_of_names({"x": "gone:0"}, {}), graph)
