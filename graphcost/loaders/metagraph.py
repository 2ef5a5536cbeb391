"""MetaGraphDef: a graph with signatures, definitions of its ops, and, in a SavedModel, its variables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from graphcost.errors import GraphError, LoadError
from graphcost.ir.literal import PartialShape
from graphcost.loaders.attrs import decode_dtype
from graphcost.loaders.descriptors import message_class
from graphcost.loaders.model import Signature
from graphcost.loaders.serving_signatures import serving_signatures
from graphcost.loaders.signatures import INTERNAL_PREFIX, signature_of_tensors
from graphcost.loaders.source import (
    GraphSource,
    ModelSource,
    NodeBudget,
    join,
    parse,
    source_from_bytes,
    source_from_message,
)
from graphcost.loaders.tensors import decode_shape
from graphcost.loaders.wire import Buffer, Field, content, submessages

_SERVING = "serving_signatures"


def metagraph_from_bytes(buffer: Buffer, start: int, end: int, budget: NodeBudget) -> ModelSource:
    """The MetaGraphDef in `buffer[start:end]`: its graph is stepped through, of the rest only what is needed is parsed.

    Raises LoadError where it is none, or holds no graph or several.
    """
    meta_graph = message_class("MetaGraphDef")
    graphs: list[Field] = []
    header: list[Field] = []
    variables: list[Any] = []
    for field in submessages(buffer, start, end):
        if field.number == meta_graph.GRAPH_DEF_FIELD_NUMBER:
            graphs.append(field)
        elif field.number == meta_graph.OBJECT_GRAPH_DEF_FIELD_NUMBER:
            for variable in _variables(buffer, field):
                variables.append(variable)
                budget.check(len(variables))
        elif field.number != meta_graph.COLLECTION_DEF_FIELD_NUMBER or _is_serving_collection(buffer, field):
            header.append(field)
            budget.check(len(header))
    if len(graphs) != 1:
        raise LoadError(f"a MetaGraphDef with {len(graphs)} graphs; it needs exactly one")
    graph = source_from_bytes(buffer, graphs[0].body, graphs[0].end, budget)
    return _model_source(parse("MetaGraphDef", join(buffer, header)), graph, variables)


def metagraph_from_message(message: Any, budget: NodeBudget) -> ModelSource:
    """A parsed MetaGraphDef of this package's own classes."""
    objects = message.object_graph_def.nodes
    variables = [item.variable for item in objects if item.HasField("variable")]
    return _model_source(message, source_from_message(message.graph_def, budget), variables)


def _variables(buffer: Buffer, object_graph: Field) -> Iterator[Any]:
    """The SavedVariables among the objects; the others, which can be many, are stepped over."""
    nodes = message_class("SavedObjectGraph").NODES_FIELD_NUMBER
    variable = message_class("SavedObject").VARIABLE_FIELD_NUMBER
    for item in submessages(buffer, object_graph.body, object_graph.end):
        if item.number != nodes:
            continue
        for field in submessages(buffer, item.body, item.end):
            if field.number == variable:
                yield parse("SavedVariable", content(buffer, field))


def _is_serving_collection(buffer: Buffer, entry: Field) -> bool:
    key = next(submessages(buffer, entry.body, entry.end), None)
    return key is not None and content(buffer, key) == _SERVING.encode()


def _model_source(header: Any, graph: GraphSource, variables: Iterable[Any]) -> ModelSource:
    signatures: dict[str, Signature] = {}
    warnings: list[str] = []
    if _SERVING in header.collection_def:
        for item in header.collection_def[_SERVING].any_list.value:
            try:
                signatures.update(serving_signatures(item.value))
            except (GraphError, LoadError) as error:
                warnings.append(f"the collection {_SERVING} was left out: {error}")
    for name in sorted(header.signature_def):
        if name.startswith(INTERNAL_PREFIX):
            continue
        signature = header.signature_def[name]
        try:
            signatures[name] = signature_of_tensors(signature.inputs, signature.outputs)
        except GraphError as error:
            warnings.append(f"signature {name!r} was left out: {error}")
    return ModelSource(
        graph,
        signatures=MappingProxyType(signatures),
        op_defs=header.meta_info_def.stripped_op_list.op,
        variable_shapes=MappingProxyType(_shapes(variables)),
        warnings=tuple(warnings),
    )


def _shapes(variables: Iterable[Any]) -> Mapping[str, tuple[str, PartialShape]]:
    """Dtype and shape by name; names that stand for variables of different shapes tell nothing."""
    shapes: dict[str, tuple[str, PartialShape]] = {}
    ambiguous: set[str] = set()
    for variable in _with_components(variables):
        dtype = decode_dtype(variable.dtype)
        if not variable.name or dtype is None:
            continue
        known = (dtype, decode_shape(variable.shape))
        if shapes.setdefault(variable.name, known) != known:
            ambiguous.add(variable.name)
    return {name: known for name, known in shapes.items() if name not in ambiguous}


def _with_components(variables: Iterable[Any]) -> Iterator[Any]:
    """The variables, those that are distributed followed by their parts."""
    for variable in variables:
        yield variable
        yield from variable.experimental_distributed_variable_components
