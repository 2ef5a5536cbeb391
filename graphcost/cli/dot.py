"""`graphcost dot`: the graph with its costs, drawn."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graphcost.cli.options import (
    add_model_options,
    add_stop_option,
    depth,
    examine_model,
    graph_after,
    told_broken,
    user_rules,
)
from graphcost.cli.output import warn_all, write, write_bytes
from graphcost.cli.overwriting import refuse_inputs
from graphcost.errors import UsageError

if TYPE_CHECKING:
    from graphcost.report import Line


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "dot",
        help="draw the graph with its costs",
        description="The graph that runs, as DOT: names, operations, shapes and costs. Darker is dearer.",
    )
    add_model_options(parser)
    group = parser.add_argument_group("the drawing")
    group.add_argument(
        "-o", "--output", metavar="FILE", help="write to FILE; .svg, .png and .pdf are drawn by Graphviz"
    )
    group.add_argument("--depth", type=depth, metavar="N", help="make one node of each scope of N parts")
    group.add_argument("--full", action="store_true", help="never make one node of many (default: at most about 300)")
    group.add_argument("--dropped", action="store_true", help="also what doesn't run, in grey, with the reason")
    group.add_argument("--constants", action="store_true", help="also constants, variables and what is computed once")
    group.add_argument("--identities", action="store_true", help="also identities and variable reads")
    group.add_argument("--controls", action="store_true", help="also control edges, dashed")
    add_stop_option(group)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from graphcost.plugins import installed_rules
    from graphcost.render import dot
    from graphcost.render.dot import graphviz

    drawing = dot.Drawing(
        constants=arguments.constants,
        identities=arguments.identities,
        controls=arguments.controls,
        dropped=arguments.dropped,
        full=arguments.full,
        depth=arguments.depth,
    )
    warnings: Sequence[str] = ()
    lines: Sequence[Line] = ()
    if arguments.stop_after is not None:
        rules = installed_rules() | user_rules(arguments.rules)
        text = dot.render_graph(graph_after(arguments), drawing, rules, arguments.model)
    else:
        analysis = examine_model(arguments)
        text = dot.render(analysis, drawing)
        warnings, lines = analysis.report.warnings, analysis.report.lines
    path = arguments.output
    if path is not None and Path(path).suffix.lower() in graphviz.PICTURES:
        _draw(text, Path(path), arguments)
    else:
        write(text, path)
    warn_all(warnings)
    return told_broken(lines, arguments)


def _draw(text: str, path: Path, arguments: argparse.Namespace) -> None:
    """Writes the picture. Where there is none, the text itself is left beside it, and UsageError says why."""
    from graphcost.render.dot import graphviz

    form = path.suffix[1:].lower()
    try:
        picture = graphviz.draw(text, form)
    except UsageError as error:
        fallback = path.with_suffix(".dot")
        refuse_inputs(str(fallback), arguments)
        write(text, str(fallback))
        raise UsageError(f"{error}; wrote {fallback} instead, for: dot -T{form} -o {path} {fallback}") from error
    write_bytes(picture, str(path))
