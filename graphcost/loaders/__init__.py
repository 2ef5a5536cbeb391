"""Reading model files: `load` tells the formats apart and gives a Model. Nothing of a model runs.

A format's reader is imported when a file of that format is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from graphcost.errors import GraphError, LoadError, UsageError
from graphcost.loaders.completed import completed
from graphcost.loaders.files import find_file, opened
from graphcost.loaders.graphdef import decode_graph
from graphcost.loaders.model import Model, Signature
from graphcost.loaders.signatures import is_in
from graphcost.loaders.sniff import FORMATS, sniff
from graphcost.loaders.source import ModelSource, NodeBudget, source_from_bytes, source_from_message
from graphcost.loaders.wire import Buffer

if TYPE_CHECKING:
    from google.protobuf.message import Message

__all__ = ["Model", "Signature", "load"]

MAX_NODES = 5_000_000
"""A file with more nodes is refused, unless the caller allows more: every node takes about a kilobyte."""

_LONGEST_ERROR = 600


def load(source: str | os.PathLike[str] | Message, *, tags: Sequence[str] = (), max_nodes: int = MAX_NODES) -> Model:
    """Reads a model: a GraphDef, MetaGraphDef or SavedModel, binary or text, a SavedModel's folder, a tfjs model.json,
    or a GraphDef, MetaGraphDef or SavedModel message of an installed TensorFlow.

    `tags` choose among the graphs of a SavedModel: by default the one for serving, else the only one. Raises LoadError
    where the file isn't a model or has more than `max_nodes` nodes, GraphError where its graph is broken, UsageError
    where the tags don't choose one graph.
    """
    if isinstance(source, (str, os.PathLike)):
        return _load_file(Path(source), tags, max_nodes)
    with _naming("the message"):
        return _load_message(source, tags, NodeBudget(max_nodes))


def _load_file(path: Path, tags: Sequence[str], max_nodes: int) -> Model:
    with _naming(str(path)):
        file = find_file(path)
        with opened(file) as buffer:
            kind = sniff(buffer)
            source = _read(kind, buffer, file.parent, tags, NodeBudget(max_nodes))
            return _model(source, str(path), kind)


def _load_message(message: Message, tags: Sequence[str], budget: NodeBudget) -> Model:
    from google.protobuf.message import EncodeError

    descriptor = getattr(message, "DESCRIPTOR", None)
    name = getattr(descriptor, "full_name", type(message).__name__).removeprefix("tensorflow.")
    if name not in FORMATS:
        raise LoadError(f"a {name}; give a path, or a message that is a GraphDef, MetaGraphDef or SavedModel")
    try:
        data = message.SerializeToString()
    except EncodeError as error:
        raise LoadError(f"can't be serialized: {error}") from error
    return _model(_read(FORMATS[name], data, Path(), tags, budget), None, "message")


def _read(kind: str, buffer: Buffer, folder: Path, tags: Sequence[str], budget: NodeBudget) -> ModelSource:
    if tags and not kind.startswith("savedmodel"):
        raise UsageError(f"tags choose among the graphs of a SavedModel; this is a {kind}")
    match kind:
        case "graphdef":
            return ModelSource(source_from_bytes(buffer, 0, len(buffer), budget))
        case "graphdef-text":
            from graphcost.loaders.text import parse_text

            return ModelSource(source_from_message(parse_text("GraphDef", buffer, budget), budget))
        case "metagraph":
            from graphcost.loaders.metagraph import metagraph_from_bytes

            return metagraph_from_bytes(buffer, 0, len(buffer), budget)
        case "metagraph-text":
            from graphcost.loaders.metagraph import metagraph_from_message
            from graphcost.loaders.text import parse_text

            return metagraph_from_message(parse_text("MetaGraphDef", buffer, budget), budget)
        case "savedmodel":
            from graphcost.loaders.savedmodel import saved_model_from_bytes

            return saved_model_from_bytes(buffer, tags, budget)
        case "savedmodel-text":
            from graphcost.loaders.savedmodel import saved_model_from_message
            from graphcost.loaders.text import parse_text

            return saved_model_from_message(parse_text("SavedModel", buffer, budget), tags, budget)
        case _:
            from graphcost.loaders.tfjs import tfjs_source

            return tfjs_source(buffer, folder, budget)


def _model(source: ModelSource, path: str | None, kind: str) -> Model:
    named = [
        ref
        for signature in source.signatures.values()
        for ref in (*signature.inputs.values(), *signature.outputs.values())
    ]
    decoded = decode_graph(source.graph, op_defs=source.op_defs, read=named)
    graph = completed(decoded, source.graph.producer, source.variable_shapes)
    if not graph.nodes:
        raise LoadError("a graph without nodes; give a model's file or a SavedModel's folder")
    signatures = {name: signature for name, signature in source.signatures.items() if is_in(signature, graph)}
    broken = [
        f"signature {name!r} was left out: it names tensors that aren't in the graph"
        for name in source.signatures
        if name not in signatures
    ]
    return Model(
        path=path,
        format=kind,
        graph=graph,
        signatures=MappingProxyType(signatures),
        producer=source.graph.producer,
        variable_shapes=source.variable_shapes,
        warnings=(*source.warnings, *broken),
    )


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Puts the file's name before every deliberate error, and turns what reading can raise into one."""
    try:
        yield
    except (LoadError, GraphError, UsageError) as error:
        raise type(error)(_one_line(f"{what}: {error}")) from error
    except RecursionError as error:
        raise LoadError(_one_line(f"{what}: nested too deeply to be a model")) from error
    except OSError as error:
        raise LoadError(_one_line(f"{what}: can't be read: {error.strerror or error}")) from error
    except ValueError as error:
        raise LoadError(_one_line(f"{what}: can't be read: {error}")) from error


def _one_line(text: str) -> str:
    """Without line breaks and control characters, and not endless: part of it comes from the file."""
    shown = text if len(text) <= _LONGEST_ERROR else f"{text[:_LONGEST_ERROR]}..."
    return "".join(char if char.isprintable() else " " if char.isspace() else repr(char)[1:-1] for char in shown)
