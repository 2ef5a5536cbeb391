"""`graphcost export`: any model as a skeleton without weights, whole or as a pass left it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from graphcost.cli.options import add_model_options, add_stop_option, graph_after
from graphcost.cli.output import is_terminal, warn_all, write_bytes
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
    if arguments.output is None and is_terminal():
        raise UsageError("a model is no text for a terminal: give -o FILE")
    if arguments.stop_after is not None:
        write_bytes(_part(arguments), arguments.output)
        return 0
    content, warnings = _whole(arguments)
    write_bytes(content, arguments.output)
    warn_all(warnings)
    return 0


def _whole(arguments: argparse.Namespace) -> tuple[bytes, Sequence[str]]:
    """The model's file, and what there is to say of it."""
    from graphcost.export import export_model
    from graphcost.loaders import MAX_NODES, load

    if arguments.outputs or arguments.inputs or arguments.rewrite or arguments.signature:
        raise UsageError("the whole model is exported; with --stop-after PASS, what is asked of it (graphcost passes)")
    model = load(arguments.model, tags=arguments.tag, max_nodes=arguments.max_nodes or MAX_NODES)
    return export_model(model), model.warnings


def _part(arguments: argparse.Namespace) -> bytes:
    from graphcost.export import export_graph

    return export_graph(graph_after(arguments))
