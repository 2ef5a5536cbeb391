"""`graphcost export`: any model as a skeleton without weights, whole or as a pass left it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from graphcost.cli.options import add_model_options, add_stop_option, graph_after
from graphcost.cli.output import warn_all
from graphcost.errors import UsageError


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "export",
        help="write the model as a skeleton without weights",
        description="The whole graph of MODEL with zeros in the place of its weights, which gives the same report: a "
        "GraphDef, or a MetaGraphDef where the model has signatures. With --stop-after, a GraphDef of what that pass "
        "leaves of it.",
    )
    add_model_options(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE (default: to stdout, if no terminal)")
    add_stop_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if arguments.output is None and sys.stdout.isatty():
        raise UsageError("a model is no text for a terminal: give -o FILE")
    _write(_whole(arguments) if arguments.stop_after is None else _part(arguments), arguments.output)
    return 0


def _whole(arguments: argparse.Namespace) -> bytes:
    from graphcost.export import export_model
    from graphcost.loaders import MAX_NODES, load

    if arguments.outputs or arguments.inputs or arguments.rewrite or arguments.signature:
        raise UsageError("the whole model is exported; with --stop-after PASS, what is asked of it (graphcost passes)")
    model = load(arguments.model, tags=arguments.tag, max_nodes=arguments.max_nodes or MAX_NODES)
    warn_all(model.warnings)
    return export_model(model)


def _part(arguments: argparse.Namespace) -> bytes:
    from graphcost.export import export_graph

    return export_graph(graph_after(arguments))


def _write(content: bytes, path: str | None) -> None:
    """Raises UsageError where the file can't be written."""
    if path is None:
        sys.stdout.buffer.write(content)
        return
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror or error}") from error
