"""`graphcost explain`: why the answer is what it is."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from graphcost.cli.options import add_model_options, count, examine_model, told_broken
from graphcost.cli.output import warn_all, width, write
from graphcost.errors import UsageError

if TYPE_CHECKING:
    from graphcost.pipeline import Analysis

FORMATS = ("table", "json", "csv", "markdown")
PLAIN_WIDTH = 120
WHY = ("?",)
"""What `--outputs` without a name stands for: the question why the outputs are what they are."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "explain",
        help="why the answer is what it is",
        description="tf.profiler's count beside graphcost's, with a reason for each difference; or, with NODE, "
        "that node's rule with its sizes filled in; or, with --outputs alone, why each output was chosen.",
    )
    add_model_options(parser, bare_outputs=WHY)
    parser.add_argument("node", metavar="NODE", nargs="?", help="the node to explain, as reports name it")
    group = parser.add_argument_group("the explanation")
    group.add_argument("--top", type=count, metavar="N", help="name the N greatest differences of each reason")
    group.add_argument("--format", choices=FORMATS, default="table", help="default table; json and csv have every node")
    group.add_argument("-o", "--output", metavar="FILE", help="write to FILE")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    asks_for_outputs = arguments.outputs is WHY
    if asks_for_outputs:
        arguments.outputs = ()
        if arguments.node is not None:
            raise UsageError("give NODE or --outputs alone, not both: each asks for another explanation")
    analysis = examine_model(arguments)
    columns = (width() if arguments.output is None else None) or PLAIN_WIDTH
    if asks_for_outputs:
        text = _outputs(analysis, arguments.format, columns)
    elif arguments.node is not None:
        text = _node(analysis, arguments.node, arguments.format, columns)
    else:
        text = _comparison(analysis, arguments.format, columns, arguments.top)
    write(text, arguments.output)
    warn_all(analysis.report.warnings)
    return told_broken(analysis.report.lines, arguments)


def _comparison(analysis: Analysis, form: str, columns: int, examples: int | None) -> str:
    from graphcost.explain.reconcile import reconcile
    from graphcost.plugins import TF_PROFILER, installed_rules, reference_rules
    from graphcost.render.explain import comparison

    found = reconcile(analysis, installed_rules(), reference_rules(TF_PROFILER), TF_PROFILER)
    return comparison.render(found, form, columns, examples)


def _node(analysis: Analysis, name: str, form: str, columns: int) -> str:
    from graphcost.explain.node import explain_node
    from graphcost.explain.reconcile import their_counts
    from graphcost.plugins import TF_PROFILER, installed_rules, reference_rules
    from graphcost.render.explain import node

    theirs = their_counts(analysis, installed_rules(), reference_rules(TF_PROFILER))
    return node.render(explain_node(analysis, name, theirs), analysis.report, form, columns)


def _outputs(analysis: Analysis, form: str, columns: int) -> str:
    from graphcost.render.explain import outputs

    return outputs.render(analysis, form, columns)
