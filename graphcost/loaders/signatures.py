"""Signatures: names for the tensors that go in and come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from graphcost.ir.graph import Graph
from graphcost.ir.node import TensorRef
from graphcost.loaders.graphdef import parse_tensor_name
from graphcost.loaders.model import Signature

INTERNAL_PREFIX = "__saved_model_"
"""Signatures of this name serve the loading of a SavedModel, not its users."""


def signature_of_tensors(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Signature:
    """The signature of maps of TensorInfo messages. Raises GraphError for a name that can't be a tensor's."""
    return Signature(MappingProxyType(dict(_tensors(inputs))), MappingProxyType(dict(_tensors(outputs))))


def signature_of_names(inputs: Mapping[str, str], outputs: Mapping[str, str]) -> Signature:
    """The signature of tensor names. Raises GraphError for a name that can't be a tensor's."""
    return Signature(
        MappingProxyType({key: parse_tensor_name(name) for key, name in inputs.items()}),
        MappingProxyType({key: parse_tensor_name(name) for key, name in outputs.items()}),
    )


def is_in(signature: Signature, graph: Graph) -> bool:
    """Whether the graph has every tensor that the signature names."""
    refs = (*signature.inputs.values(), *signature.outputs.values())
    return all(ref.node in graph.nodes and ref.port < len(graph.nodes[ref.node].dtypes) for ref in refs)


def _tensors(infos: Mapping[str, Any]) -> Iterator[tuple[str, TensorRef]]:
    for key in sorted(infos):
        for part, name in _names(infos[key]):
            yield (f"{key}/{part}" if part else key), parse_tensor_name(name)


def _names(info: Any) -> Iterator[tuple[str, str]]:
    """The tensors of a TensorInfo: one, or the parts of a sparse or composite tensor."""
    encoding = info.WhichOneof("encoding")
    if encoding == "name":
        yield "", info.name
    elif encoding == "coo_sparse":
        yield "values", info.coo_sparse.values_tensor_name
        yield "indices", info.coo_sparse.indices_tensor_name
        yield "dense_shape", info.coo_sparse.dense_shape_tensor_name
    elif encoding == "composite_tensor":
        for index, component in enumerate(info.composite_tensor.components):
            for part, name in _names(component):
                yield f"{index}/{part}".removesuffix("/"), name
