"""`graphcost export`: any model as a skeleton without weights."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from graphcost.cli.options import add_limit_option
from graphcost.cli.output import warn_all
from graphcost.errors import UsageError


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "export",
        help="write the model as a skeleton without weights",
        description="The whole graph of MODEL, with zeros in the place of its weights: a few kilobytes that give the "
        "same report. It is a GraphDef, or a MetaGraphDef where the model has signatures.",
    )
    parser.add_argument("model", metavar="MODEL", help="a .pb, .pbtxt, .meta, model.json or SavedModel folder")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE (default: to stdout, if no terminal)")
    parser.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="a tag of the SavedModel's graph; repeatable"
    )
    add_limit_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from graphcost.export import export_model
    from graphcost.loaders import MAX_NODES, load

    if arguments.output is None and sys.stdout.isatty():
        raise UsageError("a model is no text for a terminal: give -o FILE")
    model = load(arguments.model, tags=arguments.tag, max_nodes=arguments.max_nodes or MAX_NODES)
    _write(export_model(model), arguments.output)
    warn_all(model.warnings)
    return 0


def _write(content: bytes, path: str | None) -> None:
    """Raises UsageError where the file can't be written."""
    if path is None:
        sys.stdout.buffer.write(content)
        return
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror or error}") from error
