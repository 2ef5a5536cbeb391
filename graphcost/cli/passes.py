"""`graphcost passes`: the pipeline, step by step."""

from __future__ import annotations

import argparse

from graphcost.cli.options import add_model_options, model_options
from graphcost.cli.output import write


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "passes",
        help="the pipeline, step by step",
        description="What becomes of the graph on its way from the file to what is counted: the nodes before and "
        "after each pass, and how long it took. `dot --stop-after PASS` draws the graph in between.",
    )
    add_model_options(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default table")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from graphcost.pipeline import graphs_by_step
    from graphcost.render import passes

    model, options = model_options(arguments)
    write(passes.render(graphs_by_step(model, **options), arguments.format), arguments.output)
    return 0
