"""TensorFlow.js' model.json: a GraphDef as JSON, and constants whose values lie in shards beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from graphcost.errors import GraphError, LoadError
from graphcost.ir.literal import Literal
from graphcost.ir.node import Attr
from graphcost.loaders.attrs import decode_attr
from graphcost.loaders.descriptors import message_class
from graphcost.loaders.model import Signature
from graphcost.loaders.shards import Weight, weights_of
from graphcost.loaders.signatures import signature_of_names
from graphcost.loaders.source import GraphSource, ModelSource, NodeBudget, NodeSource, source_from_message
from graphcost.loaders.wire import Buffer

_SIGNATURE = "serving_default"


def tfjs_source(buffer: Buffer, folder: Path, budget: NodeBudget) -> ModelSource:
    """The graph of a model.json in `folder`.

    A constant that the weights manifest lists has no value unless it is small, of integers, and its shard lies in
    `folder`. Raises LoadError where the JSON holds no graph.
    """
    document = _document(buffer)
    topology = _topology(document)
    graph = source_from_message(_graph_def(topology, budget), budget)
    signatures, warnings = _signatures(document)
    weights = weights_of(document.get("weightsManifest"), folder)
    missing = sum(1 for weight in weights.values() if weight.is_missing)
    if missing:
        warnings += (f"{missing} integer constants have no value: their shards aren't beside the model.json",)
    return ModelSource(_with_weights(graph, weights), signatures=signatures, warnings=warnings)


def _document(buffer: Buffer) -> dict[str, Any]:
    try:
        document = json.loads(buffer[:].decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise LoadError(f"JSON that isn't UTF-8 at byte {error.start}") from error
    except ValueError as error:
        raise LoadError(f"no JSON: {error}; save or download it again") from error
    if not isinstance(document, dict):
        raise LoadError("JSON, but no tfjs model.json; give a model's file or a SavedModel's folder")
    return document


def _topology(document: Mapping[str, Any]) -> dict[str, Any]:
    topology = document.get("modelTopology")
    if isinstance(topology, dict) and isinstance(topology.get("node"), list):
        return topology
    if isinstance(topology, dict) and ("model_config" in topology or "class_name" in topology):
        raise LoadError("a tfjs layers model: Keras layers, no graph; convert the model to a tfjs graph model")
    if "class_name" in document:
        raise LoadError("a Keras configuration: layers, no graph; save the model with model.export(folder)")
    raise LoadError("JSON, but no tfjs graph model: it has no modelTopology with nodes; give a model.json")


def _graph_def(topology: dict[str, Any], budget: NodeBudget) -> Any:
    from google.protobuf import json_format

    budget.check(len(topology["node"]))
    try:
        document = {**topology, "node": [_with_base64(node) for node in topology["node"]]}
        return json_format.ParseDict(document, message_class("GraphDef")(), ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
        if "too deep" in str(error):
            raise LoadError("JSON that is nested too deeply to be a model") from error
        raise LoadError(f"no GraphDef in its modelTopology: {error}") from error


def _with_base64(node: Any) -> Any:
    """The node with its byte strings as protobuf's JSON has them; old converters wrote lists of numbers."""
    if not isinstance(node, dict) or not isinstance(node.get("attr"), dict):
        return node
    return {**node, "attr": {name: _bytes_as_base64(value) for name, value in node["attr"].items()}}


def _bytes_as_base64(value: Any) -> Any:
    numbers = value.get("s") if isinstance(value, dict) else None
    if not isinstance(numbers, list):
        return value
    return {**value, "s": base64.b64encode(bytes(numbers)).decode()}


def _signatures(document: Mapping[str, Any]) -> tuple[Mapping[str, Signature], tuple[str, ...]]:
    """The signature, which older converters put among the user's metadata."""
    metadata = document.get("userDefinedMetadata")
    found = document.get("signature") or (metadata.get("signature") if isinstance(metadata, dict) else None)
    if not isinstance(found, dict):
        return MappingProxyType({}), ()
    try:
        signature = signature_of_names(_names(found.get("inputs")), _names(found.get("outputs")))
    except GraphError as error:
        return MappingProxyType({}), (f"its signature was left out: {error}",)
    return MappingProxyType({_SIGNATURE: signature}), ()


def _names(infos: Any) -> dict[str, str]:
    if not isinstance(infos, dict):
        return {}
    return {key: info["name"] for key, info in infos.items() if isinstance(info, dict) and _is_name(info.get("name"))}


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and bool(name)


def _with_weights(graph: GraphSource, weights: Mapping[str, Weight]) -> GraphSource:
    functions = [
        function._replace(nodes=partial(_filled, function.nodes, weights, f"{function.header.signature.name}/"))
        for function in graph.functions
    ]
    return replace(graph, nodes=partial(_filled, graph.nodes, weights, ""), functions=functions)


def _filled(
    nodes: Callable[[], Iterator[NodeSource]], weights: Mapping[str, Weight], prefix: str
) -> Iterator[NodeSource]:
    """The nodes, with what is known of the constants that the manifest lists.

    Those of a function are listed under its name, which some converters already put into the node's.
    """
    for node in nodes():
        name = node.message.name
        weight = weights.get(name if name.startswith(prefix) else prefix + name)
        if weight is None or node.message.op != "Const" or "value" not in node.message.attr:
            yield node
        else:
            attrs: dict[str, Attr] = {"value": _literal(node.message.attr["value"], weight)}
            yield NodeSource(node.message, attrs)


def _literal(value: Any, weight: Weight) -> Attr:
    declared = decode_attr(value)
    if not isinstance(declared, Literal):
        return declared
    return Literal(declared.dtype, declared.shape, weight.value(declared.shape))
