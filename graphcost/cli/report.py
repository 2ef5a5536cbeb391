"""`graphcost report`: what a model costs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from graphcost.cli.options import add_model_options, count, depth, examine_model, told_broken
from graphcost.cli.output import has_colour, warn, warn_all, width, write
from graphcost.render import FORMATS, GROUPINGS, renderer

if TYPE_CHECKING:
    from graphcost.report import Report

INCOMPLETE = 4


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "report", help="what a model costs", description="What running the model costs: FLOPs, MACs, parameters."
    )
    add_model_options(parser)
    group = parser.add_argument_group("the report")
    group.add_argument("--by", choices=GROUPINGS, default="scope", help="what a row stands for (default scope)")
    group.add_argument("--depth", type=depth, metavar="N", help="cut scopes after N parts (default: what fits 30 rows)")
    group.add_argument(
        "--top", type=count, metavar="N", help="only the N most expensive rows, 0 for all (default 30; CSV: all)"
    )
    group.add_argument("--format", choices=FORMATS, default="table", help="default table; json has everything")
    group.add_argument("-o", "--output", metavar="FILE", help="write to FILE")
    group.add_argument("--strict", action="store_true", help=f"leave with {INCOMPLETE} where the total isn't exact")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    report = examine_model(arguments).report
    write(_render(report, arguments), arguments.output)
    if arguments.format != "table":
        warn_all(report.warnings)
    if arguments.batch is not None and "N" not in report.symbols and "N" not in report.replaced:
        warn("warning: --batch has no effect: the model leaves no batch size open")
    if arguments.strict and not report.is_complete:
        warn(f"incomplete: {_incompleteness(report)}")
    broken = told_broken(report.lines, arguments)
    return INCOMPLETE if arguments.strict and not report.is_complete else broken


def _render(report: Report, arguments: argparse.Namespace) -> str:
    from graphcost.render.view import View

    view = View(arguments.by, arguments.depth, arguments.top)
    if arguments.format != "table":
        return renderer(arguments.format)(report, view)
    from graphcost.render import table

    to_terminal = arguments.output is None
    columns = width() if to_terminal else None
    return table.render(report, view, width=columns or table.PLAIN_WIDTH, colour=to_terminal and has_colour())


def _incompleteness(report: Report) -> str:
    reasons = []
    if report.uncosted:
        first = report.uncosted[0]
        reasons.append(f"{len(report.uncosted)} nodes have no known cost, such as {first.node} ({first.op})")
    missing = sorted(report.total.work.symbols)
    if missing:
        reasons.append(f"{', '.join(missing[:5])} not bound")
    return "; ".join(reasons)
