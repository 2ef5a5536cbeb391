"""The `serving_signatures` collection, in which exports before SavedModel named their inputs and outputs.

Its messages (tensorflow.serving.Signatures) are no part of TensorFlow any more; they are read by field number.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphcost.loaders.model import Signature
from graphcost.loaders.signatures import signature_of_names
from graphcost.loaders.wire import content, fields

_DEFAULT, _NAMED = 1, 2
_REGRESSION, _CLASSIFICATION, _GENERIC = 1, 2, 3
_OUTPUTS = {_REGRESSION: {2: "outputs"}, _CLASSIFICATION: {2: "classes", 3: "scores"}}
"""The outputs of each kind of signature, by field; field 1 is the input."""


def serving_signatures(data: bytes) -> dict[str, Signature]:
    """The signatures in a serialized Signatures message: a default one and named ones.

    Generic signatures named `inputs` and `outputs` are the two halves of one. Raises LoadError or GraphError where the
    bytes are no such message.
    """
    found: dict[str, Signature] = {}
    halves: dict[str, dict[str, str]] = {}
    for number, body in _fields(data):
        if number == _DEFAULT:
            found["default"] = _signature(body)
        elif number == _NAMED:
            name, signature = _entry(body)
            generic = dict(_fields(signature)).get(_GENERIC)
            if generic is None:
                found[name] = _signature(signature)
            else:
                halves[name] = _bindings(generic)
    if halves.keys() >= {"inputs", "outputs"}:
        found["named"] = signature_of_names(halves["inputs"], halves["outputs"])
    return found


def _signature(data: bytes) -> Signature:
    for kind, body in _fields(data):
        if kind in _OUTPUTS:
            bound = {number: _tensor_name(binding) for number, binding in _fields(body)}
            outputs = {name: bound[number] for number, name in _OUTPUTS[kind].items() if number in bound}
            return signature_of_names({"inputs": bound[1]} if 1 in bound else {}, outputs)
    return signature_of_names({}, {})


def _bindings(data: bytes) -> dict[str, str]:
    entries = (_entry(body) for _, body in _fields(data))
    return {name: _tensor_name(binding) for name, binding in entries}


def _entry(data: bytes) -> tuple[str, bytes]:
    """Key and value of a map's entry."""
    parts = dict(_fields(data))
    return parts.get(1, b"").decode(errors="replace"), parts.get(2, b"")


def _tensor_name(binding: bytes) -> str:
    return dict(_fields(binding)).get(1, b"").decode(errors="replace")


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    return ((field.number, content(data, field)) for field in fields(data, 0, len(data)))
