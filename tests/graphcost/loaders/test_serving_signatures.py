"""The signatures of exports before SavedModel, written field by field."""

from __future__ import annotations

import pytest
from model_files import delimited

from graphcost.errors import LoadError
from graphcost.ir.node import TensorRef
from graphcost.loaders.serving_signatures import serving_signatures


def binding(name: str) -> bytes:
    return delimited(1, name.encode())


def named(name: str, signature: bytes) -> bytes:
    return delimited(2, delimited(1, name.encode()) + delimited(2, signature))


def generic(**tensors: str) -> bytes:
    entries = (delimited(1, name.encode()) + delimited(2, binding(tensor)) for name, tensor in tensors.items())
    return delimited(3, b"".join(delimited(1, entry) for entry in entries))


REGRESSION = delimited(1, delimited(1, binding("x:0")) + delimited(2, binding("y:0")))
CLASSES = delimited(1, binding("x:0")) + delimited(2, binding("c:0")) + delimited(3, binding("s:1"))


def test_a_default_signature() -> None:
    found = serving_signatures(delimited(1, REGRESSION))
    assert list(found) == ["default"]
    assert list(found["default"].inputs.values()) == [TensorRef("x")]
    assert dict(found["default"].outputs) == {"outputs": TensorRef("y")}


def test_classes_and_scores() -> None:
    (signature,) = serving_signatures(named("digits", delimited(2, CLASSES))).values()
    assert dict(signature.outputs) == {"classes": TensorRef("c"), "scores": TensorRef("s", 1)}


def test_two_generic_ones_are_the_halves_of_one() -> None:
    inputs, outputs = named("inputs", generic(image="x:0")), named("outputs", generic(scores="s:0", top="t:1"))
    found = serving_signatures(outputs + inputs)
    assert list(found) == ["named"]
    assert dict(found["named"].inputs) == {"image": TensorRef("x")}
    assert dict(found["named"].outputs) == {"scores": TensorRef("s"), "top": TensorRef("t", 1)}
    assert serving_signatures(inputs) == {}


def test_nothing_and_what_is_no_message() -> None:
    assert serving_signatures(b"") == {}
    assert dict(serving_signatures(delimited(1, b""))["default"].outputs) == {}
    with pytest.raises(LoadError):
        serving_signatures(b"\x0a\x7f")
